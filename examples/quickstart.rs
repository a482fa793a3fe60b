//! The main job from end to end: submit a file of requests, wait, and print every answer
//! under its key.
//!
//! ```text
//! cargo run --example quickstart                    # no account: an emulator in this process
//! GEMINI_API_KEY=… cargo run --example quickstart   # the real service
//! cargo run --example quickstart -- --input requests.jsonl --model gemini-2.5-flash
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::{Client, Outcome};
use genai_batch_emulator::Emulator;

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Options { input, model } = Options::from_args()?;
    let (client, _emulator) = connect().await?;

    let job = client.batches().create(model, input).await?;
    println!("created {}", job.name());

    let mut shown = String::new();
    let job = client
        .batches()
        .wait(&job)
        .poll_interval(Duration::from_millis(200))
        .on_progress(move |job| {
            let stats = job
                .stats()
                .map_or_else(String::new, |stats| stats.to_string());
            let line = format!("{} {stats}", job.state());
            if line != shown {
                println!("{line}");
                shown = line;
            }
        })
        .await?;

    let mut results = client.batches().results(&job).await?;
    while let Some(result) = results.try_next().await? {
        let key = result.key().unwrap_or("(key lost)");
        match result.outcome() {
            Outcome::Response(response) => {
                println!("{key}: {}", response.text().unwrap_or_default());
            }
            Outcome::Error(error) => println!("{key}: failed: {error}"),
            _ => println!("{key}: no result came back"),
        }
    }
    println!("{}", results.report());
    Ok(())
}

/// The real service if a key is set, else an emulator that lives as long as the second value.
async fn connect() -> Result<(Client, Option<Emulator>), Box<dyn Error>> {
    let is_set = |name| std::env::var(name).is_ok_and(|value| !value.is_empty());
    if is_set("GOOGLE_API_KEY") || is_set("GEMINI_API_KEY") {
        let client = Client::from_env()?;
        println!("using {} at {}", client.backend(), client.base_url());
        return Ok((client, None));
    }
    let emulator = Emulator::start().await?;
    println!(
        "no API key is set: using an emulator at {}",
        emulator.base_url()
    );
    let client = Client::builder()
        .gemini()
        .api_key("any-key")
        .base_url(emulator.base_url())
        .build()?;
    Ok((client, Some(emulator)))
}

struct Options {
    input: PathBuf,
    model: String,
}

impl Options {
    fn from_args() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            input: PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/examples/data/reviews.jsonl"
            )),
            model: "gemini-2.5-flash".to_owned(),
        };
        let mut args = std::env::args().skip(1);
        while let Some(name) = args.next() {
            let mut value = || args.next().ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--input" => options.input = value()?.into(),
                "--model" => options.model = value()?,
                _ => return Err(format!("unknown option {name}: use --input or --model").into()),
            }
        }
        Ok(options)
    }
}
