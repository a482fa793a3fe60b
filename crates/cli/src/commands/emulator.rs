//! `genai-batch emulator`: a local server that behaves like the batch services.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use genai_batch_emulator::{Emulator, Fault};

use crate::exit::{Failure, Result, of_command_line};
use crate::global::Global;
use crate::show::note::say;
use crate::show::{Out, out, time};

/// Serve a local emulator of the batch services.
///
/// It prints the variables that lead every client to it, and serves until it is interrupted; Ctrl-C is
/// how it is meant to end, and gives 0.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch emulator
  genai-batch emulator --state kept
  genai-batch emulator --job-duration 1h --fault drop-rows=every:3")]
pub(crate) struct Args {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port to listen on; 0 takes one that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long a job takes, such as 1200ms, 90s or 2h.
    #[arg(long, default_value = "1200ms", value_parser = time::duration, value_name = "TIME")]
    job_duration: Duration,
    /// The only API key to let in; by default any will do.
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// A fault to switch on, such as drop-rows=every:3 or fail-next=batches.get:2:503; once more for
    /// others.
    #[arg(long, value_parser = fault)]
    fault: Vec<Fault>,
    /// A folder to keep jobs, files, objects and tables in, so that they outlive the process however it
    /// ends.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How many seconds pass for jobs and files in a real one.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    clock_scale: f64,
}

fn fault(text: &str) -> std::result::Result<Fault, String> {
    let fault: std::result::Result<_, genai_batch_emulator::UnknownFault> = text.parse();
    fault.map_err(|error| of_command_line(&error.to_string()))
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let mut builder = Emulator::builder()
        .host(args.host)
        .port(args.port)
        .job_duration(args.job_duration)
        .clock_scale(args.clock_scale);
    if let Some(key) = args.api_key {
        builder = builder.api_key(key);
    }
    if let Some(state) = args.state {
        builder = builder.state(state);
    }
    for fault in args.fault {
        builder = builder.fault(fault);
    }
    let emulator = builder.start().await.map_err(|error| {
        let failure = Failure::usage(&error);
        match error.kind() {
            ErrorKind::AddrInUse => failure.hint("`--port 0` takes a port that is free"),
            _ => failure,
        }
    })?;
    let variables = emulator.env();
    let form = Out::of(global);
    match form.is_json() {
        true => form.document(&variables.iter().cloned().collect::<BTreeMap<_, _>>())?,
        false => {
            let lines = variables
                .iter()
                .map(|(name, value)| format!("export {name}={value}\n"));
            out::write_text(&lines.collect::<String>())?;
        }
    }
    say(global, "Press Ctrl-C to stop.");
    Ok(tokio::signal::ctrl_c().await?)
}
