//! Instances that fit a response schema, of the OpenAPI kind (`responseSchema`, types in capitals)
//! and of the JSON Schema kind (`responseJsonSchema`).

use serde_json::{Map, Value, json};

use super::answers::Answer;
use crate::json::field;

/// Beyond this depth only required properties are given, so that recursive schemas come to an end.
const DEEP: usize = 4;
const TOO_DEEP: usize = 12;

/// An instance of `schema` that says what the response says as far as its fields allow.
pub(crate) fn instance(schema: &Value, answer: &Answer) -> Value {
    if !schema.is_object() {
        return json!({"answer": answer.text});
    }
    Filler {
        root: schema,
        answer,
    }
    .fill(schema, "", 0)
}

struct Filler<'a> {
    root: &'a Value,
    answer: &'a Answer,
}

impl Filler<'_> {
    fn fill(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > TOO_DEEP {
            return Value::Null;
        }
        if let Some(target) = self.referenced(schema) {
            return self.fill(target, name, depth + 1);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return self.choose(values);
        }
        let choices = ["anyOf", "oneOf"]
            .iter()
            .find_map(|key| field(schema, key)?.as_array());
        if let Some(choices) = choices {
            let choice = choices.iter().find(|choice| type_of(choice) != "null");
            return choice
                .or(choices.first())
                .map_or(Value::Null, |c| self.fill(c, name, depth + 1));
        }
        match type_of(schema).as_str() {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "string" => self.string(schema, name),
            "integer" => json!(self.number(schema).floor() as i64),
            "number" => json!(self.number(schema)),
            "boolean" => Value::Bool(true),
            _ => Value::Null,
        }
    }

    fn referenced(&self, schema: &Value) -> Option<&Value> {
        let path = schema.get("$ref").or_else(|| schema.get("ref"))?.as_str()?;
        self.root.pointer(path.strip_prefix('#')?)
    }

    fn choose(&self, values: &[Value]) -> Value {
        let is_label = |value: &&Value| match (value.as_str(), self.answer.label) {
            (Some(value), Some(label)) => value.eq_ignore_ascii_case(label),
            _ => false,
        };
        values
            .iter()
            .find(is_label)
            .or(values.first())
            .cloned()
            .unwrap_or_default()
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let none = Map::new();
        let properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let required: Vec<&str> = strings(field(schema, "required"));
        let ordering: Vec<&str> = strings(field(schema, "propertyOrdering"));
        let ordered = ordering
            .iter()
            .copied()
            .filter(|name| properties.contains_key(*name));
        let others = properties
            .keys()
            .map(String::as_str)
            .filter(|name| !ordering.contains(name));
        let filled = ordered
            .chain(others)
            .filter(|name| depth < DEEP || required.contains(name))
            .map(|name| {
                (
                    name.to_owned(),
                    self.fill(&properties[name], name, depth + 1),
                )
            });
        Value::Object(filled.collect())
    }

    fn array(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let least = count(schema, "minItems").unwrap_or(usize::from(depth < DEEP));
        let length = count(schema, "maxItems").map_or(least, |most| least.min(most));
        let items = schema.get("items").unwrap_or(&Value::Null);
        Value::Array(
            (0..length)
                .map(|_| self.fill(items, name, depth + 1))
                .collect(),
        )
    }

    fn string(&self, schema: &Value, name: &str) -> Value {
        match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => return json!("2026-01-02T03:04:05Z"),
            Some("date") => return json!("2026-01-02"),
            Some("time") => return json!("03:04:05Z"),
            _ => {}
        }
        let name = name.to_lowercase();
        let wants = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let answer = self.answer;
        let mut text = match (&answer.reason, answer.label) {
            (Some(reason), _) if wants(&["reason", "explanation", "quote", "summary"]) => reason,
            (_, Some(label)) if wants(&["label", "sentiment", "class", "category"]) => label,
            _ => answer.text.as_str(),
        }
        .to_owned();
        if let Some((end, _)) =
            count(schema, "maxLength").and_then(|most| text.char_indices().nth(most))
        {
            text.truncate(end);
        }
        let short = count(schema, "minLength")
            .unwrap_or(0)
            .saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n('.', short));
        Value::String(text)
    }

    fn number(&self, schema: &Value) -> f64 {
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        let value = self.answer.number.unwrap_or(0.0);
        let value = bound("minimum").map_or(value, |least| value.max(least));
        bound("maximum").map_or(value, |most| value.min(most))
    }
}

/// The type in JSON Schema's spelling; of several, the first that is not `null`.
fn type_of(schema: &Value) -> String {
    let name = match schema.get("type") {
        Some(Value::String(name)) => name.as_str(),
        Some(Value::Array(names)) => {
            let mut names = names.iter().filter_map(Value::as_str);
            names
                .find(|name| !name.eq_ignore_ascii_case("null"))
                .unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    };
    name.to_lowercase()
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    let values = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    values.iter().filter_map(Value::as_str).collect()
}

/// An int64 of the schema, which proto JSON writes as a string.
fn count(schema: &Value, key: &str) -> Option<usize> {
    match field(schema, key)? {
        Value::String(digits) => digits.parse().ok(),
        number => usize::try_from(number.as_u64()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::answers::answer;

    #[test]
    fn every_type_is_filled() {
        let schema = json!({
            "type": "OBJECT",
            "propertyOrdering": ["sentiment", "reason"],
            "properties": {
                "reason": {"type": "STRING"},
                "sentiment": {"type": "STRING", "enum": ["NEGATIVE", "POSITIVE"]},
                "score": {"type": "NUMBER", "minimum": 0.5},
                "stars": {"type": "INTEGER", "maximum": 5},
                "tags": {"type": "ARRAY", "minItems": "2", "items": {"type": "STRING", "maxLength": "3"}},
                "verified": {"type": "BOOLEAN"},
            },
        });
        let value = instance(&schema, &answer("Sentiment of: I love it."));
        assert_eq!(
            value,
            json!({
                "sentiment": "POSITIVE",
                "reason": "It says “I love it”.",
                "score": 0.5,
                "stars": 0,
                "tags": ["pos", "pos"],
                "verified": true,
            })
        );
    }

    #[test]
    fn json_schema_with_references_and_choices() {
        let schema = json!({
            "$defs": {"Node": {
                "type": "object",
                "properties": {
                    "value": {"type": ["null", "integer"]},
                    "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Node"}]},
                },
                "required": ["value"],
            }},
            "$ref": "#/$defs/Node",
        });
        let value = instance(&schema, &answer("What is 17 + 25?"));
        assert_eq!(value["value"], 42);
        assert_eq!(value["next"]["value"], 42);
    }
}
