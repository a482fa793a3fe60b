//! The names and shapes of all fields that a request of a batch may have, as a short list: what
//! a check of requests before they are sent is held against. Neither document of `openapi/` has
//! them whole, since Vertex AI's batch calls refer to their requests by address alone.
//!
//! `src/request/check/table.rs` reads the list.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::discovery::{Api, Document};
use crate::rules::names::short;
use crate::rules::schema::Object;

/// The messages that a line of a batch may be.
const ROOTS: [&str; 2] = ["GenerateContentRequest", "EmbedContentRequest"];

/// Messages by name, and their fields by name, each with its shape.
///
/// | shape | what it is |
/// |---|---|
/// | `string` `bytes` `int` `long` `number` `bool` `duration` `time` | a value |
/// | `=A|B` | one of these names |
/// | `X` | the message of this name |
/// | `*` | anything |
/// | `[…]` `{…}` | a list, a map of what stands within |
///
/// After it, `!` says that the field is required, and `^other` that it excludes another one.
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
        let fields = fields.map(|(field, schema)| {
            let shape = shape(schema, &mut wanted);
            (field.clone(), format!("{shape}{}", said_of(schema)))
        });
        let fields = fields.collect();
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
        Some(kind) => value(kind, schema),
    }
}

/// A value of one of JSON's plain types.
fn value(kind: &str, schema: &Value) -> String {
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
        return format!("={}", names.join("|"));
    }
    let format = schema["format"].as_str().unwrap_or_default();
    let value = match (kind, format) {
        ("boolean", _) => "bool",
        ("integer", _) => "int",
        ("number", _) => "number",
        (_, "int64" | "uint64") => "long",
        (_, "byte") => "bytes",
        (_, "google-duration") => "duration",
        (_, "google-datetime" | "date-time") => "time",
        _ => "string",
    };
    value.to_owned()
}

/// What the description of a field says of when it is set.
fn said_of(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let required = if text.starts_with("Required.") {
        "!"
    } else {
        ""
    };
    let excluded = excluded(text).map(|field| format!("^{}", camel_case(field)));
    format!("{required}{}", excluded.unwrap_or_default())
}

/// The field that must not stand beside one with this description.
fn excluded(text: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some((_, rest)) = text.split_once("mutually exclusive with ") {
        let rest = rest.strip_prefix("the ").unwrap_or(rest);
        return rest.split(|c| !is_name(c)).find(|word| !word.is_empty());
    }
    let ends = [" must be omitted", " must not be supplied"];
    let before = ends.iter().find_map(|end| Some(text.split_once(end)?.0))?;
    before.rsplit(|c| !is_name(c)).find(|word| !word.is_empty())
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        format!("{camel}{}{rest}", initial.to_ascii_uppercase())
    })
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
                    "contents": {
                        "type": "array", "items": {"$ref": "GoogleTypeContent"},
                        "description": "Required. What is asked.",
                    },
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "model": {"type": "string"},
                    "tier": {"type": "string", "enum": ["A", "B"]},
                    "long": {"type": "string", "format": "int64"},
                    "one": {"type": "number", "description": "Mutually exclusive. It is mutually exclusive with the `the_other` field."},
                    "two": {"type": "boolean", "description": "If set, some_field must be omitted."},
                    "seconds": {"type": "string", "format": "google-duration"},
                    "image": {"type": "string", "format": "byte"},
                    "top": {"type": "integer", "format": "int32"},
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
                "GenerateContentRequest": {
                    "contents": "[Content]!", "labels": "{string}", "model": "string",
                    "tier": "=A|B", "long": "long", "one": "number^theOther",
                    "two": "bool^someField", "seconds": "duration", "image": "bytes", "top": "int",
                },
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
