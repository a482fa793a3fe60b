//! The calls of a job's life: [`Batches`], and the options of each.
//!
//! | call | its options |
//! |---|---|
//! | [`create`](Batches::create), [`create_embeddings`](Batches::create_embeddings) | [`Create`], [`IntoSource`], [`Checks`], [`CreateProgress`], [`InlineLimit`], [`WebhookConfig`], [`DedicatedResources`] |
//! | [`create_all`](Batches::create_all): many at once | [`CreateAll`] |
//! | [`list`](Batches::list) | [`List`] |
//! | [`update`](Batches::update) | [`Update`] |
//! | [`wait`](Batches::wait), [`wait_all`](Batches::wait_all) | [`wait`](crate::wait) |
//! | [`results`](Batches::results) | [`Results`], and [`Save`] to write them down |
//! | [`run`](Batches::run), [`run_embeddings`](Batches::run_embeddings): all of it at once | [`Run`] |
//!
//! ```no_run
//! use genai_batch::batches::{Create, InlineLimit};
//!
//! /// What all jobs of a program have in common.
//! fn nightly(create: Create) -> Create {
//!     create.display_name("nightly").inline_limit(InlineLimit::NEVER)
//! }
//!
//! # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
//! let create = client.batches().create("gemini-2.5-flash", "requests.jsonl");
//! println!("{}", nightly(create).await?.name());
//! # Ok(())
//! # }
//! ```

mod create;
mod create_all;
mod list;
mod results;
mod run;
mod save;
mod update;

use crate::backend::AnyBackend;
use crate::error::Result;
use crate::job::{BatchJob, JobRef};
pub use crate::options::{Checks, CreateProgress, DedicatedResources, WebhookConfig};
use crate::options::{CreateOptions, ListOptions, Task};
use crate::request::Form;
pub use crate::source::IntoSource;
pub use crate::source::prepare::InlineLimit;
use crate::trace;
use crate::wait::{Wait, WaitAll};
pub use create::Create;
pub use create_all::CreateAll;
pub use list::List;
pub use results::Results;
pub use run::Run;
pub use save::Save;
#[cfg(feature = "runs")]
pub(crate) use save::SaveTarget;
pub use update::Update;

/// The batch jobs of a client: [`Client::batches`](crate::Client::batches).
#[derive(Debug, Clone)]
pub struct Batches {
    service: AnyBackend,
}

impl Batches {
    pub(crate) fn new(service: AnyBackend) -> Self {
        Self { service }
    }

    /// Creates a job that generates content: one response for each request of `source`.
    ///
    /// # Errors
    ///
    /// Before anything is sent: if the model's name, the source, an option or a request is invalid
    /// ([`Error::is_invalid_input`](crate::Error::is_invalid_input); up to 20 mistakes in requests are named, see [`Checks`]), or a
    /// local file cannot be read. After that: if the
    /// service refuses. Google documents a create as not idempotent: where its response is lost,
    /// the client does not send it again but looks for the job, see [`Create::adopt`]. If that
    /// fails too, the error [is unclear](crate::Error::is_unclear), and its mark finds the job later.
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
        S: IntoSource,
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
        S: IntoSource,
    {
        self.new_create(Task::EmbedContent, model.into(), source)
    }

    fn new_create<S>(&self, task: Task, model: String, source: S) -> Create
    where
        S: IntoSource,
    {
        Create {
            service: self.service.clone(),
            task,
            model,
            source: source.into_source(),
            options: Ok(CreateOptions::default()),
        }
    }

    /// Creates a job of each source, some at a time: for what is too much for one job, in parts. An
    /// outcome of each comes back, so that those that were created are kept although others failed.
    ///
    /// Sources are taken from the iterator as creates begin, so that they need not be in memory all at
    /// once. For a program that may be killed, give each an [`id`](Create::id), by
    /// [`each`](CreateAll::each): then it goes on with the jobs that are there.
    ///
    /// ```no_run
    /// use genai_batch::{BatchJob, Request};
    ///
    /// # async fn example(client: genai_batch::Client, requests: Vec<Request>) -> genai_batch::Result<()> {
    /// let parts: Vec<Vec<Request>> = requests.chunks(50_000).map(<[_]>::to_vec).collect();
    /// let created = client
    ///     .batches()
    ///     .create_all("gemini-2.5-flash", parts)
    ///     .each(|part, create| create.id(format!("nightly-2026-11-29-{part}")))
    ///     .await;
    /// let mut jobs: Vec<BatchJob> = Vec::new();
    /// for (part, outcome) in created.into_iter().enumerate() {
    ///     match outcome {
    ///         Ok(job) => jobs.push(job),
    ///         Err(error) => eprintln!("part {part}: {error}"), // the others go on
    ///     }
    /// }
    /// let ended = client.batches().wait_all(&jobs).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_all<I>(&self, model: impl Into<String>, sources: I) -> CreateAll
    where
        I: IntoIterator<Item: IntoSource + 'static, IntoIter: Send + 'static>,
    {
        let sources = sources.into_iter().map(IntoSource::into_source);
        CreateAll::new(self.service.clone(), model.into(), Box::new(sources))
    }

    /// The form in which a model takes its requests, as its name tells.
    ///
    /// # Errors
    ///
    /// If it is not the name of a model.
    ///
    /// ```
    /// use genai_batch::request::Form;
    /// # fn main() -> genai_batch::Result<()> {
    /// let gemini = genai_batch::Client::gemini("any-key")?;
    /// assert_eq!(gemini.batches().form_of("gemini-2.5-flash")?, Form::Gemini);
    /// # Ok(())
    /// # }
    /// ```
    pub fn form_of(&self, model: &str) -> Result<Form> {
        self.service.form_of(model, &CreateOptions::default())
    }

    /// What the service says of a job now. A `&BatchJob` keeps the keys that it knows.
    ///
    /// # Errors
    ///
    /// If the name is invalid, or the service refuses: 404 if there is no such job.
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
        call.run_job(self.service.read(&job)).await
    }

    /// The job that bears a mark, as [`Error::mark`](crate::Error::mark) gave it; `None` if none is listed now. It reads
    /// all pages of the list, where it must.
    ///
    /// The job knows no keys: give them to its results with
    /// [`expect_keys`](Results::expect_keys) or [`expect_requests`](Results::expect_requests).
    ///
    /// # Errors
    ///
    /// If it is not a mark, or the jobs cannot be listed.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let created = client.batches().create("gemini-2.5-flash", "requests.jsonl").await;
    /// let job = match created {
    ///     Err(error) if error.is_unclear() => {
    ///         let mark = error.mark().unwrap_or_default();
    ///         client.batches().find(mark).await?.ok_or(error)?
    ///     }
    ///     created => created?,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find(&self, mark: &str) -> Result<Option<BatchJob>> {
        let call = trace::call!("find_batch", self.service.backend());
        let found = call.run(self.service.find(mark)).await;
        found.map_err(|error| error.during(format!("looking for the job with the mark {mark:?}")))
    }

    /// Lists the project's jobs, newest first: all of them, or a page at a time; see [`List`].
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let mut jobs = client.batches().list().stream();
    /// while let Some(job) = jobs.try_next().await? {
    ///     println!("{} {}", job.name(), job.state());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> List {
        List {
            service: self.service.clone(),
            options: ListOptions::default(),
            active: false,
        }
    }

    /// Asks the service to cancel a job, and returns once it has taken note; the job ends some time
    /// after that, as [`wait`](Self::wait) sees.
    ///
    /// | | Gemini Developer API | Vertex AI |
    /// |---|---|---|
    /// | had not started | ends as cancelled, without results | ends as cancelled, without results |
    /// | had started | ends as succeeded: what was served keeps its result, the rest are errors of code 1 | ends as cancelled: rows that were finished stay where the results go |
    /// | had ended | an error, and the job stays as it is | an error, and the job stays as it is |
    ///
    /// So others have seen it; both services document a cancel as made as well as they can, and a job may
    /// end otherwise before it takes effect. [`wait`](Self::wait) gives a job that was cancelled as an
    /// error that carries it, and [`results`](Self::results) reads what it has all the same.
    ///
    /// # Errors
    ///
    /// If the name is invalid, or the service refuses: 404 if there is no such job, 400
    /// (`FAILED_PRECONDITION`) if it has ended.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// client.batches().cancel(&job).await?;
    /// match client.batches().wait(&job).await {
    ///     Ok(job) => println!("{} was quicker", job.name()),
    ///     Err(error) if error.is_job_ended() => println!("{error}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel(&self, job: impl Into<JobRef>) -> Result<()> {
        let job = job.into();
        self.service.cancel_job(&job.name).await
    }

    /// Deletes a job's record. It does not cancel the job.
    ///
    /// On the Gemini Developer API, results that stand in the job itself go with its record, and files
    /// are files of their own. On Vertex AI, what was written to Cloud Storage or BigQuery stays.
    /// [Cancel](Self::cancel) a job that is still wanted by nobody, and wait for its end, before.
    ///
    /// # Errors
    ///
    /// If the name is invalid, or the service refuses: 404 if there is no such job.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// client.batches().delete("batches/123abc").await?;
    /// # Ok(())
    /// # }
    /// ```
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
    /// If the name is invalid, nothing is to be changed, or the service refuses.
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
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .wait(&job)
    ///     .on_progress(|job| eprintln!("{} {:?}", job.state(), job.progress()))
    ///     .await?;
    /// assert!(job.has_results());
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(&self, job: impl Into<JobRef>) -> Wait {
        Wait::new(self.service.clone(), job.into())
    }

    /// Waits for many jobs to end, all at once.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// for outcome in client.batches().wait_all(["batches/1", "batches/2"]).await {
    ///     match outcome {
    ///         Ok(job) => println!("{} has results", job.name()),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_all<J: Into<JobRef>>(&self, jobs: impl IntoIterator<Item = J>) -> WaitAll {
        WaitAll::new(
            self.service.clone(),
            jobs.into_iter().map(Into::into).collect(),
        )
    }

    /// Opens the results of a job that has ended.
    ///
    /// Given a job that this process created, missing requests are named; given a name, only
    /// the service's count is known, unless [`expect_keys`](Results::expect_keys) names them.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let mut results = client.batches().results(&job).await?;
    /// while let Some(result) = results.try_next().await? {
    ///     println!("{:?}: {:?}", result.key(), result.outcome());
    /// }
    /// println!("{}", results.report());
    /// # Ok(())
    /// # }
    /// ```
    pub fn results(&self, job: impl Into<JobRef>) -> Results {
        Results::new(self.service.clone(), job.into())
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
        S: IntoSource,
    {
        Run::new(self.service.clone(), self.create(model, source))
    }

    /// Creates a job for embeddings, waits for its end and opens its results, as [`run`](Self::run) does
    /// for content.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let texts = vec!["Batteries included.", "Assembly required."];
    /// let run = client.batches().run_embeddings("gemini-embedding-001", texts);
    /// let mut results = run.await?;
    /// while let Some(result) = results.try_next().await? {
    ///     let embedding = result.response().and_then(|response| response.embedding());
    ///     println!("{:?}: {:?}", result.key(), embedding.map(<[f32]>::len));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_embeddings<S>(&self, model: impl Into<String>, source: S) -> Run
    where
        S: IntoSource,
    {
        Run::new(self.service.clone(), self.create_embeddings(model, source))
    }
}
