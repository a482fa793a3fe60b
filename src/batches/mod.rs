//! [`Batches`]: what can be done with jobs, each call a builder that is awaited.

mod create;
mod list;
mod results;
mod save;

use std::pin::Pin;

use crate::backend::{Backend, ListOptions, Service, Task};
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobRef};
use crate::options::CreateOptions;
use crate::source::Source;
use crate::trace;
use crate::wait::{Wait, WaitAll};
pub use create::{Create, Update};
pub use list::List;
use results::OUTPUT_TIMEOUT;
pub use results::{Results, Run};
pub use save::Save;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The batch jobs of a client: [`Client::batches`](crate::Client::batches).
#[derive(Debug, Clone)]
pub struct Batches {
    service: Service,
}

impl Batches {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    /// Creates a job that generates content: one response for each request of `source`.
    ///
    /// # Errors
    ///
    /// Before anything is sent: if the model's name, the source or an option makes no sense
    /// ([`Error::is_invalid_input`]), or a local file cannot be read. After that: if the
    /// service refuses. Google documents a create as not idempotent: where its answer is lost,
    /// the client looks for the job, see [`Create::adopt`]. If that fails too, the error names
    /// the job.
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
        self.new_create(Task::GenerateContent, model.into(), source)
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
        self.new_create(Task::EmbedContent, model.into(), source)
    }

    fn new_create<S>(&self, task: Task, model: String, source: S) -> Create
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        Create {
            service: self.service.clone(),
            task,
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
        let job = job.into();
        let call = trace::call!("get_batch", self.service.backend()).job(&job.name);
        call.run_job(self.read(&job)).await
    }

    pub(crate) fn backend(&self) -> Backend {
        self.service.backend()
    }

    pub(crate) async fn read(&self, job: &JobRef) -> Result<BatchJob> {
        let read = self.service.get(&job.name).await;
        read.map(|read| read.remembering(job.submission()))
            .map_err(|error| error.during(format!("reading {}", job.name)))
    }

    /// Removes the input of a job that has ended, if that was asked for. A failure is noted:
    /// it must not hide the job's end.
    pub(crate) async fn clean_up(&self, job: &BatchJob) {
        let submission = job.submission.as_ref();
        for name in submission.iter().flat_map(|submission| &submission.remove) {
            if let Err(error) = self.service.remove_staged(name).await {
                tracing::warn!(%error, input = name, "the staged input could not be removed");
            }
        }
    }

    /// Lists the project's jobs, newest first.
    pub fn list(&self) -> List {
        List {
            service: self.service.clone(),
            options: ListOptions::default(),
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
        let job = job.into();
        let call = trace::call!("cancel_batch", self.service.backend()).job(&job.name);
        let cancelled = call.run(self.service.cancel(&job.name)).await;
        cancelled.map_err(|error| error.during(format!("cancelling {}", job.name)))
    }

    /// Deletes a job's record. It does not cancel the job.
    ///
    /// # Errors
    ///
    /// If the name makes no sense, or the service refuses.
    pub async fn delete(&self, job: impl Into<JobRef>) -> Result<()> {
        let job = job.into();
        let call = trace::call!("delete_batch", self.service.backend()).job(&job.name);
        let deleted = call.run(self.service.delete(&job.name)).await;
        deleted.map_err(|error| error.during(format!("deleting {}", job.name)))
    }

    /// Changes a job's display name or priority. Vertex AI cannot, and refuses.
    ///
    /// # Errors
    ///
    /// If the name makes no sense, nothing is to be changed, or the service refuses.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client.batches().update("batches/123abc").priority(10).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self, job: impl Into<JobRef>) -> Update {
        Update {
            service: self.service.clone(),
            job: job.into(),
            display_name: None,
            priority: None,
        }
    }

    /// Waits for a job to end; see [`Wait`] for its options and errors.
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
            keys: None,
            submitted: None,
            strict: false,
            count_usage: false,
        }
    }

    /// Creates a job, waits for its end and opens its results; see [`Run`] for its options and
    /// errors.
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
        Run::new(self.clone(), self.create(model, source))
    }

    /// As [`run`](Self::run), for embeddings.
    pub fn run_embeddings<S>(&self, model: impl Into<String>, source: S) -> Run
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        Run::new(self.clone(), self.create_embeddings(model, source))
    }
}
