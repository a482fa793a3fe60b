//! A run that is killed at any moment and repeated ends with the same table as one that was left alone.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/folder.rs"]
mod support;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use genai_batch_emulator::Emulator;
use support::{Folder, table, to};

/// How many moments are tried.
const MOMENTS: u32 = 20;
const ROWS: u32 = 400;

async fn emulator() -> Emulator {
    let builder = Emulator::builder().job_duration(Duration::from_millis(40));
    let emulator = builder.start().await.unwrap();
    emulator.faults().shuffle_results(5);
    emulator
}

fn start(emulator: &Emulator, folder: &Folder) -> Child {
    let arguments = ["t.csv", "--key", "id", "--prompt", "Say {{ text }}"];
    let mut command = folder.command(&arguments);
    to(&mut command, emulator);
    command
        .args([
            "--out",
            "out.csv",
            "--job-requests",
            "50",
            "--max-jobs",
            "3",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs it to its end, and says what it wrote.
async fn finish(emulator: &Emulator, folder: &Folder) -> String {
    let child = start(emulator, folder);
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let ended = ended.await.unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{told}");
    folder.read("out.csv")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_and_repeated_it_writes_the_same_table() {
    let undisturbed = Folder::with("t.csv", table(ROWS));
    let began = Instant::now();
    let whole = finish(&emulator().await, &undisturbed).await;
    let took = began.elapsed();
    assert_eq!(whole.lines().count(), ROWS as usize + 1);

    let mut random = fastrand::Rng::with_seed(18);
    let mut killed = 0;
    for moment in 0..MOMENTS {
        let emulator = emulator().await;
        let folder = Folder::with("t.csv", table(ROWS));
        // Up to three times in a row, each at another moment.
        for _ in 0..random.u32(1..=3) {
            let mut child = start(&emulator, &folder);
            tokio::time::sleep(took.mul_f64(random.f64())).await;
            killed += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            if let Ok(there) = std::fs::read_to_string(folder.path("out.csv")) {
                assert_eq!(there, whole, "moment {moment}: what is there is not whole");
            }
        }
        let repeated = finish(&emulator, &folder).await;
        assert_eq!(repeated, whole, "moment {moment}");
        let names = std::fs::read_dir(folder.path("")).unwrap();
        let left = names.map(|it| it.unwrap().file_name().into_string().unwrap());
        let left: Vec<_> = left.filter(|it| it.ends_with(".partial")).collect();
        assert!(left.is_empty(), "moment {moment}: {left:?}");
        let asked: usize = emulator.jobs().iter().map(|job| job.request_count).sum();
        assert_eq!(
            asked, ROWS as usize,
            "moment {moment}: something was paid for twice"
        );
    }
    assert!(killed > 0);
}
