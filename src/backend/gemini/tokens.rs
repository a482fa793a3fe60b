//! Counting the tokens of a request, which costs nothing and makes no job.

use serde_json::{Map, Value};

use super::Gemini;
use super::name::GeminiModel;
use crate::error::{Error, Result};
use crate::raw::Json;
use crate::raw::gemini::types::CountTokensRequest;

impl Gemini {
    /// How many tokens the service counts in a `GenerateContentRequest`.
    pub(crate) async fn count_tokens(
        &self,
        model: &str,
        mut request: Map<String, Value>,
    ) -> Result<u64> {
        let GeminiModel::Base(id) = GeminiModel::parse(model)? else {
            return Err(Error::input(
                "the Gemini Developer API counts no tokens for a tuned model: leave out `sample`",
            ));
        };
        request.insert("model".to_owned(), format!("models/{id}").into());
        let body = CountTokensRequest {
            generate_content_request: Some(Json::written(
                Value::Object(request).to_string().into(),
            )),
            ..CountTokensRequest::default()
        };
        let counted = self.raw().models_count_tokens(&id, &body).await;
        let counted = counted.map_err(|error| error.during("counting tokens"))?;
        let tokens = counted.into_inner().total_tokens;
        tokens
            .and_then(|tokens| tokens.try_into().ok())
            .ok_or_else(|| Error::protocol("the service's response has no count of tokens"))
    }
}
