//! `cargo xtask chaos`: whole jobs under random faults. The suite is a package of its own, so that
//! the other commands build without the client.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::cargo::cargo;

const PACKAGE: &str = "genai-batch-chaos";

/// Options of `cargo xtask chaos`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Decides every round; by default the time.
    #[arg(long)]
    seed: Option<u64>,
    /// How many rounds to play; 200 by default.
    #[arg(long)]
    rounds: Option<u64>,
    /// Play this round alone, and tell all of it.
    #[arg(long)]
    round: Option<u64>,
    /// How many rounds to play at once.
    #[arg(long)]
    at_once: Option<usize>,
    /// Kill a process that drives a run, again and again, and start it again until it is done.
    #[arg(long)]
    kill: bool,
}

/// Runs the suite, and returns its exit code.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--package", PACKAGE, "--"])
        .args(arguments(options));
    let status = command
        .status()
        .with_context(|| format!("could not run {command:?}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn arguments(options: &Options) -> Vec<String> {
    let at_once = options.at_once.map(|rounds| rounds as u64);
    let kill = options.kill.then(|| "--kill".to_owned());
    let numbers = [
        ("--seed", options.seed),
        ("--rounds", options.rounds),
        ("--round", options.round),
        ("--at-once", at_once),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some([name.to_owned(), value?.to_string()]))
    .flatten();
    kill.into_iter().chain(numbers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_passed_on() {
        let options = Options {
            seed: Some(7),
            rounds: None,
            round: Some(3),
            at_once: None,
            kill: true,
        };
        let expected = ["--kill", "--seed", "7", "--round", "3"];
        assert_eq!(arguments(&options), expected);
    }
}
