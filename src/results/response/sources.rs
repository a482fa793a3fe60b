//! What a response rests on: grounding and citations.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::read::{each, or_default, read, read_each};
use crate::raw::Int64;
use crate::wire::{self, Float, count, lenient};

/// The sources of a response that used a search or a data store: Google's `groundingMetadata`.
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
        read_each(self.fields.grounding_chunks)
    }

    /// Which words of the response rest on which sources.
    pub fn supports(&self) -> Vec<GroundingSupport> {
        read_each(self.fields.grounding_supports)
    }

    /// The search widget in HTML, which Google's terms ask to show along with the response.
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
        wire::value(self.json)
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

impl<'de> Deserialize<'de> for GroundingSource {
    /// Never fails, so that no source moves to the place of another.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let value = wire::value(raw.get());
        let inner = value
            .as_object()
            .and_then(|chunk| chunk.iter().find(|(_, it)| it.is_object()));
        let text = |name: &str| Some(inner?.1.get(name)?.as_str()?.to_owned());
        Ok(Self {
            kind: inner.map(|(kind, _)| kind.clone()).unwrap_or_default(),
            uri: text("uri"),
            title: text("title"),
            value,
        })
    }
}

/// A piece of the response and the sources that it rests on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroundingSupport {
    /// The piece of the response.
    #[serde(deserialize_with = "or_default")]
    pub segment: GroundingSegment,
    /// The places of its sources among [`Grounding::sources`], from 0.
    #[serde(rename = "groundingChunkIndices", deserialize_with = "places")]
    pub sources: Vec<usize>,
    /// How sure the service is of each of them, from 0 to 1; empty where it does not say.
    #[serde(deserialize_with = "floats")]
    pub confidence_scores: Vec<f64>,
}

fn places<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<usize>, D::Error> {
    let places: Vec<Int64> = each(deserializer)?;
    let places = places.into_iter();
    Ok(places
        .filter_map(|Int64(place)| place.try_into().ok())
        .collect())
}

fn floats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let floats: Vec<Float> = each(deserializer)?;
    Ok(floats.into_iter().map(|Float(float)| float).collect())
}

/// A piece of a response.
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

/// A source that the response quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Citation {
    /// Where the quotation starts in the response, in bytes; absent means 0.
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
