//! A schema as the rules take one, and the way through all that is within it.

use serde_json::{Map, Value};

/// The members of a JSON object; a schema, wherever a rule takes one.
pub(crate) type Object = Map<String, Value>;

/// Applies `rule` to `schema` and to every schema within it, the outer first.
/// Property names are data here, so a field called `enum` is not mistaken for
/// the keyword.
pub(crate) fn walk(schema: &mut Object, rule: &mut dyn FnMut(&mut Object)) {
    rule(schema);
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        for field in fields.values_mut().filter_map(Value::as_object_mut) {
            walk(field, rule);
        }
    }
    for nested in ["items", "additionalProperties"] {
        if let Some(Value::Object(inner)) = schema.get_mut(nested) {
            walk(inner, rule);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Runs `rule` over a schema given as JSON.
    pub(crate) fn after(mut before: Value, rule: fn(&mut Object)) -> Value {
        walk(before.as_object_mut().unwrap(), &mut |schema| rule(schema));
        before
    }

    #[test]
    fn walking_tells_fields_from_keywords() {
        let mut visited = 0;
        let mut schema = serde_json::json!({
            "type": "object",
            "properties": {
                "enum": {"type": "array", "items": {"type": "string"}},
                "items": {"type": "object", "additionalProperties": {"type": "any"}},
            },
        });
        walk(schema.as_object_mut().unwrap(), &mut |_| visited += 1);
        assert_eq!(visited, 5);
    }
}
