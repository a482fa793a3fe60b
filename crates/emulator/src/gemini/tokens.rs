//! Counts the tokens of a request without answering it.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::service::Gemini;
use crate::body::parse_json;
use crate::error::{ApiError, ApiResult};
use crate::json::field;
use crate::model::{prompt_of, token_count};
use crate::reply;

impl Gemini {
    /// As many tokens as the usage of a response would tell of the prompt.
    pub(crate) fn count_tokens(&self, body: &[u8]) -> ApiResult<Response> {
        let body = parse_json(body)?;
        let request = field(&body, "generateContentRequest").unwrap_or(&body);
        let prompt = prompt_of(request);
        let prompt = prompt.map_err(|failure| ApiError::invalid_argument(failure.message))?;
        let tokens = token_count(&prompt);
        let answer = json!({
            "totalTokens": tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}],
        });
        Ok(reply::json(StatusCode::OK, &answer))
    }
}
