//! A table of reviews and a prompt for each row, to a table with typed answers.
//!
//! ```text
//! cargo run --example csv                    # no account: an emulator in this process
//! GEMINI_API_KEY=… cargo run --example csv   # the real service, which costs money
//! cargo run --example csv -- --help
//! ```
//!
//! Killed at any point and started again, it goes on with the job that is there, by the job's id, and
//! ends with the same table, which is written whole. Rows without a good answer are asked for once
//! more, in a job of their own.

mod support;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use futures_util::TryStreamExt;
use genai_batch::{BatchJob, Client, GenerationConfig, Request};
use minijinja::{Environment, UndefinedBehavior};
use schemars::JsonSchema;
use serde::Deserialize;

/// Rates each review of a CSV, and writes its rows with the ratings into another.
#[derive(Parser)]
struct Args {
    /// The table, with a header.
    #[arg(long, value_name = "CSV", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/data/reviews.csv"))]
    input: PathBuf,
    /// Where the table with the answers goes.
    #[arg(long, value_name = "CSV", default_value = "target/rated.csv")]
    output: PathBuf,
    /// The prompt of a row, in Jinja: each column is a variable.
    #[arg(
        long,
        default_value = "Classify the sentiment of this review.\n\nReview: {{ review }}"
    )]
    prompt: String,
    #[arg(long, default_value = "gemini-2.5-flash")]
    model: String,
    /// What tells this run from all others: under the same id, it goes on.
    #[arg(long, default_value = "rated-reviews")]
    id: String,
    /// How often a row is asked for that has no good answer.
    #[arg(long, default_value_t = 2)]
    attempts: usize,
}

/// What is wanted of each row. The comments are sent along.
#[derive(JsonSchema, Deserialize)]
struct Rating {
    sentiment: Sentiment,
    /// A few words from the review that show it.
    quote: String,
}

#[derive(Debug, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sentiment {
    Positive,
    Neutral,
    Negative,
    Mixed,
}

/// What came of each row, by its key.
type Outcomes = BTreeMap<String, Result<Rating, String>>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all rows have a rating.
async fn run(args: &Args) -> Result<bool, Box<dyn Error>> {
    let table = Table::read(&args.input)
        .map_err(|error| format!("{} cannot be read: {error}", args.input.display()))?;
    let (client, _emulator) = support::connect().await?;

    let mut outcomes = Outcomes::new();
    for attempt in 1..=args.attempts {
        let is_open = |key: &str| !matches!(outcomes.get(key), Some(Ok(_)));
        let requests = table.requests(&args.prompt, is_open)?;
        if requests.is_empty() {
            break;
        }
        let id = format!("{}-{attempt}", args.id);
        let rows = requests.len();
        let job = submit(&client, &args.model, &id, requests).await?;
        let rows_are = if rows == 1 {
            "1 row is"
        } else {
            &*format!("{rows} rows are")
        };
        println!("{rows_are} in {}", job.name());
        let job = follow(&client, &job).await?;
        collect(&client, &job, &mut outcomes).await?;
    }
    table.write(&args.output, &outcomes)?;
    let rated = outcomes.values().filter(|outcome| outcome.is_ok()).count();
    println!(
        "{rated} of {} rows rated, in {}",
        table.rows.len(),
        args.output.display()
    );
    Ok(rated == table.rows.len())
}

/// Creates the job, or finds the one that an earlier run made under this id.
async fn submit(
    client: &Client,
    model: &str,
    id: &str,
    requests: Vec<Request>,
) -> genai_batch::Result<BatchJob> {
    let bar = support::bar("upload");
    let shown = bar.clone();
    let job = client
        .batches()
        .create(model, requests)
        .id(id)
        .generation_config(
            GenerationConfig::new()
                .temperature(0.0)
                .max_output_tokens(512),
        )
        .on_progress(move |progress| match progress.total_bytes {
            Some(total) => {
                shown.set_length(total);
                shown.set_position(progress.sent_bytes);
            }
            None => shown.set_message(format!("bytes, {} requests read", progress.requests)),
        })
        .await?;
    bar.finish();
    Ok(job)
}

async fn follow(client: &Client, job: &BatchJob) -> genai_batch::Result<BatchJob> {
    let bar = support::bar("job");
    let job = support::soon(client.batches().wait(job))
        .on_progress(support::shown_on(&bar))
        .await?;
    bar.finish();
    Ok(job)
}

async fn collect(
    client: &Client,
    job: &BatchJob,
    outcomes: &mut Outcomes,
) -> genai_batch::Result<()> {
    let bar = support::bar("results");
    let results = client.batches().results(job).await?;
    bar.set_length(results.report().submitted.unwrap_or_default());
    let mut ratings = results.typed::<Rating>();
    while let Some((key, rating)) = ratings.try_next().await? {
        bar.inc(1);
        if let Some(key) = key {
            outcomes.insert(key.to_string(), rating.map_err(|error| error.to_string()));
        }
    }
    bar.finish();
    println!("{}", ratings.report());
    Ok(())
}

/// A table whose rows have their numbers as keys.
struct Table {
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let mut reader = csv::Reader::from_path(path)?;
        Ok(Self {
            header: reader.headers()?.clone(),
            rows: reader.records().collect::<Result<_, _>>()?,
        })
    }

    fn keys(&self) -> impl Iterator<Item = (String, &csv::StringRecord)> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(n, row)| (format!("row-{}", n + 1), row))
    }

    /// A request for each row that is still open.
    fn requests(
        &self,
        prompt: &str,
        is_open: impl Fn(&str) -> bool,
    ) -> Result<Vec<Request>, Box<dyn Error>> {
        let mut templates = Environment::new();
        // A name that is no column is a mistake, and not an empty text.
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let prompt = templates.template_from_str(prompt)?;
        let mut requests = Vec::new();
        for (key, row) in self.keys().filter(|(key, _)| is_open(key)) {
            let columns = self.header.iter().zip(row.iter());
            let columns = columns.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let columns: BTreeMap<String, String> = columns.collect();
            let prompt = prompt.render(columns).map_err(|error| {
                let header = self.header.iter().collect::<Vec<_>>().join(", ");
                format!("the prompt of {key}: {error}; the columns are {header}")
            })?;
            requests.push(Request::text(prompt).key(key).output::<Rating>()?);
        }
        Ok(requests)
    }

    /// Writes the table with what came of each row. The file appears once it is whole.
    fn write(&self, path: &Path, outcomes: &Outcomes) -> Result<(), Box<dyn Error>> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut writer = csv::Writer::from_writer(tempfile::NamedTempFile::new_in(folder)?);
        let columns = ["sentiment", "quote", "error"];
        writer.write_record(self.header.iter().chain(columns))?;
        for (key, row) in self.keys() {
            let answer = match outcomes.get(&key) {
                Some(Ok(Rating { sentiment, quote })) => {
                    let sentiment = format!("{sentiment:?}").to_lowercase();
                    [sentiment, quote.clone(), String::new()]
                }
                Some(Err(error)) => [String::new(), String::new(), error.clone()],
                None => [String::new(), String::new(), "never asked for".to_owned()],
            };
            let answer = answer.iter().map(String::as_str);
            writer.write_record(row.iter().chain(answer))?;
        }
        let mut file = writer.into_inner().map_err(|error| error.into_error())?;
        file.flush()?;
        file.persist(path)?;
        Ok(())
    }
}
