//! `genai-batch cancel`: jobs that are no longer wanted.

use crate::connect::connect;
use crate::exit::{Failure, Result};
use crate::global::Global;
use crate::show::counted::counted;
use crate::show::note::say;

/// Ask the service to cancel jobs.
///
/// It returns once the service has taken note; the jobs end some time after that, as `watch` sees. What
/// was served until then may keep its results, which `results` reads.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch cancel \"$(genai-batch submit reviews.jsonl -m gemini-2.5-flash)\"
  genai-batch list --active | cut -f1 | xargs -r genai-batch cancel")]
pub(crate) struct Args {
    /// The jobs, by their names.
    #[arg(required = true, value_name = "JOB")]
    jobs: Vec<String>,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = connect(global, None).await?;
    let mut failed = Vec::new();
    for job in &args.jobs {
        match connection.client.batches().cancel(job.as_str()).await {
            Ok(()) => say(global, format_args!("{job} is being cancelled")),
            Err(error) => failed.push(Failure::from(error)),
        }
    }
    Failure::all(failed, || {
        format!(
            "of {}, some were not cancelled",
            counted(args.jobs.len() as u64, "job")
        )
    })
}
