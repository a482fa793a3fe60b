//! The main job in a program without async.
//!
//! ```text
//! cargo run --example blocking --features blocking
//! ```

use std::error::Error;
use std::time::Duration;

use genai_batch::{Client, Outcome, Request};
use genai_batch_emulator::Emulator;

fn main() -> Result<(), Box<dyn Error>> {
    // The emulator alone needs a runtime. On the real service: `blocking::Client::from_env()`.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let emulator = runtime.block_on(Emulator::start())?;
    let client = Client::builder()
        .api_key("any-key")
        .base_url(emulator.base_url())
        .build()?
        .blocking()?;

    let requests: Vec<_> = (1..=20)
        .map(|n| Request::text(format!("What is {n} + {n}?")).key(format!("sum-{n}")))
        .collect();
    let job = client
        .batches()
        .create("gemini-2.5-flash", requests)
        .call()?;
    let wait = client.batches().wait(&job);
    let job = wait.poll_interval(Duration::from_millis(200)).call()?;
    let mut results = client.batches().results(&job).call()?;
    for result in &mut results {
        let result = result?;
        if let Outcome::Response(response) = result.outcome() {
            let key = result.key().unwrap_or_default();
            println!("{key}: {}", response.text().unwrap_or_default());
        }
    }
    println!("{}", results.report());
    Ok(())
}
