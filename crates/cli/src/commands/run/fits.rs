//! Whether an answer fits its schema, as the validator of JSON Schema says it.

use jsonschema::{Retrieve, Uri, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::refs;
use crate::table::text::clip;

/// How much of a value an error shows.
const SHOWN: usize = 200;

/// Holds answers to a schema.
#[derive(Debug)]
pub(super) struct Fits(Validator);

impl Fits {
    /// Of a JSON Schema; an error says what is wrong with it, and where.
    pub(super) fn of(schema: &Value) -> Result<Self, String> {
        refs::check(schema)?;
        let validator = jsonschema::options()
            .with_retriever(Nowhere)
            .should_validate_formats(true)
            .build(schema);
        validator.map(Self).map_err(|error| told(&error, ""))
    }

    /// Of a `Schema` of Google's API.
    pub(super) fn of_googles(schema: &Value) -> Result<Self, String> {
        Self::of(&as_json_schema(schema))
    }

    /// What is wrong with an answer, and where.
    pub(super) fn check(&self, answer: &Value) -> Result<(), String> {
        self.0
            .validate(answer)
            .map_err(|error| told(&error, " of the answer"))
    }
}

fn told(error: &ValidationError<'_>, of: &str) -> String {
    let (told, place) = (error.to_string(), error.instance_path().as_str());
    let told = clip(&told, SHOWN);
    match place.is_empty() {
        true => told.into_owned(),
        false => format!("at {}{of}: {told}", clip(place, SHOWN)),
    }
}

/// Reads nothing from anywhere: what a schema means must not depend on where it is read.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("{uri} is not read: write what it has into the schema, under $defs").into())
    }
}

/// A `Schema` of Google's API in the words of JSON Schema.
fn as_json_schema(schema: &Value) -> Value {
    let Value::Object(fields) = schema else {
        return schema.clone();
    };
    let mut object = Map::new();
    for (name, value) in fields {
        let value = match (&**name, value) {
            ("type", Value::String(name)) => Value::from(name.to_ascii_lowercase()),
            ("properties", Value::Object(properties)) => {
                let properties = properties.iter();
                let properties = properties.map(|(name, it)| (name.clone(), as_json_schema(it)));
                Value::Object(properties.collect())
            }
            ("anyOf", Value::Array(schemas)) => schemas.iter().map(as_json_schema).collect(),
            ("items", value) => as_json_schema(value),
            // 64-bit numbers are texts in the JSON of Google's APIs.
            (
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
                | "maxProperties",
                Value::String(number),
            ) => number
                .parse::<u64>()
                .map_or_else(|_| value.clone(), Value::from),
            // `enum` and others that are no formats of JSON Schema say nothing to its validator.
            _ => value.clone(),
        };
        object.insert(name.clone(), value);
    }
    if object.remove("nullable") == Some(Value::Bool(true)) {
        let Some(name) = object.remove("type") else {
            return json!({"anyOf": [{"type": "null"}, object]});
        };
        object.insert("type".to_owned(), json!([name, "null"]));
        if let Some(Value::Array(values)) = object.get_mut("enum") {
            values.push(Value::Null);
        }
    }
    Value::Object(object)
}
