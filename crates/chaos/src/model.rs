//! The model of the suite: it answers texts as the emulator does, and its embeddings are known
//! beforehand.

use genai_batch_emulator::{DefaultModel, Model, RowFailure, embedding_response};
use serde_json::Value;

/// Adds, and embeds a sum as its parts and its value.
pub(crate) struct Sums(DefaultModel);

impl Sums {
    pub(crate) fn new() -> Self {
        Self(DefaultModel::new())
    }
}

/// What the embedding of `What is {n} + {more}?` is.
pub(crate) fn embedding(n: i64, more: i64) -> Vec<i64> {
    vec![n, more, n + more]
}

impl Model for Sums {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        self.0.generate(request, model)
    }

    fn embed(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        let text = request["content"]["parts"][0]["text"].as_str();
        let numbers = text.and_then(|text| {
            let sum = text.strip_prefix("What is ")?.strip_suffix('?')?;
            let (n, more) = sum.split_once(" + ")?;
            Some((n.parse().ok()?, more.parse().ok()?))
        });
        match (text, numbers) {
            (Some(text), Some((n, more))) => {
                let values: Vec<f64> = embedding(n, more).iter().map(|n| *n as f64).collect();
                Ok(embedding_response(text, &values))
            }
            // One that fails as it is marked to, or of another job.
            _ => self.0.embed(request, model),
        }
    }
}
