//! A whole job of Vertex AI, led by the environment as `Client::from_env` is.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use futures_util::TryStreamExt as _;
use genai_batch::{BatchJob, Client, Outcome, Source};
use serde::Serialize;

use crate::Any;

/// A job, and what becomes of its results.
#[derive(Args, Debug)]
pub struct Options {
    /// The requests: a file, or an address in Cloud Storage or BigQuery.
    input: String,
    /// Where the results are to go; by default the client decides.
    #[arg(long)]
    dest: Option<String>,
    /// Where to save the results as they are read.
    #[arg(long)]
    save: Option<String>,
    /// Remove the staged input when the job is made.
    #[arg(long)]
    remove_staged: bool,
    /// A token to call with.
    #[arg(long, default_value = "interop-token")]
    token: String,
}

/// What was read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    job: String,
    state: String,
    /// How many results of each kind were read.
    outcomes: BTreeMap<&'static str, u64>,
    /// A text of a response, by key; the first few.
    texts: BTreeMap<String, String>,
    /// How the results stand to the requests.
    report: String,
    /// The report of the save.
    saved: Option<String>,
}

/// How many texts are told.
const TEXTS: usize = 20;

/// Makes the job, waits for it, saves its results and reads them.
///
/// # Errors
///
/// Those of the client.
pub async fn run(options: Options) -> Result<Told, Any> {
    let client = Client::builder().access_token(options.token).build()?;
    let batches = client.batches();
    let source = source(&options.input);
    let mut create = batches
        .create("gemini-2.5-flash", source)
        .display_name("interop")
        .remove_staged_input(options.remove_staged);
    if let Some(dest) = &options.dest {
        create = create.dest(dest.as_str());
    }
    let job = create.await?;
    let wait = batches.wait(&job).poll_interval(Duration::from_millis(100));
    let job = wait.await?;
    let saved = match &options.save {
        Some(place) => Some(batches.results(&job).save_to(place.as_str()).await?),
        None => None,
    };
    read(&client, &job, saved.map(|report| report.to_string())).await
}

fn source(input: &str) -> Source {
    match input.split_once("://") {
        Some(("gs", _)) => Source::cloud_storage([input]),
        Some(("bq", _)) => Source::big_query(input),
        _ => Source::path(input),
    }
}

async fn read(client: &Client, job: &BatchJob, saved: Option<String>) -> Result<Told, Any> {
    let mut results = client.batches().results(job).await?;
    let mut outcomes = BTreeMap::new();
    let mut texts = BTreeMap::new();
    while let Some(result) = results.try_next().await? {
        let kind = match result.outcome() {
            Outcome::Response(response) => {
                if texts.len() < TEXTS {
                    let key = result.key().unwrap_or_default().to_owned();
                    texts.insert(key, response.text().unwrap_or_default().to_string());
                }
                "response"
            }
            Outcome::Error(_) => "error",
            Outcome::Missing => "missing",
        };
        *outcomes.entry(kind).or_default() += 1;
    }
    Ok(Told {
        job: job.name().to_owned(),
        state: job.state().to_string(),
        outcomes,
        texts,
        report: results.report().to_string(),
        saved,
    })
}
