//! Makes the parameters of an operation: the placeholders of its path, and the
//! query parameters of its method. The path parameters of discovery (`name`)
//! span several segments and are gone with the path they belonged to; the global
//! ones (`alt`, `fields`, `key` …) would be an argument of every method.

use serde_json::{Value, json};

use super::simplify::simplify;

/// The parameter for a placeholder of the path.
pub(crate) fn path(name: &str) -> Value {
    json!({"in": "path", "name": name, "required": true, "schema": {"type": "string"}})
}

/// The parameter for a query parameter of discovery; `None` for another kind.
pub(crate) fn query(name: &str, spec: &Value) -> Option<Value> {
    if spec.get("location")? != "query" {
        return None;
    }
    let mut schema = spec.as_object()?.clone();
    let repeated = schema
        .get("repeated")
        .is_some_and(|repeated| repeated == true);
    simplify(&mut schema);
    let description = schema.remove("description");
    let schema = match repeated {
        true => json!({"type": "array", "items": schema}),
        false => Value::Object(schema),
    };
    let mut parameter = json!({"in": "query", "name": name, "schema": schema});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    Some(parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_parameter_keeps_its_facts() {
        let mask = json!({
            "location": "query", "type": "string", "format": "google-fieldmask",
            "description": "Prose.",
        });
        assert_eq!(
            query("updateMask", &mask),
            Some(json!({
                "in": "query", "name": "updateMask", "schema": {"type": "string"},
                "description": "Names of fields, joined by commas.",
            })),
        );
        let views = json!({
            "location": "query", "type": "string", "enum": ["FULL"], "repeated": true,
        });
        assert_eq!(
            query("views", &views).unwrap()["schema"],
            json!({"type": "array", "items": {"type": "string", "x-known-values": ["FULL"]}}),
        );
    }

    #[test]
    fn a_path_parameter_of_discovery_is_dropped() {
        let name = json!({"location": "path", "pattern": "^batches/[^/]+$", "type": "string"});
        assert_eq!(query("name", &name), None);
        assert_eq!(path("batch")["required"], true);
    }
}
