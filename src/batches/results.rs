//! Opening the results of a job, and all three steps in one.

use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Batches, BoxFuture, Create, Save};
use crate::backend::ResultsOptions;
use crate::error::{Error, Kind, Result};
use crate::job::{BatchJob, JobRef};
use crate::results::{Expectation, ExpectedBuilder, ResultStream};
use crate::source::Source;
use crate::trace;
use crate::wait::Wait;

/// How long results wait for an output that is late.
pub(super) const OUTPUT_TIMEOUT: Duration = Duration::from_secs(120);

/// Results to be opened; `.await` it for the [`ResultStream`].
#[must_use = "results are not opened until this is awaited"]
pub struct Results {
    pub(super) batches: Batches,
    pub(super) job: JobRef,
    pub(super) output_timeout: Duration,
    pub(super) keys: Option<Keys>,
    pub(super) submitted: Option<Result<Source>>,
    pub(super) strict: bool,
    pub(super) count_usage: bool,
}

pub(super) type Keys = Box<dyn Iterator<Item = String> + Send>;

impl Results {
    /// How long to wait for an output that is late: a job has been seen as succeeded before
    /// its output was there. By default two minutes.
    pub fn output_timeout(mut self, timeout: Duration) -> Self {
        self.output_timeout = timeout;
        self
    }

    /// The keys that were submitted, where the job is only known by name. Refused together
    /// with [`expect_requests`](Self::expect_requests), which knows the keys too.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let keys = (1..=1000).map(|n| format!("doc-{n}"));
    /// let results = client
    ///     .batches()
    ///     .results("batches/123abc")
    ///     .expect_keys(keys)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect_keys<I>(mut self, keys: I) -> Self
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Into<String> + 'static,
    {
        self.keys = Some(Box::new(keys.into_iter().map(Into::into)));
        self
    }

    /// The requests that were submitted, where the job is only known by name: their keys are
    /// expected, and a row that came without a key is given that of the request with the same
    /// content, where the service echoes requests, as Vertex AI does. Never by position.
    ///
    /// It keeps the keys and a hash of each request in memory. Refused together with
    /// [`expect_keys`](Self::expect_keys).
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// # async fn example(client: genai_batch::Client, job: &str) -> genai_batch::Result<()> {
    /// let results = client
    ///     .batches()
    ///     .results(job)
    ///     .expect_requests(Path::new("requests.jsonl"))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect_requests<S>(mut self, requests: S) -> Self
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        self.submitted = Some(requests.try_into().map_err(Into::into));
        self
    }

    /// Whether any deviation is an error: a row that is doubled, foreign, without a key or
    /// unreadable ends the stream with an error that names it and its place, before it is
    /// handed out; requests without a row do so at the end. By default all of these are told by
    /// the [`report`](ResultStream::report) alone. A request that failed is no deviation.
    ///
    /// It needs the keys that were submitted: a job of this process, or
    /// [`expect_keys`](Self::expect_keys) or [`expect_requests`](Self::expect_requests).
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job).strict(true);
    /// match results.save_to("results.jsonl").await {
    ///     Err(error) if error.is_deviation() => eprintln!("nothing was saved: {error}"),
    ///     saved => println!("{}", saved?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether the tokens that the responses used are summed up for the
    /// [`report`](ResultStream::report), which then tells what the job cost. By default they are
    /// not, since each response has to be read for it, which is otherwise left to whoever asks:
    /// about a microsecond a row.
    ///
    /// ```no_run
    /// use genai_batch::Pricing;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job).count_usage(true);
    /// let report = results.save_to("results.jsonl").await?;
    /// let pricing = Pricing::new(0.30, 2.50); // per million tokens, before the discount
    /// if let Some(cost) = report.cost(&pricing) {
    ///     println!("{cost}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn count_usage(mut self, count: bool) -> Self {
        self.count_usage = count;
        self
    }

    /// Saves the results to a local path, or with a Vertex AI client to `gs://bucket/object`,
    /// as they come.
    pub fn save_to(self, place: impl Into<PathBuf>) -> Save {
        Save::new(self, place.into())
    }

    async fn open(self) -> Result<ResultStream> {
        if self.keys.is_some() && self.submitted.is_some() {
            return Err(Error::input(
                "both `expect_keys` and `expect_requests` are given: leave out `expect_keys`, \
                 since the requests have their keys with them",
            ));
        }
        let keys = match self.keys {
            Some(keys) => Some(expect(keys).await?),
            None => None,
        };
        let known = self.job.job.clone();
        let job = match known.filter(BatchJob::is_terminal) {
            Some(job) => job,
            None => self.batches.read(&self.job).await?,
        };
        if job.is_active() {
            let message = format!(
                "it is {}: results can be read once it has ended, see `wait`",
                job.state()
            );
            return Err(Error::new(Kind::JobActive, message).with_job(job));
        }
        // A job that ended badly may have finished some rows.
        if !job.has_results() && job.output().is_none() {
            return Err(crate::wait::ended_without_results(job));
        }
        let (named, contents) = match self.submitted {
            Some(source) => {
                let model = job.model().unwrap_or_default();
                let form = self.batches.service.embed_form(model);
                let (expected, contents) = source?.read_contents(model, form).await?;
                (Some(Expectation::Keys(Arc::new(expected))), Some(contents))
            }
            None => (keys, None),
        };
        let expected = job.expected().map(Expectation::Keys);
        let expectation = named.or(expected);
        if self.strict && expectation.is_none() {
            return Err(Error::input(
                "`strict` needs the keys that were submitted, and the job is known by name \
                 alone: give them by `expect_keys` or `expect_requests`",
            ));
        }
        let options = ResultsOptions {
            expectation,
            deadline: Instant::now().checked_add(self.output_timeout),
        };
        let results = self.batches.service.results(job, options).await?;
        let results = results.matching(contents).strict(self.strict);
        Ok(results.counting_usage(self.count_usage))
    }
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("job", &self.job)
            .field("output_timeout", &self.output_timeout)
            .finish_non_exhaustive()
    }
}

async fn expect(keys: Keys) -> Result<Expectation> {
    let failed = |e| Error::io("the expected keys could not be kept", e);
    let mut builder = ExpectedBuilder::default();
    for (place, key) in (1..).zip(keys) {
        builder.push(&key, place).await.map_err(failed)?;
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
        let backend = self.batches.service.backend();
        Box::pin(async move {
            let call = trace::call!("read_batch_results", backend).job(&name);
            let opened = call.clone().run(self.open()).await;
            let opened = opened.map(|results| results.traced(call));
            opened.map_err(|error| error.during(format!("opening the results of {name}")))
        })
    }
}

type Configure<T> = Box<dyn FnOnce(T) -> T + Send>;

/// A create, a wait and the results in one; `.await` it for the [`ResultStream`].
#[must_use = "nothing is run until this is awaited"]
pub struct Run {
    batches: Batches,
    create: Create,
    wait: Configure<Wait>,
    results: Configure<Results>,
}

impl Run {
    pub(super) fn new(batches: Batches, create: Create) -> Self {
        Self {
            batches,
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

    /// Sets options of the wait.
    pub fn wait(mut self, configure: impl FnOnce(Wait) -> Wait + Send + 'static) -> Self {
        let earlier = self.wait;
        self.wait = Box::new(move |wait| configure(earlier(wait)));
        self
    }

    /// Sets options of the results.
    pub fn results(mut self, configure: impl FnOnce(Results) -> Results + Send + 'static) -> Self {
        let earlier = self.results;
        self.results = Box::new(move |results| configure(earlier(results)));
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
            (self.results)(self.batches.results(&job)).await
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
