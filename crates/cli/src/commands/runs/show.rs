//! `genai-batch runs show`: one run.

use std::path::PathBuf;

use futures_util::TryStreamExt;

use super::{describe, read};
use crate::args::Global;
use crate::exit::Result;
use crate::show::{Out, json};

/// Shows a run: how far it is, what came of its requests, and what each attempt did.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch runs show reviews.run
  genai-batch runs show reviews.run --events")]
pub(super) struct Args {
    /// The file of the run.
    #[arg(value_name = "RUN")]
    path: PathBuf,
    /// Show instead what happened in it, one step after the other.
    #[arg(long)]
    events: bool,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<()> {
    let (backend, view) = read(&args.path).await?;
    let out = Out::of(global);
    if !args.events {
        let run = describe(&args.path, backend, &view).await?;
        return out.parts(run.parts(), &run);
    }
    let mut events = view.events();
    let mut held = Vec::new();
    while let Some(event) = events.try_next().await? {
        let event = json::RunEvent::from(event);
        match out.is_by_line() {
            true => out.line(&event)?,
            false => held.push(event),
        }
    }
    match out.is_by_line() {
        true => Ok(()),
        false => out.records(&held),
    }
}
