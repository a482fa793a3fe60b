//! Generation configs put together field by field: what a request says stays, and what a batch
//! says for all fills the rest, so far as the two go together.

use serde_json::value::RawValue;

use super::fields::RawFields;
use super::known::{camel_case, snake_case};

/// Fields that say the shape of a response, of which a request has one.
const SHAPES: [&str; 4] = [
    "responseSchema",
    "responseJsonSchema",
    "_responseJsonSchema",
    "responseFormat",
];

/// Fields of which a message has one.
const EITHER: [[&str; 2]; 2] = [
    ["thinkingBudget", "thinkingLevel"],
    ["voiceConfig", "multiSpeakerVoiceConfig"],
];

/// Messages within the config that are filled field by field too.
const WITHIN: [&str; 5] = [
    "thinkingConfig",
    "speechConfig",
    "imageConfig",
    "audioTranscriptionConfig",
    "translationConfig",
];

/// Fills the fields of a generation config that it does not set itself. `left_out` is told the
/// defaults that do not go with what it sets, each with the field beside which it cannot stand.
pub(crate) fn fill(
    own: &mut RawFields,
    defaults: &RawFields,
    left_out: &mut dyn FnMut(&str, &str),
) {
    for (name, value) in defaults {
        let name = camel_case(name);
        let spelling = spelling(own, &name);
        match spelling.as_ref().and_then(|spelling| own.get(spelling)) {
            // Unset, as proto3 reads it.
            Some(set) if set.get() == "null" => {
                spelling.map(|spelling| own.remove(&spelling));
                insert(own, name, value, left_out);
            }
            Some(set) if WITHIN.contains(&name.as_str()) => {
                let both = [set, value].map(|raw| serde_json::from_str::<RawFields>(raw.get()));
                if let [Ok(mut inner), Ok(defaults)] = both {
                    fill(&mut inner, &defaults, left_out);
                    let filled = serde_json::value::to_raw_value(&inner).ok();
                    own.extend(spelling.zip(filled));
                }
            }
            Some(_) => {}
            None => insert(own, name, value, left_out),
        }
    }
}

fn insert(
    own: &mut RawFields,
    name: String,
    value: &RawValue,
    left_out: &mut dyn FnMut(&str, &str),
) {
    match stands_against(own, &name) {
        None => {
            own.insert(name, value.to_owned());
        }
        Some(_) if value.get() == "null" => {}
        Some(other) => left_out(&name, other),
    }
}

/// How a field is spelled that is there.
fn spelling(own: &RawFields, name: &str) -> Option<String> {
    let spellings = [name.to_owned(), snake_case(name)];
    spellings
        .into_iter()
        .find(|spelling| own.contains_key(spelling))
}

/// The field that is there and beside which the service does not take this one.
fn stands_against(own: &RawFields, name: &str) -> Option<&'static str> {
    let get = |name: &str| {
        let value = own.get(&spelling(own, name)?)?.get();
        (value != "null").then_some(value)
    };
    let has = |name: &&&str| get(name).is_some();
    if let Some(pair) = EITHER.iter().find(|pair| pair.contains(&name)) {
        return pair.iter().find(has).copied();
    }
    if SHAPES.contains(&name) {
        let takes = [r#""application/json""#, r#""text/x.enum""#];
        let other = SHAPES.iter().find(has).copied();
        let is_text = get("responseMimeType").is_some_and(|it| !takes.contains(&it));
        return other.or(is_text.then_some("responseMimeType"));
    }
    match name {
        "responseMimeType" => get("responseFormat").map(|_| "responseFormat"),
        "logprobs" if get("responseLogprobs") == Some("false") => Some("responseLogprobs"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn filled(own: Value, defaults: Value) -> Value {
        let read = |value: Value| serde_json::from_str::<RawFields>(&value.to_string()).unwrap();
        let mut own = read(own);
        fill(&mut own, &read(defaults), &mut |_, _| {});
        serde_json::from_str(&serde_json::to_string(&own).unwrap()).unwrap()
    }

    fn left_out(own: Value, defaults: Value) -> Vec<(String, String)> {
        let read = |value: Value| serde_json::from_str::<RawFields>(&value.to_string()).unwrap();
        let mut told = Vec::new();
        let mut tell = |name: &str, other: &str| told.push((name.to_owned(), other.to_owned()));
        fill(&mut read(own), &read(defaults), &mut tell);
        told
    }

    #[test]
    fn what_is_left_out_is_told_with_what_it_stands_against() {
        let schema = json!({ "type": "STRING" });
        for (own, defaults, told) in [
            (
                json!({ "responseSchema": schema }),
                json!({ "responseJsonSchema": schema }),
                Some(("responseJsonSchema", "responseSchema")),
            ),
            (
                json!({ "response_mime_type": "text/plain" }),
                json!({ "responseJsonSchema": schema }),
                Some(("responseJsonSchema", "responseMimeType")),
            ),
            (
                json!({ "thinkingConfig": { "thinkingLevel": "LOW" } }),
                json!({ "thinkingConfig": { "thinkingBudget": 0 } }),
                Some(("thinkingBudget", "thinkingLevel")),
            ),
            (
                json!({ "responseLogprobs": false }),
                json!({ "logprobs": 3 }),
                Some(("logprobs", "responseLogprobs")),
            ),
            // What a request says itself is no default that is lost.
            (
                json!({ "responseSchema": schema }),
                json!({ "responseSchema": {}, "responseMimeType": "application/json" }),
                None,
            ),
            (json!({}), json!({ "responseJsonSchema": schema }), None),
            (
                json!({ "responseSchema": schema }),
                json!({ "responseJsonSchema": null }),
                None,
            ),
        ] {
            let wanted = told.map(|(name, other)| (name.to_owned(), other.to_owned()));
            let told = left_out(own.clone(), defaults);
            assert_eq!(told, Vec::from_iter(wanted), "{own}");
        }
    }

    #[test]
    fn what_is_not_set_is_filled_and_what_is_set_stays() {
        let cap = json!({ "maxOutputTokens": 64, "temperature": 0.5 });
        for (own, all) in [
            (json!({}), cap.clone()),
            (
                json!({ "temperature": 0 }),
                json!({ "temperature": 0, "maxOutputTokens": 64 }),
            ),
            (
                json!({ "max_output_tokens": 7 }),
                json!({ "max_output_tokens": 7, "temperature": 0.5 }),
            ),
            (json!({ "maxOutputTokens": null }), cap.clone()),
        ] {
            assert_eq!(filled(own, cap.clone()), all);
        }
        let thinking = |fields: Value| json!({ "thinkingConfig": fields });
        assert_eq!(
            filled(
                thinking(json!({ "includeThoughts": true })),
                thinking(json!({ "thinkingBudget": 0 }))
            ),
            thinking(json!({ "includeThoughts": true, "thinkingBudget": 0 }))
        );
    }

    #[test]
    fn what_does_not_go_together_is_left_out() {
        for (own, defaults) in [
            (
                json!({ "responseJsonSchema": {} }),
                json!({ "responseSchema": {} }),
            ),
            (
                json!({ "response_json_schema": {} }),
                json!({ "responseSchema": {} }),
            ),
            (
                json!({ "responseMimeType": "text/plain" }),
                json!({ "responseSchema": {}, "responseMimeType": "application/json" }),
            ),
            (
                json!({ "thinkingConfig": { "thinkingLevel": "LOW" } }),
                json!({ "thinkingConfig": { "thinkingBudget": 0 } }),
            ),
            (
                json!({ "responseLogprobs": false }),
                json!({ "responseLogprobs": true, "logprobs": 3 }),
            ),
            (
                json!({ "responseSchema": { "type": "STRING" } }),
                json!({ "responseSchema": { "type": "OBJECT", "title": "x" } }),
            ),
        ] {
            assert_eq!(filled(own.clone(), defaults), own);
        }
    }
}
