//! OpenAI's chat completions and embeddings, as open models take and write them on Vertex AI.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::read::{Object, Read, calling, declaration, refuse, request, returned};
use super::{Said, short};

const CONFIG: [(&str, &str); 10] = [
    ("max_tokens", "maxOutputTokens"),
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("seed", "seed"),
    ("n", "candidateCount"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
    ("logprobs", "responseLogprobs"),
    ("top_logprobs", "logprobs"),
];

/// A body in Google's words.
pub(super) fn read(body: &Value) -> Read<Value> {
    let mut body = Object::of(body, "body")?;
    // Not looked at.
    body.take("model");
    let messages = body.list("messages")?;
    if messages.is_empty() {
        return Err(refuse("messages: too short"));
    }
    let (mut system, mut contents) = (Vec::new(), Vec::new());
    let mut calls = HashMap::new();
    for (n, message) in messages.iter().enumerate() {
        let mut message = Object::of(message, &format!("messages[{n}]"))?;
        match &*message.text("role")? {
            "system" | "developer" => system.extend(texts(&mut message)?),
            "user" => {
                let parts = texts(&mut message)?;
                contents.push(json!({"role": "user", "parts": parts}));
            }
            "assistant" => contents.push(assistant(&mut message, &mut calls)?),
            "tool" => {
                let id = message.text("tool_call_id")?;
                let name = calls.get(&id).cloned();
                let name = name.ok_or_else(|| refuse(format!("no call has the id {id}")))?;
                let response = returned(&message.text("content")?);
                let part = json!({"functionResponse":
                    {"id": id, "name": name, "response": response}});
                contents.push(json!({"role": "user", "parts": [part]}));
            }
            other => return Err(refuse(format!("messages[{n}].role: {other} is not a role"))),
        }
        message.finish()?;
    }
    let mut config = Map::new();
    body.move_to(&mut config, &CONFIG);
    match body.take("stop") {
        Some(stop @ Value::String(_)) => {
            config.insert("stopSequences".to_owned(), json!([stop]));
        }
        Some(stops) => drop(config.insert("stopSequences".to_owned(), stops)),
        None => {}
    }
    if let Some(effort) = body.take("reasoning_effort") {
        let level = effort.as_str().unwrap_or_default().to_uppercase();
        config.insert("thinkingConfig".to_owned(), json!({"thinkingLevel": level}));
    }
    if let Some(format) = body.take("response_format") {
        config.insert("responseMimeType".to_owned(), "application/json".into());
        match format["type"].as_str() {
            Some("json_object") => {}
            Some("json_schema") if format["json_schema"]["name"].is_string() => {
                let schema = format["json_schema"]["schema"].clone();
                config.insert("responseJsonSchema".to_owned(), schema);
            }
            _ => return Err(refuse("response_format: not one that is known")),
        }
    }
    let mut declared = Vec::new();
    for tool in body
        .take("tools")
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let mut function = Object::of(&tool["function"], "tools.function")?;
        let parameters = function.take("parameters").unwrap_or_else(|| json!({}));
        let description = function.take("description");
        declared.push(declaration(function.text("name")?, description, parameters));
        function.finish()?;
    }
    let tool_config = match body.take("tool_choice") {
        None => None,
        Some(Value::String(mode)) => Some(match &*mode {
            "auto" => calling("AUTO", Vec::new()),
            "required" => calling("ANY", Vec::new()),
            "none" => calling("NONE", Vec::new()),
            other => return Err(refuse(format!("tool_choice: {other} is not one"))),
        }),
        Some(choice) => Some(calling("ANY", vec![choice["function"]["name"].clone()])),
    };
    body.finish()?;
    Ok(request(contents, system, config, declared, tool_config))
}

fn texts(message: &mut Object) -> Read<Vec<Value>> {
    let path = message.path("content");
    match message.take("content") {
        Some(Value::String(text)) => Ok(vec![json!({"text": text})]),
        Some(Value::Array(parts)) if !parts.is_empty() => {
            let part = |part: &Value| match part["type"].as_str() {
                Some("text") => Ok(json!({"text": part["text"]})),
                Some("image_url") => {
                    let url = part["image_url"]["url"].as_str().unwrap_or_default();
                    let data = url
                        .strip_prefix("data:")
                        .and_then(|url| url.split_once(";base64,"));
                    let (mime_type, data) = data.ok_or_else(|| refuse("not a data URL"))?;
                    Ok(json!({"inlineData": {"mimeType": mime_type, "data": data}}))
                }
                _ => Err(refuse(format!("{path}: not a part that is known"))),
            };
            parts.iter().map(part).collect()
        }
        _ => Err(refuse(format!("{path}: Field required"))),
    }
}

fn assistant(message: &mut Object, calls: &mut HashMap<String, String>) -> Read<Value> {
    let mut parts = Vec::new();
    if let Some(Value::String(text)) = message.take("content") {
        parts.push(json!({"text": text}));
    }
    for call in message
        .take("tool_calls")
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let mut call = Object::of(call, "tool_calls")?;
        call.take("type");
        let id = call.text("id")?;
        let mut function = Object::of(&call.take("function").unwrap_or_default(), "function")?;
        let (name, arguments) = (function.text("name")?, function.text("arguments")?);
        let args: Value =
            serde_json::from_str(&arguments).map_err(|_| refuse("function.arguments: not JSON"))?;
        calls.insert(id.clone(), name.clone());
        parts.push(json!({"functionCall": {"id": id, "name": name, "args": args}}));
        call.finish()?;
    }
    match parts.is_empty() {
        true => Err(refuse("the message of the assistant is empty")),
        false => Ok(json!({"role": "model", "parts": parts})),
    }
}

/// A body that asks for an embedding in Google's words, and its text.
pub(super) fn read_embedding(body: &Value) -> Read<(Value, String)> {
    let mut body = Object::of(body, "body")?;
    body.take("model");
    let text = body.text("input")?;
    let mut request = json!({"content": {"parts": [{"text": text}]}});
    if let Some(dimensions) = body.take("dimensions") {
        request["outputDimensionality"] = dimensions;
    }
    body.finish()?;
    Ok((request, text))
}

/// A response of Google's as a chat completion.
pub(super) fn write(response: &Value, model: &str) -> Value {
    let said = Said::of(response);
    let texts: Vec<&str> = said
        .parts
        .iter()
        .filter_map(|it| it["text"].as_str())
        .collect();
    let calls = said
        .parts
        .iter()
        .filter_map(|part| Said::call(part))
        .enumerate();
    let calls = calls.map(|(n, (name, args))| {
        let function = json!({"name": name, "arguments": args.to_string()});
        json!({"id": format!("call_{n}"), "type": "function", "function": function})
    });
    let calls: Vec<Value> = calls.collect();
    let reason = match said.finish {
        "MAX_TOKENS" => "length",
        "SAFETY" => "content_filter",
        _ if calls.is_empty() => "stop",
        _ => "tool_calls",
    };
    let mut message = json!({"role": "assistant", "content": null});
    if !texts.is_empty() {
        message["content"] = texts.concat().into();
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!({
        "id": format!("chatcmpl-{}", said.id),
        "object": "chat.completion",
        "model": short(model),
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": said.tokens[0],
            "completion_tokens": said.tokens[1],
            "total_tokens": said.tokens[0] + said.tokens[1],
        },
    })
}
