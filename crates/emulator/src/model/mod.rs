//! The model behind the jobs: what answers each request. Tests bring their own; [`DefaultModel`]
//! gives useful, repeatable answers without one.

mod answers;
mod default;
mod lexicon;
mod prompt;
mod schema;

use serde_json::{Value, json};

pub use default::DefaultModel;
pub use prompt::prompt_of;

use crate::ids;

/// Answers the requests of jobs.
///
/// It runs on a thread of its own, one request of a job after the other, and may block.
///
/// ```
/// use genai_batch_emulator::{Model, RowFailure, prompt_of, text_response};
/// use serde_json::Value;
///
/// struct Shout;
///
/// impl Model for Shout {
///     fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
///         let prompt = prompt_of(request)?;
///         Ok(text_response(model, &prompt, &prompt.to_uppercase()))
///     }
/// }
/// ```
pub trait Model: Send + Sync + 'static {
    /// The `GenerateContentResponse` to a `GenerateContentRequest` of a job for `model`, whose name
    /// is as in `models/gemini-2.5-flash`. A tuned model or an endpoint of Vertex AI goes by its whole
    /// name.
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure>;

    /// The `EmbedContentResponse` to an `EmbedContentRequest`; what [`DefaultModel`] answers, unless
    /// implemented.
    fn embed(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        DefaultModel::new().embed(request, model)
    }
}

/// Why one request of a job has no answer: a `google.rpc.Status`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowFailure {
    /// The `google.rpc.Code`, 3 for an invalid argument.
    pub code: i32,
    /// What went wrong; left out of the row where empty.
    pub message: String,
}

impl RowFailure {
    /// A failure of this code, with a message for people.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Code 3: the request cannot be served as it is.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(3, message)
    }

    pub(crate) fn to_status(&self) -> Value {
        if self.message.is_empty() {
            json!({"code": self.code})
        } else {
            json!({"code": self.code, "message": self.message})
        }
    }
}

/// About as many tokens as a text has: one for each four characters.
pub fn token_count(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// A whole `GenerateContentResponse` of one candidate that says `text` and stopped there.
///
/// The response id is the same whenever model, prompt and text are.
pub fn text_response(model: &str, prompt: &str, text: &str) -> Value {
    response(model, prompt, text, "STOP")
}

pub(crate) fn response(model: &str, prompt: &str, text: &str, finish_reason: &str) -> Value {
    let prompt_tokens = token_count(prompt);
    let candidates_tokens = token_count(text);
    json!({
        "candidates": [{
            "content": {"parts": [{"text": text}], "role": "model"},
            "finishReason": finish_reason,
            "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": prompt_tokens,
            "candidatesTokenCount": candidates_tokens,
            "totalTokenCount": prompt_tokens + candidates_tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt_tokens}],
            "serviceTier": "standard",
        },
        "modelVersion": model.rsplit('/').next().unwrap_or(model),
        "responseId": response_id(model, prompt, text),
    })
}

fn response_id(model: &str, prompt: &str, text: &str) -> String {
    use base64::Engine as _;
    let hashes = [ids::hash(&format!("{model}\n{prompt}")), ids::hash(text)];
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// A whole `EmbedContentResponse` of these values.
pub fn embedding_response(text: &str, values: &[f64]) -> Value {
    let tokens = token_count(text);
    json!({
        "embedding": {"values": values},
        "usageMetadata": {
            "promptTokenCount": tokens,
            "promptTokenDetails": [{"modality": "TEXT", "tokenCount": tokens}],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_response_has_the_shape_of_the_real_one() {
        let response = text_response("models/gemini-2.5-flash", "What is 2 + 2?", "4");
        assert_eq!(
            response["candidates"][0]["content"]["parts"][0]["text"],
            "4"
        );
        assert_eq!(response["candidates"][0]["finishReason"], "STOP");
        assert_eq!(response["modelVersion"], "gemini-2.5-flash");
        assert_eq!(response["usageMetadata"]["promptTokenCount"], 4);
        assert_eq!(response["usageMetadata"]["totalTokenCount"], 5);
        assert_eq!(response["responseId"].as_str().map(str::len), Some(22));
    }

    #[test]
    fn status_without_message_is_only_a_code() {
        assert_eq!(RowFailure::new(1, "").to_status(), json!({"code": 1}));
    }
}
