//! The model that answers where none was given: the same answer to the same request, made by a few
//! simple rules.

use serde_json::{Map, Value};

use super::answers;
use super::prompt::{prompt_of, text_of};
use super::{Model, RowFailure, embedding_response, response, schema};
use crate::ids;
use crate::json::field;

const DIMENSIONS: usize = 768;
const MAX_DIMENSIONS: u64 = 3072;

/// A model of simple, repeatable rules.
///
/// It names the sentiment of a review, works out `What is 17 + 25?`, answers `Translate to French:
/// good morning` with `[French] good morning`, gives the first sentence of what it is asked to
/// summarise, fills a response schema with an instance that fits it, and otherwise says what it was
/// asked. A prompt with `[[error:3]]` in it fails with that code. `maxOutputTokens` is kept to.
///
/// Embeddings are unit vectors that depend on the text alone. They have `outputDimensionality`
/// values, or 768 where a request does not say (Google's models give 3,072, which makes large files
/// in no time).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DefaultModel {}

impl DefaultModel {
    /// The model.
    pub fn new() -> Self {
        Self {}
    }
}

impl Default for DefaultModel {
    fn default() -> Self {
        Self::new()
    }
}

impl Model for DefaultModel {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        let prompt = prompt_of(request)?;
        fail_as_marked(&prompt)?;
        let none = Value::Object(Map::new());
        let config = field(request, "generationConfig").unwrap_or(&none);
        let answer = answers::answer(&prompt);
        let text = match requested_json(config) {
            Some(schema) => schema::instance(schema, &answer).to_string(),
            None => answer.text,
        };
        let limit = field(config, "maxOutputTokens").and_then(Value::as_u64);
        let limit = limit
            .filter(|limit| *limit > 0)
            .map(|limit| limit.saturating_mul(4));
        let end = limit
            .and_then(|limit| usize::try_from(limit).ok())
            .and_then(|limit| text.char_indices().nth(limit));
        Ok(match end {
            Some((end, _)) => response(model, &prompt, &text[..end], "MAX_TOKENS"),
            None => response(model, &prompt, &text, "STOP"),
        })
    }

    fn embed(&self, request: &Value, _: &str) -> Result<Value, RowFailure> {
        let text = field(request, "content").and_then(text_of).ok_or_else(|| {
            RowFailure::invalid_argument("* EmbedContentRequest.content: contents is not specified")
        })?;
        fail_as_marked(&text)?;
        let dimensions = field(request, "outputDimensionality").or_else(|| {
            field(
                field(request, "embedContentConfig")?,
                "outputDimensionality",
            )
        });
        let dimensions = match dimensions {
            None => DIMENSIONS,
            Some(asked) => asked
                .as_u64()
                .filter(|asked| (1..=MAX_DIMENSIONS).contains(asked))
                .and_then(|asked| usize::try_from(asked).ok())
                .ok_or_else(|| {
                    RowFailure::invalid_argument(format!(
                        "* EmbedContentRequest.output_dimensionality: must be from 1 to {MAX_DIMENSIONS}"
                    ))
                })?,
        };
        Ok(embedding_response(&text, &unit_vector(&text, dimensions)))
    }
}

/// The schema that the answer has to fit, where JSON was asked for: `Null` for any.
fn requested_json(config: &Value) -> Option<&Value> {
    let mime_type = field(config, "responseMimeType").and_then(Value::as_str);
    if mime_type != Some("application/json") {
        return None;
    }
    let schema = field(config, "responseSchema")
        .or_else(|| field(config, "responseJsonSchema"))
        .unwrap_or(&Value::Null);
    Some(schema)
}

/// Fails where the text holds a marker such as `[[error:3]]`.
fn fail_as_marked(text: &str) -> Result<(), RowFailure> {
    let code = text
        .split_once("[[error:")
        .and_then(|(_, rest)| rest.split_once("]]"))
        .and_then(|(code, _)| code.trim().parse().ok());
    match code {
        Some(code) => Err(RowFailure::new(code, "The prompt asked for this error.")),
        None => Ok(()),
    }
}

fn unit_vector(text: &str, dimensions: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(ids::hash(text));
    let values: Vec<f64> = (0..dimensions).map(|_| random.f64() * 2.0 - 1.0).collect();
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let rounded = |value: f64| (value / length * 1e8).round() / 1e8;
    values.into_iter().map(rounded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(prompt: &str, config: Value) -> Result<Value, RowFailure> {
        let request = json!({
            "contents": [{"role": "user", "parts": [{"text": prompt}]}],
            "generationConfig": config,
        });
        DefaultModel::new().generate(&request, "models/gemini-2.5-flash")
    }

    fn text(response: &Value) -> &str {
        response["candidates"][0]["content"]["parts"][0]["text"]
            .as_str()
            .unwrap()
    }

    #[test]
    fn marker_fails_the_row_with_its_code() {
        assert_eq!(ask("hello [[error:8]]", json!({})).unwrap_err().code, 8);
    }

    #[test]
    fn max_output_tokens_cuts_the_answer() {
        let response = ask("Ünïcödé and so on", json!({"maxOutputTokens": 4})).unwrap();
        assert_eq!(text(&response), "You asked: Ünïcö");
        assert_eq!(response["candidates"][0]["finishReason"], "MAX_TOKENS");
        assert_eq!(response["usageMetadata"]["candidatesTokenCount"], 4);
    }

    #[test]
    fn json_is_answered_where_asked_for() {
        let schema = json!({"type": "OBJECT", "properties": {"sum": {"type": "INTEGER"}}});
        let config = json!({"responseMimeType": "application/json", "responseSchema": schema});
        assert_eq!(
            text(&ask("What is 17 + 25?", config).unwrap()),
            r#"{"sum":42}"#
        );
        let config = json!({"response_mime_type": "application/json"});
        assert_eq!(
            text(&ask("What is 17 + 25?", config).unwrap()),
            r#"{"answer":"42"}"#
        );
    }

    #[test]
    fn embeddings_are_unit_vectors_of_the_text() {
        let embed = |text: &str, dimensions: u64| {
            let request = json!({
                "content": {"parts": [{"text": text}]},
                "outputDimensionality": dimensions,
            });
            let response = DefaultModel::new().embed(&request, "models/gemini-embedding-001");
            let values = response.unwrap()["embedding"]["values"].clone();
            serde_json::from_value::<Vec<f64>>(values).unwrap()
        };
        let values = embed("one text", 64);
        assert_eq!(values.len(), 64);
        assert!((values.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-6);
        assert_eq!(values, embed("one text", 64));
        assert_ne!(values, embed("another", 64));
    }

    #[test]
    fn embedding_config_may_hold_the_dimensions() {
        let request = json!({
            "content": {"parts": [{"text": "a"}]},
            "embed_content_config": {"output_dimensionality": 3},
        });
        let response = DefaultModel::new().embed(&request, "models/m").unwrap();
        assert_eq!(
            response["embedding"]["values"].as_array().map(Vec::len),
            Some(3)
        );
        let request = json!({"content": {"parts": [{"text": "a"}]}});
        let response = DefaultModel::new().embed(&request, "models/m").unwrap();
        assert_eq!(
            response["embedding"]["values"].as_array().map(Vec::len),
            Some(768)
        );
    }
}
