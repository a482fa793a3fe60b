//! Google's services behind a line of a given rate and latency: what loopback hides.
//!
//! ```text
//! client ── line ── (tls) ── emulator
//!           each connection: so many bytes a second either way, half a round trip later
//! ```
//!
//! It prints one line of JSON: where the services are, and the jobs, file and objects that are there to
//! be read. Then it answers each line on standard input with the counts of the line since the one
//! before, and ends with its input.
//!
//! | file | role |
//! |---|---|
//! | `line` | one connection: bytes held to a rate, and handed on late |
//! | `door` | where connections come in, and how many there are |
//! | `tls` | TLS behind the line, with a certificate of the run's own |
//! | `stage` | what the services hold |

mod door;
mod line;
mod stage;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use genai_batch_emulator::Emulator;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

use door::Door;
use line::Line;

/// Serves Google's Gen AI batch services over a line of a given rate and latency.
#[derive(Parser)]
struct Options {
    /// How many MB (of 1,000,000 bytes) a connection carries a second, either way; 0 for as many as
    /// there can be.
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// The round trip in milliseconds; a new connection takes one more.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// How many MB of results there are.
    #[arg(long, default_value_t = 400)]
    megabytes: usize,
    /// Speaks TLS, HTTP/2 and HTTP/1.1, and writes the certificate that vouches for it here.
    #[arg(long, value_name = "FILE")]
    tls: Option<PathBuf>,
    /// Where to listen on 127.0.0.1; by default on a free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let line = Line::new(options.rate * 1e6, Duration::from_millis(options.latency));
    let door = Door::open(options.port).await?;
    let port = door.port()?;
    let scheme = if options.tls.is_some() {
        "https"
    } else {
        "http"
    };
    // A name, since clients hold a certificate to it.
    let url = format!("{scheme}://localhost:{port}");
    let emulator = Emulator::builder()
        .public_url(&url)
        .job_duration(Duration::from_millis(1))
        .start()
        .await?;
    let behind = match &options.tls {
        None => emulator.address(),
        Some(file) => tls::serve(file, emulator.address()).await?,
    };
    let counts = door.serve(line, behind);
    let bytes = options.megabytes * 1_000_000;
    let stage = stage::set(&emulator, (&url, options.tls.as_deref()), bytes).await?;
    let there =
        json!({ "url": url, "rate": options.rate, "latency": options.latency, "stage": stage });
    println!("{there}");
    let mut asked = BufReader::new(tokio::io::stdin()).lines();
    while asked.next_line().await?.is_some() {
        println!("{}", counts.take());
    }
    Ok(())
}
