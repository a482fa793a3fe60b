//! What the model returned, read when it is asked for.
//!
//! `mod` has the response as a whole, `candidate` one of its candidates, and the others what is in
//! one. Whether a response is complete is decided in `results::complete`.

mod candidate;
mod elements;
mod embedding;
mod fast_fields;
pub(super) mod forms;
mod logprobs;
pub(super) mod names;
mod part;
mod read;
mod safety;
mod sources;
#[cfg(test)]
mod tests;
pub(super) mod usage;

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub use candidate::Candidate;
use elements::elements;
pub(crate) use fast_fields::FastFields;
pub use logprobs::{Logprobs, TokenLogprob};
pub use names::{BlockReason, FinishReason, HarmProbability};
pub use part::{FunctionCall, InlineData, Part};
use read::{read, read_text};
pub use safety::{PromptFeedback, SafetyRating};
pub use sources::{Citation, Grounding, GroundingSegment, GroundingSource, GroundingSupport};
use usage::UsageFields;
pub use usage::{ModalityTokens, Usage, UsageDetails};

use crate::scan::whole_characters;
use crate::wire;

/// The response to one request: a `GenerateContentResponse` or an `EmbedContentResponse`.
///
/// Or what Claude (a message of Anthropic's) or an open model (OpenAI's chat completion, or list of
/// embeddings) returned: the methods read these as if they were in Google's words, so that
/// `end_turn` and `stop` are [`FinishReason::STOP`], a `tool_use` is a function call, and tokens are
/// counted as Google counts them. [`json`](Self::json) is what the model wrote; the JSON of a
/// candidate, a part or a call is in Google's words.
///
/// The JSON is kept as it came; half a surrogate pair in it, which names no character, reads as U+FFFD.
/// Its text and its usage are noted while the row is checked, and all
/// else is parsed when a method asks for it. A part that is absent, or has a shape this
/// crate does not know, is `None`; of a list, such as the safety ratings, the first 1,000 elements are
/// read and more only as far as they take some two times its length; [`json`](Self::json) is all there is.
///
/// ```
/// # fn example(response: genai_batch::Response) {
/// println!("{}", response.text().unwrap_or_default());
/// if let Some(usage) = response.usage() {
///     println!("{} tokens", usage.total_tokens);
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Response {
    json: Bytes,
    fast: FastFields,
    /// The same as the methods read it, where that is not as it came; made once it is asked for.
    readable: OnceLock<Option<Box<Bytes>>>,
    embedding: OnceLock<Option<Box<[f32]>>>,
}

/// The parts of a response that have accessors, each of them left as it came, so that an
/// odd shape in one hides none of the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    candidates: Option<&'a RawValue>,
    #[serde(borrow, alias = "prompt_feedback")]
    prompt_feedback: Option<&'a RawValue>,
    #[serde(borrow, alias = "model_version")]
    model_version: Option<&'a RawValue>,
    #[serde(borrow, alias = "response_id")]
    response_id: Option<&'a RawValue>,
}

impl Response {
    pub(crate) fn new(json: Bytes) -> Self {
        Self::with_fast_fields(json, FastFields::default())
    }

    /// A response in which something was found already.
    pub(crate) fn with_fast_fields(json: Bytes, fast: FastFields) -> Self {
        Self {
            json,
            fast,
            readable: OnceLock::new(),
            embedding: OnceLock::new(),
        }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.json
    }

    #[cfg(test)]
    pub(crate) fn fast_usage(&self) -> Option<Usage> {
        self.fast.usage()
    }

    /// The text of a complete response, where it was found already.
    pub(crate) fn fast_complete_text(&self) -> Option<Cow<'_, str>> {
        self.fast.complete_text(&self.json).map(Cow::Borrowed)
    }

    /// The response as the methods read it: in Google's words, and with U+FFFD for half a character.
    fn readable(&self) -> &[u8] {
        let readable = || {
            let whole = whole_characters(&self.json);
            let translated = forms::in_googles_words(whole.as_deref().unwrap_or(&self.json));
            translated.or(whole).map(|json| Box::new(json.into()))
        };
        let readable = self.readable.get_or_init(readable).as_deref();
        readable.unwrap_or(&self.json)
    }

    fn body(&self) -> Option<Body<'_>> {
        serde_json::from_slice(self.readable()).ok()
    }

    fn usage_fields(&self) -> Option<UsageFields<'_>> {
        serde_json::from_slice(self.readable()).ok()
    }

    /// The response as it came.
    pub fn json(&self) -> &str {
        // A response is JSON, and so was checked to be UTF-8.
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// The response, parsed; for fields that this type does not cover.
    pub fn to_value(&self) -> Value {
        wire::value(self.json())
    }

    /// The candidates, in order; one, unless `candidateCount` asks for more. The methods below that
    /// read a candidate read the first.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        let candidates = self.body().and_then(|body| body.candidates);
        elements(candidates).map(Candidate::new)
    }

    fn first_candidate(&self) -> Option<Candidate<'_>> {
        self.candidates().next()
    }

    /// The text of the first candidate, its parts joined, thoughts left out. `None` if it
    /// has no text.
    ///
    /// A response that was cut off has text too: [`complete_text`](Self::complete_text) is only
    /// that of a complete one.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self.fast.text(&self.json) {
            Some(text) => Some(Cow::Borrowed(text)),
            None => self.first_candidate()?.text(),
        }
    }

    /// The summary of the model's thinking; see [`Candidate::thoughts`].
    pub fn thoughts(&self) -> Option<Cow<'_, str>> {
        self.first_candidate()?.thoughts()
    }

    /// The parts of the first candidate, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.first_candidate().into_iter().flat_map(|it| it.parts())
    }

    /// The functions that the first candidate asks to be called.
    pub fn function_calls(&self) -> impl Iterator<Item = FunctionCall<'_>> {
        let candidate = self.first_candidate();
        candidate.into_iter().flat_map(|it| it.function_calls())
    }

    /// The media within the first candidate, such as images; see [`Candidate::inline_data`].
    pub fn inline_data(&self) -> impl Iterator<Item = InlineData<'_>> {
        let candidate = self.first_candidate();
        candidate.into_iter().flat_map(|it| it.inline_data())
    }

    /// Why the first candidate ended. Only [`FinishReason::STOP`] says that the response is complete.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        self.first_candidate()?.finish_reason()
    }

    /// How the first candidate was rated for safety.
    pub fn safety_ratings(&self) -> Vec<SafetyRating> {
        let candidate = self.first_candidate();
        candidate.map(|it| it.safety_ratings()).unwrap_or_default()
    }

    /// What the filters said of the prompt, where they said anything.
    pub fn prompt_feedback(&self) -> Option<PromptFeedback> {
        read(self.body()?.prompt_feedback)
    }

    /// The sources that a search or a data store gave for the first candidate.
    pub fn grounding(&self) -> Option<Grounding<'_>> {
        self.first_candidate()?.grounding()
    }

    /// The sources that the first candidate quotes.
    pub fn citations(&self) -> Vec<Citation> {
        let candidate = self.first_candidate();
        candidate.map(|it| it.citations()).unwrap_or_default()
    }

    /// The average log probability of the first candidate's tokens.
    pub fn avg_logprobs(&self) -> Option<f64> {
        self.first_candidate()?.avg_logprobs()
    }

    /// The log probabilities of the first candidate's tokens, where `responseLogprobs` asks for
    /// them.
    pub fn logprobs(&self) -> Option<Logprobs> {
        self.first_candidate()?.logprobs()
    }

    /// The tokens that the request used, which is what it costs. Of an embedding these are the tokens
    /// that the service counted in its content.
    pub fn usage(&self) -> Option<Usage> {
        let found = self.fast.usage();
        found.or_else(|| self.usage_fields()?.usage())
    }

    /// The same tokens by what they stand for: text, images, and so on.
    pub fn usage_details(&self) -> Option<UsageDetails> {
        self.usage_fields()?.details()
    }

    /// The model that responded, with its version.
    pub fn model_version(&self) -> Option<Cow<'_, str>> {
        read_text(self.body()?.model_version)
    }

    /// The service's id of the response.
    pub fn response_id(&self) -> Option<Cow<'_, str>> {
        read_text(self.body()?.response_id)
    }

    /// The values of the embedding, if this is one. They are read once, on the first call.
    ///
    /// See [`normalized_embedding`](Self::normalized_embedding) for embeddings that were cut with
    /// `outputDimensionality`.
    pub fn embedding(&self) -> Option<&[f32]> {
        self.embedding
            .get_or_init(|| embedding::values(self.readable()))
            .as_deref()
    }

    /// The embedding scaled to length 1, if this is one.
    ///
    /// Google's documentation of embeddings says that `gemini-embedding-001` normalizes only its
    /// full 3072 values. Where `outputDimensionality` cut them, dot products and distances
    /// compare as they should only after this. An embedding of zeros stays as it is.
    ///
    /// ```
    /// # fn example(response: genai_batch::Response) {
    /// let Some(values) = response.normalized_embedding() else { return };
    /// let length: f32 = values.iter().map(|value| value * value).sum();
    /// assert!((length - 1.0).abs() < 1e-3);
    /// # }
    /// ```
    pub fn normalized_embedding(&self) -> Option<Vec<f32>> {
        let values = self.embedding()?;
        let squares = values.iter().map(|&value| f64::from(value).powi(2));
        let length = squares.sum::<f64>().sqrt();
        let scale = |&value: &f32| (f64::from(value) / length) as f32;
        Some(match length > 0.0 {
            true => values.iter().map(scale).collect(),
            false => values.to_vec(),
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Response").field(&self.json()).finish()
    }
}
