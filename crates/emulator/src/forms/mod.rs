//! The forms of other models than Google's: lines of requests as their makers describe them, read into
//! Google's words for the [`Model`](crate::Model), and what it says written in theirs.
//!
//! What Anthropic's and OpenAI's services refuse is refused here: fields that they do not know,
//! messages without content, Claude's requests without a limit.

use serde::{Deserialize, Serialize};

mod chat;
mod claude;
mod read;

use serde_json::{Value, json};

use crate::model::{Model, RowFailure, token_count};

/// In whose words the lines of a model are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Form {
    Google,
    /// Anthropic's messages.
    Claude,
    /// OpenAI's chat completions and embeddings.
    OpenAi,
}

/// Asks a model of a request of Claude's: the message that it returns.
pub(crate) fn ask_claude(
    request: &Value,
    name: &str,
    model: &dyn Model,
) -> Result<Value, RowFailure> {
    let response = model.generate(&claude::read(request)?, name)?;
    Ok(claude::write(&response, name))
}

/// Asks a model of a body of OpenAI's: the completion, or the list of one embedding.
pub(crate) fn ask_open(
    body: &Value,
    is_embedding: bool,
    name: &str,
    model: &dyn Model,
) -> Result<Value, RowFailure> {
    if is_embedding {
        let (request, text) = chat::read_embedding(body)?;
        let response = model.embed(&request, name)?;
        let values = response.pointer("/embedding/values").cloned();
        let tokens = token_count(&text);
        return Ok(json!({
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": values}],
            "model": short(name),
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }));
    }
    let response = model.generate(&chat::read(body)?, name)?;
    Ok(chat::write(&response, name))
}

/// The error of a row as Anthropic writes it.
pub(crate) fn claude_error(failure: &RowFailure) -> Value {
    let kind = match failure.code {
        3 | 9 | 11 => "invalid_request_error",
        4 => "timeout_error",
        5 => "not_found_error",
        7 => "permission_error",
        8 => "rate_limit_error",
        14 => "overloaded_error",
        16 => "authentication_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": failure.message}})
}

/// The error of a row as OpenAI writes it.
pub(crate) fn open_error(failure: &RowFailure) -> Value {
    let code = match failure.code {
        3 | 9 | 11 => "invalid_request_error",
        5 => "model_not_found",
        7 => "permission_error",
        8 => "rate_limit_exceeded",
        16 => "invalid_api_key",
        _ => "server_error",
    };
    json!({"code": code, "message": failure.message})
}

fn short(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// The parts of a response of Google's, why it ended, and its tokens in and out.
struct Said<'a> {
    parts: Vec<&'a Value>,
    finish: &'a str,
    tokens: [u64; 2],
    id: &'a str,
}

impl<'a> Said<'a> {
    fn of(response: &'a Value) -> Self {
        let text = |pointer: &str| response.pointer(pointer).and_then(Value::as_str);
        let count = |pointer: &str| response.pointer(pointer).and_then(Value::as_u64);
        let parts = response.pointer("/candidates/0/content/parts");
        Self {
            parts: parts
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .collect(),
            finish: text("/candidates/0/finishReason").unwrap_or("STOP"),
            tokens: [
                count("/usageMetadata/promptTokenCount").unwrap_or_default(),
                count("/usageMetadata/candidatesTokenCount").unwrap_or_default(),
            ],
            id: text("/responseId").unwrap_or_default(),
        }
    }

    /// The function that a part asks to be called: its name and its arguments.
    fn call(part: &Value) -> Option<(&Value, Value)> {
        let call = part.get("functionCall")?;
        let args = call.get("args").cloned();
        Some((call.get("name")?, args.unwrap_or_else(|| json!({}))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DefaultModel;

    fn claude(change: impl FnOnce(&mut Value)) -> Result<Value, RowFailure> {
        let mut request = json!({
            "anthropic_version": "vertex-2023-10-16",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "What is 1 + 1?"}],
        });
        change(&mut request);
        ask_claude(
            &request,
            "publishers/anthropic/models/claude-x@1",
            &DefaultModel::new(),
        )
    }

    #[test]
    fn claude_answers_what_it_takes_and_refuses_the_rest() {
        let message = claude(|_| {}).unwrap();
        assert_eq!(message["content"], json!([{"type": "text", "text": "2"}]));
        assert_eq!(
            (&message["model"], &message["stop_reason"]),
            (&json!("claude-x"), &json!("end_turn"))
        );
        let refused =
            |name: &str, value: Value| claude(|request| request[name] = value).unwrap_err().message;
        assert!(refused("seed", json!(1)).contains("Extra inputs"));
        assert!(refused("max_tokens", Value::Null).contains("required"));
        assert!(refused("anthropic_version", json!("2023-06-01")).contains("version"));
        assert!(refused("temperature", json!(1.5)).contains("greater"));
        assert!(refused("messages", json!([{"role": "system", "content": "x"}])).contains("role"));
        let schema = json!({"type": "object", "properties": {}});
        let format = json!({"format": {"type": "json_schema", "schema": schema}});
        assert!(refused("output_config", format).contains("additionalProperties"));
    }

    #[test]
    fn open_models_answer_chats_and_embeddings() {
        let ask = |body: Value, is_embedding: bool| {
            ask_open(
                &body,
                is_embedding,
                "publishers/meta/models/llama",
                &DefaultModel::new(),
            )
        };
        let chat = json!({"messages": [{"role": "user", "content": "What is 1 + 1?"}]});
        let completion = ask(chat, false).unwrap();
        assert_eq!(completion["choices"][0]["message"]["content"], "2");
        assert_eq!(completion["choices"][0]["finish_reason"], "stop");
        assert!(ask(json!({"messages": []}), false).is_err());
        assert!(
            ask(
                json!({"messages": [{"role": "user", "content": "a"}], "x": 1}),
                false
            )
            .is_err()
        );
        let list = ask(json!({"input": "a", "dimensions": 4}), true).unwrap();
        assert_eq!(list["data"][0]["embedding"].as_array().unwrap().len(), 4);
        assert!(ask(json!({"input": 7}), true).is_err());
    }
}
