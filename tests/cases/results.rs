//! Results, jobs and credentials as people have met them.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use genai_batch::results::RowError;
use genai_batch::{BatchResult, Client, Outcome, Report, Request, Response};
use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::client;

/// Results by their keys, and the account of them.
struct Read {
    results: BTreeMap<String, BatchResult>,
    report: Report,
}

impl Read {
    async fn of(client: &Client, job: &str) -> Self {
        let job = client.batches().get(job).await.unwrap();
        let mut stream = client
            .batches()
            .results(&job)
            .count_usage(true)
            .await
            .unwrap();
        let mut results = BTreeMap::new();
        while let Some(result) = stream.try_next().await.unwrap() {
            let key = result.key().unwrap_or("(no key)").to_owned();
            assert!(results.insert(key, result).is_none());
        }
        Self {
            results,
            report: stream.report(),
        }
    }

    fn response(&self, key: &str) -> &Response {
        let result = &self.results[key];
        result
            .response()
            .unwrap_or_else(|| panic!("{key}: {result:?}"))
    }

    fn text(&self, key: &str) -> String {
        self.response(key).text().unwrap().into_owned()
    }

    fn error(&self, key: &str) -> &RowError {
        match self.results[key].outcome() {
            Outcome::Error(error) => error,
            other => panic!("{key}: {other:?}"),
        }
    }

    fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.results.iter();
        let errors = errors.filter_map(|(key, it)| Some((&**key, it.error()?)));
        errors
            .map(|(key, error)| (key, error.status().status()))
            .collect()
    }
}

/// A server that has one job of the Gemini backend, with its results in a file.
async fn gemini_server(lines: impl Into<Vec<u8>>) -> MockServer {
    let server = MockServer::start().await;
    let job = json!({ "name": "batches/b", "done": true, "metadata": {
        "state": "BATCH_STATE_SUCCEEDED", "endTime": "2026-01-01T00:00:00Z",
        "output": { "responsesFile": "files/batch-out" },
    } });
    let get = Mock::given(method("GET")).and(path("/v1beta/batches/b"));
    get.respond_with(ResponseTemplate::new(200).set_body_json(job))
        .mount(&server)
        .await;
    let download = Mock::given(method("GET")).and(path_regex("files/batch-out:download"));
    let lines = ResponseTemplate::new(200).set_body_bytes(lines.into());
    download.respond_with(lines).mount(&server).await;
    server
}

async fn gemini(lines: &[String]) -> Read {
    let server = gemini_server(lines.join("\n")).await;
    Read::of(&client(&server.uri()), "batches/b").await
}

/// A line of results, of one text and what else there is in the candidate.
fn line(key: &str, candidate: Value) -> String {
    let mut whole = json!({ "content": { "parts": [{ "text": key }] }, "finishReason": "STOP" });
    whole
        .as_object_mut()
        .unwrap()
        .extend(candidate.as_object().unwrap().clone());
    json!({ "key": key, "response": { "candidates": [whole] } }).to_string()
}

#[tokio::test]
async fn an_image_within_thinking_is_the_image_where_there_is_no_other() {
    let parts = |parts: Value| json!({ "content": { "parts": parts } });
    let image = |data: &str, thought: bool| json!({ "inlineData": { "mimeType": "image/png", "data": data }, "thought": thought });
    let sketch = json!({ "text": "Sketching", "thought": true });
    let read = gemini(&[
        line("alone", parts(json!([sketch, image("iVBORw0KGgo=", true)]))),
        line(
            "two",
            parts(json!([image("AAAA", true), image("iVBORw0KGgo", true)])),
        ),
        line(
            "draft",
            parts(json!([image("AAAA", true), image("/9j/4AAQ", false)])),
        ),
        line("urls", parts(json!([image("-_-_", false)]))),
        line(
            "snake",
            parts(json!([{ "inline_data": { "mime_type": "image/png", "data": "AA" } }])),
        ),
        r#"{"key":"none","response":{"candidates":[{"finishReason":"NO_IMAGE"}]}}"#.to_owned(),
    ])
    .await;
    let images = |key: &str| -> Vec<Vec<u8>> {
        let data = read.response(key).inline_data();
        data.map(|data| data.bytes().unwrap()).collect()
    };
    let png = b"\x89PNG\r\n\x1a\n".to_vec();
    assert_eq!(images("alone"), std::slice::from_ref(&png));
    assert_eq!(images("two"), [png]);
    assert_eq!(images("draft").len(), 1);
    assert_eq!(images("draft")[0][..3], [0xff, 0xd8, 0xff]);
    assert_eq!(images("urls"), [[0xfb, 0xff, 0xbf]]);
    assert_eq!((images("snake").len(), images("none").len()), (1, 0));
    assert!(read.response("alone").text().is_none());
}

#[tokio::test]
async fn floats_that_are_not_finite_are_told_from_those_that_are_not_there() {
    let mut lines = vec![
        line("certain", json!({ "avgLogprobs": "Infinity" })),
        line(
            "unknown",
            json!({ "avgLogprobs": "NaN", "logprobsResult": {
            "chosenCandidates": [{ "token": "a", "tokenId": "5", "logProbability": "-Infinity" }],
        } }),
        ),
        line("plain", json!({ "avgLogprobs": -0.34 })),
    ];
    // Which no JSON is, and costs its own row alone.
    lines.push(line("bare", json!({ "avgLogprobs": 7 })).replace(":7", ":NaN"));
    let read = gemini(&lines).await;
    let average = |key: &str| read.response(key).avg_logprobs().unwrap();
    assert_eq!(
        (average("certain"), average("plain")),
        (f64::INFINITY, -0.34)
    );
    assert!(average("unknown").is_nan());
    let chosen = &read.response("unknown").logprobs().unwrap().chosen[0];
    assert_eq!(
        (chosen.token_id, chosen.log_probability),
        (Some(5), Some(f64::NEG_INFINITY))
    );
    assert_eq!((read.report.responses, read.report.unreadable), (3, 1));
}

#[tokio::test]
async fn a_row_failed_wherever_it_says_so() {
    let error = |row: Value| row.to_string();
    let read = gemini(&[
        error(json!({ "key": "status", "status": { "code": 3, "message": "bad" } })),
        error(json!({ "key": "http", "error": { "code": 400, "status": "INVALID_ARGUMENT" } })),
        error(json!({ "key": "named", "error": { "code": 400, "status": "FAILED_PRECONDITION" } })),
        error(json!({ "key": "nested", "error": { "error": { "code": 404, "message": "m" } } })),
        error(json!({ "key": "within", "response": { "error": { "code": 429, "message": "m" } } })),
        error(json!({ "key": "words", "error": "Bad Request: invalid" })),
        error(
            json!({ "key": "both", "status": "Bad Request: {\"error\": {\"code\": 400, \"status\":
            \"OUT_OF_RANGE\"}}", "response": {} }),
        ),
        error(json!({ "key": "quota", "error": { "code": 8, "message": "Quota exceeded" } })),
        line("fine", json!({})),
    ])
    .await;
    assert_eq!(
        read.errors(),
        [
            ("both", "OUT_OF_RANGE"),
            ("http", "INVALID_ARGUMENT"),
            ("named", "FAILED_PRECONDITION"),
            ("nested", "NOT_FOUND"),
            ("quota", "RESOURCE_EXHAUSTED"),
            ("status", "INVALID_ARGUMENT"),
            ("within", "RESOURCE_EXHAUSTED"),
            ("words", "UNKNOWN"),
        ]
    );
    assert!(
        read.errors()
            .iter()
            .all(|(key, _)| !read.error(key).is_malformed())
    );
    assert!(read.error("within").is_quota() && read.error("quota").is_quota());
    assert!(
        read.error("http")
            .to_string()
            .starts_with("INVALID_ARGUMENT"),
        "{}",
        read.error("http")
    );
    assert_eq!(read.error("words").message(), "Bad Request: invalid");
    assert_eq!(read.text("fine"), "fine");
}

#[tokio::test]
async fn half_a_character_costs_no_text_and_no_key() {
    let read = gemini(&[
        r#"{"key":"k-\ud83d","response":{"candidates":[{"content":{"parts":[{"text":"a\ude00b"}]},"finishReason":"STOP"}]}}"#.to_owned(),
        r#"{"key":"call","response":{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"q":"\ud83d"}}}]}}]}}"#.to_owned(),
    ])
    .await;
    assert_eq!(read.text("k-\u{fffd}"), "a\u{fffd}b");
    assert_eq!(
        read.response("k-\u{fffd}").complete_text().unwrap(),
        "a\u{fffd}b"
    );
    for (key, result) in &read.results {
        assert!(result.to_value().is_object(), "{key}");
        assert!(result.response().unwrap().to_value().is_object(), "{key}");
        assert!(result.json().contains(r"\ud83d") || result.json().contains(r"\ude00"));
    }
    let call = read.response("call").function_calls().next().unwrap();
    assert_eq!(call.args::<Value>().unwrap(), json!({ "q": "\u{fffd}" }));
}

#[tokio::test]
async fn lines_end_where_they_end() {
    let text = "one\u{2028}two\u{85}three\u{b}four";
    let first = json!({ "key": "a", "response": { "candidates": [{ "content": { "parts": [{ "text": text }] } }] } });
    // With a mark of its encoding, an empty line, both line ends, and none at the last.
    let file = format!(
        "\u{feff}{first}\r\n\n{}\n{}",
        line("b", json!({})),
        line("c", json!({}))
    );
    let server = gemini_server(file).await;
    let read = Read::of(&client(&server.uri()), "batches/b").await;
    assert_eq!(read.text("a"), text);
    assert_eq!(read.results.len(), 3);
    assert_eq!(read.report.unreadable, 0, "{}", read.report);
}

#[tokio::test]
async fn what_embeddings_took_is_counted() {
    let row = |key: &str, response: Value| json!({ "key": key, "response": response }).to_string();
    let read = gemini(&[
        row("count", json!({ "embedding": { "values": [0.1, 0.2] }, "tokenCount": "7" })),
        row("usage", json!({ "embedding": { "values": [0.1] }, "usageMetadata": {
            "promptTokenCount": "5", "promptTokenDetails": [{ "modality": "TEXT", "tokenCount": 5 }],
        } })),
        row("nan", json!({ "embedding": { "values": ["NaN", 0.2] } })),
        row("list", json!({ "embeddings": [{ "values": [0.5, 0.6] }] })),
        row("two", json!({ "embeddings": [{ "values": [0.5] }, { "values": [0.7] }] })),
        row("empty", json!({ "embedding": {} })),
        row("shape", json!({ "embedding": { "values": [0.5], "shape": [1] } })),
    ])
    .await;
    assert_eq!(read.response("count").usage().unwrap().prompt_tokens, 7);
    assert_eq!(
        read.response("usage").usage_details().unwrap().prompt[0].tokens,
        5
    );
    assert!(read.response("nan").embedding().unwrap()[0].is_nan());
    assert_eq!(read.response("list").embedding().unwrap(), [0.5, 0.6]);
    let usage = read.report.usage.as_ref().unwrap();
    assert_eq!((usage.total().prompt_tokens, usage.without_usage), (12, 5));
    // The first of several stands for none of them.
    assert_eq!(read.response("shape").embedding().unwrap(), [0.5]);
    assert!(
        read.response("empty")
            .embedding()
            .is_none_or(|it| it.is_empty())
    );
    assert!(read.response("two").to_value()["embeddings"][1].is_object());
}

/// The answers of the service to a create, and what is to be told of each.
#[tokio::test]
async fn refusals_of_a_create_are_told_in_the_services_words() {
    let error = |code: u16, status: &str, message: &str, details: Value| {
        let error =
            json!({ "code": code, "status": status, "message": message, "details": details });
        (code, json!({ "error": error }).to_string())
    };
    let page = "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title></html>";
    let key = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }]);
    for ((status, body), told) in [
        (
            error(
                400,
                "INVALID_ARGUMENT",
                "Unknown name \"x\" at 'batch': Cannot find field.",
                json!([]),
            ),
            "Unknown name \"x\"",
        ),
        (
            error(400, "INVALID_ARGUMENT", "API key not valid.", key),
            "API key not valid",
        ),
        (
            error(
                403,
                "PERMISSION_DENIED",
                "Your API key was reported as leaked.",
                json!([]),
            ),
            "reported as leaked",
        ),
        (
            error(
                400,
                "FAILED_PRECONDITION",
                "User location is not supported.",
                json!([]),
            ),
            "User location",
        ),
        (
            error(
                404,
                "NOT_FOUND",
                "models/m is not found for API version v1beta.",
                json!([]),
            ),
            "models/m is not found",
        ),
        (
            error(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota.",
                json!([]),
            ),
            "current quota",
        ),
        ((404, page.to_owned()), "Not Found"),
        (
            (413, "<html><title>Error 413</title></html>".to_owned()),
            "Payload Too Large",
        ),
    ] {
        let server = MockServer::start().await;
        let refusal = ResponseTemplate::new(status).set_body_string(&body);
        Mock::given(method("POST"))
            .respond_with(refusal)
            .mount(&server)
            .await;
        let client = client(&server.uri());
        for source in [
            vec![Request::text("hi")].into(),
            genai_batch::Source::file("files/in"),
        ] {
            let error = client.batches().create("m", source).await.unwrap_err();
            assert_eq!(error.status(), Some(status), "{error}");
            assert!(error.to_string().contains(told), "{error}");
            assert_eq!(error.is_quota(), status == 429);
            assert_eq!(error.is_unauthenticated(), told == "API key not valid");
            assert!(!error.to_string().contains("48 hours"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_as_what_it_may_be() {
    let server = gemini_server("").await;
    server.reset().await;
    let gone = json!({ "error": { "code": 403, "status": "PERMISSION_DENIED",
        "message": "You do not have permission to access the File x or it may not exist." } });
    let gone = ResponseTemplate::new(403).set_body_json(gone);
    let job = json!({ "name": "batches/b", "done": true, "metadata": {
        "state": "BATCH_STATE_SUCCEEDED", "endTime": "2026-01-01T00:00:00Z",
        "output": { "responsesFile": "files/x" },
    } });
    let get = Mock::given(method("GET")).and(path("/v1beta/batches/b"));
    get.respond_with(ResponseTemplate::new(200).set_body_json(job))
        .mount(&server)
        .await;
    Mock::given(path_regex("files/x"))
        .respond_with(gone)
        .mount(&server)
        .await;
    let client = client(&server.uri());
    let job = client.batches().get("batches/b").await.unwrap();
    for error in [
        client.batches().results(&job).await.unwrap_err(),
        client.files().download("files/x").await.unwrap_err(),
        client.files().get("files/x").await.unwrap_err(),
        client.files().delete("files/x").await.unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(
            text.contains("48 hours") && text.contains("another project"),
            "{text}"
        );
        assert!(error.is_permission_denied() && error.message().ends_with("may not exist."));
    }
    let long = format!("files/batch-{}", "x".repeat(40));
    let refusal = json!({ "error": { "code": 400, "status": "INVALID_ARGUMENT",
        "message": "* DeleteFileRequest.name: File ID cannot be more than 40 characters." } });
    Mock::given(method("DELETE"))
        .respond_with(ResponseTemplate::new(400).set_body_json(refusal))
        .mount(&server)
        .await;
    let error = client.files().delete(&long).await.unwrap_err();
    assert!(
        error.to_string().contains("by itself after 48 hours"),
        "{error}"
    );
}

#[cfg(feature = "gcs")]
mod vertex {
    use genai_batch_emulator::Emulator;

    use super::*;
    use crate::support::{TOKEN, vertex_client};

    const NAME: &str = "projects/my-project/locations/us-central1/batchPredictionJobs/1";

    /// What a job says of itself beside its name.
    async fn server(mut job: Value) -> MockServer {
        let server = MockServer::start().await;
        job["name"] = NAME.into();
        let get = Mock::given(method("GET")).and(path(format!("/v1beta1/{NAME}")));
        get.respond_with(ResponseTemplate::new(200).set_body_json(job))
            .mount(&server)
            .await;
        server
    }

    fn done(info: Value) -> Value {
        json!({ "state": "JOB_STATE_SUCCEEDED", "outputInfo": info })
    }

    fn client_of(emulator: &Emulator, server: &MockServer) -> Client {
        let builder = vertex_client(emulator).access_token(TOKEN);
        builder.base_url(server.uri()).build().unwrap()
    }

    /// The results of a job with these files in its directory.
    async fn objects(files: &[(&str, &str)]) -> Read {
        let emulator = Emulator::builder().start().await.unwrap();
        for (name, lines) in files {
            emulator.put_object(&format!("gs://out/d/{name}"), (*lines).to_owned());
        }
        let server = server(done(json!({ "gcsOutputDirectory": "gs://out/d" }))).await;
        Read::of(&client_of(&emulator, &server), NAME).await
    }

    fn row(key: &str, more: &str) -> String {
        format!(r#"{{"key":"{key}","request":{{"contents":[]}},{more}}}"#)
    }

    fn fine(key: &str, more: &str) -> String {
        let response =
            format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{key}"}}]}}}}]}}"#);
        row(key, &format!(r#""status":"",{more}"response":{response}"#))
    }

    #[tokio::test]
    async fn the_name_within_a_status_is_the_one_that_counts() {
        let status = |key: &str, words: &str| {
            let words = Value::from(words);
            row(key, &format!(r#""status":{words},"response":{{}}"#))
        };
        let error = |code: u16, name: &str| {
            json!({ "error": { "code": code, "message": "m", "status": name } }).to_string()
        };
        let rows = [
            status(
                "provisioning",
                &format!("Bad Request: {}", error(400, "FAILED_PRECONDITION")),
            ),
            status(
                "role",
                &format!("Bad Request: {}", error(400, "INVALID_ARGUMENT")),
            ),
            status(
                "quota",
                &format!(
                    "RESOURCE_EXHAUSTED error occurred: {}",
                    error(429, "RESOURCE_EXHAUSTED")
                ),
            ),
            status(
                "range",
                &format!("Bad Request: {}", error(400, "OUT_OF_RANGE")),
            ),
            status(
                "exists",
                &format!("Conflict: {}", error(409, "ALREADY_EXISTS")),
            ),
            status("bare", "FAILED_PRECONDITION"),
        ];
        let read = objects(&[("predictions.jsonl", &rows.join("\n"))]).await;
        assert_eq!(
            read.errors(),
            [
                ("bare", "FAILED_PRECONDITION"),
                ("exists", "ALREADY_EXISTS"),
                ("provisioning", "FAILED_PRECONDITION"),
                ("quota", "RESOURCE_EXHAUSTED"),
                ("range", "OUT_OF_RANGE"),
                ("role", "INVALID_ARGUMENT"),
            ]
        );
        assert!(read.error("quota").is_quota() && read.error("role").message() == "m");
    }

    #[tokio::test]
    async fn embeddings_are_read_in_the_form_of_either_model() {
        let refused = json!({ "error": { "code": 400, "message": "no such field: 'contents'",
            "status": "INVALID_ARGUMENT" } });
        let rows = [
            json!({ "key": "g1", "status": "", "request": { "content": { "parts": [{ "text": "Hello" }] } },
                "response": { "embedding": { "values": [0.1, 0.2] }, "usageMetadata": { "promptTokenCount": 1 } } }),
            json!({ "key": "g2", "status": format!("Bad Request: {refused}"), "request": { "contents": [] },
                "response": {} }),
            json!({ "instance": { "content": "Hello", "key": "t1" }, "status": "", "predictions": [{
                "embeddings": { "statistics": { "token_count": 8, "truncated": false }, "values": [0.2, 0.3] } }] }),
            json!({ "instance": { "content": "", "key": "t2" }, "predictions": [], "status": "Error: empty content" }),
        ];
        let rows = rows.map(|row| row.to_string()).join("\n");
        let read = objects(&[("predictions.jsonl", &rows)]).await;
        assert_eq!(read.response("g1").embedding().unwrap(), [0.1, 0.2]);
        assert_eq!(read.response("t1").embedding().unwrap(), [0.2, 0.3]);
        assert_eq!(
            read.errors(),
            [("g2", "INVALID_ARGUMENT"), ("t2", "UNKNOWN")]
        );
        assert!(read.error("t2").to_string().contains("empty content"));
        assert_eq!(read.report.usage.as_ref().unwrap().total().prompt_tokens, 9);
    }

    #[tokio::test]
    async fn a_column_named_error_is_the_callers_own() {
        let own = [
            r#"{"retries":1}"#,
            "{}",
            "null",
            r#""none""#,
            r#"{"code":7}"#,
        ];
        let rows: Vec<String> = own
            .iter()
            .enumerate()
            .map(|(n, own)| fine(&format!("k{n}"), &format!(r#""error":{own},"#)))
            .collect();
        let read = objects(&[("predictions.jsonl", &rows.join("\n"))]).await;
        for (n, own) in own.iter().enumerate() {
            let key = format!("k{n}");
            assert_eq!(read.text(&key), key);
            let own: Value = serde_json::from_str(own).unwrap();
            assert_eq!(read.results[&key].to_value()["error"], own);
        }
    }

    #[cfg(feature = "bigquery")]
    #[tokio::test]
    async fn a_tables_own_columns_stay_its_own() {
        let emulator = Emulator::builder().start().await.unwrap();
        let response = |text: &str| {
            let part = json!([{ "text": text }]);
            json!({ "candidates": [{ "content": { "parts": part } }] }).to_string()
        };
        emulator.put_table(
            "my-project.d.predictions",
            [
                json!({ "key": "a", "request": "{}", "status": "", "error": "{\"code\":3}",
                    "response": response("a"), "n": 12 }),
                json!({ "key": "b", "request": "{}", "status": "", "error": "{}",
                    "response": response("b"), "n": 13 }),
                json!({ "key": "c", "request": "{}", "error": "mine", "response": Value::Null,
                    "status": "Bad Request: {\"error\": {\"code\": 400, \"status\": \"FAILED_PRECONDITION\"}}" }),
            ],
        );
        let info = json!({ "bigqueryOutputDataset": "bq://my-project.d", "bigqueryOutputTable": "predictions" });
        let server = server(done(info)).await;
        let read = Read::of(&client_of(&emulator, &server), NAME).await;
        assert_eq!((read.text("a"), read.text("b")), ("a".into(), "b".into()));
        assert_eq!(read.results["a"].to_value()["n"], 12);
        assert_eq!(read.results["a"].to_value()["error"], "{\"code\":3}");
        assert_eq!(read.errors(), [("c", "FAILED_PRECONDITION")]);
    }

    #[tokio::test]
    async fn the_classic_layout_is_named_and_kept() {
        let rows = r#"{"instance": {"key": "m1", "prompt": "Hello"}, "prediction": "Hi there"}
{"prediction": "id"}"#;
        let read = objects(&[
            ("prediction.results-00000-of-00001", rows),
            (
                "prediction.errors_stats-00000-of-00001",
                "('Post request fails.', 3)",
            ),
        ])
        .await;
        let error = read.error("m1");
        assert!(
            error.is_malformed() && error.to_string().contains("classic layout"),
            "{error}"
        );
        assert_eq!(read.results["m1"].to_value()["prediction"], "Hi there");
        assert_eq!(
            (read.report.keyless, read.report.unreadable),
            (1, 1),
            "{}",
            read.report
        );
        assert!(
            read.report.to_string().contains("classic layout"),
            "{}",
            read.report
        );
    }

    #[tokio::test]
    async fn markers_copies_and_packed_objects_do_not_disturb() {
        let rows = [fine("a", ""), fine("b", "")].join("\n");
        let copies = [
            ("", ""),
            ("predictions.jsonl", &*rows),
            ("backup/", ""),
            ("backup/predictions.jsonl", &rows),
            ("predictions.jsonl.bak", &rows),
            ("prediction-notes.txt", "not results"),
        ];
        let read = objects(&copies).await;
        assert_eq!(
            (read.report.responses, read.report.unreadable),
            (2, 0),
            "{}",
            read.report
        );
        assert_eq!(read.report.duplicates, 0, "{}", read.report);

        let emulator = Emulator::builder().start().await.unwrap();
        emulator.put_gzipped_object("gs://out/d/predictions.jsonl", &rows);
        let server = server(done(json!({ "gcsOutputDirectory": "gs://out/d/" }))).await;
        let read = Read::of(&client_of(&emulator, &server), NAME).await;
        assert_eq!((read.text("a"), read.text("b")), ("a".into(), "b".into()));
        assert!(read.report.unreadable == 0, "{}", read.report);
    }

    #[tokio::test]
    async fn a_listing_of_empty_pages_ends() {
        use std::sync::atomic::{AtomicUsize, Ordering};

        let server = server(done(json!({ "gcsOutputDirectory": "gs://out/d" }))).await;
        let pages = AtomicUsize::new(0);
        let page = move |_: &wiremock::Request| {
            let next = pages.fetch_add(1, Ordering::Relaxed);
            ResponseTemplate::new(200).set_body_string(format!(
                "<ListBucketResult><IsTruncated>true</IsTruncated>\
                 <NextContinuationToken>{next}</NextContinuationToken></ListBucketResult>"
            ))
        };
        let list = Mock::given(path("/out")).respond_with(page);
        list.mount(&server).await;
        let emulator = Emulator::builder().start().await.unwrap();
        let builder = vertex_client(&emulator).access_token(TOKEN);
        let builder = builder
            .base_url(server.uri())
            .storage_base_url(server.uri());
        let client = builder.build().unwrap();
        let error = client.batches().results(NAME).await.unwrap_err();
        assert!(error.to_string().contains("1000 empty pages"), "{error}");
    }

    /// Names that XML does not hold, and services without lists in XML.
    #[tokio::test]
    async fn a_listing_that_xml_cannot_tell_is_asked_for_as_json() {
        let garbled = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>d\u{fffd}/predictions.jsonl</Key></Contents>\
            </ListBucketResult>";
        let other = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>e/predictions.jsonl</Key></Contents></ListBucketResult>";
        for (status, xml) in [
            (200, garbled),
            (200, other),
            (200, "{}"),
            (405, ""),
            (501, ""),
        ] {
            let server = server(done(json!({ "gcsOutputDirectory": "gs://out/d" }))).await;
            let emulator = Emulator::builder().start().await.unwrap();
            let row = r#"{"key":"a","status":"","request":{},"response":{"candidates":[{"content":{"parts":[{"text":"A"}]}}]}}"#;
            // The object stands in the list twice, as where pages overlap.
            let object = json!({ "name": "d/predictions.jsonl" });
            let list = json!({ "items": [object, object] });
            for (at, response) in [
                ("^/out$", ResponseTemplate::new(status).set_body_string(xml)),
                (
                    "^/storage/v1/b/out/o$",
                    ResponseTemplate::new(200).set_body_json(list),
                ),
                (
                    "^/out/d",
                    ResponseTemplate::new(200)
                        .insert_header("etag", "\"1\"")
                        .insert_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
                        .set_body_string(row),
                ),
            ] {
                let mock = Mock::given(path_regex(at)).respond_with(response);
                mock.mount(&server).await;
            }
            let builder = vertex_client(&emulator).access_token(TOKEN);
            let builder = builder
                .base_url(server.uri())
                .storage_base_url(server.uri());
            let read = Read::of(&builder.build().unwrap(), NAME).await;
            assert_eq!(read.text("a"), "A", "{status} {xml}");
            assert_eq!(read.report.responses, 1, "{}", read.report);
        }
    }

    #[tokio::test]
    async fn a_jobs_quota_is_quota_wherever_the_words_stand() {
        let words = r#"RESOURCE_EXHAUSTED error occurred: {"error": {"code": 429, "message": "Online prediction request quota exceeded.", "status": "RESOURCE_EXHAUSTED"}}"#;
        for (code, message, is_quota) in [(8, words, true), (3, words, true), (3, "no", false)] {
            let error = json!({ "code": code, "message": message });
            let server = server(json!({ "state": "JOB_STATE_FAILED", "error": error })).await;
            let emulator = Emulator::builder().start().await.unwrap();
            let client = client_of(&emulator, &server);
            let job = client.batches().get(NAME).await.unwrap();
            assert_eq!(job.error().unwrap().message, message);
            let error = client.batches().results(&job).await.unwrap_err();
            assert!(error.is_job_ended(), "{error}");
            assert_eq!(error.is_quota(), is_quota, "{code}: {error}");
        }
    }

    #[tokio::test]
    async fn a_field_of_another_shape_costs_that_field() {
        let server = server(json!({
            "state": "JOB_STATE_SUCCEEDED", "displayName": "d",
            "inputConfig": { "instancesFormat": "jsonl", "gcsSource": { "uris": "gs://in/in.jsonl" } },
            "outputInfo": { "bigqueryOutputDataset": "p.d", "bigqueryOutputTable": "t" },
            "completionStats": { "successfulCount": "10", "failedCount": 1e0 },
        }))
        .await;
        let emulator = Emulator::builder().start().await.unwrap();
        let job = client_of(&emulator, &server)
            .batches()
            .get(NAME)
            .await
            .unwrap();
        assert_eq!((job.display_name(), job.source()), (Some("d"), None));
        let stats = job.stats().unwrap();
        assert_eq!((stats.succeeded, stats.failed), (10, 1));
        assert!(job.output().is_some() && job.has_results());
    }
}
