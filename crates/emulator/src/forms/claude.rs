//! Anthropic's Messages API, as Claude takes and writes it on Vertex AI.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::read::{Object, Read, calling, declaration, refuse, request, returned};
use super::{Said, short};

const VERSION: &str = "vertex-2023-10-16";
/// What the schema of a response may not have (Anthropic's documentation, Structured outputs).
const NOT_IN_SCHEMAS: [&str; 6] = [
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
];

/// A request in Google's words.
pub(super) fn read(body: &Value) -> Read<Value> {
    let mut body = Object::of(body, "request")?;
    if body.text("anthropic_version")? != VERSION {
        return Err(refuse("anthropic_version: Invalid API version"));
    }
    let limit = body.take("max_tokens");
    let limit = limit
        .and_then(|limit| limit.as_u64())
        .filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| refuse("max_tokens: Field required"))?;
    let messages = body.list("messages")?;
    if messages.is_empty() {
        return Err(refuse("messages: at least one message is required"));
    }
    let mut calls = HashMap::new();
    let contents = messages.iter().enumerate();
    let contents = contents.map(|(n, it)| content(it, &format!("messages.{n}"), &mut calls));
    let contents = contents.collect::<Read<Vec<_>>>()?;
    let system = match body.take("system") {
        None => Vec::new(),
        Some(Value::String(text)) => vec![json!({"text": text})],
        Some(blocks) => {
            let blocks = blocks.as_array().cloned().unwrap_or_default();
            let text = |block: Value| json!({"text": block["text"]});
            blocks.into_iter().map(text).collect()
        }
    };
    let mut config = Map::from_iter([("maxOutputTokens".to_owned(), json!(limit))]);
    let temperature = body.take("temperature");
    if let Some(hot) = temperature.as_ref().filter(|it| it.as_f64() > Some(1.0)) {
        return Err(refuse(format!("temperature: {hot} is greater than 1")));
    }
    config.extend(temperature.map(|value| ("temperature".to_owned(), value)));
    let names = [
        ("top_p", "topP"),
        ("top_k", "topK"),
        ("stop_sequences", "stopSequences"),
    ];
    body.move_to(&mut config, &names);
    if let Some(output) = body.take("output_config") {
        let schema = output.pointer("/format/schema");
        let schema = schema.ok_or_else(|| refuse("output_config.format.schema: Field required"))?;
        check_schema(schema)?;
        config.insert("responseMimeType".to_owned(), "application/json".into());
        config.insert("responseJsonSchema".to_owned(), schema.clone());
    }
    if let Some(thinking) = body.take("thinking") {
        let budget = thinking.get("budget_tokens").cloned().unwrap_or(json!(0));
        config.insert(
            "thinkingConfig".to_owned(),
            json!({"thinkingBudget": budget}),
        );
    }
    let mut declared = Vec::new();
    for tool in body
        .take("tools")
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let mut tool = Object::of(tool, "tools")?;
        let schema = tool.take("input_schema");
        let schema = schema.ok_or_else(|| refuse("tools.input_schema: Field required"))?;
        let description = tool.take("description");
        declared.push(declaration(tool.text("name")?, description, schema));
        tool.finish()?;
    }
    let tool_config = match body.take("tool_choice") {
        None => None,
        Some(choice) => Some(match choice["type"].as_str() {
            Some("auto") => calling("AUTO", Vec::new()),
            Some("any") => calling("ANY", Vec::new()),
            Some("none") => calling("NONE", Vec::new()),
            Some("tool") => calling("ANY", vec![choice["name"].clone()]),
            _ => return Err(refuse("tool_choice.type: Input should be a known type")),
        }),
    };
    body.finish()?;
    Ok(request(contents, system, config, declared, tool_config))
}

fn content(message: &Value, path: &str, calls: &mut HashMap<String, String>) -> Read<Value> {
    let mut message = Object::of(message, path)?;
    let role = match &*message.text("role")? {
        "user" => "user",
        "assistant" => "model",
        other => return Err(refuse(format!("{path}.role: {other} is not permitted"))),
    };
    let parts = match message.take("content") {
        Some(Value::String(text)) if !text.is_empty() => vec![json!({"text": text})],
        Some(Value::Array(blocks)) if !blocks.is_empty() => {
            let parts = blocks.iter().map(|it| part(it, path, role, calls));
            parts.collect::<Read<_>>()?
        }
        _ => {
            return Err(refuse(format!(
                "{path}: messages must have non-empty content"
            )));
        }
    };
    message.finish()?;
    Ok(json!({"role": role, "parts": parts}))
}

fn part(block: &Value, path: &str, role: &str, calls: &mut HashMap<String, String>) -> Read<Value> {
    let mut block = Object::of(block, &format!("{path}.content"))?;
    let kind = block.text("type")?;
    let part = match (&*kind, role) {
        ("text", _) => json!({"text": block.text("text")?}),
        ("image" | "document", "user") => {
            let source = block.take("source").unwrap_or_default();
            if source["type"] != "base64" {
                return Err(refuse(format!("{path}: only base64 sources are supported")));
            }
            json!({"inlineData": {"mimeType": source["media_type"], "data": source["data"]}})
        }
        ("tool_use", "model") => {
            let (id, name) = (block.text("id")?, block.text("name")?);
            calls.insert(id.clone(), name.clone());
            json!({"functionCall": {"id": id, "name": name, "args": block.take("input")}})
        }
        ("tool_result", "user") => {
            let id = block.text("tool_use_id")?;
            let Some(name) = calls.get(&id) else {
                return Err(refuse(format!("{path}: unexpected `tool_use_id` {id}")));
            };
            let response = returned(&block.text("content")?);
            json!({"functionResponse": {"id": id, "name": name, "response": response}})
        }
        (other, _) => return Err(refuse(format!("{path}: `{other}` is not expected here"))),
    };
    block.finish()?;
    Ok(part)
}

fn check_schema(schema: &Value) -> Read<()> {
    let Value::Object(fields) = schema else {
        return Ok(());
    };
    if let Some(bound) = NOT_IN_SCHEMAS
        .iter()
        .find(|name| fields.contains_key(**name))
    {
        return Err(refuse(format!(
            "output_config.format.schema: `{bound}` is not supported"
        )));
    }
    if fields.get("type") == Some(&json!("object"))
        && fields.get("additionalProperties") != Some(&json!(false))
    {
        let message = "output_config.format.schema: `additionalProperties` must be false";
        return Err(refuse(message));
    }
    let properties = fields.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(Map::values)
        .try_for_each(check_schema)?;
    fields.get("items").map_or(Ok(()), check_schema)
}

/// A response of Google's as a message.
pub(super) fn write(response: &Value, model: &str) -> Value {
    let said = Said::of(response);
    let mut calls = 0;
    let blocks = said.parts.iter().map(|part| match Said::call(part) {
        Some((name, args)) => {
            calls += 1;
            let id = format!("toolu_vrtx_{calls}");
            json!({"type": "tool_use", "id": id, "name": name, "input": args})
        }
        None => json!({"type": "text", "text": part["text"]}),
    });
    let blocks: Vec<Value> = blocks.collect();
    let reason = match said.finish {
        "MAX_TOKENS" => "max_tokens",
        "SAFETY" => "refusal",
        _ if calls > 0 => "tool_use",
        _ => "end_turn",
    };
    json!({
        "id": format!("msg_vrtx_{}", said.id),
        "type": "message",
        "role": "assistant",
        "model": short(model).split('@').next(),
        "content": blocks,
        "stop_reason": reason,
        "stop_sequence": null,
        "usage": {
            "input_tokens": said.tokens[0],
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": said.tokens[1],
        },
    })
}
