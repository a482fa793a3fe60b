//! `genai-batch list`: the jobs of the project.

use futures_util::TryStreamExt;
use genai_batch::{BatchJob, JobState};

use crate::connect::connect;
use crate::exit::{Failure, Result};
use crate::global::Global;
use crate::show::note::say;
use crate::show::{Out, json};

/// List the jobs of the project, newest first.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch list
  genai-batch list --state succeeded --limit 20
  genai-batch list --active --output jsonl")]
pub(crate) struct Args {
    /// Only jobs in this state, such as running or succeeded; once more for others.
    #[arg(long, value_parser = state)]
    state: Vec<JobState>,
    /// Only jobs that have not ended.
    #[arg(long, conflicts_with = "state")]
    active: bool,
    /// Only jobs of which the display name has this in it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Only jobs that this expression of Vertex AI selects, such as 'displayName="nightly"'.
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// How many to show at most; 0 shows all.
    #[arg(
        long,
        short = 'n',
        allow_negative_numbers = true,
        value_name = "N",
        default_value_t = 100
    )]
    limit: usize,
}

/// Reads a state: `succeeded`, `SUCCEEDED`, `JOB_STATE_SUCCEEDED`.
fn state(text: &str) -> std::result::Result<JobState, String> {
    let name = text.to_uppercase().replace('-', "_");
    let short = name
        .strip_prefix("JOB_STATE_")
        .or_else(|| name.strip_prefix("BATCH_STATE_"));
    let state = JobState::from_name(&format!("JOB_STATE_{}", short.unwrap_or(&name)));
    match state {
        JobState::Other(_) => Err(
            "a state is one of queued, pending, running, succeeded, failed, cancelling, cancelled, \
             paused, expired, updating, partially-succeeded"
                .to_owned(),
        ),
        state => Ok(state),
    }
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = connect(global, None).await?;
    let mut list = connection.client.batches().list();
    if let Some(filter) = &args.filter {
        list = list.filter(filter);
    }
    if args.active {
        list = list.active();
    }
    let out = Out::of(global);
    let mut jobs = list.stream();
    let (mut shown, mut is_cut) = (0, false);
    let mut held = Vec::new();
    while let Some(job) = jobs.try_next().await.map_err(about_filter(&args))? {
        if !is_wanted(&args, &job) {
            continue;
        }
        if args.limit > 0 && shown == args.limit {
            is_cut = true;
            break;
        }
        shown += 1;
        let job = json::Job::from(&job);
        match out.is_by_line() {
            true => out.line(&job)?,
            false => held.push(job),
        }
    }
    if !out.is_by_line() {
        out.records(&held)?;
    }
    if shown == 0 {
        say(global, "no jobs");
    }
    if is_cut {
        say(
            global,
            format_args!("there are more than {shown}: `--limit 0` shows all"),
        );
    }
    Ok(())
}

fn is_wanted(args: &Args, job: &BatchJob) -> bool {
    let name = job.display_name().unwrap_or_default();
    let is_named = |text: &String| name.contains(text.as_str());
    args.display_name.as_ref().is_none_or(is_named)
        && (args.state.is_empty() || args.state.contains(job.state()))
}

fn about_filter(args: &Args) -> impl Fn(genai_batch::Error) -> Failure {
    let has_filter = args.filter.is_some();
    move |error| {
        let is_input = error.is_invalid_input();
        let failure = Failure::from(error);
        match has_filter && is_input {
            true => {
                failure.hint("use --state, --active and --display-name, which every backend has")
            }
            false => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_every_spelling() {
        for text in [
            "partially-succeeded",
            "PARTIALLY_SUCCEEDED",
            "JOB_STATE_PARTIALLY_SUCCEEDED",
        ] {
            assert_eq!(state(text), Ok(JobState::PartiallySucceeded));
        }
        assert_eq!(state("BATCH_STATE_RUNNING"), Ok(JobState::Running));
        assert!(state("done").is_err_and(|why| why.contains("succeeded")));
    }
}
