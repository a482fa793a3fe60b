//! A chat completion in Google's words (OpenAI's documentation, Chat completions).

use serde_json::{Map, Value, json};

use super::{count, name};

pub(super) fn translated(mut completion: Map<String, Value>) -> Value {
    let mut choices = match completion.remove("choices") {
        Some(Value::Array(choices)) => choices,
        _ => Vec::new(),
    };
    choices.sort_by_key(|choice| choice.get("index").and_then(Value::as_u64));
    let candidates = choices.into_iter().map(candidate).collect::<Vec<_>>();
    let mut translated = json!({ "candidates": candidates });
    if let Some(usage) = completion.get("usage").filter(|usage| usage.is_object()) {
        translated["usageMetadata"] = tokens(usage);
    }
    name(&mut translated, &mut completion);
    translated
}

fn candidate(choice: Value) -> Value {
    let Value::Object(mut choice) = choice else {
        return choice;
    };
    let message = match choice.remove("message") {
        Some(Value::Object(message)) => message,
        _ => Map::new(),
    };
    let refusal = message.get("refusal").filter(|it| it.is_string()).cloned();
    let mut candidate = json!({ "content": { "role": "model", "parts": parts(message) } });
    if let Some(Value::String(reason)) = choice.remove("finish_reason") {
        let known = finish_reason(&reason);
        if known != reason {
            candidate["finishMessage"] = reason.as_str().into();
        }
        candidate["finishReason"] = known.into();
    }
    if let Some(refusal) = refusal {
        candidate["finishReason"] = "SAFETY".into();
        candidate["finishMessage"] = refusal;
    }
    if let Some(index) = choice.remove("index") {
        candidate["index"] = index;
    }
    if let Some(Value::Array(tokens)) = choice.get_mut("logprobs").map(|it| take(it, "content")) {
        let tokens = tokens.into_iter().map(|mut token| {
            json!({ "token": take(&mut token, "token"), "logProbability": take(&mut token, "logprob") })
        });
        let tokens = tokens.collect::<Vec<_>>();
        candidate["logprobsResult"] = json!({ "chosenCandidates": tokens });
    }
    candidate
}

fn parts(mut message: Map<String, Value>) -> Vec<Value> {
    let mut parts = Vec::new();
    // Servers of open models name their reasoning in either way.
    for reasoning in ["reasoning_content", "reasoning"] {
        if let Some(text) = message.remove(reasoning).filter(Value::is_string) {
            parts.push(json!({ "text": text, "thought": true }));
            break;
        }
    }
    match message.remove("content") {
        Some(text @ Value::String(_)) => parts.push(json!({ "text": text })),
        Some(Value::Array(each)) => parts.extend(each.into_iter().map(|mut part| {
            match part.get("type").and_then(Value::as_str) {
                Some("text") => json!({ "text": take(&mut part, "text") }),
                _ => part,
            }
        })),
        _ => {}
    }
    if let Some(Value::Array(calls)) = message.remove("tool_calls") {
        parts.extend(
            calls
                .into_iter()
                .map(|mut call| match call.get("function") {
                    Some(Value::Object(_)) => {
                        let id = take(&mut call, "id");
                        function(take(&mut call, "function"), id).unwrap_or(call)
                    }
                    _ => call,
                }),
        );
    }
    let called = message.remove("function_call");
    parts.extend(called.and_then(|call| function(call, Value::Null)));
    parts
}

/// Takes a field out of an object; `null` if it is not there.
fn take(value: &mut Value, name: &str) -> Value {
    value.get_mut(name).map(Value::take).unwrap_or_default()
}

/// A call, whose arguments are JSON within a text.
fn function(call: Value, id: Value) -> Option<Value> {
    let Value::Object(mut call) = call else {
        return None;
    };
    let mut translated = json!({ "name": call.remove("name")? });
    if id.is_string() {
        translated["id"] = id;
    }
    let arguments = call.remove("arguments").unwrap_or_default();
    let read = arguments.as_str().map(serde_json::from_str::<Value>);
    translated["args"] = match read {
        Some(Ok(args)) => args,
        Some(Err(_)) if arguments == "" => json!({}),
        // As the model wrote them, so that whoever reads them sees what is wrong.
        _ => arguments,
    };
    Some(json!({ "functionCall": translated }))
}

/// Why it ended. A call of a function is an end as it should be, as it is of Gemini.
fn finish_reason(reason: &str) -> &str {
    match reason {
        "stop" | "tool_calls" | "function_call" => "STOP",
        "length" => "MAX_TOKENS",
        "content_filter" => "SAFETY",
        other => other,
    }
}

fn tokens(usage: &Value) -> Value {
    let prompt = count(usage, &["prompt_tokens"]);
    let output = count(usage, &["completion_tokens"]);
    let reasoning = count(usage, &["completion_tokens_details", "reasoning_tokens"]).min(output);
    json!({
        "promptTokenCount": prompt,
        "cachedContentTokenCount": count(usage, &["prompt_tokens_details", "cached_tokens"]),
        "candidatesTokenCount": output - reasoning,
        "thoughtsTokenCount": reasoning,
        "totalTokenCount": count(usage, &["total_tokens"]).max(prompt.saturating_add(output)),
    })
}
