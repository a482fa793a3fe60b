//! What passes quickly has nothing to be told by the walk.

use proptest::prelude::*;

use super::mistakes::wrong_everywhere;
use super::*;
use crate::request::known::snake_case;

/// Whether a request passes without being walked through.
fn passes(backend: Backend, request: &Value) -> bool {
    let mut checker = Checker::new(Rules::new(backend, None));
    let fields = request.as_object().unwrap().iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    checker.is_right(
        asks_of(request),
        fields.iter().map(|(name, value)| (&**name, &**value)),
    )
}

#[test]
fn common_requests_pass_quickly() {
    for request in [
        with(json!({})),
        with(json!({ "systemInstruction": { "role": "user", "parts": [{ "text": "a" }] } })),
        config(
            json!({ "temperature": 0.5, "max_output_tokens": 8, "thinkingConfig": { "thinkingBudget": 0 } }),
        ),
        with(
            json!({ "safetySettings": [{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF" }] }),
        ),
        with(json!({ "tools": [{ "googleSearch": {} }] })),
        part(json!({ "inlineData": { "mimeType": "image/png", "data": "aGk=" } })),
        json!({ "content": { "parts": [{ "text": "a" }] }, "taskType": "CLUSTERING" }),
    ] {
        for backend in BACKENDS {
            assert!(passes(backend, &request), "{backend} {request}");
        }
    }
    for (request, _) in wrong_everywhere() {
        for backend in BACKENDS {
            assert!(!passes(backend, &request), "{backend} {request}");
        }
    }
}

#[test]
fn what_was_right_once_passes_quickly() {
    let mut checker = Checker::new(Rules::new(Backend::Gemini, None));
    let schema = r#"{"responseMimeType":"application/json","responseSchema":{"type":"STRING"}}"#;
    let contents = r#"[{"parts":[{"text":"a"}]}]"#;
    let request = [("contents", contents), ("generationConfig", schema)];
    assert!(!checker.is_right(Asks::Content, request.into_iter()));
    checker.remember(request.into_iter());
    assert!(checker.is_right(Asks::Content, request.into_iter()));
    let other = [
        ("contents", "[]"),
        ("generationConfig", "{\"temperature\":9}"),
    ];
    assert!(!checker.is_right(Asks::Content, other.into_iter()));
}

/// Values of the documents' own shapes, right and wrong.
fn value(shape: &'static table::Shape, table: &'static Table, depth: u32) -> BoxedStrategy<Value> {
    use table::{Kind, Shape};
    let odd = prop_oneof![
        Just(json!(null)),
        Just(json!(7)),
        Just(json!("x")),
        Just(json!([])),
        Just(json!({}))
    ];
    let right: BoxedStrategy<Value> = match shape {
        Shape::Any => crate::testing::json().boxed(),
        Shape::Name(names) => prop::sample::select(names.clone())
            .prop_map(Value::from)
            .boxed(),
        Shape::Value(Kind::Text) => prop::sample::select(vec![
            "",
            "a",
            "user",
            "image/png",
            "files/a",
            "gs://b/o",
            "application/json",
        ])
        .prop_map(Value::from)
        .boxed(),
        Shape::Value(Kind::Bytes) => prop::sample::select(vec!["", "aGk=", "aGk", "a"])
            .prop_map(Value::from)
            .boxed(),
        Shape::Value(Kind::Bool) => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Value(Kind::Number) => (-1.0..3.0).prop_map(Value::from).boxed(),
        Shape::Value(Kind::Int | Kind::Long) => (-2..4).prop_map(Value::from).boxed(),
        Shape::Value(Kind::Duration) => Just(json!("3s")).boxed(),
        Shape::Value(Kind::Time) => Just(json!("2026-01-31T12:00:00Z")).boxed(),
        Shape::List(inner) => prop::collection::vec(value(inner, table, depth), 0..3)
            .prop_map(Value::from)
            .boxed(),
        Shape::Map(inner) => prop::collection::btree_map("[a-c]", value(inner, table, depth), 0..3)
            .prop_map(|fields| Value::Object(fields.into_iter().collect()))
            .boxed(),
        Shape::Message(_) if depth == 0 => Just(json!({})).boxed(),
        Shape::Message(place) => message(table.at(*place).unwrap(), table, depth - 1),
    };
    prop_oneof![12 => right, 1 => odd].boxed()
}

fn message(
    message: &'static table::Message,
    table: &'static Table,
    depth: u32,
) -> BoxedStrategy<Value> {
    let fields: Vec<_> = message.fields.iter().collect();
    if fields.is_empty() {
        return Just(json!({})).boxed();
    }
    let most = fields.len().min(4);
    let field = prop::sample::select(fields).prop_flat_map(move |field| {
        let name = prop_oneof![6 => Just(field.name.clone()), 1 => Just(snake_case(&field.name)), 1 => Just("odd".to_owned())];
        (name, value(&field.shape, table, depth))
    });
    object(field, most)
}

/// An object of up to so many of these fields.
fn object(
    field: impl Strategy<Value = (String, Value)> + 'static,
    most: usize,
) -> BoxedStrategy<Value> {
    prop::collection::vec(field, 0..=most)
        .prop_map(|fields| Value::Object(fields.into_iter().collect()))
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_passes_quickly_has_nothing_to_be_told(
        (backend, fields) in prop::sample::select(BACKENDS.to_vec()).prop_flat_map(|backend| {
            let table = Table::of(backend);
            (Just(backend), message(table.message(GENERATE).unwrap(), table, 4))
        })
    ) {
        let request = with(fields);
        if passes(backend, &request) {
            let found = look(backend, &request);
            let told: Vec<_> = found.iter().filter(|it| it.code != FindingCode::SnakeCase).collect();
            prop_assert!(told.is_empty(), "{}: {:#?}", request, told);
        }
    }
}
