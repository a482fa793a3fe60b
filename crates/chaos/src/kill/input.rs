//! The requests of all rounds, and what an undisturbed run makes of them.

use std::path::Path;

use genai_batch::Client;
use genai_batch_emulator::Emulator;
use serde_json::json;

use super::child::{self, Task};

/// How many requests a run has …
pub(super) const REQUESTS: usize = 5_000;
/// … and each job.
pub(super) const OF_A_JOB: u32 = 250;

/// Writes the requests. Some have metadata, some end with an error.
pub(super) fn write(path: &Path) -> std::io::Result<()> {
    let mut lines = String::new();
    for n in 0..REQUESTS {
        let text = match n % 500 {
            499 => "[[error:3]]".to_owned(),
            _ => format!("What is {n} + 17?"),
        };
        let mut line = json!({
            // Not in the order of the texts.
            "key": format!("k{}", (n * 7919) % REQUESTS),
            "request": {"contents": [{"role": "user", "parts": [{"text": text}]}]},
        });
        if n % 10 == 0 {
            line["metadata"] = json!({ "n": n });
        }
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    std::fs::write(path, lines)
}

/// A client of an emulator that is patient within milliseconds.
pub(super) fn client(url: &str) -> genai_batch::Result<Client> {
    let quick = genai_batch::RetryPolicy::default()
        .initial_backoff(std::time::Duration::from_millis(2))
        .max_backoff(std::time::Duration::from_millis(20));
    Client::builder()
        .api_key("chaos")
        .base_url(url)
        .api_version("v1beta")
        .retry_policy(quick)
        .build()
}

/// The output of a run that nothing disturbs.
pub(super) async fn reference() -> Result<Vec<u8>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let folder = tempfile::tempdir().map_err(|e| told(&e))?;
    let duration = std::time::Duration::from_millis(50);
    let emulator = Emulator::builder().job_duration(duration).start().await;
    let emulator = emulator.map_err(|e| told(&e))?;
    let task = Task::new(emulator.base_url(), folder.path());
    write(&task.input()).map_err(|e| told(&e))?;
    child::finish(&task).await.map_err(|e| told(&e))?;
    std::fs::read(task.output()).map_err(|e| told(&e))
}
