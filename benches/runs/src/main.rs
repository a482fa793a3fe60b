//! A run of many requests, and single calls that do the same, each in a process of its own:
//! `genai-batch-runs WORKLOAD …`. Each prints one line of `name=value`, times in seconds, those that end in `_cpu` of the processors.
//!
//! | workload | arguments | does |
//! |---|---|---|
//! | `serve` | PORT | serves uploads, jobs that are active until it is told to end them, and their results |
//! | `write` | COUNT INPUT | writes so many requests |
//! | `check` | BASE INPUT | reads and checks them, as a create does; BASE is where nobody listens |
//! | `job` | BASE INPUT OUT | makes one job of them, and saves its results |
//! | `run` | BASE INPUT OUT | makes a run of them in OUT.run, drives it to its end, and saves its results |

mod server;

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use genai_batch::runs::Run;
use genai_batch::{Client, RetryPolicy};
use tokio::sync::Notify;

const MODEL: &str = "gemini-2.5-flash";
/// As many as services take at most.
const MOST_JOBS: usize = 100;
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

/// What a step took: seconds that passed, and seconds of the processors that it used.
struct Step {
    started: Instant,
    used: f64,
}

impl Step {
    fn begin() -> Result<Self> {
        Ok(Self {
            started: Instant::now(),
            used: used()?,
        })
    }

    /// The step as it is printed.
    fn end(self, name: &str) -> Result<String> {
        let passed = self.started.elapsed().as_secs_f64();
        Ok(format!(
            "{name}={passed:.3} {name}_cpu={:.2}",
            used()? - self.used
        ))
    }
}

async fn check(base: &str, input: &Path) -> Result<()> {
    let step = Step::begin()?;
    let refused = client(base)?.batches().create(MODEL, input).await;
    match refused {
        Err(error) if error.is_retryable() => println!("{}", step.end("check")?),
        Err(error) => return Err(error.into()),
        Ok(job) => {
            return Err(format!("{} was made, where nobody was to listen", job.name()).into());
        }
    }
    Ok(())
}

async fn job(base: &str, input: &Path, out: &Path) -> Result<()> {
    let batches = client(base)?.batches();
    let step = Step::begin()?;
    let job = batches.create(MODEL, input).await?;
    let made = step.end("make")?;
    end_jobs(base)?;
    let job = batches.get(&job).await?;
    let step = Step::begin()?;
    batches.results(&job).save_to(out).await?;
    println!("{made} {} peak={}", step.end("save")?, peak()?);
    Ok(())
}

async fn run(base: &str, input: &Path, out: &Path) -> Result<()> {
    let runs = client(base)?.runs();
    let file = out.with_extension("run");
    let step = Step::begin()?;
    let run = runs.open(&file).model(MODEL).source(input).await?;
    let taken = step.end("take")?;
    let step = Step::begin()?;
    let requests = run.intake().ok_or("nothing was taken in")?.requests;
    send_all(&run, requests).await?;
    let sent = step.end("send")?;
    end_jobs(base)?;
    let step = Step::begin()?;
    let quick = Duration::from_millis(10);
    let report = run.finish().poll_interval(quick, quick).await?;
    let read = step.end("read")?;
    let step = Step::begin()?;
    let lines = run.save_to(out).await?;
    if lines != report.requests || report.responses != lines {
        return Err(format!("{lines} lines of {report}").into());
    }
    let saved = step.end("save")?;
    run.close().await;
    let bytes = fs::metadata(&file)?.len();
    println!(
        "{taken} {sent} {read} {saved} peak={} bytes={bytes}",
        peak()?
    );
    Ok(())
}

/// Makes all jobs of a run, of which none ends meanwhile, and leaves it then.
async fn send_all(run: &Run, requests: u64) -> Result<()> {
    let jobs = requests.div_ceil(OF_A_JOB.into());
    let all = Arc::new(Notify::new());
    let (told, mut created) = (Arc::clone(&all), 0);
    let long = Duration::from_secs(24 * 60 * 60);
    let finish = run
        .finish()
        .job_requests(OF_A_JOB, OF_A_JOB)
        .max_jobs(MOST_JOBS);
    let finish = finish.poll_interval(long, long).on_event(move |event| {
        created += u64::from(event.kind == "created");
        if created == jobs {
            told.notify_one();
        }
    });
    tokio::select! {
        finished = finish.into_future() => Err(format!("ended before its jobs: {}", finished?).into()),
        () = all.notified() => Ok(()),
    }
}

/// Has the server end all jobs.
fn end_jobs(base: &str) -> Result<()> {
    let mut server = TcpStream::connect(base.trim_start_matches("http://"))?;
    server.write_all(b"POST /end HTTP/1.1\r\ncontent-length: 0\r\n\r\n")?;
    // Its response says that they have.
    server.read_exact(&mut [0])?;
    Ok(())
}

/// The most memory that this process had, in KiB.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the system does not tell it")?.parse()?)
}

/// Seconds of the processors that this process has used.
fn used() -> Result<f64> {
    /// How Linux counts them for programs, whatever its own clock.
    const A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, which may have spaces, ends with the last parenthesis.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let times: Vec<f64> = fields.skip(11).take(2).flat_map(str::parse).collect();
    Ok(times.iter().sum::<f64>() / A_SECOND)
}
