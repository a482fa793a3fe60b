//! `genai-batch results`: what came of the requests of a job.

use std::io::Write;
use std::path::Path;

use futures_util::TryStreamExt;
use genai_batch::batches::Results;
use genai_batch::cost::{Cost, Pricing};
use genai_batch::{Report, Source};

use crate::commands::watch::{WaitArgs, wait};
use crate::connect::connect;
use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::place::spare_runs;
use crate::show::bars::{Bar, Bars};
use crate::show::cell::safe;
use crate::show::counted::{about, counted, grouped, money};
use crate::show::note::say;

/// Read the results of a job as lines of JSON, each under its key.
///
/// A line is {"key", "response"}, {"key", "error"} or {"key", "missing": true}, in every --output. The
/// report of what came back goes to standard error. It ends with 5 if some requests have no response, or if
/// more rows came than there are requests.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch results \"$(genai-batch list -n 1 | cut -f1)\" --out results.jsonl
  genai-batch results \"$(genai-batch list -n 1 | cut -f1)\" | head -n 3")]
pub(crate) struct Args {
    /// The job, by its name.
    job: String,
    /// Where they go: a file, which appears once it is whole, gs://BUCKET/OBJECT, or - for standard
    /// output.
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    out: String,
    /// Replace the file that is there.
    #[arg(long)]
    overwrite: bool,
    /// The requests of the job, so that what is missing is named: a file in JSONL.
    #[arg(long, value_name = "FILE")]
    requests: Option<String>,
    /// Which field of a line is its key.
    #[arg(long, value_name = "NAME")]
    key_field: Option<String>,
    /// Wait until the job has ended.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    patience: WaitArgs,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    if args.out != "-" && !args.out.starts_with("gs://") {
        spare_runs(Path::new(&args.out), None)?;
    }
    let connection = connect(global, None).await?;
    let client = &connection.client;
    let mut job = client.batches().get(&args.job).await?;
    if args.wait && job.is_active() {
        let (ended, waited) = wait(client, job, &args.patience, global).await;
        // One that ended badly may have results all the same.
        if ended.is_active() {
            return waited;
        }
        job = ended;
    }
    let total = job.stats().and_then(|stats| stats.total);
    let mut results = client.batches().results(&job).count_usage(true);
    if let Some(requests) = &args.requests {
        results = results.expect_requests(Source::try_from(&**requests)?);
    }
    if let Some(name) = &args.key_field {
        results = results.key_field(name);
    }
    let bar = Bars::new(global.quiet).things("results", total);
    let report = match &*args.out {
        "-" => print(results, &bar, total).await,
        place => {
            let saving = results.save_to(place).overwrite(args.overwrite).await;
            saving.map_err(Failure::from)
        }
    };
    bar.end();
    let report = report?;
    say(global, &report);
    if let Some(cost) = report.cost_by(Pricing::of_model) {
        say(global, format_args!("cost: {}", about(&told(&cost))));
    }
    judge(&report, args.requests.is_some())
}

/// Writes them to standard output as they come.
async fn print(results: Results, bar: &Bar, total: Option<u64>) -> Result<Report> {
    let mut results = results.await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut count = 0;
    while let Some(result) = results.try_next().await? {
        out.write_all(result.to_line().as_bytes())?;
        out.write_all(b"\n")?;
        count += 1;
        bar.at(count, total);
    }
    out.flush()?;
    Ok(results.report())
}

/// A cost in all, and that of each model.
fn told(cost: &Cost) -> String {
    let of = |amount| money(amount, &cost.currency);
    let mut told = of(cost.total);
    for (model, part) in &cost.models {
        let model = safe(model);
        told += &format!("; {model}: {} in + {} out", of(part.input), of(part.output));
    }
    if cost.without_usage > 0 {
        let without = counted(cost.without_usage, "response");
        told += &format!("; {without} without usage");
    }
    told
}

/// What of the results is not as it should be; `is_named` says whether what is missing has its key.
fn judge(report: &Report, is_named: bool) -> Result<()> {
    // Rows that could not be read are those of requests that are missing, where these are counted.
    let unreadable = match report.submitted {
        Some(_) => 0,
        None => report.unreadable,
    };
    let failed = report.errors + report.missing + unreadable;
    let further = report.duplicates + report.unexpected + report.surplus;
    let mut told = Vec::new();
    if failed > 0 {
        let of = report.submitted.unwrap_or(report.responses + failed);
        told.push(format!(
            "{} of {} have no response",
            grouped(failed),
            counted(of, "request")
        ));
    }
    if further > 0 {
        told.push(match report.submitted {
            Some(of) => format!(
                "{} too many came for {}",
                counted(further, "row"),
                counted(of, "request")
            ),
            None => format!("{} too many came", counted(further, "row")),
        });
    }
    if told.is_empty() {
        return Ok(());
    }
    let mut hints = Vec::new();
    if failed > 0 {
        hints.push(match report.errors {
            0 => "`genai-batch get JOB` tells how the job ended",
            _ => "the lines with \"error\" have a code, and a message where the service gave one",
        });
    }
    if report.missing > 0 && !is_named && report.surplus == 0 {
        hints.push("--requests FILE, with the requests of the job, names what is missing");
    }
    if report.surplus > 0 {
        hints.push(
            "a key may stand in several lines: --requests FILE, which knows the keys, leaves all but the \
             first of each out, and names what is missing",
        );
    }
    let failure = Failure::new(Kind::SomeFailed, told.join(", "));
    Err(match hints.is_empty() {
        true => failure,
        false => failure.hint(hints.join("\n  ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(change: impl FnOnce(&mut Report)) -> Option<String> {
        let mut report = Report::default();
        report.submitted = Some(300);
        change(&mut report);
        judge(&report, false).err().map(|failure| {
            assert_eq!(failure.kind(), Kind::SomeFailed);
            failure.to_string()
        })
    }

    #[test]
    fn a_row_that_cannot_be_read_is_that_of_a_missing_request() {
        let of = |missing, unreadable| {
            told(|report| {
                report.responses = 300 - missing;
                report.missing = missing;
                report.unreadable = unreadable;
            })
        };
        assert_eq!(
            of(300, 3).as_deref(),
            Some("300 of 300 requests have no response")
        );
        assert_eq!(
            of(18, 6).as_deref(),
            Some("18 of 300 requests have no response")
        );
        // One beside all that were asked for.
        assert_eq!(of(0, 1), None);
        let unknown = told(|report| {
            report.submitted = None;
            report.responses = 2;
            report.unreadable = 1;
        });
        let wanted = "1 of 3 requests have no response";
        assert_eq!(unknown.as_deref(), Some(wanted));
    }

    #[test]
    fn rows_beyond_the_requests_are_no_success() {
        let surplus = told(|report| {
            report.responses = 600;
            report.surplus = 300;
        });
        assert_eq!(
            surplus.as_deref(),
            Some("300 rows too many came for 300 requests")
        );
        let doubled = told(|report| {
            report.responses = 299;
            report.missing = 1;
            report.duplicates = 1;
        });
        assert_eq!(
            doubled.as_deref(),
            Some("1 of 300 requests have no response, 1 row too many came for 300 requests")
        );
    }
}
