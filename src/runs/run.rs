//! A run that this process drives.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::events::RunEvents;
use super::finish::Finish;
use super::inner::Inner;
use super::intake::{Identity, Intake};
use super::jobs::RunJobs;
use super::parts::{self, RunPart};
use super::progress::{self, Progress};
use super::report::{self, RunReport};
use super::results::{RunResults, RunSave};
use super::store::{Role, Store, adopted, failed, settings};
use super::unfinished;
use crate::backend::AnyBackend;
use crate::error::{Error, Result};
use crate::job::JobRef;
use crate::options::CreateOptions;
use crate::source::Source;

/// A run that is open, which no other process drives meanwhile: made by
/// [`Runs::open`](super::Runs::open).
///
/// All that it knows is in its file, so it may be dropped at any time, and goes on when it is opened
/// again.
pub struct Run(Arc<Inner>);

impl Run {
    pub(super) fn new(
        service: AnyBackend,
        store: Store,
        identity: Identity,
        options: CreateOptions,
        intake: Option<Intake>,
    ) -> Self {
        Self(Arc::new(Inner {
            service,
            store,
            model: identity.model,
            task: identity.task,
            options,
            intake,
            is_of_parts: identity.is_of_parts,
            rows: Mutex::default(),
            driving: Arc::default(),
        }))
    }

    /// What opening the run did with its input; `None` if it was opened without one.
    pub fn intake(&self) -> Option<Intake> {
        self.0.intake
    }

    /// The model that is asked.
    pub fn model(&self) -> &str {
        &self.0.model
    }

    /// Makes the jobs, follows them and reads them, until each request has its outcome or a limit is
    /// reached; see [`Finish`] for its options and errors.
    pub fn finish(&self) -> Finish {
        Finish::new(Arc::clone(&self.0))
    }

    /// The outcomes that there are, one for each key, in the order of the input.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let mut results = run.results().await?;
    /// while let Some(result) = results.try_next().await? {
    ///     println!("{:?}: {:?}", result.key(), result.outcome());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn results(&self) -> Result<RunResults> {
        let reader = Store::open(self.0.store.path(), Role::Reader).await?;
        RunResults::open(reader, self.0.service.row_reader()).await
    }

    /// Saves the outcomes that there are to a local path, or with a Vertex AI client to
    /// `gs://bucket/object`, whole or not at all: a line of JSON for each, as
    /// [`Results::save_to`](crate::batches::Results::save_to) writes them, in the order of the input;
    /// one that is missing has a `message` where it is known why.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// run.save_to("results.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn save_to(&self, place: impl AsRef<Path>) -> RunSave {
        RunSave::new(
            self.0.service.row_reader(),
            Some(self.0.service.clone()),
            self.0.store.path().to_owned(),
            place.as_ref().to_owned(),
        )
    }

    /// The account of the run: what became of its requests, by outcome and by generation.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// println!("{}", run.report().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn report(&self) -> Result<RunReport> {
        report::read(&self.0.store).await
    }

    /// How far the run is.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// println!("{}", run.progress().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn progress(&self) -> Result<Progress> {
        progress::read(&self.0.store).await
    }

    /// What [`set_note`](Self::set_note) or [`Open::note`](super::Open::note) wrote under this name.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// println!("{:?}", run.note("saved to").await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn note(&self, name: impl Into<String>) -> Result<Option<String>> {
        let name = name.into();
        let read = self.0.store.call(move |it| settings::note(it, &name));
        read.await
    }

    /// Writes down something of the program's own in the file of the run, in place of what was there
    /// under this name. The run makes nothing of it.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// run.set_note("saved to", "results.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_note(&self, name: impl Into<String>, value: impl Into<String>) -> Result<()> {
        let (name, value) = (name.into(), value.into());
        let write = self
            .0
            .store
            .call(move |it| settings::set_note(it, &name, &value));
        write.await
    }

    /// The files and tables of a run whose requests the service holds, each with what became of it, in the
    /// order of the source. Of a run that has its requests itself, there are none.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// for part in run.parts().await? {
    ///     println!("{part}"); // gs://in/a.jsonl done: 500 requests, results in gs://…
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn parts(&self) -> Result<Vec<RunPart>> {
        parts::read(&self.0.store).await
    }

    /// What happened to the jobs of the run until now, from the first on;
    /// [`Finish::on_event`](super::Finish::on_event) tells it as it happens. An error of the file ends
    /// the stream.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let mut events = run.events();
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{event}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self) -> RunEvents {
        RunEvents::new(self.0.store.clone())
    }

    /// The jobs of the run until now, in the order in which they were cut. An error of the file ends the
    /// stream.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let mut jobs = run.jobs();
    /// while let Some(job) = jobs.try_next().await? {
    ///     println!("{}: {} of {} responded", job.number, job.responses, job.requests);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn jobs(&self) -> RunJobs {
        RunJobs::new(self.0.store.clone())
    }

    /// Closes the run, and waits until its file is whole by itself, without `NAME-wal`: to be copied, or
    /// opened by another process. A run that is dropped does the same a moment later. What came of it and
    /// reads from it, such as [`unfinished`](Self::unfinished), is to be dropped before.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// run.close().await; // another process may go on with it
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(self) {
        let store = self.0.store.clone();
        drop(self.0);
        store.close().await;
    }

    /// Takes in a job that any other program made, by its name alone; `false` if the run has it already.
    ///
    /// The next [`finish`](Self::finish) follows it and reads it before it sends anything, since only
    /// then does it show which requests the job has. A result goes to the request of the run with its
    /// key, if that was in no job yet; one with a key that the run does not have becomes a request of
    /// it, of which only the key is known. What failed is asked again where the run has the request.
    ///
    /// # Errors
    ///
    /// If the service does not know the job, the service holds the requests of the run, or the file cannot
    /// be written.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// run.adopt("batches/123abc").await?;
    /// let report = run.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn adopt(&self, job: impl Into<JobRef>) -> Result<bool> {
        if self.0.is_of_parts {
            return Err(Error::input(
                "the requests of this run are with the service, so that results of other jobs cannot go \
                 to them: adopt the job in a run that has its requests",
            ));
        }
        let job = job.into();
        let read = self.0.service.read(&job).await?;
        let name = read.name().to_owned();
        let requests = read.stats().and_then(|stats| stats.total);
        let requests = requests.and_then(|total| i64::try_from(total).ok());
        let requests = requests.unwrap_or_default();
        let added = self
            .0
            .store
            .call(move |it| adopted::add(it, &name, requests));
        added.await
    }

    /// Lets what failed be asked again, bad requests and blocked ones too, once more than
    /// [`attempts`](super::Finish::attempts) may allow; gives how many requests these are. The next
    /// [`finish`](Self::finish) asks them, and until it has, they have no outcome.
    ///
    /// What is no longer in the input stays as it is, and so does what only a job that was
    /// [adopted](Self::adopt) knows.
    ///
    /// # Errors
    ///
    /// If the run is being finished meanwhile, or the file cannot be written.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// if run.retry_failed().await? > 0 {
    ///     println!("{}", run.finish().await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn retry_failed(&self) -> Result<u64> {
        let Ok(_driving) = Arc::clone(&self.0.driving).try_lock_owned() else {
            return Err(Error::configuration(
                "this run is being finished: wait for that before what failed is asked again",
            ));
        };
        self.0.store.call(failed::ask_again).await
    }

    /// The requests that have no outcome yet and are in no job, in the form in which they are sent: to
    /// be asked elsewhere. Where the service holds the requests, reading it is an error:
    /// [`parts`](Self::parts) tells which files are left.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run, other: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = other.batches().create("gemini-2.5-pro", run.unfinished()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn unfinished(&self) -> Source {
        match self.0.is_of_parts {
            true => unfinished::held_by_service(),
            false => unfinished::source(self.0.store.clone()),
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("path", &self.0.store.path())
            .field("model", &self.0.model)
            .finish_non_exhaustive()
    }
}
