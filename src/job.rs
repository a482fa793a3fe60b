//! [`BatchJob`]: what a service says of a job, one type for both backends.
//!
//! `backend/*/convert.rs` and `backend/gemini/plain.rs` fill it in; nothing here knows a wire
//! format.

mod record;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::results::Expected;
use crate::state::JobState;
pub(crate) use record::{Details, JobRecord, Places, Unread};

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
    pub(crate) expected: Arc<Expected>,
    /// What the client put somewhere for the job, if it is to be removed in the end.
    pub(crate) remove: Vec<String>,
}

impl BatchJob {
    pub(crate) fn new(record: JobRecord) -> Self {
        Self {
            record: Arc::new(record),
            submission: None,
        }
    }

    /// The same job, remembering what was submitted.
    pub(crate) fn remembering(mut self, submission: Option<Arc<Submission>>) -> Self {
        self.submission = submission.or(self.submission);
        self
    }

    /// The keys that were submitted, where this process created the job.
    pub(crate) fn expected(&self) -> Option<Arc<Expected>> {
        let submission = self.submission.as_ref()?;
        Some(Arc::clone(&submission.expected))
    }

    /// The resource name: `batches/ID` on Gemini,
    /// `projects/…/locations/…/batchPredictionJobs/ID` on Vertex AI.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// The name for people, given on create.
    pub fn display_name(&self) -> Option<&str> {
        self.record.details().display_name.as_deref()
    }

    /// The model, as the service writes it: `models/gemini-2.5-flash`.
    pub fn model(&self) -> Option<&str> {
        self.record.details().model.as_deref()
    }

    /// Where the job stands.
    pub fn state(&self) -> &JobState {
        &self.record.state
    }

    /// Whether the job has ended: by its state, or because the service says that it is done.
    pub fn is_terminal(&self) -> bool {
        self.record.done || self.record.state.is_terminal()
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

    /// When the job was created.
    pub fn create_time(&self) -> Option<DateTime<Utc>> {
        self.record.details().create_time
    }

    /// When the job started to run. The Gemini backend does not tell.
    pub fn start_time(&self) -> Option<DateTime<Utc>> {
        self.record.details().start_time
    }

    /// When the job ended.
    pub fn end_time(&self) -> Option<DateTime<Utc>> {
        self.record.details().end_time
    }

    /// When the service last changed the job's record.
    pub fn update_time(&self) -> Option<DateTime<Utc>> {
        self.record.details().update_time
    }

    /// Where the requests came from, where the service tells.
    pub fn source(&self) -> Option<&JobSource> {
        self.record.details().source.as_ref()
    }

    /// Where the results were asked to go, or on Gemini where they are.
    pub fn destination(&self) -> Option<&JobDestination> {
        self.record.details().destination.as_ref().or(self.output())
    }

    /// Where the results are, once there are any.
    pub fn output(&self) -> Option<&JobDestination> {
        self.record.details().output.as_ref()
    }

    /// How many requests the job has and how far they are. These counts inform; the result
    /// rows decide.
    pub fn stats(&self) -> Option<JobStats> {
        self.record.details().stats
    }

    /// Why the job failed or was cancelled.
    pub fn error(&self) -> Option<&Status> {
        self.record.details().error.as_ref()
    }

    /// What failed in a job that succeeded in part.
    pub fn partial_failures(&self) -> &[Status] {
        &self.record.details().partial_failures
    }

    /// The labels that the caller put on the job. The Gemini backend has none.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.record.details().labels
    }

    /// The priority among the project's jobs; higher runs first, 0 is the default.
    pub fn priority(&self) -> Option<i64> {
        self.record.details().priority
    }

    /// The service's whole answer, as it came.
    pub fn json(&self) -> &str {
        // Checked when it arrived.
        std::str::from_utf8(&self.record.json).unwrap_or_default()
    }

    /// The service's whole answer, parsed; for fields that this type does not cover.
    ///
    /// ```no_run
    /// # fn example(job: genai_batch::BatchJob) {
    /// let field = &job.to_value()["metadata"]["someNewField"];
    /// # }
    /// ```
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.record.json).unwrap_or_default()
    }
}

impl fmt::Debug for BatchJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = self.record.details();
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
    /// All requests.
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

/// Why a job or one request in it failed: a `google.rpc.Status`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// The `google.rpc.Code`, such as 8 for `RESOURCE_EXHAUSTED`.
    pub code: i64,
    /// What happened, in the service's words; may be empty.
    pub message: String,
    /// More about it, in whatever types the service chose.
    pub details: Vec<Value>,
}

impl Status {
    /// The name of the code, such as `RESOURCE_EXHAUSTED`; `UNKNOWN` for one with no name.
    pub fn status(&self) -> &'static str {
        rpc_code_name(self.code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", self.status(), self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// The names of `google.rpc.Code`, by number.
fn rpc_code_name(code: i64) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    usize::try_from(code)
        .ok()
        .and_then(|code| NAMES.get(code))
        .copied()
        .unwrap_or("UNKNOWN")
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
    /// The name of the job.
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
