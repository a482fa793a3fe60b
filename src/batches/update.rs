//! Changing jobs.

use std::future::IntoFuture;

use futures_util::future::BoxFuture;

use crate::backend::AnyBackend;
use crate::error::Result;
use crate::job::{BatchJob, JobRef};
use crate::trace;

/// A change to a job; `.await` it for the job as it is then.
#[must_use = "a job is not changed until this is awaited"]
#[derive(Debug)]
pub struct Update {
    pub(super) service: AnyBackend,
    pub(super) job: JobRef,
    pub(super) display_name: Option<String>,
    pub(super) priority: Option<i64>,
}

impl Update {
    /// The new name for people, in place of the one that the job has.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client.batches().update("batches/123abc").display_name("weekly").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// The new priority among the project's jobs: higher runs first, and it may be negative.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client.batches().update("batches/123abc").priority(-5).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = Some(priority);
        self
    }
}

impl IntoFuture for Update {
    type Output = Result<BatchJob>;
    type IntoFuture = BoxFuture<'static, Result<BatchJob>>;

    /// # Errors
    ///
    /// Those of [`Batches::update`](crate::Batches::update).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let call = trace::call!("update_batch", self.service.backend()).job(&self.job.name);
            let (job, service) = (&self.job, &self.service);
            call.run_job(service.update(job, self.display_name, self.priority))
                .await
                .map_err(|error| error.during(format!("updating {}", self.job.name)))
        })
    }
}
