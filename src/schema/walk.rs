//! The schemas within a schema, told from fields and values that happen to be named alike.

use serde_json::Value;

/// Keywords whose value is a schema, or a list of them.
const SCHEMAS: [&str; 11] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "then",
];

/// Keywords whose value has schemas by name.
const NAMED: [&str; 3] = ["$defs", "patternProperties", "properties"];

/// Calls `visit` on a schema and all within it, the innermost first, each with what stands at
/// the same place of `beside`.
pub(super) fn walk(schema: &mut Value, beside: &Value, visit: &mut impl FnMut(&mut Value, &Value)) {
    if let Value::Object(node) = &mut *schema {
        for (keyword, value) in node {
            let beside = &beside[keyword.as_str()];
            if SCHEMAS.contains(&keyword.as_str()) {
                match value {
                    Value::Array(list) => walk_all(list.iter_mut().enumerate(), beside, visit),
                    schema => walk(schema, beside, visit),
                }
            } else if let (true, Value::Object(named)) = (NAMED.contains(&keyword.as_str()), value)
            {
                let named = named
                    .iter_mut()
                    .map(|(name, schema)| (name.as_str(), schema));
                walk_all(named, beside, visit);
            }
        }
    }
    visit(schema, beside);
}

fn walk_all<'a, I: serde_json::value::Index>(
    schemas: impl Iterator<Item = (I, &'a mut Value)>,
    beside: &Value,
    visit: &mut impl FnMut(&mut Value, &Value),
) {
    for (place, schema) in schemas {
        walk(schema, beside.get(place).unwrap_or(&Value::Null), visit);
    }
}
