//! Opening the output of a job that has ended, on whichever backend: it may be late.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::job::BatchJob;
use crate::results::row::ReadRow;
use crate::results::{Expectation, MostRows, ResultStream, Rows};

/// How soon an output that is late is asked for again; then after twice as long, and so on …
const FIRST_POLL: Duration = Duration::from_millis(250);
/// … up to this.
const MAX_POLL: Duration = Duration::from_secs(10);

/// What a reader of results may know and how long it waits.
pub(crate) struct ResultsOptions {
    pub(crate) expectation: Option<Expectation>,
    /// Whether that has all requests of the job, and not those that somebody asks for.
    pub(crate) has_all: bool,
    /// Until when an output that is late is waited for; `None` is for ever.
    pub(crate) deadline: Option<Instant>,
    /// How many connections may read at once; `None` is as many as the reader is worth.
    pub(crate) connections: Option<usize>,
}

/// What a backend knows of outputs.
pub(super) trait Output: Sync {
    /// Reads one row.
    const READ_ROW: ReadRow;

    /// The rows of a job, read by so many connections; `None` if there is no output yet.
    fn open_output(
        &self,
        job: &BatchJob,
        connections: Option<usize>,
    ) -> impl Future<Output = Result<Option<Rows>>> + Send;

    /// Whether an output that cannot be opened now may be there in a moment.
    fn may_be_late(&self, job: &BatchJob, error: &Error) -> bool;

    /// The job as it is now.
    fn read_again(&self, name: &str) -> impl Future<Output = Result<BatchJob>> + Send;
}

/// Opens the results of a job that has ended.
pub(super) async fn open_results<B: Output>(
    backend: &B,
    mut job: BatchJob,
    options: ResultsOptions,
) -> Result<ResultStream> {
    let mut pause = FIRST_POLL;
    loop {
        let missing = match backend.open_output(&job, options.connections).await {
            Ok(Some(rows)) => {
                let counted = job.record.details.submitted;
                let own = job.expected();
                let all = match &options.expectation {
                    Some(Expectation::Keys(keys)) if options.has_all => Some(&**keys),
                    _ => own.as_deref(),
                };
                let most = MostRows::known(all, counted, options.expectation.as_ref());
                let count = counted.map(Expectation::Count);
                let expectation = options.expectation.or(count);
                let expectation = expectation.unwrap_or(Expectation::Unknown);
                return Ok(ResultStream::new(rows, B::READ_ROW, expectation).up_to(most));
            }
            Ok(None) if !job.has_results() => return Err(Error::ended_without_results(job)),
            Ok(None) => Error::protocol(format!(
                "the job is {} but shows no output: try again later",
                job.state()
            )),
            Err(error) if backend.may_be_late(&job, &error) => error,
            Err(error) => return Err(error.with_job(job)),
        };
        let next = Instant::now() + pause;
        if options.deadline.is_some_and(|deadline| next > deadline) {
            return Err(missing.with_job(job));
        }
        tokio::time::sleep_until(next).await;
        pause = (pause * 2).min(MAX_POLL);
        job = match backend.read_again(job.name()).await {
            Ok(again) => again.remembering(job.submission),
            Err(error) if error.is_retryable() => job,
            Err(error) => return Err(error.with_job(job)),
        };
    }
}
