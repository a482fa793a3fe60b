//! What may be written on the command line: the commands, and the options of every one of them.

use clap::{Parser, Subcommand};

use crate::commands;
use crate::global::Global;
use crate::show::style::HELP;

/// Batch inference on Google's Gen AI backends at half price.
#[derive(Debug, Parser)]
#[command(name = "genai-batch", version, propagate_version = true, styles = HELP)]
#[command(after_long_help = "\
Exit codes:
  0    all went well
  1    anything that is none of the others
  2    the command line, or a file that it names, is wrong
  3    no credentials, or the service does not let them in
  4    a quota refuses for now
  5    all was done, and some requests or jobs failed
  6    a deadline, a budget or a timeout stopped it; the same command goes on
  130  Ctrl-C; the same command goes on
  143  SIGTERM, 129 SIGHUP; as Ctrl-C

Examples:
  genai-batch list
  genai-batch help submit")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<commands::run::Args>),
    Report(commands::report::Args),
    Check(commands::check::Args),
    Estimate(commands::estimate::Args),
    Submit(Box<commands::submit::Args>),
    Watch(commands::watch::Args),
    List(commands::list::Args),
    Get(commands::get::Args),
    Results(commands::results::Args),
    Cancel(commands::cancel::Args),
    Delete(commands::delete::Args),
    Runs(commands::runs::Args),
    Files(commands::files::Args),
    Emulator(commands::emulator::Args),
    Doctor(commands::doctor::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}
