//! The example `csv`, killed half-way and started again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use genai_batch_emulator::Emulator;

/// Where Cargo puts the examples, which it builds before the tests.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().unwrap().parent().unwrap();
    let name = format!("csv{}", std::env::consts::EXE_SUFFIX);
    target.join("examples").join(name)
}

fn start(emulator: &Emulator, output: &Path) -> Child {
    Command::new(example())
        .arg("--output")
        .arg(output)
        .env_remove("GOOGLE_GENAI_USE_VERTEXAI")
        .env_remove("GOOGLE_GENAI_USE_ENTERPRISE")
        .env("GEMINI_API_KEY", "any-key")
        .env_remove("GOOGLE_API_KEY")
        .env("GOOGLE_GEMINI_BASE_URL", emulator.base_url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

async fn start_emulator() -> Emulator {
    let builder = Emulator::builder().job_duration(Duration::from_millis(50));
    builder.start().await.unwrap()
}

/// Runs the example to its end, apart from the threads that serve it.
async fn run(emulator: &Emulator, output: &Path) -> String {
    let mut child = start(emulator, output);
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
    assert!(ended.await.unwrap().success());
    std::fs::read_to_string(output).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_and_repeated_ends_with_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let at_once = run(&start_emulator().await, &folder.path().join("at-once.csv")).await;
    assert_eq!(
        at_once.lines().next(),
        Some("id,review,sentiment,quote,error")
    );
    assert!(at_once.lines().count() > 60, "{at_once}");

    let emulator = start_emulator().await;
    emulator.clock().pause();
    let output = folder.path().join("killed.csv");
    let mut killed = start(&emulator, &output);
    // The job is there, and does not end while the clock stands still.
    while emulator.jobs().is_empty() {
        assert!(killed.try_wait().unwrap().is_none(), "it ended by itself");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!output.exists());
    emulator.clock().resume();

    assert_eq!(run(&emulator, &output).await, at_once);
    let again = run(&emulator, &output).await;
    assert_eq!(again, at_once);
    let ids = emulator.jobs().into_iter().map(|job| job.name);
    assert!(ids.count() <= 2, "a job for each attempt, and no more");
}
