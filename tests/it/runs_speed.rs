//! How long a run takes beside single calls, and how much memory: measured where it is asked for, since
//! it takes long and means something in a release build alone.
//!
//! ```sh
//! RUN_REQUESTS=500000 cargo test --release --all-features --test it -- --ignored --nocapture runs_speed
//! ```
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
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

/// What is promised, and how much more a machine that does something else meanwhile may take.
const READING: f64 = 3.0;
const TAKING_IN: f64 = 2.5;
const LEEWAY: f64 = 2.0;
const MEMORY: u64 = 128 * 1024;

#[tokio::test]
#[ignore = "a measurement of minutes, for a release build"]
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
    let checked = started.elapsed();
    let job = batches.create(backend.model, &*input).await.unwrap();
    let job = quick(batches.wait(&job)).await.unwrap();
    let started = Instant::now();
    batches
        .results(&job)
        .save_to(folder.path().join("one.jsonl"))
        .await
        .unwrap();
    let saved = started.elapsed();
    let peak = peak_of(
        "runs_speed::a_run_of_many_requests",
        &[
            ("RUN_URL", backend.emulator.base_url()),
            ("RUN_FOLDER", folder.path().to_str().unwrap()),
        ],
    );
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(read("one.jsonl") == read("run.jsonl"));
    let figures: Vec<u64> = serde_json::from_slice(&read("figures.json")).unwrap();
    let [taking_in, finishing, reading, saving] = figures[..] else {
        panic!("{figures:?}");
    };
    let count = count();
    println!("{count} requests: a create reads and checks them in {checked:?}");
    let times_in = taking_in as f64 / checked.as_millis() as f64;
    println!("  a run takes them in within {taking_in} ms, {times_in:.2} times as long");
    println!("{count} results: results().save_to() in {saved:?}");
    let times_out = (reading + saving) as f64 / saved.as_millis() as f64;
    println!(
        "  a run reads them for {reading} ms and saves them in {saving} ms, {times_out:.2} times as long"
    );
    println!("  it is finished after {finishing} ms, with {peak} kB of memory at most");
    assert!(times_in <= TAKING_IN * LEEWAY, "{times_in:.2}");
    assert!(times_out <= READING * LEEWAY, "{times_out:.2}");
    assert!(peak < MEMORY, "{peak} kB");
}

/// How long, in milliseconds, at least one of these spans lasted.
fn union(mut spans: Vec<(i64, i64)>) -> u64 {
    spans.sort_unstable();
    let (mut sum, mut until) = (0, i64::MIN);
    for (from, to) in spans {
        sum += to.max(until) - from.max(until);
        until = until.max(to);
    }
    u64::try_from(sum).unwrap()
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
    let taking_in = started.elapsed();
    let started = Instant::now();
    let finish = run.finish().job_requests(50_000, 50_000);
    let report = finish
        .poll_interval(Duration::from_millis(5), Duration::from_millis(20))
        .await
        .unwrap();
    let finishing = started.elapsed();
    assert_eq!(report.responses as usize, count(), "{report}");
    let started = Instant::now();
    run.save_to(folder.join("run.jsonl")).await.unwrap();
    let saving = started.elapsed();
    // A job is read from its end on.
    let events: Vec<_> = run.events().try_collect().await.unwrap();
    let times = |kind: &str| {
        let of_kind = events.iter().filter(|event| event.kind == kind);
        let of_kind = of_kind.map(|event| (event.job, event.time.timestamp_millis()));
        of_kind.collect::<BTreeMap<_, _>>()
    };
    let (ended, read) = (times("ended"), times("read"));
    let reading = union(ended.iter().map(|(job, time)| (*time, read[job])).collect());
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
    let figures = [
        millis(taking_in),
        millis(finishing),
        reading,
        millis(saving),
    ];
    let figures = serde_json::to_vec(&figures).unwrap();
    std::fs::write(folder.join("figures.json"), figures).unwrap();
    print_peak();
}
