//! `genai-batch runs resume` and `retry`: a run taken to its end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use genai_batch::runs::{Finish, Run, RunReport, Stopped};

use super::file::there;
use crate::commands::estimate::Prices;
use crate::connect::{Connection, connect, state_of};
use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::show::counted::counted;
use crate::show::note::say;
use crate::show::{Out, time, transfer};

/// Go on with a run where it was, until each request has its outcome.
///
/// Where `genai-batch run` made it, the same command line does this too, and writes the table.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch runs resume reviews.run
  genai-batch runs resume reviews.run --deadline 6h --budget 5")]
pub(super) struct Resume {
    /// The file of the run.
    #[arg(value_name = "RUN")]
    path: PathBuf,
    #[command(flatten)]
    limits: Limits,
}

/// Ask again for what failed in a run, bad requests and blocked ones too, and go on with it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch runs retry reviews.run")]
pub(super) struct Retry {
    /// The file of the run.
    #[arg(value_name = "RUN")]
    path: PathBuf,
    #[command(flatten)]
    limits: Limits,
}

/// Where it ends before all is done.
#[derive(Debug, clap::Args)]
struct Limits {
    /// Stop after this long: jobs are cancelled, and what they have is kept.
    #[arg(long, value_parser = time::duration, value_name = "TIME")]
    deadline: Option<Duration>,
    /// Make no job that may lead to a higher cost than this.
    #[arg(long, value_name = "AMOUNT")]
    budget: Option<f64>,
    /// How often a request is asked at most.
    #[arg(long, value_name = "N", default_value_t = 3)]
    attempts: u32,
    /// How many jobs there are at once at most.
    #[arg(long, value_name = "N")]
    max_jobs: Option<usize>,
    #[command(flatten)]
    prices: Prices,
}

pub(super) async fn resume(args: Resume, global: &Global) -> Result<()> {
    let (connection, run) = open(&args.path, global).await?;
    finish(connection, run, &args.limits, global).await
}

pub(super) async fn retry(args: Retry, global: &Global) -> Result<()> {
    let (connection, run) = open(&args.path, global).await?;
    let failed = run.retry_failed().await?;
    say(
        global,
        format_args!("{} asked again", counted(failed, "request")),
    );
    finish(connection, run, &args.limits, global).await
}

async fn open(path: &Path, global: &Global) -> Result<(Connection, Run)> {
    there(path)?;
    let connection = connect(global, Some(&state_of(path))).await?;
    let run = connection.client.runs().open(path).await?;
    Ok((connection, run))
}

async fn finish(connection: Connection, run: Run, limits: &Limits, global: &Global) -> Result<()> {
    let bar = transfer::Bar::new("requests", global);
    let shown = bar.clone();
    let finishing = limits.of(&run)?.on_progress(move |progress| {
        shown.things(progress.done(), Some(progress.requests));
    });
    let outcome = tokio::select! {
        outcome = finishing => outcome,
        _ = tokio::signal::ctrl_c() => {
            bar.end();
            let failure = Failure::new(Kind::Interrupted, "interrupted; what there is is kept");
            return Err(failure.hint("the same command goes on"));
        }
    };
    bar.end();
    let report = outcome?;
    run.close().await;
    drop(connection);
    let out = Out::of(global);
    match out.is_json() {
        true => out.document(&Finished::from(&report))?,
        false => crate::show::out::write_text(&format!("{report}\n"))?,
    }
    judge(&report)
}

impl Limits {
    fn of(&self, run: &Run) -> Result<Finish> {
        let mut finish = run.finish().attempts(self.attempts);
        if let Some(deadline) = self.deadline {
            finish = finish.deadline(deadline);
        }
        if let Some(jobs) = self.max_jobs {
            finish = finish.max_jobs(jobs);
        }
        if let Some(budget) = self.budget {
            let pricing = self.prices.of(run.model()).map_err(|error| {
                Failure::from(error).hint("say --input-price and --output-price")
            })?;
            finish = finish.budget(budget, pricing);
        }
        Ok(finish)
    }
}

/// The account, for programs.
#[derive(serde::Serialize)]
struct Finished {
    requests: u64,
    responses: u64,
    errors: u64,
    missing: u64,
    unfinished: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// `deadline` or `budget`, where one of these ended it.
    stopped: Option<&'static str>,
}

impl From<&RunReport> for Finished {
    fn from(report: &RunReport) -> Self {
        Self {
            requests: report.requests,
            responses: report.responses,
            errors: report.errors,
            missing: report.missing,
            unfinished: report.unfinished,
            input_tokens: report.input_tokens,
            output_tokens: report.output_tokens,
            stopped: report.stopped.map(|stopped| match stopped {
                Stopped::Deadline => "deadline",
                Stopped::Budget => "budget",
                Stopped::First => "first",
                _ => "other",
            }),
        }
    }
}

fn judge(report: &RunReport) -> Result<()> {
    if report.unfinished > 0 {
        let left = counted(report.unfinished, "request");
        let why = match report.stopped {
            Some(Stopped::Deadline) => "the deadline",
            Some(Stopped::Budget) => "the budget",
            _ => "a limit",
        };
        let message = format!("{why} stopped it with {left} to go");
        let failure = Failure::new(Kind::Stopped, message);
        return Err(failure.hint("say it again, with more of it, to go on"));
    }
    let failed = report.errors + report.missing;
    if failed == 0 {
        return Ok(());
    }
    let of = counted(report.requests, "request");
    let failure = Failure::new(
        Kind::SomeFailed,
        format_args!("{failed} of {of} have no response"),
    );
    Err(failure.hint("`genai-batch runs retry RUN` asks for them again"))
}
