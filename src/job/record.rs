//! What is kept of a job.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{JobDestination, JobSource, JobStats, Status};
use crate::platform::Backend;
use crate::state::JobState;
use crate::text::Text;

/// The contents of a [`BatchJob`](super::BatchJob).
#[derive(Debug)]
pub(crate) struct JobRecord {
    /// The service that said it.
    pub(crate) backend: Backend,
    pub(crate) name: String,
    pub(crate) state: JobState,
    pub(crate) done: bool,
    /// All that the service said.
    pub(crate) json: Text,
    pub(crate) details: Details,
}

/// What a service says of a job besides its state.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// Without the mark of the create that made it.
    pub(crate) display_name: Option<String>,
    /// The texts that may bear the mark, as they came.
    pub(crate) marked: Vec<String>,
    pub(crate) model: Option<String>,
    pub(crate) create_time: Option<DateTime<Utc>>,
    pub(crate) start_time: Option<DateTime<Utc>>,
    pub(crate) end_time: Option<DateTime<Utc>>,
    pub(crate) update_time: Option<DateTime<Utc>>,
    pub(crate) source: Option<JobSource>,
    /// Where the results were asked to go.
    pub(crate) destination: Option<JobDestination>,
    /// Where they are.
    pub(crate) output: Option<JobDestination>,
    /// The rows of results that stand in the job itself.
    pub(crate) inlined: Arc<Vec<Bytes>>,
    /// How many requests the service counts, once it knows.
    pub(crate) submitted: Option<u64>,
    pub(crate) stats: Option<JobStats>,
    pub(crate) error: Option<Status>,
    pub(crate) partial_failures: Vec<Status>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) priority: Option<i64>,
    /// Whether it makes embeddings, where the service tells.
    pub(crate) embeds: bool,
}

#[cfg(test)]
impl Default for JobRecord {
    fn default() -> Self {
        Self {
            backend: Backend::Gemini,
            name: String::new(),
            state: JobState::default(),
            done: false,
            json: Text::Whole(Bytes::new()),
            details: Details::default(),
        }
    }
}
