//! Any chain of a builder's calls, and any defaults of a create: every field that was set is sent,
//! once, and nothing else.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::platform::Backend;
use crate::request::known::{camel_case, snake_case};
use crate::request::{GenerationConfig, Tool, ToolConfig};
use crate::source::intake::Defaults;

/// A call of the builder.
#[derive(Debug, Clone)]
enum Call {
    /// `generation_config` with these fields.
    Config(BTreeMap<String, Value>),
    System(String),
    Tools,
    ToolConfig,
    Tier,
    Label(String, String),
    Field(String, Value),
    /// `patch` with these fields of the generation config.
    Patch(BTreeMap<String, Value>),
    #[cfg(feature = "schema")]
    Output,
}

/// Fields of the generation config that go together in any mixture.
fn fields() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let field = prop_oneof![
        (0..3).prop_map(|n| ("temperature", json!(f64::from(n) / 4.0))),
        (1..4).prop_map(|n| ("maxOutputTokens", json!(n))),
        (0..4).prop_map(|n| ("seed", json!(n))),
        (0..3).prop_map(|n| ("topK", json!(n))),
        Just(("stopSequences", json!(["END"]))),
        (0..3).prop_map(|n| ("thinkingConfig", json!({ "thinkingBudget": n }))),
        any::<bool>().prop_map(|show| ("thinkingConfig", json!({ "includeThoughts": show }))),
        Just(("responseModalities", json!(["TEXT"]))),
    ];
    prop::collection::vec(field, 0..4).prop_map(|fields| {
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

fn call() -> impl Strategy<Value = Call> {
    let own = prop_oneof![
        Just(("newSetting".to_owned(), json!({ "a": [1] }))),
        Just(("store".to_owned(), json!(true))),
    ];
    prop_oneof![
        3 => fields().prop_map(Call::Config),
        1 => "[a-z]{1,3}".prop_map(Call::System),
        1 => Just(Call::Tools),
        1 => Just(Call::ToolConfig),
        1 => Just(Call::Tier),
        1 => ("[a-b]", "[a-c]").prop_map(|(name, value)| Call::Label(name, value)),
        1 => own.prop_map(|(name, value)| Call::Field(name, value)),
        1 => fields().prop_map(Call::Patch),
        1 => output(),
    ]
}

#[cfg(feature = "schema")]
fn output() -> impl Strategy<Value = Call> {
    Just(Call::Output)
}

#[cfg(not(feature = "schema"))]
fn output() -> impl Strategy<Value = Call> {
    Just(Call::Tier)
}

fn config_of(fields: &BTreeMap<String, Value>) -> GenerationConfig {
    let fields = fields.iter();
    fields.fold(GenerationConfig::new(), |config, (name, value)| {
        config.field(name, value.clone())
    })
}

fn user(text: &str) -> Value {
    json!({ "role": "user", "parts": [{ "text": text }] })
}

/// Makes a call, on the builder and on what is to come of it.
fn make(request: Request, call: &Call, sent: &mut Value) -> Request {
    match call {
        Call::Config(fields) => {
            for (name, value) in fields {
                sent["generationConfig"][name] = value.clone();
            }
            if sent.get("generationConfig").is_none() {
                sent["generationConfig"] = json!({});
            }
            request.generation_config(config_of(fields))
        }
        Call::System(text) => {
            sent["systemInstruction"] = user(text);
            request.system_instruction(text.clone())
        }
        Call::Tools => {
            sent["tools"] = json!([{ "googleSearch": {} }]);
            request.tools([Tool::google_search()])
        }
        Call::ToolConfig => {
            sent["toolConfig"] = json!({ "retrievalConfig": { "languageCode": "en" } });
            request.tool_config(ToolConfig::new().language_code("en"))
        }
        Call::Tier => {
            sent["serviceTier"] = json!("flex");
            request.service_tier("flex")
        }
        Call::Label(name, value) => {
            sent["labels"][name] = json!(value);
            request.label(name.clone(), value.clone())
        }
        Call::Field(name, value) => {
            sent[name] = value.clone();
            request.field(name.clone(), value.clone())
        }
        Call::Patch(fields) => {
            let patch = json!({ "generationConfig": fields });
            json_patch::merge(sent, &patch);
            request.patch(patch)
        }
        #[cfg(feature = "schema")]
        Call::Output => {
            sent["generationConfig"]["responseMimeType"] = json!("application/json");
            sent["generationConfig"]["responseSchema"] =
                crate::schema::response_schema::<Vec<bool>>().unwrap();
            request.output::<Vec<bool>>().unwrap()
        }
    }
}

/// Fills defaults as a create promises it.
fn fill(sent: &mut Value, config: Option<&BTreeMap<String, Value>>, system: Option<&String>) {
    for (name, value) in config.into_iter().flatten() {
        let own = &mut sent["generationConfig"][name];
        match (own.is_null(), own.as_object_mut(), value.as_object()) {
            (true, ..) => *own = value.clone(),
            (_, Some(own), Some(value)) => {
                for (name, value) in value {
                    own.entry(name).or_insert(value.clone());
                }
            }
            _ => {}
        }
    }
    if config.is_some() && sent.get("generationConfig").is_none() {
        sent["generationConfig"] = json!({});
    }
    if let (Some(text), None) = (system, sent.get("systemInstruction")) {
        sent["systemInstruction"] = user(text);
    }
}

/// The names of all fields, at every depth, in the order in which they stand.
fn stands_once(json: &str) -> bool {
    let fields: RawFields = serde_json::from_str(&format!("{{\"x\":{json}}}")).unwrap();
    let found = crate::request::check::twice(&fields, &mut crate::request::check::Path::default());
    let request: Map<String, Value> = serde_json::from_str(json).unwrap();
    let is_spelled_once = |fields: &Map<String, Value>| {
        fields.keys().all(|name| {
            let (camel, snake) = (camel_case(name), snake_case(name));
            camel == snake || !(fields.contains_key(&camel) && fields.contains_key(&snake))
        })
    };
    let config = request.get("generationConfig").and_then(Value::as_object);
    found.is_empty() && is_spelled_once(&request) && config.is_none_or(is_spelled_once)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_field_that_was_set_is_sent_once(
        prompt in "[a-z]{1,4}",
        calls in prop::collection::vec(call(), 0..6),
        config in prop::option::of(fields()),
        system in prop::option::of("[a-z]{1,3}"),
        is_checked in any::<bool>(),
    ) {
        let mut sent = json!({ "contents": [{ "parts": [{ "text": prompt }], "role": "user" }] });
        let mut request = Request::text(&*prompt).key("k");
        for call in &calls {
            request = make(request, call, &mut sent);
        }
        fill(&mut sent, config.as_ref(), system.as_ref());
        let defaults = Defaults {
            generation_config: config.as_ref().map(config_of),
            system_instruction: system,
        };
        let kind = JobKind::GenerateContent;
        let mut intake = match is_checked {
            true => Intake::checked(kind, &defaults, Backend::Gemini, None),
            false => Intake::unchecked(kind, &defaults),
        };
        let line = Line::from_entry(request.into(), &mut intake);
        let line = line.map_err(|refused| TestCaseError::fail(format!("{calls:?}: {refused:?}")))?;
        prop_assert!(stands_once(&line.request), "{}", line.request);
        let found: Value = serde_json::from_str(&line.request).unwrap();
        prop_assert_eq!(found, sent, "{:?}", calls);
    }
}
