//! Maintenance commands, run as `cargo xtask <command>`. This file only
//! dispatches: [`regen`] turns Google's discovery documents into `openapi/`,
//! [`interop`] runs Google's own Python SDK against the emulator, [`chaos`] the
//! fault suite, [`instructions`] the benches under callgrind, [`curves`] measures
//! beside other clients, and [`footprint`] what it costs to depend on the crate.
//! What regen makes of the documents is in the library beside it.

mod cargo;
mod chaos;
mod curves;
mod fetch;
mod footprint;
mod instructions;
mod interop;
mod measured;
mod regen;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Maintenance commands of genai-batch.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Rewrite openapi/ from Google's discovery documents.
    Regen(regen::Options),
    /// Run Google's Python SDK against the emulator.
    Interop(interop::Options),
    /// Play whole jobs under random faults.
    Chaos(chaos::Options),
    /// Count the instructions of the hot parts.
    Instructions(instructions::Options),
    /// Measure time and memory as results and jobs get many, beside other clients.
    Curves(curves::Options),
    /// Measure build time, crates and size, beside other clients.
    Footprint(footprint::Options),
}

/// The root of the workspace, wherever the command was called from. Cargo tells
/// at run time: a binary in a shared target directory may stem from another copy.
fn workspace() -> PathBuf {
    let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(xtask).join("..")
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Regen(options) => regen::run(&options),
        Command::Interop(options) => interop::run(&options),
        Command::Chaos(options) => chaos::run(&options),
        Command::Instructions(options) => instructions::run(&options),
        Command::Curves(options) => curves::run(&options),
        Command::Footprint(options) => footprint::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
