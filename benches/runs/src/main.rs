//! A run of many requests, and single calls that do the same, each in a process of its own:
//! `genai-batch-runs WORKLOAD …`. Each prints one line of `name=value`, times in seconds.
//!
//! | workload | arguments | does |
//! |---|---|---|
//! | `serve` | PORT | serves uploads, jobs that have ended, and their results |
//! | `write` | COUNT INPUT | writes so many requests |
//! | `check` | BASE INPUT | reads and checks them, as a create does; BASE is where nobody listens |
//! | `job` | BASE INPUT OUT | makes one job of them, and saves its results |
//! | `run` | BASE INPUT OUT | makes a run of them in OUT.run, drives it to its end, and saves its results |

mod server;

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use genai_batch::{Client, RetryPolicy};

const MODEL: &str = "gemini-2.5-flash";
/// As services take them at most.
const OF_A_JOB: u32 = 200_000;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", port] => server::serve(port.parse()?)?,
        ["write", count, input] => write(count.parse()?, Path::new(input))?,
        ["check", base, input] => check(base, Path::new(input)).await?,
        ["job", base, input, out] => job(base, Path::new(input), Path::new(out)).await?,
        ["run", base, input, out] => run(base, Path::new(input), Path::new(out)).await?,
        _ => return Err("usage: genai-batch-runs serve|write|check|job|run …".into()),
    }
    Ok(())
}

fn client(base: &str) -> Result<Client> {
    let once = RetryPolicy::default().max_attempts(1);
    let builder = Client::builder().api_key("none").base_url(base);
    Ok(builder.retry_policy(once).build()?)
}

/// Writes requests of some 300 bytes.
fn write(count: u64, input: &Path) -> Result<()> {
    let mut file = std::io::BufWriter::new(fs::File::create(input)?);
    let filler = "x".repeat(200);
    for n in 0..count {
        writeln!(
            file,
            r#"{{"key":"{}{n:08}","request":{{"contents":[{{"role":"user","parts":[{{"text":"n{n} {filler}"}}]}}]}}}}"#,
            server::KEY
        )?;
    }
    file.flush()?;
    Ok(())
}

async fn check(base: &str, input: &Path) -> Result<()> {
    let started = Instant::now();
    let refused = client(base)?.batches().create(MODEL, input).await;
    let took = started.elapsed();
    match refused {
        Err(error) if error.is_retryable() => println!("check={:.4}", took.as_secs_f64()),
        Err(error) => return Err(error.into()),
        Ok(job) => return Err(format!("{} was made, where nobody was to listen", job.name()).into()),
    }
    Ok(())
}

async fn job(base: &str, input: &Path, out: &Path) -> Result<()> {
    let batches = client(base)?.batches();
    let started = Instant::now();
    let job = batches.create(MODEL, input).await?;
    let job = batches.wait(&job).await?;
    let made = started.elapsed();
    let started = Instant::now();
    batches.results(&job).save_to(out).await?;
    let saved = started.elapsed();
    println!(
        "make={:.4} save={:.4} peak={}",
        made.as_secs_f64(),
        saved.as_secs_f64(),
        peak()?
    );
    Ok(())
}

async fn run(base: &str, input: &Path, out: &Path) -> Result<()> {
    let runs = client(base)?.runs();
    let file = out.with_extension("run");
    let started = Instant::now();
    let run = runs.open(&file).model(MODEL).source(input).await?;
    let taken = started.elapsed();
    let started = Instant::now();
    let quick = Duration::from_millis(10);
    let finish = run.finish().job_requests(OF_A_JOB, OF_A_JOB);
    let report = finish.poll_interval(quick, quick).await?;
    let finished = started.elapsed();
    let started = Instant::now();
    let lines = run.save_to(out).await?;
    let saved = started.elapsed();
    if lines != report.requests || report.responses != lines {
        return Err(format!("{lines} lines of {report}").into());
    }
    run.close().await;
    println!(
        "take={:.4} finish={:.4} save={:.4} peak={} bytes={}",
        taken.as_secs_f64(),
        finished.as_secs_f64(),
        saved.as_secs_f64(),
        peak()?,
        fs::metadata(&file)?.len()
    );
    Ok(())
}

/// The most memory that this process had, in KiB.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the system does not tell it")?.parse()?)
}
