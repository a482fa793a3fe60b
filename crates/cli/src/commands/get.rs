//! `genai-batch get`: one job.

use crate::connect::connect;
use crate::exit::Result;
use crate::global::Global;
use crate::show::{Out, json, out};

/// Show a job.
///
/// Its state, how far it is, where its requests and results are, and why it failed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch get \"$(genai-batch list --limit 1 | cut -f1)\"
  genai-batch get \"$(genai-batch list --limit 1 | cut -f1)\" --output json")]
pub(crate) struct Args {
    /// The job: batches/ID, or on Vertex AI projects/…/batchPredictionJobs/ID.
    job: String,
    /// What the service said, as it came.
    #[arg(long)]
    raw: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = connect(global, None).await?;
    let job = connection.client.batches().get(&args.job).await?;
    if args.raw {
        return out::write_text(&format!("{}\n", job.json().trim_end()));
    }
    let job = json::Job::from(&job);
    Out::of(global).parts(job.parts(), &job)
}
