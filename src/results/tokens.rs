//! The tokens that the rows of a job used, summed up per model as they pass.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::response::forms::in_googles_words;
use super::response::usage::UsageFields;
use crate::counted::Counted;

/// How many models are told apart. A job has one, in one or two versions.
const MODELS: usize = 16;
/// The name under which further models are counted.
const OTHERS: &str = "(other models)";
/// The name of a model that does not say which it is.
const UNNAMED: &str = "(unnamed)";

/// What the responses of a job used, by the version of the model that responded.
///
/// It is counted where [`Results::count_usage`](crate::batches::Results::count_usage) asks for it, over
/// the rows that were read, a doubled row once. Rows with an error tell no usage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenUsage {
    /// By `modelVersion`; the first 16, the rest together.
    pub models: BTreeMap<String, ModelUsage>,
    /// Responses without a usage.
    pub without_usage: u64,
}

/// What the responses of one model used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ModelUsage {
    /// How many responses these are.
    pub responses: u64,
    /// In the requests, those from a cache included.
    pub prompt_tokens: u64,
    /// In the responses, thoughts not included.
    pub candidates_tokens: u64,
    /// Spent on thinking.
    pub thoughts_tokens: u64,
    /// Of the requests, those from a cache.
    pub cached_content_tokens: u64,
    /// In the results of tools.
    pub tool_use_prompt_tokens: u64,
}

impl ModelUsage {
    /// What is billed as input: the requests and the results of tools.
    pub fn input_tokens(&self) -> u64 {
        self.prompt_tokens
            .saturating_add(self.tool_use_prompt_tokens)
    }

    /// What is billed as output: the responses and the thinking (Gemini API documentation,
    /// Thinking).
    pub fn output_tokens(&self) -> u64 {
        self.candidates_tokens.saturating_add(self.thoughts_tokens)
    }

    fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.responses, other.responses),
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.candidates_tokens, other.candidates_tokens),
            (&mut self.thoughts_tokens, other.thoughts_tokens),
            (&mut self.cached_content_tokens, other.cached_content_tokens),
            (
                &mut self.tool_use_prompt_tokens,
                other.tool_use_prompt_tokens,
            ),
        ];
        for (sum, more) in pairs {
            *sum = sum.saturating_add(more);
        }
    }
}

impl TokenUsage {
    /// All models together.
    pub fn total(&self) -> ModelUsage {
        let mut total = ModelUsage::default();
        self.models.values().for_each(|usage| total.add(usage));
        total
    }

    /// Adds a response, which is read for its usage alone.
    pub(crate) fn add(&mut self, response: &[u8]) {
        let translated = || read(&in_googles_words(response)?);
        match read(response).or_else(translated) {
            Some((model, usage)) => self.slot(&model).add(&usage),
            None => self.without_usage += 1,
        }
    }

    fn slot(&mut self, model: &str) -> &mut ModelUsage {
        let is_known = self.models.contains_key(model);
        let name = match is_known || self.models.len() < MODELS {
            true => model,
            false => OTHERS,
        };
        self.models.entry(name.to_owned()).or_default()
    }
}

impl fmt::Display for TokenUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        write!(
            f,
            "{} in, {} out",
            Counted(total.input_tokens(), "token"),
            total.output_tokens()
        )?;
        if total.thoughts_tokens > 0 {
            write!(f, " ({} of them thoughts)", total.thoughts_tokens)?;
        }
        Ok(())
    }
}

fn read(response: &[u8]) -> Option<(String, ModelUsage)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        #[serde(borrow, alias = "model_version")]
        model_version: Option<&'a RawValue>,
    }
    let usage: UsageFields<'_> = serde_json::from_slice(response).ok()?;
    let usage = usage.usage()?;
    let body: Body<'_> = serde_json::from_slice(response).ok()?;
    let model = body
        .model_version
        .map(|raw| serde_json::from_str(raw.get()));
    let model = match model {
        Some(Ok(model)) => model,
        _ => UNNAMED.to_owned(),
    };
    let usage = ModelUsage {
        responses: 1,
        prompt_tokens: usage.prompt_tokens,
        candidates_tokens: usage.candidates_tokens,
        thoughts_tokens: usage.thoughts_tokens,
        cached_content_tokens: usage.cached_content_tokens,
        tool_use_prompt_tokens: usage.tool_use_prompt_tokens,
    };
    Some((model, usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_told_apart_and_bounded() {
        let mut usage = TokenUsage::default();
        for n in 0..1000 {
            let model = format!("m-{}", n % 40);
            let row = format!(
                r#"{{"candidates":[],"modelVersion":"{model}","usageMetadata":{{"promptTokenCount":2,"candidatesTokenCount":1}}}}"#
            );
            usage.add(row.as_bytes());
        }
        assert_eq!(usage.models.len(), MODELS + 1);
        assert_eq!(usage.total().responses, 1000);
        assert_eq!(usage.to_string(), "2000 tokens in, 1000 out");
    }

    #[test]
    fn odd_rows_are_counted_as_such() {
        let mut usage = TokenUsage::default();
        for row in ["{}", "[]", r#"{"usageMetadata":7}"#, "x"] {
            usage.add(row.as_bytes());
        }
        assert_eq!(usage.without_usage, 4);
        usage.add(
            br#"{"modelVersion":{},"usageMetadata":{"promptTokenCount":18446744073709551615}}"#,
        );
        usage.add(br#"{"usageMetadata":{"promptTokenCount":"9"}}"#);
        assert_eq!(usage.models[UNNAMED].responses, 2);
        usage.add(br#"{"embedding":{"values":[1]},"tokenCount":"7"}"#);
        usage.add(br#"{"embeddings":{"values":[1],"statistics":{"token_count":8}}}"#);
        assert_eq!(usage.models[UNNAMED].responses, 4);
        usage.models.remove(UNNAMED);
        usage.add(br#"{"embedding":{"values":[1]},"tokenCount":7.0}"#);
        assert_eq!(usage.total().prompt_tokens, 7);
    }
}
