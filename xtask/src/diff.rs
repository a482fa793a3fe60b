//! Tells two states of `openapi/` apart: in words, structurally, for who wants to
//! know what Google changed; and as a unified diff, for who has to find drift.

use std::collections::BTreeMap;

use serde_json::Value;
use similar::TextDiff;

use crate::rules::enums::KNOWN_VALUES;

/// What a document states, each thing under its name with its shape.
type Facts = BTreeMap<String, String>;

/// What was added, removed or retyped between two OpenAPI documents, a line each.
pub fn in_words(before: &Value, after: &Value) -> Vec<String> {
    let (before, after) = (facts(before), facts(after));
    let removed = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .map(|name| format!("removed {name}"));
    let rest = after
        .iter()
        .filter_map(|(name, shape)| match before.get(name) {
            None if shape.is_empty() => Some(format!("added {name}")),
            None => Some(format!("added {name}: {shape}")),
            Some(old) if old != shape => Some(format!("retyped {name}: {old} is now {shape}")),
            Some(_) => None,
        });
    removed.chain(rest).collect()
}

/// A unified diff of one file, empty if nothing differs.
pub fn unified(file: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(
            &format!("{file} (committed)"),
            &format!("{file} (generated)"),
        )
        .to_string()
}

fn facts(document: &Value) -> Facts {
    let mut facts = Facts::new();
    for (path, item) in members(&document["paths"]) {
        for (verb, operation) in members(item) {
            operation_facts(document, path, verb, operation, &mut facts);
        }
    }
    for (name, schema) in members(&document["components"]["schemas"]) {
        facts.insert(format!("schema `{name}`"), String::new());
        value_facts(&format!("`{name}`"), schema, &mut facts);
        for (field, schema) in members(&schema["properties"]) {
            let field = format!("`{name}.{field}`");
            facts.insert(format!("field {field}"), shape(schema));
            value_facts(&field, schema, &mut facts);
        }
    }
    facts
}

fn operation_facts(document: &Value, path: &str, verb: &str, operation: &Value, facts: &mut Facts) {
    let Some(id) = operation["operationId"].as_str() else {
        return;
    };
    let takes = body(&operation["requestBody"]);
    let gives = body(&operation["responses"]["200"]);
    let verb = verb.to_uppercase();
    facts.insert(
        format!("operation `{id}`"),
        format!("{verb} {path}, takes {takes}, gives {gives}"),
    );
    for reference in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = resolve(document, reference);
        let name = parameter["name"].as_str().unwrap_or("?");
        let name = format!("`{id}({name})`");
        facts.insert(format!("parameter {name}"), shape(&parameter["schema"]));
        value_facts(&name, &parameter["schema"], facts);
    }
}

fn value_facts(owner: &str, schema: &Value, facts: &mut Facts) {
    for value in schema[KNOWN_VALUES].as_array().into_iter().flatten() {
        if let Some(value) = value.as_str() {
            facts.insert(format!("value `{value}` of {owner}"), String::new());
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(inner) {
            value_facts(owner, inner, facts);
        }
    }
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"]
        .as_str()
        .and_then(|reference| document.pointer(reference.strip_prefix('#')?))
        .unwrap_or(value)
}

fn body(value: &Value) -> String {
    members(&value["content"])
        .map(|(_, media)| shape(&media["schema"]))
        .next()
        .unwrap_or_else(|| "nothing".to_owned())
}

/// A schema's type in a few words.
fn shape(schema: &Value) -> String {
    let reference = schema
        .get("$ref")
        .or_else(|| schema.pointer("/allOf/0/$ref"));
    if let Some(Value::String(reference)) = reference {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    let kind = schema["type"].as_str().unwrap_or("any");
    if let Some(items) = schema.get("items") {
        return format!("list of {}", shape(items));
    }
    if let Some(values) = schema.get("additionalProperties") {
        return format!("map of {}", shape(values));
    }
    match schema["format"].as_str() {
        Some(format) => format!("{kind} ({format})"),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(operation: &str, field: Value) -> Value {
        json!({
            "paths": {"/jobs": {"get": {
                "operationId": operation,
                "parameters": [{"$ref": "#/components/parameters/filter"}],
                "responses": {"200": {"content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Job"},
                }}}},
            }}},
            "components": {
                "parameters": {"filter": {"name": "filter", "schema": {"type": "string"}}},
                "schemas": {"Job": {"properties": {
                    "state": {"type": "string", "x-known-values": ["A"]},
                    "field": field,
                }}},
            },
        })
    }

    #[test]
    fn words_name_what_changed() {
        let before = document("list", json!({"type": "string", "x-known-values": ["OLD"]}));
        let after = document(
            "find",
            json!({"type": "array", "items": {"$ref": "#/components/schemas/Job"}}),
        );
        assert_eq!(
            in_words(&before, &after),
            [
                "removed operation `list`",
                "removed parameter `list(filter)`",
                "removed value `OLD` of `Job.field`",
                "retyped field `Job.field`: string is now list of Job",
                "added operation `find`: GET /jobs, takes nothing, gives Job",
                "added parameter `find(filter)`: string",
            ],
        );
        assert!(in_words(&after, &after).is_empty());
    }

    #[test]
    fn words_of_ours_are_not_a_change() {
        let plain = document("list", json!({"$ref": "#/components/schemas/Job"}));
        let described = document(
            "list",
            json!({"allOf": [{"$ref": "#/components/schemas/Job"}], "description": "Ours."}),
        );
        assert!(in_words(&plain, &described).is_empty());
    }

    #[test]
    fn a_unified_diff_shows_the_lines() {
        let text = unified("a.json", "1\n2\n", "1\n3\n");
        assert!(text.contains("--- a.json (committed)\n+++ a.json (generated)"));
        assert!(text.contains("-2\n+3\n"), "{text}");
        assert_eq!(unified("a.json", "1\n", "1\n"), "");
    }
}
