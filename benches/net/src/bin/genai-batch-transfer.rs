//! Contents over a line that is slower than this machine, as a user of the crate moves them:
//! `genai-batch-transfer WORKLOAD BASE ARG`, against `genai-batch-net`.
//!
//! | workload | ARG | does |
//! |---|---|---|
//! | `read` | a job | reads all its results |
//! | `save` | a job | saves them to a local file, which it removes |
//! | `send` | a local file | makes a job of one request that names the file, which goes to Cloud Storage |
//!
//! `JOB@N` has N connections, `JOB@http2` lets calls and contents share one of HTTP/2, as any client
//! of `reqwest` would. What is printed ends with the seconds that it took, those of processors that the
//! process used, and the most memory that it had.

use std::error::Error;
use std::fs;
use std::io;
use std::time::Instant;

use futures_util::TryStreamExt;
use genai_batch::batches::Results;
use genai_batch::{Client, Part, Request};
use reqwest::ClientBuilder;

const MODEL: &str = "gemini-2.5-flash";

type Failure = Box<dyn Error>;

/// What is done over how many connections.
struct Work<'a> {
    arg: &'a str,
    connections: Option<usize>,
    shares_http2: bool,
}

impl<'a> Work<'a> {
    fn parse(arg: &'a str) -> Result<Self, Failure> {
        let (arg, option) = arg.split_once('@').unwrap_or((arg, ""));
        Ok(Self {
            arg,
            connections: match option {
                "" | "http2" => None,
                count => Some(count.parse()?),
            },
            shares_http2: option == "http2",
        })
    }

    /// Of the backend that the job is of.
    fn client(&self, base: &str, is_gemini: bool) -> genai_batch::Result<Client> {
        let mut builder = Client::builder().base_url(base);
        if self.shares_http2 {
            builder = builder.http_client(ClientBuilder::new());
        }
        match is_gemini {
            true => builder.gemini().api_key("k").build(),
            false => builder
                .vertex()
                .project("bench")
                .location("us-central1")
                .access_token("t")
                .storage_base_url(base)
                .staging("gs://bucket/staging")
                .build(),
        }
    }

    fn results(&self, base: &str) -> genai_batch::Result<Results> {
        let client = self.client(base, self.arg.starts_with("batches/"))?;
        let results = client.batches().results(self.arg);
        Ok(match self.connections {
            Some(count) => results.connections(count),
            None => results,
        })
    }

    async fn read(&self, base: &str) -> Result<String, Failure> {
        let mut results = self.results(base)?.await?;
        let (mut rows, mut text_bytes) = (0u64, 0);
        while let Some(result) = results.try_next().await? {
            rows += 1;
            let text = result.response().and_then(|response| response.text());
            text_bytes += text.map_or(0, |text| text.len());
        }
        Ok(format!("rows={rows} text_bytes={text_bytes}"))
    }

    async fn save(&self, base: &str) -> Result<String, Failure> {
        let name = format!("genai-batch-driver-{}.jsonl", std::process::id());
        let path = std::env::temp_dir().join(name);
        let report = self.results(base)?.save_to(&path).await?;
        let bytes = fs::metadata(&path)?.len();
        fs::remove_file(&path)?;
        Ok(format!("rows={} bytes={bytes}", report.responses))
    }

    async fn send(&self, base: &str) -> Result<String, Failure> {
        let client = self.client(base, false)?;
        let part = Part::local_file(self.arg).mime_type("application/pdf");
        let request = Request::parts([Part::text("What is in it?"), part]).key("a");
        let job = client.batches().create(MODEL, vec![request]).await?;
        Ok(format!("state={}", job.state()))
    }
}

async fn run(work: &str, base: &str, arg: &str) -> Result<String, Failure> {
    let this = Work::parse(arg)?;
    let started = Instant::now();
    let done = match work {
        "read" => this.read(base).await?,
        "save" => this.save(base).await?,
        "send" => this.send(base).await?,
        other => return Err(format!("unknown workload {other}").into()),
    };
    let seconds = started.elapsed().as_secs_f64();
    let peak = peak_memory().unwrap_or(0);
    let cpu = processor_time().unwrap_or(f64::NAN);
    Ok(format!(
        "{done} seconds={seconds:.3} cpu={cpu:.2} peak_kb={peak}"
    ))
}

/// How long processors worked for this process, where the system tells.
fn processor_time() -> Option<f64> {
    /// How Linux counts them for programs, whatever its own clock.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, before the last bracket, may have any form.
    let fields = stat.rsplit_once(')')?.1;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS)
}

/// The most memory that this process had, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let [_, work, base, arg] = args.as_slice() else {
        let usage = "usage: genai-batch-transfer WORKLOAD BASE ARG";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, usage).into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    println!("{}", runtime.block_on(run(work, base, arg))?);
    Ok(())
}
