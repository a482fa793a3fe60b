//! Responses of other models than Google's, put into Google's words, in which all methods read. What a
//! response is, its own fields tell.
//!
//! What has no word there is kept as it came: an unknown block stands among the parts, an unknown
//! reason to stop is the finish reason.

mod anthropic;
mod chat;

use serde_json::{Map, Value, json};

use crate::scan::Scanner;
use crate::wire;

/// Whose response it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Anthropic,
    Chat,
    Embeddings,
}

/// The response in Google's words; `None` if it is in these already, or in nobody's that is known.
pub(in crate::results) fn in_googles_words(json: &[u8]) -> Option<Vec<u8>> {
    let kind = kind_of(json)?;
    let text = std::str::from_utf8(json).ok()?;
    let Value::Object(response) = wire::value(text) else {
        return None;
    };
    let translated = match kind {
        Kind::Anthropic => anthropic::translated(response),
        Kind::Chat => chat::translated(response),
        Kind::Embeddings => embeddings(response)?,
    };
    serde_json::to_vec(&translated).ok()
}

/// Tells by the first field that is one model's own.
fn kind_of(json: &[u8]) -> Option<Kind> {
    let mut scanner = Scanner::new(json)?;
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        match name {
            "candidates" | "promptFeedback" | "usageMetadata" | "modelVersion" | "embedding"
            | "embeddings" => return None,
            "choices" if scanner.peek()? == b'[' => return Some(Kind::Chat),
            "data" if scanner.peek()? == b'[' => return Some(Kind::Embeddings),
            "type" if scanner.skip()? == "\"message\"" => return Some(Kind::Anthropic),
            "type" => {}
            _ => drop(scanner.skip()?),
        }
    }
    None
}

/// OpenAI's list of embeddings: of one, and what it took.
fn embeddings(mut response: Map<String, Value>) -> Option<Value> {
    let Some(Value::Array(data)) = response.remove("data") else {
        return None;
    };
    let mut values = Vec::new();
    for item in data {
        let Value::Object(mut item) = item else {
            return None;
        };
        values.push(json!({ "values": item.remove("embedding")? }));
    }
    let embedding = match values.len() {
        1 => values.remove(0),
        // Which of them is meant nobody can know.
        _ => values.into(),
    };
    let mut translated = json!({ "embedding": embedding });
    if let Some(usage) = response.get("usage") {
        let tokens = count(usage, &["prompt_tokens"]);
        translated["usageMetadata"] = json!({
            "promptTokenCount": tokens,
            "totalTokenCount": count(usage, &["total_tokens"]).max(tokens),
        });
    }
    name(&mut translated, &mut response);
    Some(translated)
}

/// Takes over who responded, and under which id.
fn name(translated: &mut Value, response: &mut Map<String, Value>) {
    for (own, googles) in [("model", "modelVersion"), ("id", "responseId")] {
        if let Some(value) = response.remove(own).filter(Value::is_string) {
            translated[googles] = value;
        }
    }
}

/// The count that stands under these names, one within the other, as a number or a text; 0 if none
/// does.
fn count(value: &Value, names: &[&str]) -> u64 {
    let found = names.iter().try_fold(value, |value, name| value.get(name));
    let of_number = |number: &Value| {
        let float = number.as_f64().filter(|float| *float >= 0.0)?;
        Some(number.as_u64().unwrap_or(float as u64))
    };
    let count = found.and_then(|found| match found {
        Value::String(text) => of_number(&serde_json::from_str(text).ok()?),
        number => of_number(number),
    });
    count.unwrap_or_default()
}

#[cfg(test)]
mod tests;
