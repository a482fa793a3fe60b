//! One of the answers to a request.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::logprobs::Logprobs;
use super::names::FinishReason;
use super::part::{FunctionCall, InlineData, Part};
use super::read::{read, read_each, read_text};
use super::safety::SafetyRating;
use super::sources::{self, Citation, Grounding};

/// One answer to a request; there are several where `candidateCount` asks for them.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    json: &'a str,
    fields: Fields<'a>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_message: Option<&'a RawValue>,
    #[serde(borrow)]
    safety_ratings: Option<&'a RawValue>,
    #[serde(borrow)]
    grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    citation_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    avg_logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    logprobs_result: Option<&'a RawValue>,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(raw: &'a RawValue) -> Self {
        Self {
            json: raw.get(),
            fields: read(Some(raw)).unwrap_or_default(),
        }
    }

    /// The text, its parts joined, thoughts left out. `None` if there is no text.
    ///
    /// An answer that was cut off has text too: see [`finish_reason`](Self::finish_reason).
    pub fn text(&self) -> Option<Cow<'a, str>> {
        self.joined(false)
    }

    /// The summary of the model's thinking, its parts joined, where
    /// `thinkingConfig.includeThoughts` asks for it.
    pub fn thoughts(&self) -> Option<Cow<'a, str>> {
        self.joined(true)
    }

    fn joined(&self, thoughts: bool) -> Option<Cow<'a, str>> {
        let mut texts = self
            .parts()
            .filter(|part| part.is_thought() == thoughts)
            .filter_map(Part::into_text);
        let first = texts.next()?;
        Some(texts.fold(first, |text, more| text + more))
    }

    /// The parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        #[derive(Deserialize)]
        struct Content<'a> {
            #[serde(borrow)]
            parts: Vec<&'a RawValue>,
        }
        let content: Option<Content<'a>> = read(self.fields.content);
        let parts = content.map(|content| content.parts).unwrap_or_default();
        parts.into_iter().map(Part::new)
    }

    /// The functions that the model asks to be called.
    pub fn function_calls(&self) -> impl Iterator<Item = FunctionCall<'a>> + use<'a> {
        self.parts().filter_map(|part| part.function_call())
    }

    /// The media within the answer, those of thoughts left out.
    pub fn inline_data(&self) -> impl Iterator<Item = InlineData<'a>> + use<'a> {
        let parts = self.parts().filter(|part| !part.is_thought());
        parts.filter_map(|part| part.inline_data())
    }

    /// Why the answer ended. Only [`FinishReason::STOP`] says that it is whole.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        read(self.fields.finish_reason)
    }

    /// Why the answer ended, in words.
    pub fn finish_message(&self) -> Option<Cow<'a, str>> {
        read_text(self.fields.finish_message)
    }

    /// How the answer was rated for safety.
    pub fn safety_ratings(&self) -> Vec<SafetyRating> {
        read_each(self.fields.safety_ratings)
    }

    /// The sources that a search or a data store gave.
    pub fn grounding(&self) -> Option<Grounding<'a>> {
        Grounding::new(self.fields.grounding_metadata?)
    }

    /// The sources that the answer quotes.
    pub fn citations(&self) -> Vec<Citation> {
        sources::citations(self.fields.citation_metadata)
    }

    /// The average log probability of the tokens.
    pub fn avg_logprobs(&self) -> Option<f64> {
        read(self.fields.avg_logprobs)
    }

    /// The log probabilities of the tokens, where `responseLogprobs` asks for them.
    pub fn logprobs(&self) -> Option<Logprobs> {
        read(self.fields.logprobs_result)
    }

    /// The candidate as it came.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// The candidate, parsed; for fields that this type does not cover.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.json).unwrap_or_default()
    }
}
