//! `genai-batch runs`: the runs that are in files.

mod drive;
mod export;
mod ls;
mod show;

use std::path::{Path, PathBuf};

use genai_batch::runs::RunView;

use crate::args::Global;
use crate::exit::{Failure, Result};
use crate::show::json;

/// Look at runs, go on with them, and ask again for what failed.
///
/// A run is a file that `genai-batch run` makes beside its output, OUT.run. `ls`, `show` and `export`
/// only read it, also while another process drives it, and need no credentials.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch runs ls
  genai-batch runs show reviews.run")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Resume(drive::Resume),
    Retry(drive::Retry),
    Export(export::Args),
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    match args.command {
        Command::Ls(args) => ls::run(args, global).await,
        Command::Show(args) => show::run(args, global).await,
        Command::Resume(args) => drive::resume(args, global).await,
        Command::Retry(args) => drive::retry(args, global).await,
        Command::Export(args) => export::run(args, global).await,
    }
}

/// A run that is only read.
async fn read(path: &Path) -> Result<RunView> {
    there(path)?;
    RunView::open(path).await.map_err(|error| {
        let beside = beside(path);
        let failure = Failure::from(error);
        match beside.is_file() {
            true => failure.hint(format_args!("is it {}?", beside.display())),
            false => failure,
        }
    })
}

/// What a run says of itself.
async fn describe(path: &Path, view: &RunView) -> Result<json::Run> {
    let report = view.report().await?;
    let progress = view.progress().await?;
    Ok(json::Run::new(path, view, &report, &progress))
}

/// Refuses a path where there is no run, before one is made there.
fn there(path: &Path) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let failure = Failure::usage(format_args!("there is no run at {}", path.display()));
    let beside = beside(path);
    let hint = match beside.is_file() {
        true => format!("is it {}?", beside.display()),
        false => "`genai-batch runs ls DIR` has the runs of a folder".to_owned(),
    };
    Err(failure.hint(hint))
}

/// Where the run is of an output at `path`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".run");
    name.into()
}
