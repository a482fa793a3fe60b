//! The model that responds where none was given: the same response to the same request, made by a few
//! simple rules.

use serde_json::{Map, Value, json};

use super::api::Model;
use super::failure::RowFailure;
use super::prompt::{fail_as_marked, prompt_of};
use super::response::response;
use super::{answers, schema};
use crate::json::field;

/// A model of simple, repeatable rules.
///
/// It names the sentiment of a review, works out `What is 17 + 25?`, answers `Translate to French:
/// good morning` with `[French] good morning`, gives the first sentence of what it is asked to
/// summarise, fills a response schema with an instance that fits it, calls the first function where
/// the mode `ANY` demands a call, and otherwise says what it was
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
        if let Some(call) = demanded_call(request, &answer) {
            let mut called = response(model, &prompt, &call.to_string(), "STOP");
            called["candidates"][0]["content"]["parts"] = json!([{"functionCall": call}]);
            return Ok(called);
        }
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
}

/// The call that a request demands by the mode `ANY`: of the first function that is allowed, with
/// arguments that fit its schema.
fn demanded_call(request: &Value, answer: &answers::Answer) -> Option<Value> {
    let config = field(field(request, "toolConfig")?, "functionCallingConfig")?;
    let mode = field(config, "mode").and_then(Value::as_str);
    if mode != Some("ANY") {
        return None;
    }
    let allowed = field(config, "allowedFunctionNames").and_then(Value::as_array);
    let tools = field(request, "tools").and_then(Value::as_array)?;
    let declared = tools
        .iter()
        .filter_map(|tool| field(tool, "functionDeclarations"));
    let mut declared = declared.filter_map(Value::as_array).flatten();
    let function = declared.find(|function| {
        let name = function.get("name").unwrap_or(&Value::Null);
        allowed.is_none_or(|allowed| allowed.contains(name))
    })?;
    let schema = field(function, "parameters").or_else(|| field(function, "parametersJsonSchema"));
    let args = schema::instance(schema.unwrap_or(&Value::Null), answer);
    Some(json!({"name": function.get("name"), "args": args}))
}

/// The schema that the response has to fit, where JSON was asked for: `Null` for any.
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

#[cfg(test)]
mod tests {
    use super::*;

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
