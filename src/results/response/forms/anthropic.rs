//! A message of Claude's in Google's words (Anthropic's documentation, Messages).

use serde_json::{Map, Value, json};

use super::{count, name};

pub(super) fn translated(mut message: Map<String, Value>) -> Value {
    let blocks = match message.remove("content") {
        Some(Value::Array(blocks)) => blocks,
        Some(text @ Value::String(_)) => vec![json!({ "type": "text", "text": text })],
        _ => Vec::new(),
    };
    let parts = blocks.into_iter().map(part).collect::<Vec<_>>();
    let mut candidate = json!({ "content": { "role": "model", "parts": parts } });
    if let Some(Value::String(reason)) = message.remove("stop_reason") {
        candidate["finishReason"] = finish_reason(&reason).into();
        if finish_reason(&reason) != reason {
            candidate["finishMessage"] = reason.into();
        }
    }
    let mut translated = json!({ "candidates": [candidate] });
    if let Some(usage) = message.get("usage").filter(|usage| usage.is_object()) {
        translated["usageMetadata"] = tokens(usage);
    }
    name(&mut translated, &mut message);
    translated
}

/// A block as a part.
fn part(block: Value) -> Value {
    let Value::Object(mut fields) = block else {
        return block;
    };
    match fields.get("type").and_then(Value::as_str) {
        Some("text") => {
            fields.remove("type");
            Value::Object(fields)
        }
        Some("thinking") => json!({
            "text": fields.remove("thinking"),
            "thought": true,
            "thoughtSignature": fields.remove("signature"),
        }),
        Some("tool_use") => {
            let call = json!({
                "id": fields.remove("id"),
                "name": fields.remove("name"),
                "args": fields.remove("input"),
            });
            json!({ "functionCall": call })
        }
        _ => Value::Object(fields),
    }
}

/// Why it ended. A call of a function is an end as it should be, as it is of Gemini.
fn finish_reason(reason: &str) -> &str {
    match reason {
        "end_turn" | "stop_sequence" | "tool_use" => "STOP",
        "max_tokens" | "model_context_window_exceeded" => "MAX_TOKENS",
        "refusal" => "SAFETY",
        other => other,
    }
}

/// Claude counts what came from a cache, and what went into one, apart from the rest of the request.
fn tokens(usage: &Value) -> Value {
    let cached = count(usage, &["cache_read_input_tokens"]);
    let written = count(usage, &["cache_creation_input_tokens"]);
    let fresh = count(usage, &["input_tokens"]);
    let prompt = fresh.saturating_add(cached).saturating_add(written);
    let output = count(usage, &["output_tokens"]);
    let thoughts = count(usage, &["output_tokens_details", "thinking_tokens"]).min(output);
    json!({
        "promptTokenCount": prompt,
        "cachedContentTokenCount": cached,
        "candidatesTokenCount": output - thoughts,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": prompt.saturating_add(output),
    })
}
