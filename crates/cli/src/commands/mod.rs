//! The commands, one a module: each has its `Args` and a `run` that does what they say.

pub(crate) mod doctor;
pub(crate) mod report;
pub(crate) mod run;

use crate::args::{Cli, Command};
use crate::exit::Result;

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<()> {
    let global = cli.global;
    match cli.command {
        Command::Run(args) => run::run(*args, &global).await,
        Command::Report(args) => report::run(args, &global).await,
        Command::Doctor(args) => doctor::run(args, &global).await,
    }
}
