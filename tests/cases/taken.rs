//! Requests that are taken as people write them, and what is sent for them.

use genai_batch::batches::InlineLimit;
use genai_batch::{Source, request};
use serde_json::{Value, json};

use crate::support::Backend;

/// What a backend receives for a line.
async fn received(backend: &Backend, line: &Value) -> Value {
    let source = Source::from(vec![line.clone()]);
    let mut received = backend.received(source, InlineLimit::default()).await;
    received.remove(line["key"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn parts_as_an_object_or_a_text_and_fields_of_another_service_beside() {
    let gemini = Backend::gemini().await.echoing().await;
    let text = |text: &str| json!({ "text": text });
    let turn = |parts: Value| json!([{ "role": "user", "parts": parts }]);
    // The service takes one object for a list of one.
    let object = json!({ "key": "a", "request": { "contents": turn(text("A recipe?")),
        "system_instruction": { "parts": [text("You are a chef.")] } } });
    assert_eq!(received(&gemini, &object).await, object["request"]);
    let words = json!({ "key": "b", "request": { "contents": turn(json!("A recipe?")) } });
    let sent = received(&gemini, &words).await;
    assert_eq!(
        sent,
        json!({ "contents": turn(json!([text("A recipe?")])) })
    );
    let beside = json!({ "key": "c", "url": "https://example.com/a",
        "request": { "contents": turn(json!([text("hi")])) } });
    assert_eq!(received(&gemini, &beside).await, beside["request"]);
}

#[tokio::test]
async fn settings_in_snake_case_with_the_jobs_own_model() {
    let backend = Backend::gemini().await.echoing().await;
    let line = json!({ "key": "page-1", "request": {
        "contents": [{ "role": "user", "parts": [{ "text": "Describe it." }] }],
        "model": "models/gemini-2.5-flash",
        "generation_config": { "response_mime_type": "application/json", "temperature": 0.1,
            "response_json_schema": { "type": "object", "properties": { "a": { "type": "string" } } },
            "max_output_tokens": 8192 },
    } });
    let diagnosis = Source::from(vec![line.clone()]).preflight(&backend.client);
    let diagnosis = diagnosis.model(backend.model).await.unwrap();
    assert!(diagnosis.is_clean(), "{diagnosis}");
    assert_eq!(
        received(&backend, &line).await["generation_config"],
        line["request"]["generation_config"]
    );
}

#[tokio::test]
async fn an_embedding_in_the_form_of_googles_sdk() {
    let backend = Backend::gemini().await;
    let lines = [
        json!({ "key": "a", "request": { "contents": "one", "config": { "output_dimensionality": 8 } } }),
        json!({ "key": "b", "request": { "contents": [{ "parts": [{ "text": "two" }] }] } }),
        json!({ "key": "c", "request": { "content": { "text": "three" } } }),
    ];
    let create = || {
        let batches = backend.client.batches();
        batches.create_embeddings(backend.embedding_model, lines.to_vec())
    };
    let diagnosis = create().preflight().await.unwrap();
    assert!(diagnosis.is_clean(), "{diagnosis}");
    let job = backend.wait(&create().await.unwrap()).await.unwrap();
    let results = backend.client.batches().results(&job).await.unwrap();
    let report = results.verify().await.unwrap();
    assert!(report.is_complete() && report.responses == 3, "{report}");
    // What is written to a file by the builder is the same.
    for line in &lines {
        let read = genai_batch::EmbedRequest::from_jsonl(&line.to_string()).unwrap();
        let again: Value = serde_json::from_str(&read.to_jsonl().unwrap()).unwrap();
        assert!(again["request"].get("contents").is_none(), "{again}");
        let _: request::Entry = read.into();
    }
}
