//! `genai-batch delete`: the records of jobs.

use crate::connect::connect;
use crate::exit::{Failure, Result};
use crate::global::Global;
use crate::show::ask;
use crate::show::counted::counted;
use crate::show::note::say;

/// Delete the records of jobs.
///
/// On the Gemini Developer API, results that stand in the job itself go with its record. It does not
/// cancel a job. On a terminal it asks first; elsewhere it wants --yes.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch delete --yes \"$(genai-batch list --limit 1 | cut -f1)\"")]
pub(crate) struct Args {
    /// The jobs, by their names.
    #[arg(required = true, value_name = "JOB")]
    jobs: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let count = counted(args.jobs.len() as u64, "job");
    ask::before(
        args.yes,
        &format!("Delete {count}: {}?", args.jobs.join(", ")),
    )
    .await?;
    let connection = connect(global, None).await?;
    let mut failed = Vec::new();
    for job in &args.jobs {
        match connection.client.batches().delete(job.as_str()).await {
            Ok(()) => say(global, format_args!("{job} is deleted")),
            Err(error) => failed.push(Failure::from(error)),
        }
    }
    Failure::all(failed, || format!("of {count}, some were not deleted"))
}
