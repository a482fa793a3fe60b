//! The deletions that were asked for.

use serde::{Deserialize, Serialize};
use std::sync::Mutex;

use chrono::{DateTime, Utc};

use crate::model::RowFailure;

/// A deletion that was asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Deletion {
    /// The name of the operation.
    pub(crate) name: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) done: DateTime<Utc>,
    pub(crate) error: Option<RowFailure>,
    pub(super) id: String,
    /// The serial number of the job.
    pub(super) job: u64,
}

/// The deletions so far.
#[derive(Debug, Default)]
pub(crate) struct Deletions(pub(super) Mutex<Vec<Deletion>>);
