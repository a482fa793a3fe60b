//! A conversation in Anthropic's words, the body of its Messages API.

use serde_json::{Map, Value, json};

use super::conversation::{Choice, Config, Conversation, Function, Part, Turn};
use super::fields::Refused;
use super::schema;
use super::writer::ANTHROPIC_VERSION;

/// The images that Claude takes (Anthropic's documentation, Vision).
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const PDF: &str = "application/pdf";
/// The least that thinking may be given (Anthropic's documentation, Extended thinking).
const LEAST_THINKING: i64 = 1024;

pub(super) fn write(
    conversation: Conversation,
    is_lenient: bool,
    path: &str,
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
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("anthropic_version", ANTHROPIC_VERSION.into());
    let messages = turns.into_iter().map(|turn| message(turn, refused));
    set("messages", messages.collect());
    match &system[..] {
        [] => {}
        [text] => drop(set("system", text.as_str().into())),
        texts => {
            let blocks = texts.iter().map(|text| text_block(text));
            set("system", blocks.collect());
        }
    }
    if config.max_tokens.is_none() && !is_lenient {
        let hint = "set `max_output_tokens` in the request's generation config, or for all requests with `Create::generation_config`";
        let at = format!("{path}.generationConfig.maxOutputTokens");
        refused.missing(&at, "a limit on the tokens of the response", hint);
    }
    if let Some(limit) = config.max_tokens {
        set("max_tokens", limit.into());
    }
    settings(&config, &config_path, &mut body, refused);
    if !functions.is_empty() {
        let tools = functions.into_iter().map(tool).collect();
        body.insert("tools".to_owned(), tools);
    }
    if let Some(choice) = choice {
        let choice = match choice {
            Choice::Auto => json!({ "type": "auto" }),
            Choice::Any => json!({ "type": "any" }),
            Choice::One(name) => json!({ "type": "tool", "name": name }),
            Choice::None => json!({ "type": "none" }),
        };
        body.insert("tool_choice".to_owned(), choice);
    }
    body
}

fn text_block(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn message(turn: Turn, refused: &mut Refused) -> Value {
    let role = if turn.is_model { "assistant" } else { "user" };
    if let [(_, Part::Text(text))] = &turn.parts[..] {
        return json!({ "role": role, "content": text });
    }
    let blocks = turn.parts.into_iter();
    let blocks = blocks.filter_map(|(path, part)| block(part, &path, turn.is_model, refused));
    json!({ "role": role, "content": blocks.collect::<Vec<_>>() })
}

fn block(part: Part, path: &str, is_model: bool, refused: &mut Refused) -> Option<Value> {
    Some(match part {
        Part::Text(text) => text_block(&text),
        Part::Media { mime_type, data } => {
            let kind = match mime_type.as_str() {
                image if IMAGES.contains(&image) => "image",
                PDF => "document",
                other => {
                    let hint = "Claude takes JPEG, PNG, GIF, WebP and PDF";
                    let message = format!("the data is {other}");
                    refused.no_value(&format!("{path}.inlineData"), &message, hint);
                    return None;
                }
            };
            let source = json!({ "type": "base64", "media_type": mime_type, "data": data });
            json!({ "type": kind, "source": source })
        }
        Part::Call { id, name, args } => {
            if !is_model {
                misplaced(path, "functionCall", "model", refused);
            }
            json!({ "type": "tool_use", "id": id, "name": name, "input": args })
        }
        Part::Returned { id, response } => {
            if is_model {
                misplaced(path, "functionResponse", "user", refused);
            }
            let content = response.to_string();
            json!({ "type": "tool_result", "tool_use_id": id, "content": content })
        }
    })
}

/// A call or what it returned stands in a turn of the wrong side.
pub(super) fn misplaced(path: &str, field: &str, role: &str, refused: &mut Refused) {
    let message = format!("`{field}` stands in a turn of the other side");
    let hint = format!("give the turn the role `{role}`");
    refused.wrong(&format!("{path}.{field}"), &message, &hint);
}

fn settings(config: &Config, path: &str, body: &mut Map<String, Value>, refused: &mut Refused) {
    let at = |name: &str| format!("{path}.{name}");
    let leave_out = "leave it out";
    if let Some(temperature) = &config.temperature {
        if temperature.as_f64().is_some_and(|it| it > 1.0) {
            let message = format!("the temperature is {temperature}");
            refused.no_value(&at("temperature"), &message, "Claude takes 0 to 1");
        }
        body.insert("temperature".to_owned(), temperature.clone());
    }
    let named = [("top_p", &config.top_p), ("top_k", &config.top_k)];
    for (name, value) in named {
        body.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    if !config.stops.is_empty() {
        body.insert("stop_sequences".to_owned(), config.stops.clone().into());
    }
    match &config.schema {
        Some(schema) => {
            let format = json!({ "type": "json_schema", "schema": schema::for_claude(schema) });
            body.insert("output_config".to_owned(), json!({ "format": format }));
        }
        None if config.is_json => {
            let hint = "give a schema, with `response_schema` or `Request::output`";
            let message = "JSON is asked for without a schema";
            refused.no_value(&at("responseMimeType"), message, hint);
        }
        None => {}
    }
    if config.candidates.is_some_and(|count| count != 1) {
        let hint = "submit the request once for each candidate, under keys of their own";
        refused.no_value(
            &at("candidateCount"),
            "there are to be several candidates",
            hint,
        );
    }
    let unknown = [
        ("seed", config.seed.is_some()),
        ("presencePenalty", config.presence_penalty.is_some()),
        ("frequencyPenalty", config.frequency_penalty.is_some()),
        ("responseLogprobs", config.logprobs == Some(true)),
        ("logprobs", config.top_logprobs.is_some()),
        (
            "thinkingConfig.thinkingLevel",
            config.thinking_level.is_some(),
        ),
    ];
    for (name, _) in unknown.iter().filter(|(_, is_set)| *is_set) {
        refused.no_place(&at(name), leave_out);
    }
    thinking(config, path, body, refused);
}

fn thinking(config: &Config, path: &str, body: &mut Map<String, Value>, refused: &mut Refused) {
    let at = |name: &str| format!("{path}.thinkingConfig.{name}");
    let value = match config.thinking_budget {
        None if config.includes_thoughts => {
            let hint = "set `thinking_budget` too, without which Claude does not think";
            let message = "thoughts are asked for without a budget";
            refused.no_value(&at("includeThoughts"), message, hint);
            return;
        }
        None => return,
        Some(0) => json!({ "type": "disabled" }),
        Some(budget) if budget < LEAST_THINKING => {
            let message = format!("the budget is {budget}");
            let hint = format!("Claude takes 0, or {LEAST_THINKING} and more");
            refused.no_value(&at("thinkingBudget"), &message, &hint);
            return;
        }
        Some(budget) => {
            let limit = config
                .max_tokens
                .and_then(|limit| i64::try_from(limit).ok());
            if limit.is_some_and(|limit| limit <= budget) {
                let message = format!("the budget of {budget} is not below `maxOutputTokens`");
                refused.no_value(&at("thinkingBudget"), &message, "raise the limit");
            }
            json!({ "type": "enabled", "budget_tokens": budget })
        }
    };
    body.insert("thinking".to_owned(), value);
}

fn tool(function: Function) -> Value {
    let mut tool = json!({ "name": function.name, "input_schema": function.parameters });
    if let Some(description) = function.description {
        tool["description"] = description.into();
    }
    tool
}
