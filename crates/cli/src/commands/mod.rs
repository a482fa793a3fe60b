//! The commands, one a module: each has its `Args` and a `run` that does what they say.

pub(crate) mod cancel;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod delete;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod estimate;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod report;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod submit;
pub(crate) mod watch;

use clap::CommandFactory;

use crate::args::{Cli, Command};
use crate::exit::Result;

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<()> {
    let global = cli.global;
    match cli.command {
        Command::Run(args) => run::run(*args, &global).await,
        Command::Report(args) => report::run(args, &global).await,
        Command::Check(args) => check::run(args, &global).await,
        Command::Estimate(args) => estimate::run(args, &global).await,
        Command::Submit(args) => submit::run(*args, &global).await,
        Command::Watch(args) => watch::run(args, &global).await,
        Command::List(args) => list::run(args, &global).await,
        Command::Get(args) => get::run(args, &global).await,
        Command::Results(args) => results::run(args, &global).await,
        Command::Cancel(args) => cancel::run(args, &global).await,
        Command::Delete(args) => delete::run(args, &global).await,
        Command::Runs(args) => runs::run(args, &global).await,
        Command::Files(args) => files::run(args, &global).await,
        Command::Emulator(args) => emulator::run(args, &global).await,
        Command::Doctor(args) => doctor::run(args, &global).await,
        Command::Completions(args) => completions::run(args, Cli::command()),
        Command::Man(args) => man::run(args, Cli::command()),
    }
}
