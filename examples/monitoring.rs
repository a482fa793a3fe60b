//! Jobs under watch: a callback for each change, a report of one that stands still, and a list
//! of all that are active.
//!
//! ```text
//! cargo run --example monitoring
//! ```

mod support;

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use futures_util::TryStreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _emulator) = support::connect().await?;
    let batches = client.batches();
    let mut jobs = Vec::new();
    for name in ["morning", "noon", "night"] {
        let create = batches.create("gemini-2.5-flash", vec!["What is 2 + 2?", "What is AI?"]);
        jobs.push(create.display_name(name).await?);
    }

    let mut active = batches.list().active().stream();
    while let Some(job) = active.try_next().await? {
        println!(
            "active: {} ({})",
            job.display_name().unwrap_or_default(),
            job.state()
        );
    }

    let mut shown = HashMap::new();
    let outcomes = batches
        .wait_all(&jobs)
        .poll_interval(Duration::from_millis(200))
        .timeout(Duration::from_secs(24 * 3600))
        .on_progress(move |job| {
            let state = job.state().clone();
            if shown.insert(job.name().to_owned(), state.clone()) != Some(state) {
                let stats = job.stats().map(|stats| stats.to_string());
                println!(
                    "{}: {} {}",
                    job.name(),
                    job.state(),
                    stats.unwrap_or_default()
                );
            }
        })
        .on_stall(Duration::from_secs(3600), |job, still| {
            eprintln!("{} has not moved for {still:?}", job.name());
        })
        .await;
    for outcome in outcomes {
        let job = outcome?;
        if let Some(end) = job.end_time() {
            println!("{} ended at {}", job.name(), end.format("%H:%M:%S"));
        }
    }
    Ok(())
}
