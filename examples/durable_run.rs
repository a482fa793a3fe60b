//! A run that is killed and continued: a process of its own drives it, and is killed three times on the
//! way. Started again, it goes on where it was, and in the end each request was asked once.
//!
//! ```sh
//! cargo run --example durable_run --features runs
//! ```

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use genai_batch::{Client, Request, RetryPolicy, Source};
use genai_batch_emulator::Emulator;

const REQUESTS: u32 = 2_000;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(url), Some(path)) => drive(&url, Path::new(&path)).await,
        _ => kill_and_continue().await,
    }
}

/// What a program does: it does not matter whether it is the first time.
async fn drive(url: &str, path: &Path) -> Result<()> {
    let client = Client::builder()
        .api_key("emulator")
        .base_url(url)
        .retry_policy(RetryPolicy::default())
        .build()?;
    let requests = (1..=REQUESTS)
        .map(|n| Request::text(format!("What is {n} + {n}?")).key(format!("sum-{n}")));
    let run = client
        .runs()
        .open(path)
        .model("gemini-2.5-flash")
        .source(Source::requests(requests))
        .await?;
    if let Some(intake) = run.intake() {
        println!("taken in: {} new, {} known", intake.added, intake.unchanged);
    }
    let report = run
        .finish()
        .job_requests(100, 400)
        .max_jobs(3)
        .poll_interval(Duration::from_millis(50), Duration::from_millis(200))
        .unclear_wait(Duration::from_secs(5))
        .on_progress(|progress| println!("  {progress}"))
        .await?;
    println!("{report}");
    let lines = run
        .save_to(path.with_extension("jsonl"))
        .overwrite(true)
        .await?;
    println!(
        "{lines} results in {}",
        path.with_extension("jsonl").display()
    );
    Ok(())
}

/// Starts that program, kills it, and starts it again.
async fn kill_and_continue() -> Result<()> {
    let job_duration = Duration::from_millis(300);
    let emulator = Emulator::builder()
        .job_duration(job_duration)
        .start()
        .await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sums.run");
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg(emulator.base_url()).arg(&path);
    for _ in 0..3 {
        let mut child = command.spawn()?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        child.kill()?;
        child.wait()?;
        println!("-- killed --");
    }
    let status = command.status()?;
    let asked: usize = emulator.jobs().iter().map(|job| job.request_count).sum();
    println!("{asked} requests were asked in all, and {REQUESTS} were to be");
    match status.success() && asked == REQUESTS as usize {
        true => Ok(()),
        false => Err("the run was not as it should be".into()),
    }
}
