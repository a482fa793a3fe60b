//! genai-batch doing the same work as the other clients' drivers: `driver WORKLOAD BASE ARG`.
//!
//! Each workload is written as a user would write it, with the public interface alone, and prints
//! one line. `w0` to `w7` are those of every driver, which all have to print the same; the others
//! are of this one alone:
//!
//! | workload | ARG | does |
//! |---|---|---|
//! | `list-first` | number | lists the first so many jobs, in pages of 100 |
//! | `by-8`, or another number | that of `w2` | reads what `w2` reads, by `connections(8)` |
//! | `shards` | number | reads what `w2` reads, from the objects in Cloud Storage of a Vertex AI job whose id is ARG; BASE is `genai-batch-storage` |
//! | `wait-all` | number | waits for so many jobs at once, each of which has ended at its second poll |

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use genai_batch::batches::{self, InlineLimit};
use genai_batch::external::serde_json::{self, Value};
use genai_batch::results::RowError;
use genai_batch::{
    BatchResult, Client, GenerationConfig, JobState, Outcome, Request, Result, Source,
};

/// The prompt after "Request 000001: ".
const PROMPT: &str = include_str!("prompt.txt");
const MODEL: &str = "gemini-2.5-flash";
/// Long enough for ten thousand jobs to have been polled once before one is polled again.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// What was read of a job's results.
#[derive(Default)]
struct Sum {
    count: u64,
    errors: u64,
    tokens: u64,
    text_bytes: usize,
    key_bytes: usize,
    err_sum: i64,
}

async fn create(client: &Client, requests: u32) -> Result<String> {
    let config = GenerationConfig::new()
        .temperature(0.2)
        .max_output_tokens(64);
    let requests = (1..=requests)
        .map(|n| Request::text(format!("Request {n:06}: {PROMPT}")).key(format!("req-{n:06}")));
    let job = client
        .batches()
        .create(MODEL, Source::requests(requests))
        .display_name("bench")
        .generation_config(config)
        .inline_limit(InlineLimit::MAX)
        // The server shows a name of its own, and no mark.
        .adopt(false)
        .await?;
    Ok(format!("name={} state={}", job.name(), job.state()))
}

async fn results(results: batches::Results) -> Result<String> {
    let mut results = results.await?;
    let mut sum = Sum::default();
    while let Some(result) = results.try_next().await? {
        sum.count += 1;
        sum.key_bytes += result.key().map_or(0, str::len);
        match result.outcome() {
            Outcome::Response(response) => {
                sum.text_bytes += response.text().map_or(0, |text| text.len());
                sum.tokens += response.usage().map_or(0, |usage| usage.total_tokens);
            }
            Outcome::Error(error) => {
                sum.errors += 1;
                sum.err_sum += code_in(&result, error) + error.message().len() as i64;
            }
            Outcome::Missing => sum.errors += 1,
        }
    }
    let report = results.report();
    if report.responses + report.errors != sum.count || !report.finished {
        eprintln!("the report says otherwise: {report}");
    }
    Ok(format!(
        "count={} errors={} tokens={} text_bytes={} key_bytes={} err_sum={}",
        sum.count, sum.errors, sum.tokens, sum.text_bytes, sum.key_bytes, sum.err_sum
    ))
}

/// The code as it stands in the row, which may be an HTTP status; the crate makes one of all kinds of codes.
fn code_in(result: &BatchResult, error: &RowError) -> i64 {
    let row: Option<Value> = serde_json::from_str(result.json()).ok();
    let code = row.and_then(|row| row["error"]["code"].as_i64());
    code.unwrap_or(error.code())
}

/// The job whose results are in this file.
fn job_of(file: &str) -> String {
    file.replacen("out-", "batches/file-", 1)
}

async fn upload(client: &Client, path: &str) -> Result<String> {
    let file = client
        .files()
        .upload(Path::new(path))
        .display_name("bench")
        .await?;
    let (state, bytes) = (file.state().unwrap_or("-"), file.size_bytes());
    Ok(format!("upload={state} bytes={}", bytes.unwrap_or(0)))
}

async fn list(client: &Client, page_size: i32, first: usize) -> Result<String> {
    let jobs = client.batches().list().page_size(page_size).stream();
    let mut jobs = jobs.take(first);
    let (mut count, mut succeeded, mut name_bytes) = (0u64, 0u64, 0);
    while let Some(job) = jobs.try_next().await? {
        count += 1;
        succeeded += u64::from(*job.state() == JobState::Succeeded);
        name_bytes += job.name().len();
    }
    Ok(format!(
        "jobs={count} succeeded={succeeded} name_bytes={name_bytes}"
    ))
}

async fn poll(client: &Client, times: u32) -> Result<String> {
    let mut running = 0;
    for _ in 0..times {
        let job = client.batches().get("batches/run-1").await?;
        running += u32::from(*job.state() == JobState::Running);
    }
    Ok(format!("polls={times} running={running}"))
}

async fn wait_all(client: &Client, jobs: u32) -> Result<String> {
    let polls = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&polls);
    let outcomes = client
        .batches()
        .wait_all((1..=jobs).map(|n| format!("batches/poll-2-{n}")))
        .poll_interval(POLL_INTERVAL)
        .on_progress(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
        .await;
    let mut succeeded = 0;
    for outcome in outcomes {
        succeeded += u32::from(*outcome?.state() == JobState::Succeeded);
    }
    let polls = polls.load(Ordering::Relaxed);
    Ok(format!("jobs={jobs} succeeded={succeeded} polls={polls}"))
}

async fn run(work: &str, base: &str, arg: &str) -> std::result::Result<String, Failure> {
    let client = match work {
        "shards" => Client::builder()
            .vertex()
            .project("bench")
            .location("us-central1")
            .access_token("t")
            .base_url(base)
            .storage_base_url(base)
            .build()?,
        _ => Client::builder()
            .gemini()
            .api_key("k")
            .base_url(base)
            .build()?,
    };
    Ok(match work {
        "w0" => "ready".to_owned(),
        "w1" => create(&client, arg.parse()?).await?,
        "w2" => results(client.batches().results(job_of(arg))).await?,
        "w3" => results(client.batches().results(format!("batches/{arg}"))).await?,
        "w4" => upload(&client, arg).await?,
        "w5" => list(&client, arg.parse()?, usize::MAX).await?,
        "w6" => poll(&client, arg.parse()?).await?,
        "w7" => {
            let job = client.batches().get(format!("batches/{arg}")).await?;
            format!("state={}", job.state())
        }
        "list-first" => list(&client, 100, arg.parse()?).await?,
        "shards" => {
            let job = format!("batchPredictionJobs/{arg}");
            results(client.batches().results(job)).await?
        }
        "wait-all" => wait_all(&client, arg.parse()?).await?,
        other => match other.strip_prefix("by-") {
            Some(count) => {
                let by = client.batches().results(job_of(arg));
                results(by.connections(count.parse()?)).await?
            }
            None => return Err(format!("unknown workload {other}").into()),
        },
    })
}

type Failure = Box<dyn std::error::Error>;

fn main() -> std::result::Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let [_, work, base, arg] = args.as_slice() else {
        let usage = "usage: genai-batch-driver WORKLOAD BASE ARG";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, usage).into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    println!("{}", runtime.block_on(run(work, base, arg))?);
    Ok(())
}
