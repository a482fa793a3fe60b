//! Any value that fits a response schema, as a strategy of proptest.

use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Value, json};

use crate::schema::Node;

/// Values that fit a schema in Google's `Schema`.
pub(super) fn instances(schema: &Value) -> BoxedStrategy<Value> {
    let value = match schema["anyOf"].as_array() {
        Some(choices) => Union::new(choices.iter().map(instances)).boxed(),
        None => match schema["type"].as_str().unwrap() {
            "OBJECT" => object(schema),
            "ARRAY" => {
                let least = bound(schema, "minItems").unwrap_or(0);
                let most = bound(schema, "maxItems").unwrap_or(least + 3);
                prop::collection::vec(instances(&schema["items"]), least..=most)
                    .prop_map(Value::Array)
                    .boxed()
            }
            "STRING" => text(schema),
            "INTEGER" => integer(schema),
            "NUMBER" => {
                let limit = if schema["format"] == "float" {
                    3e38
                } else {
                    1e300
                };
                let least = schema["minimum"].as_f64().unwrap_or(-limit);
                let most = schema["maximum"].as_f64().unwrap_or(limit);
                (least..=most).prop_map(Value::from).boxed()
            }
            "BOOLEAN" => any::<bool>().prop_map(Value::from).boxed(),
            other => panic!("the type {other}"),
        },
    };
    match schema["nullable"] == true {
        true => prop_oneof![1 => Just(Value::Null), 3 => value].boxed(),
        false => value,
    }
}

/// Fields that are not required come and stay away.
fn object(schema: &Value) -> BoxedStrategy<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().unwrap().iter();
    let fields: Vec<_> = properties
        .map(|(name, schema)| {
            let (name, is_required) = (name.clone(), required.contains(&json!(name)));
            (instances(schema), any::<bool>()).prop_map(move |(value, comes)| {
                (is_required || comes).then(|| (name.clone(), value))
            })
        })
        .collect();
    fields
        .prop_map(|fields| fields.into_iter().flatten().collect::<Node>().into())
        .boxed()
}

fn text(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(names) = schema["enum"].as_array() {
        return prop::sample::select(names.clone()).boxed();
    }
    if schema["format"] == "date-time" {
        return (0..4_000_000_000_i64)
            .prop_map(|second| {
                chrono::DateTime::from_timestamp(second, 0)
                    .unwrap()
                    .to_rfc3339()
                    .into()
            })
            .boxed();
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        // The strategy takes no anchors.
        let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
        return prop::string::string_regex(pattern)
            .unwrap()
            .prop_map(Value::from)
            .boxed();
    }
    let least = bound(schema, "minLength").unwrap_or(0);
    let most = bound(schema, "maxLength").unwrap_or(least + 8);
    prop::collection::vec(any::<char>(), least..=most)
        .prop_map(|text| text.into_iter().collect::<String>().into())
        .boxed()
}

fn integer(schema: &Value) -> BoxedStrategy<Value> {
    let range = match schema["format"].as_str() {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("int64") => (i64::MIN, i64::MAX),
        other => panic!("the format {other:?}"),
    };
    let least = schema["minimum"].as_i64().unwrap_or(range.0);
    let most = schema["maximum"].as_i64().unwrap_or(range.1);
    (least..=most).prop_map(Value::from).boxed()
}

fn bound(schema: &Value, keyword: &str) -> Option<usize> {
    schema[keyword].as_str()?.parse().ok()
}
