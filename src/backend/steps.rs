//! Steps of a job's life that more than one call takes.

use super::AnyBackend;
use crate::error::Result;
use crate::job::{BatchJob, JobRef};
use crate::trace;

impl AnyBackend {
    pub(crate) async fn read(&self, job: &JobRef) -> Result<BatchJob> {
        let read = self.get(&job.name).await;
        read.map(|read| read.remembering(job.submission()))
            .map_err(|error| error.during(format!("reading {}", job.name)))
    }

    /// Removes the input of a job that has ended, if that was asked for. A failure is noted:
    /// it must not hide the job's end.
    pub(crate) async fn clean_up(&self, job: &BatchJob) {
        let submission = job.submission.as_ref();
        for name in submission.iter().flat_map(|submission| &submission.remove) {
            if let Err(error) = self.remove_staged(name).await {
                tracing::warn!(%error, input = name, "the staged input could not be removed");
            }
        }
    }

    /// Asks to cancel a job, in a span of its own.
    pub(crate) async fn cancel_job(&self, name: &str) -> Result<()> {
        let call = trace::call!("cancel_batch", self.backend()).job(name);
        let cancelled = call.run(self.cancel(name)).await;
        cancelled.map_err(|error| error.during(format!("cancelling {name}")))
    }
}
