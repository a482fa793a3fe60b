//! `genai-batch runs`: the runs that are in files.

pub(crate) mod again;
mod drive;
mod export;
pub(crate) mod file;
mod ls;
pub(crate) mod made;
mod show;

use crate::exit::Result;
use crate::global::Global;

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

/// Whether a command takes a run to its end, which goes on for long.
pub(crate) fn drives(args: &Args) -> bool {
    matches!(args.command, Command::Resume(_) | Command::Retry(_))
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
