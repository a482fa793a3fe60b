//! The main job from end to end: submit a file of requests, wait, and read every response under
//! its key.
//!
//! ```text
//! cargo run --example quickstart                    # no account: an emulator in this process
//! GEMINI_API_KEY=… cargo run --example quickstart   # the real service, which costs money
//! cargo run --example quickstart -- --help
//! ```

mod support;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use futures_util::TryStreamExt;
use genai_batch::results::BatchResult;
use genai_batch::{Client, Outcome, Report};

/// How many results are shown; the file has all of them.
const SHOWN: usize = 10;

/// Submits a file of requests as a batch, waits for it, and shows the responses.
///
/// Without GEMINI_API_KEY or GOOGLE_API_KEY in the environment it runs on an emulator, whose answers
/// are made by rules and not by a model.
#[derive(Parser)]
struct Args {
    /// The requests, one a line: {"key": …, "request": {…}}.
    #[arg(long, value_name = "JSONL", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/data/reviews.jsonl"))]
    input: PathBuf,
    /// The model that responds.
    #[arg(long, default_value = "gemini-2.5-flash")]
    model: String,
    /// Where all results go: a line each, the key and what became of it.
    #[arg(long, value_name = "FILE", default_value = "target/quickstart.tsv")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let (client, _emulator) = support::connect().await?;

    let job = client.batches().create(&args.model, args.input).await?;
    println!("created {}", job.name());

    let bar = support::bar("requests");
    let job = support::soon(client.batches().wait(&job))
        .on_progress(support::shown_on(&bar))
        .await?;
    bar.finish();

    let report = show(&client, &job, &args.output).await?;
    println!("{report}\nall of them are in {}", args.output.display());
    Ok(())
}

/// Writes each result into a file, and the first ones as a table.
async fn show(
    client: &Client,
    job: &genai_batch::BatchJob,
    output: &Path,
) -> Result<Report, Box<dyn Error>> {
    if let Some(folder) = output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = BufWriter::new(File::create(output)?);
    let mut results = client.batches().results(job).await?;
    let mut count = 0;
    while let Some(result) = results.try_next().await? {
        let (key, text) = row(&result);
        writeln!(file, "{key}\t{text}")?;
        if count < SHOWN {
            let short: String = text.chars().take(80).collect();
            println!("{key:<12} │ {short}");
        }
        count += 1;
    }
    file.flush()?;
    if count > SHOWN {
        println!("… and {} more", count - SHOWN);
    }
    Ok(results.report())
}

/// The key, and what became of the request on one line.
fn row(result: &BatchResult) -> (&str, String) {
    let text = match result.outcome() {
        Outcome::Response(response) => response.text().unwrap_or_default().into_owned(),
        Outcome::Error(error) => format!("failed: {error}"),
        Outcome::Missing => "nothing came back".to_owned(),
    };
    let words: Vec<_> = text.split_whitespace().collect();
    (result.key().unwrap_or("(no key)"), words.join(" "))
}
