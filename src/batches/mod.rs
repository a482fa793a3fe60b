//! [`Batches`]: what can be done with jobs, each call a builder that is awaited.

mod create;
mod list;
mod results;

use std::pin::Pin;
use std::sync::Arc;

use crate::backend::gemini::Gemini;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobRef};
use crate::options::CreateOptions;
use crate::source::Source;
use crate::source::entry::JobKind;
use crate::wait::{Wait, WaitAll};
pub use create::{Create, Update};
pub use list::List;
use results::OUTPUT_TIMEOUT;
pub use results::{Results, Run};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The batch jobs of a client: [`Client::batches`](crate::Client::batches).
#[derive(Debug, Clone)]
pub struct Batches {
    backend: Arc<Gemini>,
}

impl Batches {
    pub(crate) fn new(backend: Arc<Gemini>) -> Self {
        Self { backend }
    }

    /// Creates a job that generates content: one response for each request of `source`.
    ///
    /// # Errors
    ///
    /// Before anything is sent: if the model's name, the source or an option makes no sense
    /// ([`Error::is_invalid_input`]), or a local file cannot be read. After that: if the
    /// service refuses. A create is not sent twice, since Google documents it as not
    /// idempotent; after a failure that is no refusal, [`list`](Self::list) shows whether
    /// the job exists.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", Path::new("requests.jsonl"))
    ///     .display_name("nightly")
    ///     .system_instruction("Answer in one sentence.")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create<S>(&self, model: impl Into<String>, source: S) -> Create
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        self.new_create(JobKind::GenerateContent, model.into(), source)
    }

    /// Creates a job that embeds: one embedding for each request of `source`.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    ///
    /// ```no_run
    /// use genai_batch::EmbedRequest;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let texts = ["Batteries included.", "Assembly required."];
    /// let requests: Vec<_> = texts
    ///     .map(|text| EmbedRequest::text(text).output_dimensionality(256))
    ///     .into();
    /// let job = client
    ///     .batches()
    ///     .create_embeddings("gemini-embedding-001", requests)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_embeddings<S>(&self, model: impl Into<String>, source: S) -> Create
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        self.new_create(JobKind::EmbedContent, model.into(), source)
    }

    fn new_create<S>(&self, kind: JobKind, model: String, source: S) -> Create
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        Create {
            backend: Arc::clone(&self.backend),
            kind,
            model,
            source: source.try_into().map_err(Into::into),
            options: Ok(CreateOptions::default()),
        }
    }

    /// What the service says of a job now. A `&BatchJob` keeps the keys that it knows.
    ///
    /// # Errors
    ///
    /// If the name makes no sense, or the service refuses: 404 if there is no such job.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client.batches().get("batches/123abc").await?;
    /// println!("{}", job.state());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, job: impl Into<JobRef>) -> Result<BatchJob> {
        self.read(&job.into()).await
    }

    pub(crate) async fn read(&self, job: &JobRef) -> Result<BatchJob> {
        let expected = job.job.as_ref().and_then(|job| job.expected.clone());
        let read = self.backend.get(&job.name).await?;
        Ok(read.expecting(expected))
    }

    /// Lists the project's jobs, newest first.
    pub fn list(&self) -> List {
        List {
            backend: Arc::clone(&self.backend),
            page_size: None,
            page_token: None,
            active: false,
        }
    }

    /// Asks the service to cancel a job. Requests that were served keep their results: a job
    /// that had started ends as succeeded, with errors for the rest.
    ///
    /// # Errors
    ///
    /// If the name makes no sense, or the service refuses, as for a job that has ended.
    pub async fn cancel(&self, job: impl Into<JobRef>) -> Result<()> {
        self.backend.cancel(&job.into().name).await
    }

    /// Deletes a job's record. It does not cancel the job.
    ///
    /// # Errors
    ///
    /// If the name makes no sense, or the service refuses.
    pub async fn delete(&self, job: impl Into<JobRef>) -> Result<()> {
        self.backend.delete(&job.into().name).await
    }

    /// Changes a job's display name or priority.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client.batches().update("batches/123abc").priority(10).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self, job: impl Into<JobRef>) -> Update {
        Update {
            backend: Arc::clone(&self.backend),
            job: job.into(),
            display_name: None,
            priority: None,
        }
    }

    /// Waits for a job to end.
    pub fn wait(&self, job: impl Into<JobRef>) -> Wait {
        Wait::new(self.clone(), job.into())
    }

    /// Waits for many jobs to end, all at once.
    pub fn wait_all<J: Into<JobRef>>(&self, jobs: impl IntoIterator<Item = J>) -> WaitAll {
        WaitAll::new(self.clone(), jobs.into_iter().map(Into::into).collect())
    }

    /// Opens the results of a job that has ended.
    ///
    /// Given a job that this process created, missing requests are named; given a name, only
    /// the service's count is known, unless [`expect_keys`](Results::expect_keys) names them.
    pub fn results(&self, job: impl Into<JobRef>) -> Results {
        Results {
            batches: self.clone(),
            job: job.into(),
            output_timeout: OUTPUT_TIMEOUT,
            expect_keys: None,
        }
    }

    /// Creates a job, waits for its end and opens its results.
    ///
    /// Dropping the future leaves the job running; to keep its name, take the three steps
    /// one by one, or note it in [`Run::on_progress`].
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let mut results = client
    ///     .batches()
    ///     .run("gemini-2.5-flash", vec!["What is AI?", "What is ML?"])
    ///     .on_progress(|job| eprintln!("{}", job.state()))
    ///     .await?;
    /// while let Some(result) = results.try_next().await? {
    ///     println!("{:?}", result.outcome());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<S>(&self, model: impl Into<String>, source: S) -> Run
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        Run {
            batches: self.clone(),
            create: self.create(model, source),
            wait: Box::new(|wait| wait),
        }
    }
}
