//! Keeps the facts of a schema and drops the rest: Google's prose, because our
//! words come from the patch; `pattern`, `readOnly`, `required` and limits,
//! because a service that breaks its own word must still be read.

use super::schema::Object;

const FACTS: [&str; 7] = [
    "type",
    "format",
    "enum",
    "properties",
    "items",
    "additionalProperties",
    "deprecated",
];

/// Drops whatever is not a fact; beside a `$ref` there is none but `deprecated`.
pub(crate) fn keep(schema: &mut Object) {
    let reference = schema.contains_key("$ref");
    schema.retain(|key, _| match key.as_str() {
        "$ref" | "deprecated" => true,
        key => !reference && FACTS.contains(&key),
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::schema::tests::after;

    #[test]
    fn drops_prose_and_constraints() {
        let before = json!({
            "id": "Job", "type": "object", "description": "Prose.",
            "properties": {
                "name": {
                    "type": "string", "pattern": "^jobs/", "readOnly": true,
                    "annotations": {"required": ["x"]}, "enumDescriptions": ["Prose."],
                },
                "error": {"$ref": "Status", "description": "Prose."},
                "description": {"type": "string", "deprecated": true},
            },
        });
        let kept = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "error": {"$ref": "Status"},
                "description": {"type": "string", "deprecated": true},
            },
        });
        assert_eq!(after(before, keep), kept);
    }
}
