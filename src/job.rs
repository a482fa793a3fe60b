//! What a service says of a job: [`BatchJob`], one type for both backends.
//!
//! | of a job | type |
//! |---|---|
//! | how far it is | [`JobState`]; [`OtherState`] is one that this crate does not know |
//! | where its requests are, and its results | [`JobSource`], [`JobDestination`] |
//! | how many requests it has, and how many have ended | [`JobStats`] |
//! | why it failed | [`Status`] |
//! | how calls name it | [`JobRef`]: a name, or the job |
//!
//! ```
//! use genai_batch::job::{BatchJob, JobState};
//!
//! fn tell(job: &BatchJob) {
//!     match (job.state(), job.error()) {
//!         (JobState::Failed, Some(error)) => println!("{}: {error}", job.name()),
//!         (state, _) => println!("{}: {state}", job.name()),
//!     }
//! }
//! ```

// `backend/*/convert.rs` fills the job in; nothing here knows a wire format.

mod codes;
mod record;
mod status;
mod status_fields;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::keys::SubmittedKeys;
pub use crate::state::{JobState, OtherState};
pub(crate) use record::{Details, JobRecord};
pub use status::Status;
pub(crate) use status::retry_info;

/// A batch job, as the service described it at one moment.
///
/// Cheap to clone. It does not follow the job: [`Batches::get`](crate::Batches::get) and
/// [`Batches::wait`](crate::Batches::wait) give newer ones. Fields that the service left
/// out are `None` or empty, and [`json`](Self::json) is all that it said.
///
/// ```no_run
/// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
/// let job = client.batches().get("batches/123abc").await?;
/// println!("{} is {}", job.name(), job.state());
/// if let Some(error) = job.error() {
///     println!("because {error}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BatchJob {
    pub(crate) record: Arc<JobRecord>,
    /// What was submitted, where this process created the job.
    pub(crate) submission: Option<Arc<Submission>>,
}

/// What this process remembers of a job that it created.
#[derive(Debug)]
pub(crate) struct Submission {
    /// The keys of the requests.
    pub(crate) expected: Arc<SubmittedKeys>,
    /// Where its lines have their keys.
    pub(crate) sent_keys: SentKeys,
    /// What the client put somewhere for the job, if it is to be removed in the end.
    pub(crate) remove: Vec<String>,
}

/// Which field of a line has its key, as it was sent: what a create calls `key_field` may be renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentKeys {
    pub(crate) field: String,
    /// Whether `key` and `custom_id` may be columns of the caller's own beside it.
    pub(crate) is_only: bool,
}

impl BatchJob {
    pub(crate) fn new(record: JobRecord) -> Self {
        Self {
            record: Arc::new(record),
            submission: None,
        }
    }

    /// Takes out of why it failed what `clean` finds there. What the service said of it stays in what
    /// is documented as that.
    pub(crate) fn clean(&mut self, clean: impl Fn(&str) -> Option<String>) {
        // A job that was just read belongs to nobody else.
        let Some(record) = Arc::get_mut(&mut self.record) else {
            return;
        };
        let failures = record.details.partial_failures.iter_mut();
        for status in failures.chain(&mut record.details.error) {
            status.clean(&clean);
        }
    }

    /// The same job, remembering what was submitted.
    pub(crate) fn remembering(mut self, submission: Option<Arc<Submission>>) -> Self {
        self.submission = submission.or(self.submission);
        self
    }

    /// The keys that were submitted, where this process created the job.
    pub(crate) fn expected(&self) -> Option<Arc<SubmittedKeys>> {
        let submission = self.submission.as_ref()?;
        Some(Arc::clone(&submission.expected))
    }

    /// Where its lines have their keys, where this process created the job.
    pub(crate) fn sent_keys(&self) -> Option<&SentKeys> {
        Some(&self.submission.as_ref()?.sent_keys)
    }

    /// The resource name: `batches/ID` on Gemini,
    /// `projects/…/locations/…/batchPredictionJobs/ID` on Vertex AI.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// The name for people, given on create, without the mark by which the client finds the job. `None`
    /// where the service leaves it out.
    pub fn display_name(&self) -> Option<&str> {
        self.record.details.display_name.as_deref()
    }

    /// The model, as the service writes it: `models/gemini-2.5-flash`,
    /// `publishers/google/models/gemini-2.5-flash`. `None` where it leaves it out.
    pub fn model(&self) -> Option<&str> {
        self.record.details.model.as_deref()
    }

    /// How far the job is: waiting, running, or how it ended.
    pub fn state(&self) -> &JobState {
        &self.record.state
    }

    /// Whether the job has ended: by its state, or because the service says that it is done.
    pub fn is_terminal(&self) -> bool {
        self.record.done || self.record.state.is_terminal()
    }

    /// Whether the job succeeded, wholly or in part: then it has results.
    ///
    /// ```
    /// # fn example(job: genai_batch::BatchJob) {
    /// if !job.is_succeeded() {
    ///     println!("{}: {}", job.name(), job.state());
    /// }
    /// # }
    /// ```
    pub fn is_succeeded(&self) -> bool {
        matches!(
            self.state(),
            JobState::Succeeded | JobState::PartiallySucceeded
        )
    }

    /// Whether the job ended badly and nobody asked for it: it failed or expired.
    /// [`error`](Self::error) says why, where the service does.
    pub fn is_failed(&self) -> bool {
        matches!(self.state(), JobState::Failed | JobState::Expired)
    }

    /// Which share of the requests has ended, with a response or an error, from 0 to 1; 1 once the job
    /// has succeeded.
    ///
    /// `None` where the service counts nothing, as Vertex AI may before the end, or no total is known:
    /// it is the service's, or else the number of requests that this process submitted. The counts
    /// may be late, and may come all at once in the end.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .wait(&job)
    ///     .on_progress(|job| match job.progress() {
    ///         Some(share) => eprintln!("{:.0} %", share * 100.0),
    ///         None => eprintln!("{}", job.state()),
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn progress(&self) -> Option<f64> {
        if self.is_succeeded() {
            return Some(1.0);
        }
        let stats = self.stats()?;
        let total = stats.total.filter(|total| *total > 0)?;
        let ended = stats.succeeded.saturating_add(stats.failed);
        Some((ended as f64 / total as f64).min(1.0))
    }

    /// Whether the job may still change.
    pub fn is_active(&self) -> bool {
        !self.is_terminal()
    }

    /// Whether the job ended with results: it succeeded, wholly or in part, or ended in a
    /// state unknown to this version and has an output.
    ///
    /// A job that failed, expired or was cancelled may have an [`output`](Self::output) too,
    /// on Vertex AI the rows that were finished;
    /// [`Batches::results`](crate::Batches::results) reads it.
    pub fn has_results(&self) -> bool {
        let without = [JobState::Failed, JobState::Expired, JobState::Cancelled];
        let state = self.state();
        state.has_results()
            || (self.is_terminal() && self.output().is_some() && !without.contains(state))
    }

    /// When the job was created, in UTC; `None` where the service leaves it out.
    pub fn create_time(&self) -> Option<DateTime<Utc>> {
        self.record.details.create_time
    }

    /// When the job started to run, in UTC; `None` before that, and on the Gemini backend, which does
    /// not tell.
    pub fn start_time(&self) -> Option<DateTime<Utc>> {
        self.record.details.start_time
    }

    /// When the job ended, in UTC; `None` before that.
    pub fn end_time(&self) -> Option<DateTime<Utc>> {
        self.record.details.end_time
    }

    /// When the service last changed the job's record, in UTC; `None` where it leaves it out.
    pub fn update_time(&self) -> Option<DateTime<Utc>> {
        self.record.details.update_time
    }

    /// Where the requests came from, as the service tells it: requests that the client uploaded or
    /// staged are shown as the file or object that they became, and those in the body of the create as
    /// [`JobSource::Inline`]. `None` where the service leaves it out.
    pub fn source(&self) -> Option<&JobSource> {
        self.record.details.source.as_ref()
    }

    /// Where the results were asked to go, or on Gemini where they are.
    pub fn destination(&self) -> Option<&JobDestination> {
        self.record.details.destination.as_ref().or(self.output())
    }

    /// Where the results are; `None` until there are any.
    pub fn output(&self) -> Option<&JobDestination> {
        self.record.details.output.as_ref()
    }

    /// How many requests the job has and how far they are; `None` where the service counts nothing, as
    /// Vertex AI may before the end. These counts inform; the result rows decide.
    ///
    /// A total that the service does not give is that of the requests that this process submitted.
    pub fn stats(&self) -> Option<JobStats> {
        let mut stats = self.record.details.stats?;
        if stats.total.is_none() {
            let submission = self.submission.as_ref();
            stats.total = submission.map(|submission| submission.expected.total());
        }
        Some(stats)
    }

    /// Why the job failed or was cancelled; `None` where it was not, or the service does not say.
    pub fn error(&self) -> Option<&Status> {
        self.record.details.error.as_ref()
    }

    /// What failed in a job that succeeded in part; empty for others.
    pub fn partial_failures(&self) -> &[Status] {
        &self.record.details.partial_failures
    }

    /// The labels of the job, as [`Create::label`](crate::batches::Create::label) or another program
    /// put them there, without those by which the client finds it (`genai-batch-…`). Empty where there
    /// are none, and always on the Gemini backend, which has no labels.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.record.details.labels
    }

    /// The priority among the project's jobs; higher runs first. `None` where none was given, which
    /// counts as 0.
    pub fn priority(&self) -> Option<i64> {
        self.record.details.priority
    }

    /// The service's complete response, as it came.
    pub fn json(&self) -> &str {
        self.record.json.as_str()
    }
}

impl fmt::Debug for BatchJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &self.record.details;
        f.debug_struct("BatchJob")
            .field("name", &self.record.name)
            .field("display_name", &details.display_name)
            .field("model", &details.model)
            .field("state", &self.record.state)
            .field("stats", &details.stats)
            .field("error", &details.error)
            .field("destination", &details.destination)
            .finish_non_exhaustive()
    }
}

/// Where a job's requests came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobSource {
    /// In the body of the create.
    Inline,
    /// An uploaded file of the Gemini Files API, `files/ID`.
    File(String),
    /// Objects in Cloud Storage, `gs://bucket/object`.
    CloudStorage(Vec<String>),
    /// A BigQuery table, `bq://project.dataset.table`.
    BigQuery(String),
    /// A multimodal dataset of Vertex AI.
    Dataset(String),
}

/// Where a job's results are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobDestination {
    /// In the job itself.
    Inline,
    /// A generated file of the Gemini Files API, `files/ID`.
    File(String),
    /// A prefix in Cloud Storage, `gs://bucket/prefix`; of an output the very directory.
    CloudStorage(String),
    /// A BigQuery dataset or table, `bq://project.dataset.table`.
    BigQuery(String),
    /// A multimodal dataset of Vertex AI.
    Dataset {
        /// The table that holds it.
        table: Option<String>,
        /// Its name: for people where it was asked for, of the resource where it is.
        name: Option<String>,
    },
}

/// How many requests a job has, by the service's own count.
///
/// `None` is a count that the service does not know. `pending` may stay at `total` until the
/// end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobStats {
    /// All requests, those of this process's submission where the service gives no total.
    pub total: Option<u64>,
    /// Those with a response.
    pub succeeded: u64,
    /// Those with an error.
    pub failed: u64,
    /// Those not served yet.
    pub pending: Option<u64>,
}

impl fmt::Display for JobStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.succeeded + self.failed)?;
        if let Some(total) = self.total {
            write!(f, " of {total}")?;
        }
        f.write_str(" done")?;
        if self.failed > 0 {
            write!(f, ", {} of them failed", self.failed)?;
        }
        Ok(())
    }
}

/// A job, or the name of one: what [`get`](crate::Batches::get), [`wait`](crate::Batches::wait)
/// and [`results`](crate::Batches::results) take.
///
/// Made from a [`BatchJob`], a `&BatchJob`, or a name. A job that this process created
/// brings the keys that it submitted, a name does not.
#[derive(Debug, Clone)]
pub struct JobRef {
    pub(crate) name: String,
    pub(crate) job: Option<BatchJob>,
}

impl JobRef {
    /// The resource name of the job, such as `batches/123abc`.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn submission(&self) -> Option<Arc<Submission>> {
        self.job.as_ref()?.submission.clone()
    }
}

impl From<&BatchJob> for JobRef {
    fn from(job: &BatchJob) -> Self {
        job.clone().into()
    }
}

impl From<BatchJob> for JobRef {
    fn from(job: BatchJob) -> Self {
        Self {
            name: job.name().to_owned(),
            job: Some(job),
        }
    }
}

impl From<&str> for JobRef {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl From<String> for JobRef {
    fn from(name: String) -> Self {
        Self { name, job: None }
    }
}

impl From<&String> for JobRef {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

#[cfg(test)]
mod tests;
