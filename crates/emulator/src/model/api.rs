//! What a model has to do.

use serde_json::Value;

use super::embedding;
use super::failure::RowFailure;

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

    /// The `EmbedContentResponse` to an `EmbedContentRequest`; what [`DefaultModel`](crate::DefaultModel) answers, unless
    /// implemented.
    fn embed(&self, request: &Value, _model: &str) -> Result<Value, RowFailure> {
        embedding::embed(request)
    }
}
