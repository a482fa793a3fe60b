//! What is told of requests, by the walk, and that what passes quickly has nothing to be told.

mod alike;
mod backends;
mod mistakes;
mod values;

use serde_json::json;

use super::*;
use crate::platform::Backend;

const BACKENDS: [Backend; 2] = [Backend::Gemini, Backend::Vertex];

fn asks_of(request: &Value) -> Asks {
    match request.get("content") {
        Some(_) => Asks::Embedding,
        None => Asks::Content,
    }
}

fn look(backend: Backend, request: &Value) -> Vec<Finding> {
    let rules = Rules::new(backend, Some("models/gemini-2.5-flash"));
    let fields = request.as_object().unwrap();
    check(
        fields,
        asks_of(request),
        &rules,
        false,
        &mut Path::of(&["request"]),
    )
}

/// What is told: `!` before an error, then code, path and hint.
fn told(backend: Backend, request: &Value) -> Vec<String> {
    let told = |finding: Finding| {
        let sign = if finding.is_error() { "!" } else { "" };
        let (path, hint) = (
            finding.path.unwrap_or_default(),
            finding.hint.unwrap_or_default(),
        );
        format!("{sign}{} {path}: {hint}", finding.code)
    };
    look(backend, request).into_iter().map(told).collect()
}

/// A request of one turn with these fields beside.
fn with(fields: Value) -> Value {
    let mut request = json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] }] });
    request
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    request
}

fn config(fields: Value) -> Value {
    with(json!({ "generationConfig": fields }))
}

fn part(fields: Value) -> Value {
    json!({ "contents": [{ "role": "user", "parts": [fields, { "text": "?" }] }] })
}

fn schema(fields: Value) -> Value {
    config(json!({ "responseMimeType": "application/json", "responseSchema": fields }))
}

fn function(schema: Value) -> Value {
    with(json!({ "tools": [{ "functionDeclarations": [
        { "name": "f", "description": "d", "parameters": schema }
    ] }] }))
}
