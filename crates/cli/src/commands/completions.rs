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
    let text = String::from_utf8_lossy(&text);
    match args.shell {
        Shell::Bash => out::write_text(&with_one_name(&text)),
        _ => out::write_text(&text),
    }
}

/// With the name of this command as one word: `clap_complete` takes its hyphen for one between a command
/// and the next where it labels what it completes, and not where it looks for the label.
fn with_one_name(script: &str) -> String {
    script.replace("genai__subcmd__batch", "genai__batch")
}
