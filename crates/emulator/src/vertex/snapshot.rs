//! Jobs as they are at an instant, for tests that look behind the service.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::job::Job;
use super::resource::{self, View};
use super::service::Vertex;

/// A job of Vertex AI at an instant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VertexJobSnapshot {
    /// The resource name, `projects/…/locations/…/batchPredictionJobs/…`.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The model, as it was given.
    pub model: String,
    /// The state, as in `JOB_STATE_RUNNING`.
    pub state: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// How many requests it has, once its input has been read.
    pub request_count: Option<usize>,
    /// When it was created, by the emulator's clock.
    pub create_time: DateTime<Utc>,
    /// The whole resource, as a call would get it.
    pub resource: Value,
}

impl VertexJobSnapshot {
    fn of(job: &Job, now: DateTime<Utc>) -> Self {
        let status = job.status(now);
        Self {
            name: job.name(),
            display_name: job.new.display_name.clone(),
            model: job.new.model.full.clone(),
            state: status.state.clone().into_owned(),
            labels: job.new.labels.clone(),
            request_count: job.request_count(),
            create_time: job.schedule.created,
            resource: resource::job(job, &status, View::Full),
        }
    }
}

impl Vertex {
    /// All jobs as they are now, the newest first.
    pub(crate) fn snapshots(&self) -> Vec<VertexJobSnapshot> {
        self.finish_due();
        let now = self.clock.now();
        let jobs = self.present_jobs();
        jobs.iter()
            .map(|job| VertexJobSnapshot::of(job, now))
            .collect()
    }
}
