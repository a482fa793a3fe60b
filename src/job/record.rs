//! What is kept of a job: what everyone asks for, and where the rest stands until someone does.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{JobDestination, JobSource, JobStats, Status};
use crate::scan::Span;
use crate::state::JobState;

/// The contents of a [`BatchJob`](super::BatchJob).
#[derive(Debug, Default)]
pub(crate) struct JobRecord {
    pub(crate) name: String,
    pub(crate) state: JobState,
    pub(crate) done: bool,
    pub(crate) json: Bytes,
    /// How the details are read when they are asked for.
    pub(crate) unread: Option<Unread>,
    pub(crate) details: OnceLock<Details>,
}

/// Details of a job that nobody has asked for: those who poll and list look at the state.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) read: fn(&[u8], &Places) -> Details,
    pub(crate) places: Places,
}

/// Where in the JSON of a job its details stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) display_name: Span,
    pub(crate) model: Span,
    pub(crate) create_time: Span,
    pub(crate) end_time: Span,
    pub(crate) update_time: Span,
    pub(crate) stats: Span,
    pub(crate) input: Span,
    pub(crate) priority: Span,
    pub(crate) error: Span,
    /// The name of the file with the results, or else whether they are in the job.
    pub(crate) results: (Span, bool),
}

/// What a service says of a job besides its state.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) display_name: Option<String>,
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
    /// How many requests the service counts, once it knows.
    pub(crate) submitted: Option<u64>,
    pub(crate) stats: Option<JobStats>,
    pub(crate) error: Option<Status>,
    pub(crate) partial_failures: Vec<Status>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) priority: Option<i64>,
}

impl JobRecord {
    pub(crate) fn details(&self) -> &Details {
        self.details.get_or_init(|| match &self.unread {
            Some(unread) => (unread.read)(&self.json, &unread.places),
            None => Details::default(),
        })
    }
}
