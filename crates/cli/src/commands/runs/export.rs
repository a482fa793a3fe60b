//! `genai-batch runs export`: the outcomes of a run.

use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use genai_batch::runs::RunView;

use super::file::read;
use crate::exit::Result;
use crate::global::Global;
use crate::place::spare_runs;
use crate::show::counted::counted;
use crate::show::note::say;

/// Write the outcomes that a run has as lines of JSON, one for each key, in the order of the input.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch runs export reviews.run --out results.jsonl
  genai-batch runs export reviews.run | head -n 3")]
pub(super) struct Args {
    /// The file of the run.
    #[arg(value_name = "RUN")]
    path: PathBuf,
    /// Where they go: a file, which appears once it is whole, or - for standard output.
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    out: String,
    /// Replace the file that is there.
    #[arg(long)]
    overwrite: bool,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<()> {
    if args.out != "-" {
        spare_runs(Path::new(&args.out), Some(&args.path))?;
    }
    let view = read(&args.path).await?;
    let lines = match &*args.out {
        "-" => print(&view).await?,
        place => view.save_to(place).overwrite(args.overwrite).await?,
    };
    say(global, counted(lines, "outcome"));
    let unfinished = view.progress().await?;
    if !unfinished.is_finished() {
        say(
            global,
            format_args!("the run is not finished: {unfinished}"),
        );
    }
    Ok(())
}

async fn print(view: &RunView) -> Result<u64> {
    let mut results = view.results().await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut lines = 0;
    while let Some(result) = results.try_next().await? {
        out.write_all(result.to_line().as_bytes())?;
        out.write_all(b"\n")?;
        lines += 1;
    }
    out.flush()?;
    Ok(lines)
}
