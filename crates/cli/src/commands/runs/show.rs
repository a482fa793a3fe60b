//! `genai-batch runs show`: one run.

use std::path::PathBuf;

use futures_util::{Stream, TryStreamExt};

use super::file::{describe, read};
use crate::commands::run::Incomplete;
use crate::exit::Result;
use crate::global::Global;
use crate::show::{Out, Record, json};

/// Show a run: how far it is, what came of its requests, and what each attempt did.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch runs show reviews.run
  genai-batch runs show reviews.run --jobs
  genai-batch runs show reviews.run --events")]
pub(super) struct Args {
    /// The file of the run.
    #[arg(value_name = "RUN")]
    path: PathBuf,
    /// Show instead its jobs.
    #[arg(long, conflicts_with = "events")]
    jobs: bool,
    /// Show instead what happened in it, one step after the other.
    #[arg(long)]
    events: bool,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<()> {
    let view = read(&args.path).await?;
    let out = Out::of(global);
    if args.events {
        let events = view.events().map_ok(json::RunEvent::from);
        return stream(out, events).await;
    }
    if args.jobs {
        return stream(out, view.jobs().map_ok(json::RunJob::from)).await;
    }
    let mut incomplete = Incomplete::default();
    let mut results = view.results().await?;
    while let Some(result) = results.try_next().await? {
        incomplete.count(&result);
    }
    let run = describe(&args.path, &view).await?.with(incomplete);
    out.parts(run.parts(), &run)
}

/// Shows many as they come, where that can be.
async fn stream<R: Record>(
    out: Out,
    mut records: impl Stream<Item = genai_batch::Result<R>> + Unpin,
) -> Result<()> {
    let mut held = Vec::new();
    while let Some(record) = records.try_next().await? {
        match out.is_by_line() {
            true => out.line(&record)?,
            false => held.push(record),
        }
    }
    match out.is_by_line() {
        true => Ok(()),
        false => out.records(&held),
    }
}
