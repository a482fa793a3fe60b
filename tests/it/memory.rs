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

/// A model that answers with the first word of the prompt.
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
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "memory::client_of_a_large_job",
            "--ignored",
            "--nocapture",
        ])
        .env("LARGE_JOB_URL", backend.emulator.base_url())
        .env("LARGE_JOB_FILE", requests.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let peak = text.lines().find_map(|line| line.split_once("peak kB: "));
    let peak: u64 = peak
        .unwrap_or_else(|| panic!("{output:?}"))
        .1
        .parse()
        .unwrap();
    assert!(output.status.success(), "{text}");
    println!("peak of the client: {peak} kB");
    assert!(peak < LIMIT_KB, "{peak} kB");
}

#[tokio::test]
#[ignore = "run by a_job_of_100_mb_takes_less_than_64_mb, in a process of its own"]
async fn client_of_a_large_job() {
    let client = client(&std::env::var("LARGE_JOB_URL").unwrap());
    let file = std::env::var("LARGE_JOB_FILE").unwrap();
    let job = client
        .batches()
        .create("gemini-2.5-flash", file)
        .await
        .unwrap();
    let job = quick(client.batches().wait(&job)).await.unwrap();
    let mut results = client.batches().results(&job).await.unwrap();
    while let Some(result) = results.try_next().await.unwrap() {
        let number = result
            .key()
            .unwrap()
            .trim_start_matches("document-")
            .trim_start_matches('0');
        let number = if number.is_empty() { "0" } else { number };
        let text = result.response().unwrap().text().unwrap();
        assert_eq!(text, format!("n{number}"));
    }
    let report = results.report();
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.responses, REQUESTS as u64);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    println!("peak kB: {}", peak.split_whitespace().nth(1).unwrap());
}
