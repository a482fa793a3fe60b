//! `genai-batch watch`: jobs until they end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use genai_batch::wait::Pace;
use genai_batch::{BatchJob, Client, JobState};

use crate::connect::connect;
use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::show::bars::Bars;
use crate::show::counted::{counted, grouped};
use crate::show::live::Live;
use crate::show::note::say;
use crate::show::{Out, json, time};

/// Follow jobs until all have ended.
///
/// On a terminal it is a table that keeps up with them. Elsewhere it writes a line whenever a job has
/// changed, with --output json all jobs once they have ended. It ends with 5 if a job did not succeed
/// or requests of it failed, with 6 if the time was up.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch watch --timeout 6h
  genai-batch watch \"$(genai-batch submit reviews.jsonl -m gemini-2.5-flash)\"")]
pub(crate) struct Args {
    /// The jobs, by their names; by default all that have not ended.
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// How jobs are waited for.
#[derive(Debug, clap::Args)]
pub(crate) struct WaitArgs {
    /// How long to wait, such as 30m or 6h; by default until the end.
    #[arg(long, value_parser = time::duration, value_name = "TIME")]
    timeout: Option<Duration>,
    /// How often to look; by default every five seconds at first, then up to a minute apart.
    #[arg(long, value_parser = time::duration, value_name = "TIME")]
    interval: Option<Duration>,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = connect(global, None).await?;
    let client = &connection.client;
    let jobs = match args.jobs.is_empty() {
        true => client.batches().list().active().all().await?,
        false => read(client, &args.jobs).await?,
    };
    if jobs.is_empty() {
        say(global, "no jobs that have not ended");
        return Out::of(global).records::<json::Job>(&[]);
    }
    follow(client, &jobs, &args.wait, global).await
}

/// What the service says of these jobs now.
async fn read(client: &Client, names: &[String]) -> Result<Vec<BatchJob>> {
    let mut jobs: Vec<BatchJob> = Vec::new();
    for name in names {
        let job = client.batches().get(name).await?;
        // Named twice, or by two names.
        if jobs.iter().all(|known| known.name() != job.name()) {
            jobs.push(job);
        }
    }
    Ok(jobs)
}

/// Follows jobs until all have ended.
async fn follow(
    client: &Client,
    jobs: &[BatchJob],
    wait: &WaitArgs,
    global: &Global,
) -> Result<()> {
    let out = Out::of(global);
    let live = Arc::new(Mutex::new(Live::new(out, global, jobs)));
    let show = Arc::clone(&live);
    let lock = |live: &Mutex<Live>, job: &BatchJob| {
        live.lock().unwrap_or_else(PoisonError::into_inner).see(job)
    };
    for job in jobs {
        lock(&live, job)?;
    }
    let waiting = client
        .batches()
        .wait_all(jobs)
        .pace(wait.pace())
        // What cannot be written shows at the end, where it can be told.
        .on_progress(move |job| drop(lock(&show, job)));
    let mut ended = HashMap::new();
    let mut failed = HashMap::new();
    let mut outcomes = waiting.into_stream();
    while let Some((name, outcome)) = outcomes.next().await {
        match outcome {
            Ok(job) => drop(ended.insert(name, job)),
            Err(error) => {
                if let Some(job) = error.job().filter(|job| job.is_terminal()) {
                    lock(&live, job)?;
                    ended.insert(name.clone(), job.clone());
                }
                failed.insert(name, of(error));
            }
        }
    }
    let in_order: Vec<_> = jobs
        .iter()
        .map(|job| ended.remove(job.name()).unwrap_or_else(|| job.clone()))
        .collect();
    live.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .end(&in_order)?;
    let count = counted(jobs.len() as u64, "job");
    // In the order in which they were given, whichever was first.
    let failed = jobs.iter().filter_map(|job| failed.remove(job.name()));
    let failed = failed.chain(in_order.iter().filter_map(|job| judge(job).err()));
    Failure::all(failed.collect(), || {
        format!("of {count}, some have not succeeded")
    })
}

/// Whether a job that succeeded has a response to each request, by the service's count.
pub(crate) fn judge(job: &BatchJob) -> Result<()> {
    let failed = job.stats().map_or(0, |stats| stats.failed);
    if *job.state() != JobState::Succeeded || failed == 0 {
        return Ok(());
    }
    let total = job.stats().and_then(|stats| stats.total);
    let of = total.map_or_else(String::new, |total| format!(" of {}", grouped(total)));
    let failure = Failure::new(
        Kind::SomeFailed,
        format_args!(
            "{} ended, and {}{of} requests failed",
            job.name(),
            grouped(failed)
        ),
    );
    Err(failure.hint(format_args!(
        "`genai-batch results {}` has what became of each",
        job.name()
    )))
}

/// Waits for one job, with nothing on standard output: the job as it was last seen, and why that is not
/// what was wanted.
pub(crate) async fn wait(
    client: &Client,
    job: BatchJob,
    patience: &WaitArgs,
    global: &Global,
) -> (BatchJob, Result<()>) {
    let bar = Bars::new(global.quiet).things("job", None);
    let shown = bar.clone();
    let waiting = client.batches().wait(&job).pace(patience.pace());
    let outcome = waiting.on_progress(move |job| shown.job(job)).await;
    bar.end();
    match outcome {
        Ok(ended) => (ended, Ok(())),
        Err(error) => (error.job().cloned().unwrap_or(job), Err(of(error))),
    }
}

impl WaitArgs {
    fn pace(&self) -> Pace {
        let mut pace = Pace::default();
        if let Some(timeout) = self.timeout {
            pace = pace.timeout(timeout);
        }
        if let Some(interval) = self.interval {
            pace = pace.interval(interval);
        }
        pace
    }
}

/// A job that did not succeed, or that has not ended in time.
fn of(error: genai_batch::Error) -> Failure {
    if error.is_job_ended() {
        let failure = Failure::new(Kind::SomeFailed, &error);
        return failure.hint("`genai-batch results` reads what it has, if anything");
    }
    if error.is_timeout() {
        let failure = Failure::new(Kind::Stopped, &error);
        return failure.hint("the same command goes on watching");
    }
    error.into()
}
