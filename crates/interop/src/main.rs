//! The client on a command line, for tests of other languages: `run` and `verify`.

use std::process::ExitCode;

use clap::Parser;
use genai_batch_interop::{Any, run, told, verify};
use serde::Serialize;
use serde_json::json;

/// Does something with genai-batch, and tells what came of it in JSON.
#[derive(Debug, Parser)]
enum Command {
    /// Plays a whole job, led by the environment.
    Run(run::Options),
    /// Judges webhooks.
    Verify(verify::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Run(options) => run::run(options).await.and_then(json_of),
        Command::Verify(options) => verify::verify(options).await.and_then(json_of),
    };
    match outcome {
        Ok(told) => println!("{told}"),
        Err(error) => {
            println!("{}", json!({ "error": told(&*error) }));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn json_of(told: impl Serialize) -> Result<serde_json::Value, Any> {
    Ok(serde_json::to_value(told)?)
}
