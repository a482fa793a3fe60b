//! Maintenance commands, run as `cargo xtask <command>`. This file only
//! dispatches: [`regen`] turns Google's discovery documents into `openapi/`,
//! [`drift`] tells what is new upstream, [`interop`] runs the client and the
//! emulator against software of other makers, [`chaos`] plays the fault suite,
//! [`instructions`] counts those of the benches under callgrind, and [`prices`]
//! reads the prices of models anew.
//! What regen makes of the documents is in the library beside it.

mod cargo;
mod chaos;
mod drift;
mod fetch;
mod instructions;
mod interop;
mod prices;
mod regen;

use std::process::ExitCode;

use clap::Parser;

/// Maintenance commands of genai-batch.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Rewrite openapi/ from Google's discovery documents.
    Regen(regen::Options),
    /// Run the client and the emulator against software of other makers.
    Interop(interop::Options),
    /// Tell what is new upstream.
    Drift(drift::Options),
    /// Play whole jobs under random faults.
    Chaos(chaos::Options),
    /// Count the instructions of the hot parts.
    Instructions(instructions::Options),
    /// Read the prices of models anew.
    Prices(prices::Options),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Regen(options) => regen::run(&options),
        Command::Interop(options) => interop::run(&options),
        Command::Drift(options) => drift::run(&options),
        Command::Chaos(options) => chaos::run(&options),
        Command::Instructions(options) => instructions::run(&options),
        Command::Prices(options) => prices::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
