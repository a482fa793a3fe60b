//! `genai-batch completions`: what a shell needs to complete command lines.

use clap::Command;
use clap_complete::Shell;

use crate::exit::Result;
use crate::show::out;

/// Print what a shell needs to complete command lines.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch completions bash > genai-batch.bash
  genai-batch completions zsh > _genai-batch")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: Args, mut command: Command) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "genai-batch", &mut text);
    out::write_text(&String::from_utf8_lossy(&text))
}
