//! What may be written on the command line, and which module does it.

use clap::{CommandFactory, Parser, Subcommand};

use crate::args::Global;
use crate::commands;
use crate::exit::Result;
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

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<()> {
    let global = cli.global;
    match cli.command {
        Command::Run(args) => commands::run::run(*args, &global).await,
        Command::Report(args) => commands::report::run(args, &global).await,
        Command::Check(args) => commands::check::run(args, &global).await,
        Command::Estimate(args) => commands::estimate::run(args, &global).await,
        Command::Submit(args) => commands::submit::run(*args, &global).await,
        Command::Watch(args) => commands::watch::run(args, &global).await,
        Command::List(args) => commands::list::run(args, &global).await,
        Command::Get(args) => commands::get::run(args, &global).await,
        Command::Results(args) => commands::results::run(args, &global).await,
        Command::Cancel(args) => commands::cancel::run(args, &global).await,
        Command::Delete(args) => commands::delete::run(args, &global).await,
        Command::Runs(args) => commands::runs::run(args, &global).await,
        Command::Files(args) => commands::files::run(args, &global).await,
        Command::Emulator(args) => commands::emulator::run(args, &global).await,
        Command::Doctor(args) => commands::doctor::run(args, &global).await,
        Command::Completions(args) => commands::completions::run(args, &mut Cli::command()),
        Command::Man(args) => commands::man::run(args, Cli::command()),
    }
}
