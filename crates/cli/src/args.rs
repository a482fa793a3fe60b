//! What may be written on the command line: the options of every command, and the commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::show::style::{Color, HELP};

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

Examples:
  genai-batch list
  genai-batch help submit")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Run against an emulator inside this process: no account, no cost, and answers made by rules.
    #[arg(long, global = true)]
    pub(crate) emulator: bool,
    /// Which backend; by default what the environment says.
    #[arg(long, global = true, value_enum)]
    pub(crate) backend: Option<BackendName>,
    /// The project of Google Cloud.
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) project: Option<String>,
    /// The location of Google Cloud, such as us-central1.
    #[arg(long, global = true)]
    pub(crate) location: Option<String>,
    /// Where requests for Vertex AI are put.
    #[arg(long, global = true, value_name = "gs://BUCKET/PREFIX")]
    pub(crate) staging: Option<String>,
    /// How standard output is written.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) output: Output,
    /// When there are colours; NO_COLOR and CLICOLOR_FORCE count for `auto`.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Say nothing on standard error but errors and warnings.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Where the emulator keeps its state, with --emulator; by default beside the run, or nowhere.
    #[arg(long, global = true, value_name = "DIR", requires = "emulator")]
    pub(crate) emulator_state: Option<PathBuf>,
}

/// A backend, as it is called on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendName {
    /// The Gemini Developer API.
    Gemini,
    /// Vertex AI.
    Vertex,
}

/// How standard output is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table on a terminal, lines of values between tabs elsewhere.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One line of JSON for each thing.
    Jsonl,
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
