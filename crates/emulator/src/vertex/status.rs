//! What a job shows at an instant: its state, its counts and its end.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::output::Counts;
use crate::model::RowFailure;

/// How a job ends, as time and its faults decide.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) at: DateTime<Utc>,
    pub(super) state: &'static str,
    pub(super) error: Option<RowFailure>,
    /// The share of the requests whose responses are in the output.
    pub(super) share: f64,
    /// What it shows while the output is not there yet.
    pub(super) until_written: &'static str,
}

/// A job at an instant.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) state: Cow<'static, str>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) ended: Option<DateTime<Utc>>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) stats: Stats,
    pub(crate) error: Option<RowFailure>,
    pub(crate) partial_failure: Option<RowFailure>,
    pub(crate) output_info: Option<Value>,
}

/// What is known of the fate of the requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stats {
    /// Too early to say.
    None,
    Unknown,
    Known(Counts),
}

impl Ending {
    pub(super) fn failed(at: DateTime<Utc>, failure: RowFailure) -> Self {
        Self {
            at,
            state: "JOB_STATE_FAILED",
            error: Some(failure),
            share: 0.0,
            until_written: "JOB_STATE_RUNNING",
        }
    }
}
