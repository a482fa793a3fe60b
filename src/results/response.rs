//! What the model answered, read when it is asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::wire;

/// The answer to one request: a `GenerateContentResponse` or an `EmbedContentResponse`.
///
/// The JSON is kept as it came and parsed when a method asks for a part of it, so results
/// that are only stored cost nothing to read. A part that is absent, or has a shape this
/// crate does not know, is `None`; [`json`](Self::json) is all there is.
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
    embedding: OnceLock<Option<Box<[f32]>>>,
}

/// The parts of a response that have accessors, each of them left as it came, so that an
/// odd shape in one hides none of the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    candidates: Option<&'a RawValue>,
    #[serde(borrow)]
    usage_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    model_version: Option<&'a RawValue>,
    #[serde(borrow)]
    response_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct PartFields<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thought: Option<&'a RawValue>,
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a part as `T`, or not at all.
fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

fn read_text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    read::<Text<'_>>(raw).map(|text| text.0)
}

impl Response {
    pub(crate) fn new(json: Bytes) -> Self {
        Self {
            json,
            embedding: OnceLock::new(),
        }
    }

    fn body(&self) -> Option<Body<'_>> {
        serde_json::from_slice(&self.json).ok()
    }

    fn first_candidate(&self) -> Option<Candidate<'_>> {
        let candidates: Vec<&RawValue> = read(self.body()?.candidates)?;
        read(candidates.first().copied())
    }

    /// The response as it came.
    pub fn json(&self) -> &str {
        // A response is JSON, and so was checked to be UTF-8.
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// The response, parsed; for fields that this type does not cover.
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }

    /// The text of the first candidate, its parts joined, thoughts left out. `None` if it
    /// has no text.
    ///
    /// An answer that was cut off has text too: see [`finish_reason`](Self::finish_reason).
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let mut texts = self
            .parts()
            .filter(|part| !part.is_thought())
            .filter_map(|part| part.text);
        let first = texts.next()?;
        Some(texts.fold(first, |text, more| text + more))
    }

    /// The parts of the first candidate, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let candidate = self.first_candidate();
        let content: Option<Content<'_>> = candidate.and_then(|it| read(it.content));
        let parts = content.map(|content| content.parts).unwrap_or_default();
        parts.into_iter().map(Part::new)
    }

    /// Why the first candidate ended. Only [`FinishReason::STOP`] says that the answer is whole.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        read(self.first_candidate()?.finish_reason)
    }

    /// The tokens that the request used, which is what it costs.
    pub fn usage(&self) -> Option<Usage> {
        read(self.body()?.usage_metadata)
    }

    /// The model that answered, with its version.
    pub fn model_version(&self) -> Option<Cow<'_, str>> {
        read_text(self.body()?.model_version)
    }

    /// The service's id of the response.
    pub fn response_id(&self) -> Option<Cow<'_, str>> {
        read_text(self.body()?.response_id)
    }

    /// The values of the embedding, if this is one.
    pub fn embedding(&self) -> Option<&[f32]> {
        #[derive(Deserialize)]
        struct Embedded {
            // The older models of Vertex AI say `embeddings`, and mean one.
            #[serde(alias = "embeddings")]
            embedding: Embedding,
        }
        #[derive(Deserialize)]
        struct Embedding {
            values: Box<[f32]>,
        }
        self.embedding
            .get_or_init(|| {
                let body: Option<Embedded> = serde_json::from_slice(&self.json).ok();
                body.map(|body| body.embedding.values)
            })
            .as_deref()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Response").field(&self.json()).finish()
    }
}

/// One part of an answer: text, a thought, a function call, inline data, or anything newer.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    text: Option<Cow<'a, str>>,
    thought: bool,
    json: &'a str,
}

impl<'a> Part<'a> {
    fn new(raw: &'a RawValue) -> Self {
        let fields: Option<PartFields<'a>> = read(Some(raw));
        let text = fields.as_ref().and_then(|fields| read_text(fields.text));
        let thought = fields.and_then(|fields| read(fields.thought));
        Self {
            text,
            thought: thought.unwrap_or(false),
            json: raw.get(),
        }
    }

    /// The text, if this is a part of text or a thought.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether the text is a summary of the model's thinking and no part of the answer.
    pub fn is_thought(&self) -> bool {
        self.thought
    }

    /// The part as it came.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// The part, parsed.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.json).unwrap_or_default()
    }
}

/// Why an answer ended: an open set of names.
///
/// ```
/// use genai_batch::FinishReason;
///
/// # fn example(response: genai_batch::Response) {
/// if response.finish_reason() == Some(FinishReason::MAX_TOKENS) {
///     println!("the answer was cut off");
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct FinishReason(Cow<'static, str>);

impl FinishReason {
    /// The model came to an end of its own.
    pub const STOP: Self = Self(Cow::Borrowed("STOP"));
    /// The limit on output tokens was reached: the text is cut off, and may hold reasoning.
    pub const MAX_TOKENS: Self = Self(Cow::Borrowed("MAX_TOKENS"));
    /// Stopped for safety.
    pub const SAFETY: Self = Self(Cow::Borrowed("SAFETY"));
    /// Stopped because it repeated known text.
    pub const RECITATION: Self = Self(Cow::Borrowed("RECITATION"));

    /// The name, as the service wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tokens that one request used. A count that the service left out is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// In the request.
    #[serde(rename = "promptTokenCount", deserialize_with = "count")]
    pub prompt_tokens: u64,
    /// In the answer, thoughts not included.
    #[serde(rename = "candidatesTokenCount", deserialize_with = "count")]
    pub candidates_tokens: u64,
    /// Spent on thinking; they bill as output.
    #[serde(rename = "thoughtsTokenCount", deserialize_with = "count")]
    pub thoughts_tokens: u64,
    /// Of the request, those that came from a cache.
    #[serde(rename = "cachedContentTokenCount", deserialize_with = "count")]
    pub cached_content_tokens: u64,
    /// In the results of tools.
    #[serde(rename = "toolUsePromptTokenCount", deserialize_with = "count")]
    pub tool_use_prompt_tokens: u64,
    /// All of them.
    #[serde(rename = "totalTokenCount", deserialize_with = "count")]
    pub total_tokens: u64,
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    wire::count(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(json: &str) -> Response {
        Response::new(Bytes::copy_from_slice(json.as_bytes()))
    }

    #[test]
    fn text_is_joined_without_thoughts() {
        let response = response(
            r#"{"candidates":[{"content":{"parts":[
                {"text":"Let me think.","thought":true},{"text":"Par"},
                {"functionCall":{"name":"f"}},{"text":"is\n"}]},"finishReason":"STOP"}],
                "usageMetadata":{"promptTokenCount":9,"thoughtsTokenCount":40,"totalTokenCount":49},
                "modelVersion":"m-1","responseId":"r"}"#,
        );
        assert_eq!(response.text().unwrap(), "Paris\n");
        assert_eq!(response.parts().count(), 4);
        let parts: Vec<_> = response.parts().collect();
        assert!(parts[0].is_thought());
        assert_eq!(parts[2].to_value()["functionCall"]["name"], "f");
        assert_eq!(response.finish_reason(), Some(FinishReason::STOP));
        let usage = response.usage().unwrap();
        assert_eq!((usage.thoughts_tokens, usage.candidates_tokens), (40, 0));
        assert_eq!(response.model_version().unwrap(), "m-1");
    }

    #[test]
    fn a_text_without_escapes_is_borrowed() {
        let response = response(r#"{"candidates":[{"content":{"parts":[{"text":"plain"}]}}]}"#);
        assert!(matches!(response.text(), Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn unknown_shapes_are_none_and_stay_readable() {
        for json in ["{}", r#"{"candidates":[]}"#, r#"{"candidates":7}"#, "[1]"] {
            let response = response(json);
            assert!(response.text().is_none() && response.usage().is_none());
            assert!(response.embedding().is_none());
            assert_eq!(response.json(), json);
        }
        let blocked = response(r#"{"candidates":[{"finishReason":"NEW_REASON"}]}"#);
        assert_eq!(blocked.finish_reason().unwrap().as_str(), "NEW_REASON");
    }

    #[test]
    fn an_odd_part_hides_no_other() {
        let response = response(
            r#"{"candidates":[{"content":{"role":7,"parts":[{"text":"whole","thought":null}]},
                "finishReason":3}],"usageMetadata":{"promptTokenCount":null,"totalTokenCount":"7"},
                "modelVersion":{},"responseId":"r"}"#,
        );
        assert_eq!(response.text().unwrap(), "whole");
        assert_eq!(response.finish_reason(), None);
        assert_eq!(response.usage().unwrap().total_tokens, 7);
        assert_eq!(response.model_version(), None);
        assert_eq!(response.response_id().unwrap(), "r");
    }

    #[test]
    fn embeddings_are_read_once() {
        let response = response(r#"{"embedding":{"values":[0.5,-1,2e-3]}}"#);
        let values = response.embedding().unwrap();
        assert_eq!(values, [0.5, -1.0, 0.002]);
        assert_eq!(values.as_ptr(), response.embedding().unwrap().as_ptr());
    }
}
