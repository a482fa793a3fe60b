//! `genai-batch runs resume` and `retry`: a run taken to its end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use genai_batch::cost::Pricing;
use genai_batch::runs::{Finish, Run, RunReport, Stopped};

use super::again;
use super::file::about_run;
use super::made::options_for;
use crate::commands::estimate::Prices;
use crate::commands::run::{AtService, Told, of_emulator};
use crate::connect::{Connection, connect};
use crate::exit::{Failure, Kind, Result};
use crate::global::{Global, Output};
use crate::show::bars::Bars;
use crate::show::counted::{about, counted, grouped, money};
use crate::show::json::Deviations;
use crate::show::note::say;
use crate::show::{Cell, Out, Tone, time};

/// The tables that `genai-batch run` writes, by their names.
const TABLES: [&str; 5] = ["csv", "tsv", "jsonl", "ndjson", "parquet"];

/// Go on with a run where it was, until each request has its outcome.
///
/// Where `genai-batch run` made it, the same command line does this too, and writes the table, which this
/// does not.
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
///
/// The table of `genai-batch run` is written by giving its command again.
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
    /// How many attempts a request has at most.
    #[arg(long, value_name = "N", default_value_t = 3)]
    attempts: u32,
    /// How many jobs there are at once at most.
    #[arg(long, value_name = "N")]
    max_jobs: Option<usize>,
    #[command(flatten)]
    prices: Prices,
}

pub(super) async fn resume(args: Resume, global: &Global) -> Result<()> {
    let global = &options_for(&args.path, global).await?;
    let (connection, run) = open(&args.path, global).await?;
    let finished = finish(connection, run, &args.limits, global).await;
    say_of_table(&args.path, global);
    let retry = again::command("retry", &args.path, global);
    finished?.judge(&format!("`{retry}` asks for them again"))
}

pub(super) async fn retry(args: Retry, global: &Global) -> Result<()> {
    let global = &options_for(&args.path, global).await?;
    let (connection, run) = open(&args.path, global).await?;
    let failed = run.retry_failed().await?;
    let asked = match failed {
        0 => "no request failed: what has an answer, such as one that was cut off, is not asked again"
            .to_owned(),
        failed => format!("{} asked again", counted(failed, "request")),
    };
    say(global, asked);
    let finished = finish(connection, run, &args.limits, global).await;
    say_of_table(&args.path, global);
    let path = args.path.display();
    finished?.judge(&format!(
        "`genai-batch runs export {path}` tells why: what is wrong with a request stays wrong, however \
         often it is asked"
    ))
}

/// Says how the table is written of a run that has one, by its name.
fn say_of_table(run: &Path, global: &Global) {
    let table = run.with_extension("");
    let extension = table.extension().and_then(|it| it.to_str());
    let is_table = extension.is_some_and(|it| TABLES.contains(&it));
    if is_table && run.extension().is_some_and(|it| it == "run") {
        say(
            global,
            format_args!(
                "{} is not written by this: give its `genai-batch run` command again, which asks for \
                 nothing twice",
                table.display()
            ),
        );
    }
}

async fn open(path: &Path, global: &Global) -> Result<(Connection, Run)> {
    let connection = connect(global, Some(path)).await?;
    let opened = connection.client.runs().open(path).await;
    let run = opened.map_err(|error| about_run(path, error.into()))?;
    Ok((connection, run))
}

async fn finish(
    connection: Connection,
    run: Run,
    limits: &Limits,
    global: &Global,
) -> Result<Ended> {
    let pricing = limits.prices.of(run.model()).ok();
    let quiet = global.quiet || global.output != Output::Text;
    let bars = Bars::new(quiet);
    let bar = bars.things("requests", None);
    let shown = bar.clone();
    let mut told = Told::new(&bars, quiet);
    let mut limited = limits.of(&run)?;
    if connection.emulator.is_some() {
        limited = of_emulator(limited);
    }
    let finishing = limited
        .on_event(move |event| told.hear(event))
        .on_progress(move |progress| {
            shown.at(progress.done(), Some(progress.requests));
        });
    let outcome = finishing.await;
    bar.end();
    let report = outcome?;
    let is_emulated = connection.emulator.is_some();
    let at_service = AtService::of(&run).await?;
    run.close().await;
    drop(connection);
    let finished = Finished {
        is_emulated,
        ..Finished::from(&report)
    };
    let parts = parts(&report, pricing.as_ref(), is_emulated);
    Out::of(global).parts(parts, &finished)?;
    Ok(Ended { report, at_service })
}

/// What became of a run, for people.
fn parts(
    report: &RunReport,
    pricing: Option<&Pricing>,
    is_emulated: bool,
) -> Vec<(&'static str, Cell)> {
    let count = Cell::count;
    let tone = |failed: u64| if failed > 0 { Tone::Bad } else { Tone::Plain };
    let mut parts = vec![
        ("requests", count(report.requests)),
        ("responses", count(report.responses)),
        ("errors", count(report.errors).tone(tone(report.errors))),
        ("missing", count(report.missing).tone(tone(report.missing))),
    ];
    if report.unfinished > 0 {
        parts.push(("unfinished", count(report.unfinished).tone(Tone::Warning)));
    }
    parts.push(("tokens in", count(report.input_tokens)));
    parts.push(("tokens out", count(report.output_tokens)));
    if let Some(pricing) = pricing {
        let cost = about(&money(report.cost(pricing), "USD"));
        parts.push(match is_emulated {
            true => (
                "cost",
                Cell::new(format!(
                    "none: these are the emulator's answers; a model would cost {cost}"
                )),
            ),
            false => ("cost", Cell::new(cost)),
        });
    } else if is_emulated {
        parts.push(("cost", Cell::new("none: these are the emulator's answers")));
    }
    parts.extend(Deviations::of(report).map(|deviations| deviations.part()));
    parts.extend(report.generations.iter().map(|attempt| {
        let (requests, jobs) = (
            counted(attempt.requests, "request"),
            counted(attempt.jobs, "job"),
        );
        let again = grouped(attempt.retried);
        let text = format!(
            "{}: {requests} in {jobs}, {again} asked again",
            attempt.number
        );
        ("attempt", Cell::new(text))
    }));
    parts
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
                Failure::from(error)
                    .hint("give what a million tokens cost, in and out: --price 0.30:2.50")
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
    /// Whether the answers are the emulator's.
    is_emulated: bool,
    /// What was off about the rows of its jobs, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    deviations: Option<Deviations>,
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
            is_emulated: false,
            deviations: Deviations::of(report),
            stopped: report.stopped.map(|stopped| match stopped {
                Stopped::Deadline => "deadline",
                Stopped::Budget => "budget",
                Stopped::First => "first",
                _ => "other",
            }),
        }
    }
}

/// A run that was taken as far as it goes.
struct Ended {
    report: RunReport,
    at_service: AtService,
}

impl Ended {
    /// How the command ends; `hint` says what to do about requests that failed.
    fn judge(&self, hint: &str) -> Result<()> {
        let report = &self.report;
        if report.unfinished > 0 {
            let left = counted(report.unfinished, "request");
            let (kind, mut message) = match report.stopped {
                Some(stopped) => {
                    let why = match stopped {
                        Stopped::Deadline => "the deadline",
                        Stopped::Budget => "the budget",
                        _ => "a limit",
                    };
                    (Kind::Stopped, format!("{why} stopped it with {left} to go"))
                }
                None => {
                    let of = counted(report.requests, "request");
                    let left = grouped(report.unfinished);
                    (Kind::SomeFailed, format!("{left} of {of} have no outcome"))
                }
            };
            if let Some(jobs) = self.at_service.jobs_in_words() {
                message.push_str(&format!("\n  {jobs}"));
            }
            return Err(Failure::new(kind, message).hint(match report.stopped {
                Some(Stopped::Deadline) => {
                    "to go on, give the same command with a later --deadline"
                }
                Some(Stopped::Budget) => "to go on, give the same command with a higher --budget",
                Some(_) => "say it again, with more of it, to go on",
                None => "say it again to go on",
            }));
        }
        let failed = report.errors + report.missing;
        if failed == 0 {
            return Ok(());
        }
        let of = counted(report.requests, "request");
        let message = format!("{} of {of} have no response", grouped(failed));
        Err(Failure::new(Kind::SomeFailed, message).hint(hint))
    }
}
