//! Google's schemas, a subset of OpenAPI, as JSON Schema; and JSON Schema as Claude takes it.

use serde_json::{Map, Value, json};

use crate::request::known::camel_case;

/// A schema of Google's as JSON Schema: types in small letters, `nullable` as a type of its own.
pub(super) fn of_openapi(schema: &Value) -> Value {
    let Value::Object(fields) = schema else {
        return schema.clone();
    };
    let mut out = Map::new();
    let mut is_nullable = false;
    for (name, value) in fields {
        // Google takes snake case too.
        let name = &camel_case(name);
        match (name.as_str(), value) {
            ("type", Value::String(kind)) => {
                // A type that is not said is any.
                if kind != "TYPE_UNSPECIFIED" {
                    out.insert(name.clone(), kind.to_ascii_lowercase().into());
                }
            }
            ("nullable", _) => is_nullable = value.as_bool().unwrap_or(false),
            // JSON Schema knows no order of fields.
            ("propertyOrdering", _) => {}
            ("properties" | "defs", Value::Object(properties)) => {
                let properties = properties.iter();
                let each = properties.map(|(name, schema)| (name.clone(), of_openapi(schema)));
                out.insert(name.clone(), Value::Object(each.collect()));
            }
            ("items" | "additionalProperties", Value::Object(_)) => {
                out.insert(name.clone(), of_openapi(value));
            }
            ("anyOf" | "prefixItems", Value::Array(each)) => {
                let each = each.iter().map(of_openapi).collect::<Vec<_>>();
                out.insert(name.clone(), each.into());
            }
            // Counts, which Google writes as texts.
            (
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
                | "maxProperties",
                Value::String(count),
            ) => {
                let count = count
                    .parse::<u64>()
                    .map_or_else(|_| value.clone(), Value::from);
                out.insert(name.clone(), count);
            }
            ("example", _) => {
                out.insert("examples".to_owned(), json!([value]));
            }
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    match is_nullable {
        true => or_null(out),
        false => Value::Object(out),
    }
}

/// A schema that takes `null` too.
fn or_null(mut schema: Map<String, Value>) -> Value {
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    match schema.get("type").cloned() {
        Some(Value::String(kind)) => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
            Value::Object(schema)
        }
        _ if schema.contains_key("anyOf") => {
            if let Some(Value::Array(each)) = schema.get_mut("anyOf") {
                each.push(json!({ "type": "null" }));
            }
            Value::Object(schema)
        }
        // Any type, null among them.
        _ => Value::Object(schema),
    }
}

/// Bounds that Claude's structured outputs do not take as such (Anthropic's documentation, Structured
/// outputs).
const BOUNDS: [&str; 10] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "minProperties",
    "maxProperties",
];

/// A schema as Claude takes it for its responses: objects say that they have no other fields, and
/// bounds go into the description, as Anthropic's own clients put them.
pub(super) fn for_claude(schema: &Value) -> Value {
    let Value::Object(fields) = schema else {
        return schema.clone();
    };
    let mut out = Map::new();
    let mut bounds = Vec::new();
    for (name, value) in fields {
        let is_small_count = name == "minItems" && value.as_u64().is_some_and(|count| count < 2);
        let is_bound = BOUNDS.contains(&name.as_str()) || (name == "minItems" && !is_small_count);
        if is_bound && !value.is_object() {
            bounds.push(format!("{name}: {value}"));
            continue;
        }
        let value = match (name.as_str(), value) {
            ("properties" | "$defs" | "definitions" | "defs", Value::Object(each)) => {
                let each = each.iter();
                let each = each.map(|(name, schema)| (name.clone(), for_claude(schema)));
                Value::Object(each.collect())
            }
            ("anyOf" | "allOf" | "oneOf" | "prefixItems", Value::Array(each)) => {
                each.iter().map(for_claude).collect()
            }
            ("items", value) => for_claude(value),
            _ => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    let is_object = out.get("type").is_some_and(|kind| match kind {
        Value::String(kind) => kind == "object",
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        _ => false,
    });
    if is_object && !out.contains_key("additionalProperties") {
        out.insert("additionalProperties".to_owned(), false.into());
    }
    if !bounds.is_empty() {
        bounds.sort();
        let bounds = bounds.join(", ");
        let description = match out.get("description").and_then(Value::as_str) {
            Some(own) => format!("{own} ({bounds})"),
            None => bounds,
        };
        out.insert("description".to_owned(), description.into());
    }
    Value::Object(out)
}
