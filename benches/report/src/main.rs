//! What `docs/performance.md` says is measured here, and written there: [`curves`] measures time and
//! memory beside other clients, [`network`] how fast contents come and go over a slower line, [`runs`]
//! what a run costs, [`footprint`] what it costs to depend on the crate.
//!
//! ```text
//! curves, network, runs, footprint → figures and the facts of the machine → a section of the page each
//! ```

mod cargo;
mod curves;
mod footprint;
mod machine;
mod network;
mod page;
mod plot;
mod runs;
mod server;
mod units;

use std::process::ExitCode;

use clap::Parser;

/// Measures genai-batch beside other clients, for docs/performance.md.
#[derive(Parser)]
#[command(name = "cargo measure", bin_name = "cargo measure")]
enum Command {
    /// Measure time and memory as results and jobs get many.
    Curves(curves::Options),
    /// Measure transfers over lines of a given rate and latency.
    Network(network::Options),
    /// Measure what runs cost beside single calls.
    Runs(runs::Options),
    /// Measure build time, crates and size.
    Footprint(footprint::Options),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Curves(options) => curves::run(&options),
        Command::Network(options) => network::run(&options),
        Command::Runs(options) => runs::run(&options),
        Command::Footprint(options) => footprint::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
