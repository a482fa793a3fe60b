//! How long a run takes beside single calls, and how much memory: measured where it is asked for, since
//! it takes long and means something in a release build alone.
//!
//! ```sh
//! RUN_REQUESTS=500000 cargo test --release --all-features --test it -- --ignored --nocapture runs_speed
//! ```
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use genai_batch_emulator::{Model, RowFailure, text_response};
use serde_json::Value;

use crate::memory::{peak_of, print_peak};
use crate::support::{Backend, client, quick};

/// A model that responds at once, at some length.
struct Talker;

impl Model for Talker {
    fn generate(&self, _: &Value, model: &str) -> Result<Value, RowFailure> {
        Ok(text_response(model, "", &"word ".repeat(200)))
    }
}

fn count() -> usize {
    let given = std::env::var("RUN_REQUESTS").ok();
    given.map_or(100_000, |count| count.parse().unwrap())
}

fn write_requests(path: &std::path::Path) {
    use std::io::Write;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let filler = "x".repeat(200);
    for n in 0..count() {
        writeln!(
            file,
            r#"{{"key":"document-{n:08}","request":{{"contents":[{{"role":"user","parts":[{{"text":"n{n} {filler}"}}]}}]}}}}"#
        )
        .unwrap();
    }
    file.flush().unwrap();
}

#[tokio::test]
#[ignore = "a measurement of minutes, for a release build: it prints figures, and holds nothing to them"]
async fn runs_speed() {
    let backend = Backend::gemini_with(|builder| builder.model(Talker)).await;
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.jsonl");
    write_requests(&input);
    let batches = backend.client.batches();
    // What a create needs to read and check: the service is not reached.
    let nobody = client("http://127.0.0.1:9");
    let started = Instant::now();
    let error = nobody
        .batches()
        .create(backend.model, &*input)
        .await
        .unwrap_err();
    assert!(error.is_retryable(), "{error}");
    println!(
        "read and checked by a create that gets nowhere: {:?}",
        started.elapsed()
    );
    let job = batches.create(backend.model, &*input).await.unwrap();
    let job = quick(batches.wait(&job)).await.unwrap();
    let started = Instant::now();
    batches
        .results(&job)
        .save_to(folder.path().join("one.jsonl"))
        .await
        .unwrap();
    println!("results().save_to(): {:?}", started.elapsed());
    let peak = peak_of(
        "runs_speed::a_run_of_many_requests",
        &[
            ("RUN_URL", backend.emulator.base_url()),
            ("RUN_FOLDER", folder.path().to_str().unwrap()),
        ],
    );
    println!("peak of the run: {peak} kB");
    let saved = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(saved("one.jsonl") == saved("run.jsonl"));
    assert!(peak < 128 * 1024, "{peak} kB");
}

#[tokio::test]
#[ignore = "run by runs_speed, in a process of its own"]
async fn a_run_of_many_requests() {
    let client = client(&std::env::var("RUN_URL").unwrap());
    let folder = std::path::PathBuf::from(std::env::var("RUN_FOLDER").unwrap());
    let started = Instant::now();
    let open = client
        .runs()
        .open(folder.join("test.run"))
        .model("gemini-2.5-flash");
    let run = open.source(folder.join("input.jsonl")).await.unwrap();
    eprintln!("taken in: {:?}", started.elapsed());
    let started = Instant::now();
    let finish = run.finish().job_requests(50_000, 50_000);
    let report = finish
        .poll_interval(Duration::from_millis(5), Duration::from_millis(20))
        .await
        .unwrap();
    eprintln!("finished: {:?}", started.elapsed());
    assert_eq!(report.responses as usize, count(), "{report}");
    let started = Instant::now();
    run.save_to(folder.join("run.jsonl")).await.unwrap();
    eprintln!("saved: {:?}", started.elapsed());
    print_peak();
}
