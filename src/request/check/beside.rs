//! What stands beside a request in its line. It comes back with the result, and may be anything but
//! what was meant for the request: there, it would be without effect.

use super::against::{Rules, model_ignored};
use super::spelling::meant;
use super::table::Table;
use crate::request::asks::Asks;
use crate::request::fields::RawFields;
use crate::request::finding::{Finding, FindingCode};
use crate::request::known::{EMBED, GENERATE, LINE, camel_case, is_mistaken_for_key};
use crate::request::line::SEARCHED;

/// Fields of a request whose names may well be a column of the caller's own.
const COMMON: [&str; 8] = [
    "model",
    "labels",
    "store",
    "title",
    "seed",
    "logprobs",
    "content",
    "translation",
];

/// What is to be said of the fields beside a request.
pub(crate) fn check(beside: &RawFields, asks: Asks, rules: &Rules) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, (name, value)) in beside.iter().enumerate() {
        if let Some(place) = place_of(name, asks, rules) {
            let says = format!("`{name}` stands beside the request, where it is without effect");
            let finding = Finding::error(FindingCode::SettingsBeside, says).at(name);
            let hint = format!("put it into `{place}`, or into `metadata` if it is yours");
            found.push(finding.hint(hint));
        } else if name == "model" {
            let named = serde_json::from_str::<String>(value.get()).unwrap_or_default();
            if !rules.is_own_model(&named) {
                found.push(model_ignored().at("model"));
            }
        } else if at < SEARCHED
            && !is_mistaken_for_key(name)
            && let Some(near) = meant(name, LINE.into_iter())
        {
            let says = format!("a line has no field `{name}`");
            let finding = Finding::warning(FindingCode::UnknownField, says).at(name);
            found.push(finding.hint(format!("did you mean `{near}`?")));
        }
    }
    found
}

/// Where a field belongs that is plainly a setting of the request.
fn place_of(name: &str, asks: Asks, rules: &Rules) -> Option<&'static str> {
    let camel = camel_case(name);
    if COMMON.contains(&camel.as_str()) {
        return None;
    }
    if matches!(camel.as_str(), "config" | "generateContentConfig") {
        return Some("request");
    }
    let table = Table::of(rules.backend);
    let has = |message: &str| {
        table
            .message(message)
            .is_some_and(|it| it.find(&camel).is_some())
    };
    match asks {
        Asks::Embedding if has(EMBED) => Some("request"),
        Asks::Embedding => None,
        _ if has(GENERATE) => Some("request"),
        _ if has("GenerationConfig") => Some("request.generationConfig"),
        _ => None,
    }
}
