use proptest::prelude::*;
use serde_json::{Value, json};

use super::in_googles_words;
use crate::Response;
use crate::response::FinishReason;
use crate::testing;

fn read(response: &Value) -> Response {
    Response::new(response.to_string().into())
}

#[test]
fn a_message_of_claude_is_read() {
    let response = read(&json!({
        "id": "msg_vrtx_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [
            { "type": "thinking", "thinking": "Hm.", "signature": "s" },
            { "type": "text", "text": "Four" },
            { "type": "text", "text": "teen.", "citations": [{ "cited_text": "14" }] },
            { "type": "tool_use", "id": "t1", "name": "add", "input": { "a": 7, "b": 7 } },
            { "type": "server_tool_use", "id": "t2", "name": "web_search", "input": {} },
        ],
        "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {
            "input_tokens": 8, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20,
            "output_tokens": 9,
        },
    }));
    assert_eq!(response.text().unwrap(), "Fourteen.");
    assert_eq!(response.complete_text().unwrap(), "Fourteen.");
    assert_eq!(response.thoughts().unwrap(), "Hm.");
    assert_eq!(response.finish_reason(), Some(FinishReason::STOP));
    let call = response.function_calls().next().unwrap();
    assert_eq!((call.name(), call.id()), ("add", Some("t1")));
    assert_eq!(call.args::<Value>().unwrap(), json!({ "a": 7, "b": 7 }));
    let usage = response.usage().unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.cached_content_tokens),
        (128, 100)
    );
    assert_eq!((usage.candidates_tokens, usage.total_tokens), (9, 137));
    assert_eq!(response.model_version().unwrap(), "claude-sonnet-4-5");
    assert_eq!(response.response_id().unwrap(), "msg_vrtx_1");
    // What is unknown stays to be seen, and the JSON is what came.
    assert!(
        response
            .parts()
            .any(|part| part.json().contains("server_tool_use"))
    );
    assert!(response.json().contains("stop_sequence"));
}

#[test]
fn a_chat_completion_is_read() {
    let response = read(&json!({
        "id": "c1", "object": "chat.completion", "model": "meta/llama",
        "choices": [{
            "index": 0, "finish_reason": "tool_calls",
            "message": {
                "role": "assistant", "content": "Uno.", "reasoning_content": "Well.",
                "tool_calls": [
                    { "id": "c", "type": "function", "function": { "name": "f", "arguments": "{\"x\":1}" } },
                    { "id": "d", "type": "function", "function": { "name": "g", "arguments": "{not" } },
                ],
            },
            "logprobs": { "content": [{ "token": "Uno", "logprob": -0.5 }] },
        }],
        "usage": {
            "prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17,
            "prompt_tokens_details": { "cached_tokens": 4 },
            "completion_tokens_details": { "reasoning_tokens": 5 },
        },
    }));
    assert_eq!(response.complete_text().unwrap(), "Uno.");
    assert_eq!(response.thoughts().unwrap(), "Well.");
    let calls: Vec<_> = response.function_calls().collect();
    assert_eq!(calls[0].args::<Value>().unwrap(), json!({ "x": 1 }));
    assert_eq!(calls[1].args::<Value>().unwrap(), json!("{not"));
    let usage = response.usage().unwrap();
    assert_eq!((usage.candidates_tokens, usage.thoughts_tokens), (2, 5));
    assert_eq!((usage.cached_content_tokens, usage.total_tokens), (4, 17));
    assert!(response.logprobs().is_some());
}

#[test]
fn ends_are_told_in_googles_names() {
    for (reason, wanted) in [
        ("max_tokens", FinishReason::MAX_TOKENS),
        ("refusal", FinishReason::SAFETY),
        ("tool_use", FinishReason::STOP),
        ("pause_turn", FinishReason::from("pause_turn")),
    ] {
        let message = json!({ "type": "message", "content": [], "stop_reason": reason });
        assert_eq!(read(&message).finish_reason(), Some(wanted), "{reason}");
    }
    for (reason, wanted) in [
        ("length", FinishReason::MAX_TOKENS),
        ("content_filter", FinishReason::SAFETY),
        ("new", FinishReason::from("new")),
    ] {
        let choice = json!({ "finish_reason": reason, "message": { "content": "a" } });
        let completion = read(&json!({ "choices": [choice] }));
        assert_eq!(completion.finish_reason(), Some(wanted), "{reason}");
        assert!(completion.complete_text().is_err());
    }
    let refused =
        json!({ "finish_reason": "stop", "message": { "content": null, "refusal": "No." } });
    let error = read(&json!({ "choices": [refused] }))
        .complete_text()
        .unwrap_err();
    assert!(
        error.is_blocked() && error.to_string().contains("No."),
        "{error}"
    );
}

#[test]
fn an_embedding_is_read_where_there_is_one() {
    let list = |data: Value| {
        json!({ "object": "list", "data": data, "model": "e5",
        "usage": { "prompt_tokens": 3, "total_tokens": 3 } })
    };
    let one = read(&list(json!([{ "index": 0, "embedding": [0.5, -1.0] }])));
    assert_eq!(one.embedding(), Some(&[0.5, -1.0][..]));
    assert_eq!(one.usage().unwrap().prompt_tokens, 3);
    let two = read(&list(
        json!([{ "embedding": [1.0] }, { "embedding": [2.0] }]),
    ));
    assert_eq!(two.embedding(), None);
}

#[test]
fn googles_own_are_left_as_they_are() {
    for response in [
        r#"{"candidates":[],"choices":[1]}"#,
        r#"{"usageMetadata":{},"type":"message"}"#,
        r#"{"embedding":{"values":[1]},"data":[]}"#,
        r#"{"type":"other"}"#,
        r#"{"choices":{}}"#,
        "[]",
        "{",
        "",
    ] {
        assert_eq!(in_googles_words(response.as_bytes()), None, "{response}");
    }
    // Whatever is within, nothing panics.
    for odd in [
        r#"{"choices":[1,null,{"message":7},{"message":{"content":[1],"tool_calls":[1]}}]}"#,
        r#"{"type":"message","content":[1,{"type":"tool_use"}],"usage":[]}"#,
        r#"{"data":[1]}"#,
        r#"{"choices":[{"logprobs":7}]}"#,
        r#"{"choices":[{"message":{"content":["x"],"tool_calls":["y"]}}]}"#,
    ] {
        let response = Response::new(odd.to_owned().into());
        let _ = (response.text(), response.usage(), response.embedding());
        let _ = response.function_calls().count();
    }
}

proptest! {
    #[test]
    fn whatever_is_in_a_response_nothing_fails(
        inner in prop::collection::vec(testing::json(), 0..4),
        usage in testing::json(),
        field in prop::sample::select(vec!["message", "text", "function", "logprobs", "embedding"]),
        kind in prop::sample::select(vec!["text", "tool_use", "thinking", "odd"]),
    ) {
        let within = inner.iter().map(|value| json!({ "type": kind, field: value }));
        let mut list: Vec<Value> = within.collect();
        list.extend(inner.clone());
        let calls = json!([{ "message": { "content": list, "tool_calls": list } }]);
        for response in [
            json!({ "type": "message", "content": list, "usage": usage, "model": usage }),
            json!({ "choices": list, "usage": usage }),
            json!({ "choices": calls }),
            json!({ "data": list, "usage": usage }),
        ] {
            let read = read(&response);
            let _ = (read.text(), read.usage(), read.embedding(), read.complete_text().is_ok());
            let _ = (read.function_calls().count(), read.logprobs(), read.finish_reason());
            prop_assert_eq!(read.to_value(), response);
        }
    }
}
