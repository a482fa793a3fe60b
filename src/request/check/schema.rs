//! Schemas of responses and of functions: Google's subset of OpenAPI, which is not JSON Schema.

use serde_json::{Map, Value};

use crate::platform::Backend;
use crate::request::finding::{Finding, FindingCode};

/// Words of JSON Schema that mean something, and that a subset may lack.
const WORDS: [&str; 38] = [
    "ref",
    "defs",
    "$ref",
    "$defs",
    "$schema",
    "$id",
    "$anchor",
    "$dynamicRef",
    "$comment",
    "definitions",
    "const",
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "prefixItems",
    "additionalItems",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "unevaluatedItems",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "examples",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
];

/// What says nothing of the shape, and may go.
const NOTES: [&str; 7] = [
    "$schema",
    "$id",
    "$comment",
    "examples",
    "readOnly",
    "writeOnly",
    "contentMediaType",
];

/// Whether an unknown field of a schema is a word of JSON Schema.
pub(super) fn is_word(field: &str) -> bool {
    WORDS.contains(&field)
        || WORDS
            .iter()
            .any(|word| crate::request::known::snake_case(word) == field)
}

/// What is said of a word of JSON Schema that the backend's subset lacks. `instead` is the field
/// that takes JSON Schema.
pub(super) fn foreign_word(field: &str, backend: Backend, instead: &str) -> Finding {
    let message = format!("{backend} takes no `{field}` in this schema");
    let hint = if NOTES.contains(&field) {
        format!("leave it out, or give the schema as `{instead}`")
    } else if backend == Backend::Vertex && matches!(field, "$ref" | "$defs" | "definitions") {
        format!("write `ref` and `defs`, or give the schema as `{instead}`")
    } else {
        format!("give the schema as `{instead}`, which takes JSON Schema")
    };
    Finding::error(FindingCode::UnsupportedSchema, message).hint(hint)
}

/// Looks at what the fields of one schema say together.
pub(super) fn check(
    fields: &Map<String, Value>,
    instead: &str,
    found: &mut dyn FnMut(&str, Finding),
) {
    let error = |message: &str| Finding::error(FindingCode::UnsupportedSchema, message);
    let get = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let kind = get("type")
        .and_then(Value::as_str)
        .map(str::to_ascii_uppercase);
    if let Some(Value::Array(kinds)) = get("type") {
        let hint = match kinds.iter().any(|kind| kind == "null") {
            true => {
                format!("write one type and `nullable`: true, or give the schema as `{instead}`")
            }
            false => format!("write `anyOf`, or give the schema as `{instead}`"),
        };
        found(
            "type",
            error("a list of types, where this schema has one").hint(hint),
        );
    }
    if let Some(Value::Array(names)) = get("enum")
        && names.iter().any(|name| !name.is_string())
    {
        let hint = format!("write them as texts, or give the schema as `{instead}`");
        found("enum", error("`enum` holds texts alone").hint(hint));
    } else if get("enum").is_some()
        && kind
            .as_deref()
            .is_some_and(|kind| matches!(kind, "INTEGER" | "NUMBER" | "BOOLEAN"))
    {
        let hint = format!("give the schema as `{instead}`");
        found(
            "enum",
            error("`enum` is of the type STRING alone").hint(hint),
        );
    }
    let properties = get("properties").and_then(Value::as_object);
    for name in ["required", "propertyOrdering"] {
        let Some(Value::Array(names)) = get(name) else {
            continue;
        };
        let missing = names.iter().filter_map(Value::as_str).find(|property| {
            !properties.is_some_and(|properties| properties.contains_key(*property))
        });
        if let Some(missing) = missing {
            let message = format!("it names `{missing}`, and there is no such property");
            found(name, error(&message));
        }
    }
    let is_combined = ["anyOf", "any_of", "ref"]
        .iter()
        .any(|name| get(name).is_some());
    match kind.as_deref() {
        Some("ARRAY") if get("items").is_none() => {
            found(
                "items",
                error("a list without `items`").hint("say what is in it"),
            );
        }
        Some("OBJECT") if properties.is_none_or(Map::is_empty) && !is_combined => {
            let finding = Finding::warning(
                FindingCode::UnsupportedSchema,
                "an object without properties",
            );
            found("properties", finding.hint("some models refuse it"));
        }
        None if get("type").is_none() && !is_combined => {
            let finding =
                Finding::warning(FindingCode::UnsupportedSchema, "a schema without a type");
            found(
                "type",
                finding.hint("say what it is, such as OBJECT or STRING"),
            );
        }
        _ => {}
    }
}
