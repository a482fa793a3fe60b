//! What an answer rests on: grounding and citations.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::read::{each, or_default, read, read_each};
use crate::wire::{count, lenient};

/// The sources of an answer that used a search or a data store: Google's `groundingMetadata`.
#[derive(Debug, Clone)]
pub struct Grounding<'a> {
    json: &'a str,
    fields: Fields<'a>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    web_search_queries: Option<&'a RawValue>,
    #[serde(borrow)]
    grounding_chunks: Option<&'a RawValue>,
    #[serde(borrow)]
    grounding_supports: Option<&'a RawValue>,
    #[serde(borrow)]
    search_entry_point: Option<&'a RawValue>,
}

impl<'a> Grounding<'a> {
    pub(super) fn new(raw: &'a RawValue) -> Option<Self> {
        Some(Self {
            json: raw.get(),
            fields: read(Some(raw))?,
        })
    }

    /// What was searched for in the web.
    pub fn web_search_queries(&self) -> Vec<String> {
        read_each(self.fields.web_search_queries)
    }

    /// The sources, in the order to which [`GroundingSupport::sources`] refers.
    pub fn sources(&self) -> Vec<GroundingSource> {
        let chunks: Vec<&RawValue> = read(self.fields.grounding_chunks).unwrap_or_default();
        chunks.into_iter().map(GroundingSource::new).collect()
    }

    /// Which words of the answer rest on which sources.
    pub fn supports(&self) -> Vec<GroundingSupport> {
        read_each(self.fields.grounding_supports)
    }

    /// The search widget in HTML, which Google's terms ask to show along with the answer.
    pub fn rendered_content(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct EntryPoint {
            rendered_content: String,
        }
        read::<EntryPoint>(self.fields.search_entry_point).map(|it| it.rendered_content)
    }

    /// The metadata as it came.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// The metadata, parsed.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.json).unwrap_or_default()
    }
}

/// One source: a page of the web, a passage of a data store, a place, an image.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct GroundingSource {
    /// What it is, in Google's word: `web`, `retrievedContext`, `maps`, `image`, or a newer one.
    pub kind: String,
    /// Where it is.
    pub uri: Option<String>,
    /// What it is called.
    pub title: Option<String>,
    /// The source as it came, for what has no field here.
    pub value: Value,
}

impl GroundingSource {
    /// Never fails, so that no source moves to the place of another.
    fn new(raw: &RawValue) -> Self {
        let value: Value = read(Some(raw)).unwrap_or_default();
        let inner = value
            .as_object()
            .and_then(|chunk| chunk.iter().find(|(_, it)| it.is_object()));
        let text = |name: &str| Some(inner?.1.get(name)?.as_str()?.to_owned());
        Self {
            kind: inner.map(|(kind, _)| kind.clone()).unwrap_or_default(),
            uri: text("uri"),
            title: text("title"),
            value,
        }
    }
}

/// A piece of the answer and the sources that it rests on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroundingSupport {
    /// The piece of the answer.
    #[serde(deserialize_with = "or_default")]
    pub segment: GroundingSegment,
    /// The places of its sources among [`Grounding::sources`], from 0.
    #[serde(rename = "groundingChunkIndices", deserialize_with = "each")]
    pub sources: Vec<usize>,
    /// How sure the service is of each of them, from 0 to 1; empty where it does not say.
    #[serde(deserialize_with = "each")]
    pub confidence_scores: Vec<f64>,
}

/// A piece of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroundingSegment {
    /// In which part it is, from 0.
    #[serde(deserialize_with = "count")]
    pub part_index: Option<u64>,
    /// Its first byte in the part; absent means 0.
    #[serde(deserialize_with = "count")]
    pub start_index: Option<u64>,
    /// The byte after its last.
    #[serde(deserialize_with = "count")]
    pub end_index: Option<u64>,
    /// The piece itself.
    #[serde(deserialize_with = "or_default")]
    pub text: String,
}

/// A source that the answer quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Citation {
    /// Where the quotation starts in the answer, in bytes; absent means 0.
    #[serde(deserialize_with = "count")]
    pub start_index: Option<u64>,
    /// Where it ends.
    #[serde(deserialize_with = "count")]
    pub end_index: Option<u64>,
    /// Where the source is.
    #[serde(deserialize_with = "lenient")]
    pub uri: Option<String>,
    /// What the source is called (Vertex AI).
    #[serde(deserialize_with = "lenient")]
    pub title: Option<String>,
    /// The licence of the source.
    #[serde(deserialize_with = "lenient")]
    pub license: Option<String>,
}

/// Gemini says `citationSources`, Vertex AI `citations`.
pub(super) fn citations(raw: Option<&RawValue>) -> Vec<Citation> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata<'a> {
        #[serde(borrow)]
        citation_sources: Option<&'a RawValue>,
        #[serde(borrow)]
        citations: Option<&'a RawValue>,
    }
    let metadata: Option<Metadata<'_>> = read(raw);
    read_each(metadata.and_then(|it| it.citation_sources.or(it.citations)))
}
