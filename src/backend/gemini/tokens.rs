//! Counting the tokens of a request, which costs nothing and makes no job.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Gemini;
use crate::error::{Error, Result};
use crate::name::GeminiModel;

impl Gemini {
    /// How many tokens the service counts in a `GenerateContentRequest`.
    pub(crate) async fn count_tokens(
        &self,
        model: &str,
        mut request: Map<String, Value>,
    ) -> Result<u64> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            total_tokens: u64,
        }
        let GeminiModel::Base(id) = GeminiModel::parse(model)? else {
            return Err(Error::input(
                "the Gemini Developer API counts no tokens for a tuned model: leave out `sample`",
            ));
        };
        request.insert("model".to_owned(), format!("models/{id}").into());
        let body = json!({ "generateContentRequest": request }).to_string();
        let (raw, exchange) = self.exchange(Some(Bytes::from(body)));
        let sent = raw.models_count_tokens(&id, &Default::default()).await;
        let answer = exchange.json(sent).await;
        let answer = answer.map_err(|error| error.during("counting tokens"))?;
        let answer: Answer = serde_json::from_slice(&answer).map_err(|e| {
            Error::protocol("the service's answer is no count of tokens").with_source(e)
        })?;
        Ok(answer.total_tokens)
    }
}
