//! A create, a wait and the results in one.

use std::fmt;
use std::future::IntoFuture;

use futures_util::future::BoxFuture;

use super::create::Create;
use super::results::Results;
use crate::backend::AnyBackend;
use crate::error::{Error, Result};
use crate::job::BatchJob;
use crate::results::ResultStream;
use crate::wait::Wait;

type Configure<T> = Box<dyn FnOnce(T) -> T + Send>;

/// A create, a wait and the results in one; `.await` it for the [`ResultStream`].
#[must_use = "nothing is run until this is awaited"]
pub struct Run {
    service: AnyBackend,
    create: Create,
    wait: Configure<Wait>,
    results: Configure<Results>,
}

impl Run {
    pub(super) fn new(service: AnyBackend, create: Create) -> Self {
        Self {
            service,
            create,
            wait: Box::new(|wait| wait),
            results: Box::new(|results| results),
        }
    }

    /// Sets options of the create.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// use std::time::Duration;
    ///
    /// let results = client
    ///     .batches()
    ///     .run("gemini-2.5-flash", vec!["What is AI?"])
    ///     .create(|create| create.display_name("one question").priority(5))
    ///     .wait(|wait| wait.timeout(Duration::from_secs(3600)))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(mut self, configure: impl FnOnce(Create) -> Create) -> Self {
        self.create = configure(self.create);
        self
    }

    /// Sets options of the wait, such as its timeout; called again, it adds to what was set.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let results = client
    ///     .batches()
    ///     .run("gemini-2.5-flash", vec!["What is AI?"])
    ///     .wait(|wait| wait.poll_interval(Duration::from_secs(30)))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(mut self, configure: impl FnOnce(Wait) -> Wait + Send + 'static) -> Self {
        let earlier = self.wait;
        self.wait = Box::new(move |wait| configure(earlier(wait)));
        self
    }

    /// Sets options of the results, such as `count_usage`; called again, it adds to what was set.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let results = client
    ///     .batches()
    ///     .run("gemini-2.5-flash", vec!["What is AI?"])
    ///     .results(|results| results.count_usage(true))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn results(mut self, configure: impl FnOnce(Results) -> Results + Send + 'static) -> Self {
        let earlier = self.results;
        self.results = Box::new(move |results| configure(earlier(results)));
        self
    }

    /// Is called with the job after every poll, the last one included. It runs on the async runtime, so
    /// it must not block.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let results = client
    ///     .batches()
    ///     .run("gemini-2.5-flash", vec!["What is AI?"])
    ///     .on_progress(|job| eprintln!("{} {:?}", job.state(), job.progress()))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(self, on_progress: impl FnMut(&BatchJob) + Send + 'static) -> Self {
        self.wait(|wait| wait.on_progress(on_progress))
    }
}

impl IntoFuture for Run {
    type Output = Result<ResultStream>;
    type IntoFuture = BoxFuture<'static, Result<ResultStream>>;

    /// # Errors
    ///
    /// As the create, the wait and the results. After the create, the error carries the job.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let job = self.create.await?;
            let wait = (self.wait)(Wait::new(self.service.clone(), (&job).into()));
            let ended = wait.await.map_err(|error| of_job(error, job))?;
            let results = (self.results)(Results::new(self.service, (&ended).into()));
            results.await.map_err(|error| of_job(error, ended))
        })
    }
}

/// The error with the job, if it has none yet.
fn of_job(error: Error, job: BatchJob) -> Error {
    match error.job() {
        Some(_) => error,
        None => error.with_job(job),
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("create", &self.create)
            .finish_non_exhaustive()
    }
}
