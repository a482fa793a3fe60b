//! Any number of rows in constant memory, measured in a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(target_os = "linux")]

#[path = "support/folder.rs"]
mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use support::{Folder, emulator, to};

fn write_table(path: &Path, rows: u64) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(b"id,text\n").unwrap();
    for n in 0..rows {
        writeln!(
            file,
            "row-{n},\"This is the text of row {n}, which is about as long as a short review is.\""
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// The most memory that the command used, in MB; the emulator is in this process.
async fn measure(rows: u64) -> u64 {
    let folder = Folder::new();
    write_table(&folder.path("t.csv"), rows);
    let emulator = emulator().await;
    let arguments = ["t.csv", "--key", "id", "--prompt", "Say {{ text }}"];
    let mut command = folder.command(&arguments);
    to(&mut command, &emulator);
    let mut child = command
        .args(["--out", "out.csv"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        // Its highest so far, as long as it runs.
        if let Some(now) = highest(Path::new(&status)) {
            most = most.max(now);
        }
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(ended.success());
    let out = BufReader::new(File::open(folder.path("out.csv")).unwrap());
    assert_eq!(out.lines().count() as u64, rows + 1);
    most / 1000
}

/// `VmHWM`, in kB.
fn highest(status: &Path) -> Option<u64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_rows_take_no_more_memory_than_bounded_buffers() {
    let used = measure(50_000).await;
    assert!(used < 160, "{used} MB");
}

/// `cargo test -p genai-batch-cli --release --test memory -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn a_million_rows_take_as_much_as_fifty_thousand() {
    let (few, many) = (measure(50_000).await, measure(1_000_000).await);
    println!("50,000 rows: {few} MB; 1,000,000 rows: {many} MB");
    assert!(many < few + 64, "{few} MB, and {many} MB");
}
