//! Opening the results of a job, and all three steps in one.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Batches, BoxFuture, Create};
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobRef};
use crate::results::{Expectation, ExpectedBuilder, ResultStream};
use crate::wait::Wait;

/// How long results wait for an output that is late.
pub(super) const OUTPUT_TIMEOUT: Duration = Duration::from_secs(120);

/// Results to be opened; `.await` it for the [`ResultStream`].
#[must_use = "results are not opened until this is awaited"]
#[derive(Debug)]
pub struct Results {
    pub(super) batches: Batches,
    pub(super) job: JobRef,
    pub(super) output_timeout: Duration,
    pub(super) expect_keys: Option<Vec<String>>,
}

impl Results {
    /// How long to wait for an output that is late: a job has been seen as succeeded before
    /// its output was there. By default two minutes.
    pub fn output_timeout(mut self, timeout: Duration) -> Self {
        self.output_timeout = timeout;
        self
    }

    /// The keys that were submitted, where the job is only known by name.
    pub fn expect_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.expect_keys = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    async fn open(self) -> Result<ResultStream> {
        let named = match self.expect_keys {
            Some(keys) => Some(expect(keys).await?),
            None => None,
        };
        let known = self.job.job.clone();
        let job = match known.filter(BatchJob::is_terminal) {
            Some(job) => job,
            None => self.batches.read(&self.job).await?,
        };
        if job.is_active() {
            return Err(Error::input(format!(
                "{} is {}: its results can be read once it has ended, see `wait`",
                job.name(),
                job.state()
            ))
            .with_job(job));
        }
        let job = crate::wait::with_results(job)?;
        let expected = job.expected.clone().map(Expectation::Keys);
        let deadline = Instant::now() + self.output_timeout;
        self.batches
            .backend
            .results(job, named.or(expected), deadline)
            .await
    }
}

async fn expect(keys: Vec<String>) -> Result<Expectation> {
    let failed = |e| Error::io("the expected keys could not be kept", e);
    let mut builder = ExpectedBuilder::default();
    for (place, key) in (1..).zip(&keys) {
        builder.push(key, place).await.map_err(failed)?;
    }
    match builder.finish().await.map_err(failed)? {
        Ok(expected) => Ok(Expectation::Keys(Arc::new(expected))),
        Err(twice) => Err(Error::input(format!(
            "the expected key {:?} is given twice, at places {} and {}",
            twice.key, twice.first, twice.second
        ))),
    }
}

impl IntoFuture for Results {
    type Output = Result<ResultStream>;
    type IntoFuture = BoxFuture<Result<ResultStream>>;

    /// # Errors
    ///
    /// If the job has not ended, ended without results, or its output cannot be opened.
    fn into_future(self) -> Self::IntoFuture {
        let name = self.job.name.clone();
        Box::pin(async move {
            let opened = self.open().await;
            opened.map_err(|error| error.during(format!("opening the results of {name}")))
        })
    }
}

pub(super) type Configure = Box<dyn FnOnce(Wait) -> Wait + Send>;

/// A create, a wait and the results in one; `.await` it for the [`ResultStream`].
#[must_use = "nothing is run until this is awaited"]
pub struct Run {
    pub(super) batches: Batches,
    pub(super) create: Create,
    pub(super) wait: Configure,
}

impl Run {
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

    /// Sets options of the wait.
    pub fn wait(mut self, configure: impl FnOnce(Wait) -> Wait + Send + 'static) -> Self {
        let earlier = self.wait;
        self.wait = Box::new(move |wait| configure(earlier(wait)));
        self
    }

    /// Is called with the job after every poll.
    pub fn on_progress(self, on_progress: impl FnMut(&BatchJob) + Send + 'static) -> Self {
        self.wait(|wait| wait.on_progress(on_progress))
    }
}

impl IntoFuture for Run {
    type Output = Result<ResultStream>;
    type IntoFuture = BoxFuture<Result<ResultStream>>;

    /// # Errors
    ///
    /// As the create, the wait and the results. After the create, the error carries the job.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let job = self.create.await?;
            let wait = (self.wait)(self.batches.wait(&job));
            let job = wait.await?;
            self.batches.results(&job).await
        })
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("create", &self.create)
            .finish_non_exhaustive()
    }
}
