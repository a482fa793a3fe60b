//! Opens the messages of requests to fields that the documents do not know: what a caller adds
//! to a body reaches the service. Lists and maps are open as they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::schema::Object;

const SCHEMAS: &str = "#/components/schemas/";

/// Opens every message that the body of a request of `paths` leads to.
pub(crate) fn open(paths: &Value, schemas: &mut Object) {
    let mut waiting = Vec::new();
    let operations = paths.as_object().into_iter().flat_map(Object::values);
    for operation in operations
        .filter_map(Value::as_object)
        .flat_map(Object::values)
    {
        references(&operation["requestBody"], &mut waiting);
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        let Some(Value::Object(schema)) = schemas.get_mut(&name) else {
            continue;
        };
        if !seen.insert(name) {
            continue;
        }
        references(&Value::Object(schema.clone()), &mut waiting);
        if schema.contains_key("properties") {
            schema
                .entry("additionalProperties")
                .or_insert_with(|| json!({}));
        }
    }
}

/// The schemas that a part of the document refers to.
fn references(part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.extend(target.strip_prefix(SCHEMAS).map(str::to_owned));
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_body_leads_to_is_open() {
        let body = json!({"$ref": format!("{SCHEMAS}Create")});
        let paths = json!({"/jobs": {"post": {
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"200": {"$ref": format!("{SCHEMAS}Response")}},
        }}});
        let config = json!({"items": {"$ref": format!("{SCHEMAS}Config")}, "type": "array"});
        let mut schemas = json!({
            "Create": {"properties": {"configs": config}},
            "Config": {"properties": {"create": {"$ref": format!("{SCHEMAS}Create")}}},
            "Labels": {"additionalProperties": {"type": "string"}},
            "Response": {"properties": {}},
        });
        open(&paths, schemas.as_object_mut().unwrap());
        for (name, open) in [("Create", true), ("Config", true), ("Response", false)] {
            let schema = schemas[name].as_object().unwrap();
            assert_eq!(schema.contains_key("additionalProperties"), open, "{name}");
        }
        assert_eq!(
            schemas["Labels"]["additionalProperties"],
            json!({"type": "string"})
        );
    }
}
