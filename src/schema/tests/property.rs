//! A type → its schema → any response that fits it → the type again.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::instances::instances;
use crate::Response;
use crate::schema::response_schema;

/// The response whose text is this value.
fn response(value: &Value) -> Response {
    let response = json!({"candidates": [{
        "content": {"role": "model", "parts": [{"text": value.to_string()}]},
        "finishReason": "STOP",
    }]});
    Response::new(Bytes::from(response.to_string()))
}

fn responses_that_fit_are_read<T: JsonSchema + DeserializeOwned>() {
    let schema = response_schema::<T>().unwrap();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(128));
    let run = runner.run(&instances(&schema), |value| {
        let parsed = response(&value).parse::<T>();
        prop_assert!(parsed.is_ok(), "{value}: {}", parsed.err().unwrap());
        Ok(())
    });
    run.unwrap_or_else(|e| panic!("{}: {e}\n{schema:#}", T::schema_name()));
}

/// Each keyword is one of `Schema` on Gemini, which Vertex AI has as well, and more.
fn google_has_each_keyword(schema: &Value) {
    static KNOWN: LazyLock<Value> = LazyLock::new(|| {
        let document = include_str!("../../../openapi/gemini.json");
        let mut document: Value = serde_json::from_str(document).unwrap();
        document["components"]["schemas"]["Schema"]["properties"].take()
    });
    for (keyword, value) in schema.as_object().unwrap() {
        assert!(KNOWN.get(keyword).is_some(), "{keyword}");
        match (keyword.as_str(), value) {
            ("items", schema) => google_has_each_keyword(schema),
            ("anyOf", Value::Array(schemas)) => schemas.iter().for_each(google_has_each_keyword),
            ("properties", Value::Object(named)) => {
                named.values().for_each(google_has_each_keyword)
            }
            _ => {}
        }
    }
}

macro_rules! holds_for {
    ($($name:ident: $kind:ty,)*) => {
        $(#[test]
        fn $name() {
            google_has_each_keyword(&response_schema::<$kind>().unwrap());
            responses_that_fit_are_read::<$kind>();
        })*
    };
}

holds_for! {
    scalars: Scalars,
    nested: Invoice,
    optionals: Optionals,
    lists: Vec<Vec<Option<Point>>>,
    plain_enum: Vec<Color>,
    externally_tagged: Vec<External>,
    internally_tagged: Vec<Internal>,
    adjacently_tagged: Vec<Adjacent>,
    untagged: Vec<Untagged>,
    flattened: Vec<Drawn>,
    optionally_flattened: Vec<PerhapsDrawn>,
    strict: Strict,
    generic: Page<Page<Internal>>,
    map_as_pairs: Vec<Entry>,
    root_of_one_value: u32,
    root_that_may_be_null: Option<Color>,
}

macro_rules! data {
    ($($item:item)*) => {
        $(#[allow(dead_code)]
        #[derive(JsonSchema, Deserialize)]
        $item)*
    };
}

data! {
    struct Scalars {
        a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64, i: i128, j: u128,
        k: usize, l: f32, m: f64, n: bool, o: char, p: String,
        q: std::num::NonZeroU32, r: [u8; 3], s: (i16, i16), t: BTreeSet<u8>,
        u: std::time::Duration,
        #[schemars(with = "String", extend("format" = "date-time"))]
        v: chrono::DateTime<chrono::Utc>,
        #[schemars(regex(pattern = "^[a-z]{2,4}$"))]
        w: String,
        #[schemars(range(min = 1, max = 5))]
        x: u8,
    }

    struct Point { y: f32, x: f64 }

    #[serde(rename_all = "kebab-case")]
    enum Color {
        DeepRed,
        /// Like grass.
        Green,
        #[serde(rename = "BLUE")]
        Blue,
    }

    #[serde(rename_all = "camelCase")]
    struct Invoice {
        invoice_id: Id,
        #[serde(rename = "lines")]
        all_lines: Vec<Line>,
        ship_to: Box<Address>,
        bill_to: Option<Box<Address>>,
    }

    struct Id(u16);

    struct Line { größe: Vec<Größe>, color: Color, amount: Option<u32>, nested: Vec<(u8, u8)> }

    struct Größe { breit: bool }

    #[serde(transparent)]
    struct Address { lines: Vec<String> }

    struct Optionals {
        a: Option<u8>,
        b: Option<Point>,
        c: Option<Color>,
        d: Option<Vec<Option<Color>>>,
        #[serde(default)]
        e: Vec<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<Internal>,
        #[serde(alias = "gee")]
        g: Option<Option<bool>>,
    }

    enum External { Nothing, /** One. */ One(i32), Two(u8, u8), Fields { a: Option<String>, b: Point } }

    #[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
    enum Internal { Nothing, OnePoint(Point), SomeFields { a_field: u8, color: Option<Color> } }

    #[serde(tag = "kind")]
    enum Shape { Dot, Circle { radius: f32 }, Colored { inner: Option<Color> } }

    #[serde(tag = "t", content = "c")]
    enum Adjacent { Nothing, One(i32), Fields { z: Color } }

    #[serde(untagged)]
    enum Untagged { Number(i32), Text(String), Place(Point), Several(Vec<bool>), Nothing }

    struct Drawn {
        name: String,
        #[serde(flatten)]
        point: Point,
        #[serde(flatten)]
        shape: Shape,
    }

    struct PerhapsDrawn {
        name: String,
        #[serde(flatten)]
        point: Option<Point>,
        #[serde(flatten)]
        shape: Option<Adjacent>,
        #[serde(flatten)]
        others: serde_json::Map<String, Value>,
    }

    #[serde(deny_unknown_fields)]
    struct Strict { b: u8, a: Option<Color> }

    struct Page<T> { items: Vec<T>, next: Option<String> }

    struct Entry { key: String, value: f64 }
}
