//! A conversation in OpenAI's words, the body of a chat completion.

use serde_json::{Map, Value, json};

use super::anthropic::misplaced;
use super::conversation::{Choice, Config, Conversation, Function, Part, Turn};
use super::fields::Refused;

/// The name that a schema has to have.
const SCHEMA_NAME: &str = "response";

pub(super) fn write(
    conversation: Conversation,
    model: &str,
    refused: &mut Refused,
) -> Map<String, Value> {
    let Conversation {
        system,
        turns,
        config,
        functions,
        choice,
        config_path,
    } = conversation;
    let mut messages = Vec::new();
    if !system.is_empty() {
        messages.push(json!({ "role": "system", "content": system.join("\n") }));
    }
    for turn in turns {
        match turn.is_model {
            true => messages.push(assistant(turn, refused)),
            false => user(turn, &mut messages, refused),
        }
    }
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    body.insert("messages".to_owned(), messages.into());
    settings(config, &config_path, &mut body, refused);
    if !functions.is_empty() {
        let tools = functions.into_iter().map(tool).collect();
        body.insert("tools".to_owned(), tools);
    }
    if let Some(choice) = choice {
        let choice = match choice {
            Choice::Auto => json!("auto"),
            Choice::Any => json!("required"),
            Choice::One(name) => json!({ "type": "function", "function": { "name": name } }),
            Choice::None => json!("none"),
        };
        body.insert("tool_choice".to_owned(), choice);
    }
    body
}

fn assistant(turn: Turn, refused: &mut Refused) -> Value {
    let (mut texts, mut calls) = (Vec::new(), Vec::new());
    for (path, part) in turn.parts {
        match part {
            Part::Text(text) => texts.push(text),
            Part::Call { id, name, args } => {
                let function = json!({ "name": name, "arguments": args.to_string() });
                calls.push(json!({ "id": id, "type": "function", "function": function }));
            }
            Part::Media { mime_type, .. } => {
                let message = format!("{mime_type} stands in a turn of the model");
                refused.no_value(&format!("{path}.inlineData"), &message, "leave it out");
            }
            Part::Returned { .. } => misplaced(&path, "functionResponse", "user", refused),
        }
    }
    let content = match texts.is_empty() {
        true => Value::Null,
        false => texts.join("").into(),
    };
    let mut message = json!({ "role": "assistant", "content": content });
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    message
}

/// A turn of the user's: what functions returned comes in messages of its own.
fn user(turn: Turn, messages: &mut Vec<Value>, refused: &mut Refused) {
    let mut parts = Vec::new();
    for (path, part) in turn.parts {
        match part {
            Part::Text(text) => parts.push(json!({ "type": "text", "text": text })),
            Part::Media { mime_type, data } if mime_type.starts_with("image/") => {
                let url = format!("data:{mime_type};base64,{data}");
                parts.push(json!({ "type": "image_url", "image_url": { "url": url } }));
                let message =
                    "an image, where Google documents batches of open models for text alone";
                refused.remark(&path, message);
            }
            Part::Media { mime_type, .. } => {
                let message = format!("the data is {mime_type}");
                refused.no_value(&format!("{path}.inlineData"), &message, "images are taken");
            }
            Part::Call { .. } => misplaced(&path, "functionCall", "model", refused),
            Part::Returned { id, response } => {
                let content = response.to_string();
                messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
            }
        }
    }
    let content = match &mut parts[..] {
        [] => return,
        [one] if one["type"] == "text" => one["text"].take(),
        _ => parts.into(),
    };
    messages.push(json!({ "role": "user", "content": content }));
}

fn settings(config: Config, path: &str, body: &mut Map<String, Value>, refused: &mut Refused) {
    let at = |name: &str| format!("{path}.{name}");
    let named = [
        ("max_tokens", config.max_tokens.map(Value::from)),
        ("temperature", config.temperature),
        ("top_p", config.top_p),
        ("top_k", config.top_k),
        ("seed", config.seed),
        ("presence_penalty", config.presence_penalty),
        ("frequency_penalty", config.frequency_penalty),
        ("n", config.candidates.map(Value::from)),
        ("logprobs", config.logprobs.map(Value::from)),
        ("top_logprobs", config.top_logprobs.map(Value::from)),
    ];
    for (name, value) in named {
        body.extend(value.map(|value| (name.to_owned(), value)));
    }
    if !config.stops.is_empty() {
        body.insert("stop".to_owned(), config.stops.into());
    }
    let format = match config.schema {
        Some(schema) => {
            let schema = json!({ "name": SCHEMA_NAME, "schema": schema });
            Some(json!({ "type": "json_schema", "json_schema": schema }))
        }
        None if config.is_json => Some(json!({ "type": "json_object" })),
        None => None,
    };
    body.extend(format.map(|format| ("response_format".to_owned(), format)));
    if config.thinking_budget.is_some() {
        let hint = "use `thinking_level`, which becomes `reasoning_effort`";
        refused.no_place(&at("thinkingConfig.thinkingBudget"), hint);
    }
    if config.includes_thoughts {
        let hint = "leave it out: models that show their reasoning do so unasked";
        refused.no_place(&at("thinkingConfig.includeThoughts"), hint);
    }
    if let Some(level) = config.thinking_level {
        let effort = level.to_ascii_lowercase().into();
        body.insert("reasoning_effort".to_owned(), effort);
    }
}

fn tool(function: Function) -> Value {
    let mut described = json!({ "name": function.name, "parameters": function.parameters });
    if let Some(description) = function.description {
        described["description"] = description.into();
    }
    json!({ "type": "function", "function": described })
}
