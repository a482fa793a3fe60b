//! The memory of a client that handles a large job, measured in a process of its own.
#![cfg(target_os = "linux")]

use std::io::{BufWriter, Write};
use std::process::Command;

use futures_util::TryStreamExt;
use genai_batch_emulator::{Model, RowFailure, prompt_of, text_response};
use serde_json::Value;

use crate::support::{Backend, client, quick};

const REQUESTS: usize = 100_000;
const FILE_BYTES: usize = 100_000_000;
const LIMIT_KB: u64 = 64 * 1024;

/// A model that responds with the first word of the prompt.
struct FirstWord;

impl Model for FirstWord {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        let prompt = prompt_of(request)?;
        let word = prompt.split(' ').next().unwrap_or_default();
        Ok(text_response(model, "", word))
    }
}

fn write_requests(file: &std::fs::File) {
    let mut file = BufWriter::new(file);
    let filler = "x".repeat(FILE_BYTES / REQUESTS - 90);
    for n in 0..REQUESTS {
        writeln!(
            file,
            r#"{{"key":"document-{n:08}","request":{{"contents":[{{"parts":[{{"text":"n{n} {filler}"}}]}}]}}}}"#
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// Runs a test of this binary in a process of its own and gives its peak memory in kB.
pub(crate) fn peak_of(test: &str, env: &[(&str, &str)]) -> u64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let peak = text.lines().find_map(|line| line.split_once("peak kB: "));
    peak.unwrap_or_else(|| panic!("{text}")).1.parse().unwrap()
}

pub(crate) fn print_peak() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    println!("peak kB: {}", peak.split_whitespace().nth(1).unwrap());
}

#[tokio::test]
async fn a_job_of_100_mb_takes_less_than_64_mb() {
    let backend = Backend::gemini_with(|builder| builder.model(FirstWord)).await;
    let requests = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    write_requests(requests.as_file());
    let size = requests.as_file().metadata().unwrap().len() as usize;
    assert!(size.abs_diff(FILE_BYTES) < FILE_BYTES / 50, "{size}");
    let peak = peak_of(
        "memory::client_of_a_large_job",
        &[
            ("LARGE_JOB_URL", backend.emulator.base_url()),
            ("LARGE_JOB_FILE", requests.path().to_str().unwrap()),
        ],
    );
    println!("peak of the client: {peak} kB");
    assert!(peak < LIMIT_KB, "{peak} kB");
}

#[tokio::test]
#[ignore = "run by a_job_of_100_mb_takes_less_than_64_mb, in a process of its own"]
async fn client_of_a_large_job() {
    let client = client(&std::env::var("LARGE_JOB_URL").unwrap());
    let file = std::env::var("LARGE_JOB_FILE").unwrap();
    let batches = client.batches();
    let job = batches.create("gemini-2.5-flash", file).await.unwrap();
    let job = quick(batches.wait(&job)).await.unwrap();
    let mut results = batches.results(&job).await.unwrap();
    while let Some(result) = results.try_next().await.unwrap() {
        let number = result.key().unwrap().strip_prefix("document-").unwrap();
        let number: usize = number.parse().unwrap();
        let text = result.response().unwrap().text().unwrap();
        assert_eq!(text, format!("n{number}"));
    }
    let report = results.report();
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.responses, REQUESTS as u64);
    print_peak();
}

#[tokio::test]
async fn a_preflight_of_100_mb_takes_less_than_64_mb() {
    let requests = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    write_requests(requests.as_file());
    let peak = peak_of(
        "memory::preflight_of_a_large_file",
        &[("LARGE_JOB_FILE", requests.path().to_str().unwrap())],
    );
    println!("peak of the preflight: {peak} kB");
    assert!(peak < LIMIT_KB, "{peak} kB");
}

#[tokio::test]
#[ignore = "run by a_preflight_of_100_mb_takes_less_than_64_mb, in a process of its own"]
async fn preflight_of_a_large_file() {
    let client = client("http://127.0.0.1:9");
    let file = std::env::var("LARGE_JOB_FILE").unwrap();
    let source = genai_batch::Source::path(file);
    let diagnosis = source.preflight(&client).await.unwrap();
    assert!(diagnosis.is_clean(), "{diagnosis}");
    assert_eq!(diagnosis.requests, REQUESTS as u64);
    print_peak();
}

#[cfg(feature = "gcs")]
mod cloud_storage {
    use super::*;
    use crate::support::{TOKEN, vertex_client_at};

    const LINES: usize = 1_000_000;

    /// Responds with as little as a response may hold.
    struct Terse;

    impl Model for Terse {
        fn generate(&self, _: &Value, _: &str) -> Result<Value, RowFailure> {
            Ok(serde_json::json!({ "candidates": [{ "content": { "parts": [{ "text": "y" }] } }] }))
        }
    }

    #[tokio::test]
    async fn a_million_lines_over_several_files_take_less_than_64_mb() {
        let backend = Backend::vertex_with(|builder| builder.model(Terse)).await;
        backend.emulator.faults().shard_output(4);
        let mut lines = String::with_capacity(LINES * 100);
        for n in 0..LINES {
            let contents = r#"[{"role":"user","parts":[{"text":"x"}]}]"#;
            lines += &format!("{{\"key\":\"{n}\",\"request\":{{\"contents\":{contents}}}}}\n");
        }
        backend.emulator.put_object("gs://bucket/in.jsonl", lines);
        let batches = backend.client.batches();
        let job = batches
            .create(backend.model, "gs://bucket/in.jsonl")
            .await
            .unwrap();
        let job = backend.wait(&job).await.unwrap();
        let peak = peak_of(
            "memory::cloud_storage::client_of_a_million_lines",
            &[
                ("LARGE_JOB_URL", backend.emulator.base_url()),
                ("LARGE_JOB_NAME", job.name()),
            ],
        );
        println!("peak of the client: {peak} kB");
        assert!(peak < LIMIT_KB, "{peak} kB");
    }

    #[tokio::test]
    #[ignore = "run by a_million_lines_over_several_files_take_less_than_64_mb, in a process of its own"]
    async fn client_of_a_million_lines() {
        let url = std::env::var("LARGE_JOB_URL").unwrap();
        let client = vertex_client_at(&url).access_token(TOKEN).build().unwrap();
        let name = std::env::var("LARGE_JOB_NAME").unwrap();
        let keys = (0..LINES).map(|n| n.to_string());
        let results = client.batches().results(name).expect_keys(keys);
        let mut results = results.await.unwrap();
        while let Some(result) = results.try_next().await.unwrap() {
            assert_eq!(result.response().unwrap().text().unwrap(), "y");
        }
        let report = results.report();
        assert!(report.is_complete(), "{report}");
        assert_eq!(report.responses, LINES as u64);
        print_peak();
    }
}

/// Responses of very many elements of almost nothing.
mod tiny_elements {
    use wiremock::matchers::path_regex;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    const BODY: usize = 8_000_000;

    /// As many elements as make up a body, within these texts.
    fn body(before: &str, element: &str, after: &str) -> Vec<u8> {
        let mut body = before.as_bytes().to_vec();
        while body.len() < BODY {
            body.extend_from_slice(element.as_bytes());
            body.push(b',');
        }
        body.pop();
        body.extend_from_slice(after.as_bytes());
        body
    }

    fn rows(job: &str, row: &str) -> Vec<u8> {
        let after = r#","done":true,"metadata":{"state":"BATCH_STATE_SUCCEEDED","output":{"inlinedResponses":{"inlinedResponses":["#;
        body(&format!(r#"{{"name":"batches/{job}"{after}"#), row, "]}}}}")
    }

    #[tokio::test]
    async fn a_response_takes_a_few_times_its_length() {
        let server = MockServer::start().await;
        let details = r#"{"error":{"code":400,"message":"no","details":["#;
        for (path, status, body) in [
            ("/batches$", 200, body(r#"{"operations":["#, "{}", "]}")),
            ("/files$", 200, body(r#"{"files":["#, "{}", "]}")),
            ("/batches/rows$", 200, rows("rows", "{}")),
            (
                "/batches/fair$",
                200,
                rows("fair", r#"{"response":{},"metadata":{"key":"k"}}"#),
            ),
            (
                "/batches/extra$",
                200,
                body(r#"{"name":"batches/a","new":["#, "1", "]}"),
            ),
            (
                "/batches/labels$",
                200,
                body(r#"{"name":"batches/a","#, r#""x":1"#, "}"),
            ),
            ("/batches/error$", 400, body(details, "{}", "]}}")),
        ] {
            let response = ResponseTemplate::new(status).set_body_raw(body, "application/json");
            let mock = Mock::given(path_regex(path)).respond_with(response);
            mock.mount(&server).await;
        }
        for call in ["list", "files", "rows", "fair", "extra", "labels", "error"] {
            let uri = server.uri();
            let peak = peak_of(
                "memory::tiny_elements::client_of_tiny_elements",
                &[("TINY_URL", &uri), ("TINY_CALL", call)],
            );
            println!("peak of {call}: {peak} kB");
            let most = 4 * BODY as u64 / 1024 + LIMIT_KB;
            assert!(peak < most, "{call}: {peak} kB");
        }
    }

    #[tokio::test]
    #[ignore = "run by a_response_takes_a_few_times_its_length, in a process of its own"]
    async fn client_of_tiny_elements() {
        let client = client(&std::env::var("TINY_URL").unwrap());
        let call = std::env::var("TINY_CALL").unwrap();
        let refused = |error: genai_batch::Error, what: &str| {
            assert!(
                !error.is_retryable() && error.to_string().contains(what),
                "{error}"
            );
        };
        let batches = client.batches();
        match call.as_str() {
            "list" => refused(batches.list().page().await.unwrap_err(), "on one page"),
            "files" => refused(
                client.files().list().page().await.unwrap_err(),
                "on one page",
            ),
            "rows" => refused(batches.get("batches/rows").await.unwrap_err(), " rows"),
            "fair" => {
                let job = batches.get("batches/fair").await.unwrap();
                let report = batches.results(&job).await.unwrap().verify().await.unwrap();
                assert!(report.responses as usize > BODY / 50, "{report}");
            }
            "extra" => {
                let job = batches.get("batches/extra").await;
                refused(job.unwrap_err(), "on one page");
            }
            "labels" => {
                let job = batches.get("batches/labels").await;
                refused(job.unwrap_err(), "values");
            }
            _ => refused(batches.get("batches/error").await.unwrap_err(), "400"),
        }
        print_peak();
    }
}
