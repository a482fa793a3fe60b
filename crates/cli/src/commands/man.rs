//! `genai-batch man`: the manual.

use std::path::PathBuf;

use clap::Command;

use crate::exit::{Failure, Result};
use crate::show::out;

/// Write the manual.
///
/// A page for each command goes into a folder; without one, the first page to standard output.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch man > genai-batch.1
  genai-batch man man1")]
pub(crate) struct Args {
    /// The folder, which is made if there is none.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(crate) fn run(args: Args, command: Command) -> Result<()> {
    let Some(folder) = args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return out::write_text(&String::from_utf8_lossy(&page));
    };
    let write = || {
        std::fs::create_dir_all(&folder)?;
        clap_mangen::generate_to(command, &folder)
    };
    let shown = folder.display();
    write().map_err(|error| Failure::usage(format_args!("cannot write to {shown}: {error}")))
}
