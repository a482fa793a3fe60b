//! The names and shapes of all fields that a request of a batch may have, as a short list: what
//! a check of requests before they are sent is held against. Neither document of `openapi/` has
//! them whole, since Vertex AI's batch calls refer to their requests by address alone.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::discovery::{Api, Document};
use crate::rules::Object;
use crate::rules::names::short;

/// The messages that a line of a batch may be.
const ROOTS: [&str; 2] = ["GenerateContentRequest", "EmbedContentRequest"];

/// Messages by name, and their fields by name, each with its shape: `""` is a value, `"X"` a
/// message, `"*"` anything, `"[…]"` a list and `"{…}"` a map of what stands within.
pub type Messages = BTreeMap<String, BTreeMap<String, String>>;

/// The fields of the requests of `api`, and of every message in them.
pub fn of_requests(api: &Api, document: &Document) -> Result<Messages> {
    let mut messages = Messages::new();
    let named = |wanted: &str| {
        let found = document.schemas.keys().find(|name| short(name) == wanted);
        found.with_context(|| format!("{} has no message `{wanted}`", api.name))
    };
    let mut wanted: Vec<String> = Vec::new();
    for root in ROOTS {
        wanted.push(named(root)?.clone());
    }
    while let Some(name) = wanted.pop() {
        if messages.contains_key(short(&name)) {
            continue;
        }
        let schema = document.schemas.get(&name);
        let schema = schema.with_context(|| format!("schema `{name}` is missing"))?;
        let empty = Object::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        let fields = properties.unwrap_or(&empty).iter();
        let fields = fields
            .map(|(field, schema)| (field.clone(), shape(schema, &mut wanted)))
            .collect();
        messages.insert(short(&name).to_owned(), fields);
    }
    Ok(messages)
}

fn shape(schema: &Value, wanted: &mut Vec<String>) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        wanted.push(name.to_owned());
        return short(name).to_owned();
    }
    match schema["type"].as_str() {
        Some("array") => format!("[{}]", shape(&schema["items"], wanted)),
        Some("object") => match &schema["additionalProperties"] {
            Value::Object(values) if values.get("type") != Some(&"any".into()) => {
                format!("{{{}}}", shape(&schema["additionalProperties"], wanted))
            }
            _ => "*".to_owned(),
        },
        Some("any") | None => "*".to_owned(),
        Some(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::discovery::GEMINI;

    #[test]
    fn every_shape_is_told() {
        let document = serde_json::from_value(json!({
            "name": "g", "version": "v1beta", "title": "T", "rootUrl": "https://h/",
            "resources": {},
            "schemas": {
                "GenerateContentRequest": {"properties": {
                    "contents": {"type": "array", "items": {"$ref": "GoogleTypeContent"}},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "model": {"type": "string"},
                }},
                "EmbedContentRequest": {"properties": {"content": {"$ref": "GoogleTypeContent"}}},
                "GoogleTypeContent": {"properties": {
                    "args": {"type": "object", "additionalProperties": {"type": "any"}},
                    "inner": {"type": "array", "items": {"$ref": "GoogleTypeContent"}},
                }},
                "Stray": {"properties": {"a": {"type": "string"}}},
            },
        }));
        let messages = of_requests(&GEMINI, &document.unwrap()).unwrap();
        assert_eq!(
            serde_json::to_value(messages).unwrap(),
            json!({
                "Content": {"args": "*", "inner": "[Content]"},
                "EmbedContentRequest": {"content": "Content"},
                "GenerateContentRequest": {"contents": "[Content]", "labels": "{}", "model": ""},
            })
        );
    }

    #[test]
    fn a_request_that_is_gone_is_named() {
        let document = serde_json::from_value(json!({
            "name": "g", "version": "v1beta", "title": "T", "rootUrl": "https://h/",
            "resources": {}, "schemas": {},
        }));
        let error = of_requests(&GEMINI, &document.unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("GenerateContentRequest"),
            "{error}"
        );
    }
}
