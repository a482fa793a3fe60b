//! Words of a JSON Schema that are none, and look like one: validators pass over what they do not know.

use serde_json::{Map, Value};

/// The words of JSON Schema, from draft 4 to 2020-12, and of Google's `Schema`.
const WORDS: [&str; 72] = [
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$ref",
    "$schema",
    "$vocabulary",
    "additionalItems",
    "additionalProperties",
    "additional_properties",
    "allOf",
    "anyOf",
    "any_of",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "defs",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "id",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "max_items",
    "max_length",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "min_items",
    "min_length",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "propertyOrdering",
    "property_ordering",
    "readOnly",
    "ref",
    "required",
    "then",
    "title",
    "type",
    "writeOnly",
];
/// The shortest word for which another is taken.
const SHORTEST: usize = 4;

/// The words at fault, each with its place and with what may be meant.
pub(super) fn misspelt(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(schema, "$", &mut found);
    found
}

fn look(schema: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(fields) = schema else {
        return;
    };
    for name in fields.keys() {
        if let Some(meant) = meant(name, fields) {
            found.push(format!(
                "at {at}: {name:?} says nothing: is {meant:?} meant?"
            ));
        }
    }
    for (name, value) in fields {
        match (&**name, value) {
            (
                "properties" | "$defs" | "definitions" | "patternProperties" | "dependentSchemas",
                Value::Object(schemas),
            ) => {
                for (field, schema) in schemas {
                    look(schema, &format!("{at}.{name}.{field}"), found);
                }
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems" | "items", Value::Array(schemas)) => {
                for (place, schema) in schemas.iter().enumerate() {
                    look(schema, &format!("{at}.{name}[{place}]"), found);
                }
            }
            (
                "items"
                | "additionalProperties"
                | "not"
                | "contains"
                | "if"
                | "then"
                | "else"
                | "propertyNames",
                schema,
            ) => look(schema, &format!("{at}.{name}"), found),
            _ => {}
        }
    }
}

/// The word that is next to a name which is none, and is not there itself.
fn meant(name: &str, fields: &Map<String, Value>) -> Option<&'static str> {
    if WORDS.contains(&name) || name.len() < SHORTEST || name.len() > 32 {
        return None;
    }
    let most = if name.len() < 6 { 1 } else { 2 };
    let near = WORDS.into_iter().filter(|word| word.len() >= SHORTEST);
    let near = near.map(|word| (distance(name, word), word));
    let (distance, word) = near.min()?;
    (distance <= most && !fields.contains_key(word)).then_some(word)
}

/// How many letters one has to be changed, left out, added or swapped; capitals count as small letters.
fn distance(one: &str, other: &str) -> usize {
    strsim::osa_distance(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_that_is_next_to_one_is_told() {
        for (name, word) in [
            ("propertis", "properties"),
            ("requried", "required"),
            ("anyof", "anyOf"),
            ("enuum", "enum"),
            ("minLenght", "minLength"),
        ] {
            assert_eq!(misspelt(&json!({ name: 1 })).len(), 1, "{name}");
            assert_eq!(meant(name, &Map::new()), Some(word));
        }
        let schema = json!({"type": "object", "properties": {"a": {"items": {"tpye": "string"}}}});
        let [told] = &misspelt(&schema)[..] else {
            panic!("one is")
        };
        assert!(
            told.starts_with("at $.properties.a.items: \"tpye\""),
            "{told}"
        );
    }

    #[test]
    fn names_of_properties_and_other_words_are_left_alone() {
        let schema = json!({
            "type": "object", "properties": {"propertis": {}, "tpye": {}}, "x-note": 1, "unit": "m",
            "enum": [{"tpye": 1}], "propertyOrdering": ["a"],
        });
        assert_eq!(misspelt(&schema), [] as [String; 0]);
    }
}
