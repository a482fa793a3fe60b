//! The transforms from discovery's dialect to ours, one pure function a file.
//! [`crate::emit`] applies them in this order: [`shape`] and [`empty`] (while
//! selecting), [`operation_ids`], [`paths`], [`parameters`], then on every schema [`facts`],
//! [`enums`], [`formats`], [`any`], then [`names`] and [`recursion`] over all
//! schemas, and last, over the whole document, [`patch`] and [`notes`].

pub(crate) mod any;
pub(crate) mod empty;
pub(crate) mod enums;
pub(crate) mod facts;
pub(crate) mod formats;
pub(crate) mod names;
pub(crate) mod notes;
pub(crate) mod operation_ids;
pub(crate) mod parameters;
pub(crate) mod patch;
pub(crate) mod paths;
pub(crate) mod recursion;
pub(crate) mod shape;

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

/// The schema rules that look at one schema at a time, in order.
pub(crate) fn simplify(schema: &mut Object) {
    walk(schema, &mut |schema| {
        facts::keep(schema);
        enums::open(schema);
        formats::translate(schema);
        any::untype(schema);
    });
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
