//! Opening the output of a job that has ended, which may be late.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::time::Instant;

use super::{Gemini, convert, results};
use crate::backend::ResultsOptions;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobDestination};
use crate::results::{Expectation, ResultStream, Rows};
use crate::storage::files;

/// How soon an output that is late is asked for again; then after twice as long, and so on …
const FIRST_POLL: Duration = Duration::from_millis(250);
/// … up to this.
const MAX_POLL: Duration = Duration::from_secs(10);
/// How long after its end a job's output may be late. Files that are gone answer like files
/// that are not there yet, so an older job's is not waited for.
const LATE: TimeDelta = TimeDelta::minutes(30);

impl Gemini {
    /// Opens the results of a job that has ended.
    pub(crate) async fn results(
        &self,
        mut job: BatchJob,
        options: ResultsOptions,
    ) -> Result<ResultStream> {
        let mut pause = FIRST_POLL;
        loop {
            let missing = match self.open_output(&job).await {
                Ok(Some(rows)) => {
                    let count = job.record.submitted.map(Expectation::Count);
                    let expectation = options.expectation.or(count);
                    let expectation = expectation.unwrap_or(Expectation::Unknown);
                    return Ok(ResultStream::new(rows, results::read_row, expectation));
                }
                Ok(None) => Error::protocol(format!(
                    "the job is {} but shows no output: try again later",
                    job.state()
                )),
                Err(error) if may_be_late(&job, &error) => error,
                Err(error) => return Err(error.with_job(job)),
            };
            let next = Instant::now() + pause;
            if options.deadline.is_some_and(|deadline| next > deadline) {
                return Err(missing.with_job(job));
            }
            tokio::time::sleep_until(next).await;
            pause = (pause * 2).min(MAX_POLL);
            job = match self.get(job.name()).await {
                Ok(again) => again.remembering(job.submission),
                Err(error) if error.is_retryable() => job,
                Err(error) => return Err(error.with_job(job)),
            };
        }
    }

    /// The rows of a job; `None` if there is no output yet.
    async fn open_output(&self, job: &BatchJob) -> Result<Option<Rows>> {
        match job.output() {
            Some(JobDestination::File(name)) => {
                let chunks = files::download(self, name)
                    .await
                    .map_err(|e| e.during(format!("reading {name}")))?;
                Ok(Some(Rows::file(name.clone(), Box::pin(chunks))))
            }
            Some(JobDestination::Inline) => {
                let rows = convert::inlined_rows(&job.record.json)?;
                let expected = job.expected().map(|expected| expected.total());
                let late = rows.is_empty() && expected.or(job.record.submitted) > Some(0);
                Ok((!late).then(|| Rows::inline(rows)))
            }
            _ => Ok(None),
        }
    }
}

/// Whether a file that cannot be read now may be there in a moment: the service answers 404
/// or 403 for both.
fn may_be_late(job: &BatchJob, error: &Error) -> bool {
    let ended = job.end_time().or(job.update_time());
    let recent = ended.is_none_or(|ended| Utc::now() - ended < LATE);
    recent && matches!(error.status(), Some(403 | 404))
}
