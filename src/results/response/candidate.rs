//! One of the candidates of a response.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::elements::elements;
use super::logprobs::Logprobs;
use super::names::FinishReason;
use super::part::{FunctionCall, InlineData, Part};
use super::read::{read, read_each, read_float, read_text};
use super::safety::SafetyRating;
use super::sources::{self, Citation, Grounding};
use crate::wire;

/// One candidate of a response; there are several where `candidateCount` asks for them.
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
    #[serde(borrow, alias = "finish_reason")]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow, alias = "finish_message")]
    finish_message: Option<&'a RawValue>,
    #[serde(borrow, alias = "safety_ratings")]
    safety_ratings: Option<&'a RawValue>,
    #[serde(borrow, alias = "grounding_metadata")]
    grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow, alias = "citation_metadata")]
    citation_metadata: Option<&'a RawValue>,
    #[serde(borrow, alias = "avg_logprobs")]
    avg_logprobs: Option<&'a RawValue>,
    #[serde(borrow, alias = "logprobs_result")]
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
    /// A candidate that was cut off has text too: see [`finish_reason`](Self::finish_reason).
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
            parts: &'a RawValue,
        }
        let content: Option<Content<'a>> = read(self.fields.content);
        elements(content.map(|content| content.parts)).map(Part::new)
    }

    /// The functions that the model asks to be called.
    pub fn function_calls(&self) -> impl Iterator<Item = FunctionCall<'a>> + use<'a> {
        self.parts().filter_map(|part| part.function_call())
    }

    /// The media within the candidate, those of thoughts left out; where all of them are thoughts,
    /// the last, which is the final one (Gemini API documentation, Image generation).
    pub fn inline_data(&self) -> impl Iterator<Item = InlineData<'a>> + use<'a> {
        let (thoughts, media): (Vec<_>, Vec<_>) = self
            .parts()
            .filter_map(|part| Some((part.is_thought(), part.inline_data()?)))
            .partition(|(is_thought, _)| *is_thought);
        let last_thought = thoughts.into_iter().next_back();
        let fallback = last_thought.filter(|_| media.is_empty());
        media.into_iter().chain(fallback).map(|(_, data)| data)
    }

    /// Why the candidate ended. Only [`FinishReason::STOP`] says that it is complete. `None` where the
    /// service does not say.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        read(self.fields.finish_reason)
    }

    /// Why the candidate ended, in words; `None` where the service gives none.
    pub fn finish_message(&self) -> Option<Cow<'a, str>> {
        read_text(self.fields.finish_message)
    }

    /// How the candidate was rated for safety.
    pub fn safety_ratings(&self) -> Vec<SafetyRating> {
        read_each(self.fields.safety_ratings)
    }

    /// Whether any of the ratings says that content was blocked.
    pub(in crate::results) fn is_rated_blocked(&self) -> bool {
        let mut ratings = elements(self.fields.safety_ratings);
        ratings.any(|raw| read::<SafetyRating>(Some(raw)).is_some_and(|rating| rating.blocked))
    }

    /// The sources that a search or a data store gave; `None` where the model used neither.
    pub fn grounding(&self) -> Option<Grounding<'a>> {
        Grounding::new(self.fields.grounding_metadata?)
    }

    /// The sources that the candidate quotes.
    pub fn citations(&self) -> Vec<Citation> {
        sources::citations(self.fields.citation_metadata)
    }

    /// The average log probability of the tokens; it may be infinite, or not a number. `None` where the
    /// service leaves it out.
    pub fn avg_logprobs(&self) -> Option<f64> {
        read_float(self.fields.avg_logprobs)
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
        wire::value(self.json)
    }
}
