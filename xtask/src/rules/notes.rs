//! Finishes the descriptions after the patch, so that the patch cannot lose a
//! fact: known values and deprecation are told at the end of each. A reference
//! may have neither a description nor any other neighbour in OpenAPI 3.0, so one
//! that has got some moves into an `allOf`.

use serde_json::{Value, json};

use super::enums::KNOWN_VALUES;
use super::schema::{Object, walk};

/// Finishes a schema: its own description and those of its fields.
pub(crate) fn finish(schema: &mut Object) {
    append(schema);
    walk(schema, &mut |schema| {
        if let Some(Value::Object(fields)) = schema.get_mut("properties") {
            fields
                .values_mut()
                .filter_map(Value::as_object_mut)
                .for_each(append);
        }
        wrap_reference(schema);
    });
}

/// Finishes a parameter, whose facts are in its schema.
pub(crate) fn finish_parameter(parameter: &mut Object) {
    append(parameter);
}

fn append(described: &mut Object) {
    let mut notes: Vec<String> = known_values(described).into_iter().collect();
    if described
        .get("deprecated")
        .is_some_and(|deprecated| deprecated == true)
    {
        notes.push("Deprecated.".to_owned());
    }
    if notes.is_empty() {
        return;
    }
    if let Some(Value::String(ours)) = described.get("description") {
        notes.insert(0, ours.clone());
    }
    described.insert("description".to_owned(), notes.join(" ").into());
}

fn known_values(described: &Object) -> Option<String> {
    let inner = ["schema", "items", "additionalProperties"];
    let Some(Value::Array(values)) = described.get(KNOWN_VALUES) else {
        return inner
            .iter()
            .find_map(|key| known_values(described.get(*key)?.as_object()?));
    };
    let quoted: Vec<_> = values
        .iter()
        .filter_map(Value::as_str)
        .map(|value| format!("`{value}`"))
        .collect();
    Some(format!("Known values: {}.", quoted.join(", ")))
}

fn wrap_reference(schema: &mut Object) {
    if schema.len() > 1
        && let Some(target) = schema.remove("$ref")
    {
        schema.insert("allOf".to_owned(), json!([{"$ref": target}]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_follow_our_words() {
        let mut schema = json!({"properties": {
            "state": {"type": "string", "description": "Where it is.", "x-known-values": ["A", "B"]},
            "modes": {"type": "array", "items": {"type": "string", "x-known-values": ["C"]}},
            "old": {"type": "string", "deprecated": true},
            "name": {"type": "string"},
        }});
        finish(schema.as_object_mut().unwrap());
        let description = |field: &str| schema["properties"][field]["description"].as_str();
        assert_eq!(
            description("state"),
            Some("Where it is. Known values: `A`, `B`.")
        );
        assert_eq!(description("modes"), Some("Known values: `C`."));
        assert_eq!(description("old"), Some("Deprecated."));
        assert_eq!(description("name"), None);
    }

    #[test]
    fn a_parameter_tells_the_values_of_its_schema() {
        let mut parameter =
            json!({"name": "view", "schema": {"type": "string", "x-known-values": ["FULL"]}});
        finish_parameter(parameter.as_object_mut().unwrap());
        assert_eq!(parameter["description"], "Known values: `FULL`.");
    }

    #[test]
    fn a_described_reference_moves_into_all_of() {
        let mut schema = json!({"properties": {
            "error": {"$ref": "#/Status", "description": "What went wrong."},
            "plain": {"$ref": "#/Status"},
        }});
        finish(schema.as_object_mut().unwrap());
        assert_eq!(
            schema["properties"],
            json!({
                "error": {"allOf": [{"$ref": "#/Status"}], "description": "What went wrong."},
                "plain": {"$ref": "#/Status"},
            }),
        );
    }
}
