//! Runs of other models than Google's, and of lines with keys of their own.

use genai_batch::{GenerationConfig, Source};
use serde_json::{Value, json};

use crate::runs::{Place, by_key, quick};
use crate::support::{Backend, Told, sums};

/// The line of the first request in the file of a run.
fn first_line(place: &Place) -> Value {
    let file = rusqlite::Connection::open(place.run()).unwrap();
    let sql = "SELECT body FROM bodies ORDER BY request LIMIT 1";
    let line: String = file.query_row(sql, [], |row| row.get(0)).unwrap();
    serde_json::from_str(&line).unwrap()
}

async fn sums_of(backend: &Backend, body: &str) {
    let place = Place::new();
    let (requests, expected) = sums(25);
    let limit = GenerationConfig::new().max_output_tokens(100);
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let open = open.source(requests).generation_config(limit);
    let run = open.await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 25, "{report}");
    assert!(report.output_tokens > 0, "{report}");
    assert_eq!(by_key(&run).await, expected);
    assert_eq!(run.save_to(place.out()).await.unwrap(), 25);
    run.close().await;
    let line = first_line(&place);
    assert_eq!(line["custom_id"], "sum-0", "{line}");
    assert!(line[body]["messages"].is_array(), "{line}");
}

#[tokio::test]
async fn requests_are_kept_and_sent_in_the_words_of_claude() {
    sums_of(&Backend::claude().await, "request").await;
}

#[tokio::test]
async fn requests_are_kept_and_sent_in_the_words_of_open_models() {
    sums_of(&Backend::llama().await, "body").await;
}

#[tokio::test]
async fn metadata_stays_in_the_file_of_the_run() {
    use futures_util::TryStreamExt;
    use genai_batch::Request;
    let backend = Backend::claude().await;
    let place = Place::new();
    let limit = GenerationConfig::new().max_output_tokens(100);
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let request = |n| Request::text(format!("What is {n} + 1?")).metadata("n", n);
    let requests: Vec<_> = (0..3).map(request).collect();
    let open = open.source(requests).generation_config(limit);
    let run = open.await.unwrap();
    quick(&run).await.unwrap();
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    let back = |it: &genai_batch::BatchResult| it.metadata().unwrap()["n"].clone();
    assert_eq!(results.iter().map(back).collect::<Vec<_>>(), [0, 1, 2]);
    run.close().await;
    assert!(!first_line(&place).to_string().contains("metadata"));
}

#[tokio::test]
async fn what_the_words_of_a_model_cannot_say_is_refused_before_anything_is_sent() {
    let backend = Backend::claude().await;
    let place = Place::new();
    // Without a limit, which Claude needs.
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let error = open.source(sums(3).0).await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    assert!(!place.run().exists());
    assert_eq!(backend.emulator.request_count(backend.create), 0);
}

/// Ten lines with their keys in a field of the caller's.
fn lines(line: impl Fn(usize) -> Value) -> Source {
    let lines: Vec<_> = (0..10).map(line).collect();
    Source::from(lines)
}

async fn keys_are_in_that_field(backend: &Backend, lines: impl Fn() -> Source) {
    let place = Place::new();
    let runs = backend.client.runs();
    let open = || runs.open(place.run()).model(backend.model).key_field("doc");
    let run = open().source(lines()).await.unwrap();
    let report = quick(&run).job_requests(4, 4).await.unwrap();
    assert_eq!(report.responses, 10, "{report}");
    let expected = (0..10).map(|n| (format!("doc-{n}"), Told::Text((n + 1).to_string())));
    assert_eq!(by_key(&run).await, expected.collect());
    run.close().await;
    let run = open().source(lines()).await.unwrap();
    assert_eq!(run.intake().unwrap().unchanged, 10);
}

#[tokio::test]
async fn keys_are_where_the_caller_says() {
    let backend = Backend::gemini().await;
    let line = |n| json!({ "doc": format!("doc-{n}"), "request": { "contents": [{ "parts": [{ "text": format!("What is {n} + 1?") }] }] } });
    keys_are_in_that_field(&backend, || lines(line)).await;
}

#[tokio::test]
async fn lines_in_the_words_of_the_model_have_keys_where_the_caller_says() {
    let backend = Backend::claude().await;
    let line = |n| {
        json!({ "doc": format!("doc-{n}"), "request": {
            "anthropic_version": "vertex-2023-10-16", "max_tokens": 100,
            "messages": [{ "role": "user", "content": format!("What is {n} + 1?") }],
        } })
    };
    keys_are_in_that_field(&backend, || lines(line)).await;
}
