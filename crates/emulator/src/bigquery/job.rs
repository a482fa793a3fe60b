//! Queries as jobs: they are done at once, but may be told to say so only later.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::cell::millis;
use super::error::{QueryError, QueryResult};
use super::plan::Plan;
use crate::sync::lock;

/// The locations in which a job is found without a mention of them.
const MULTI_REGIONS: [&str; 2] = ["US", "EU"];

/// A query that was sent.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) project: String,
    pub(crate) id: String,
    pub(crate) location: String,
    pub(crate) created: DateTime<Utc>,
    /// The configuration that it came with, or one of the same meaning.
    pub(crate) configuration: Value,
    pub(crate) outcome: QueryResult<Plan>,
    /// How many answers are still to say that it is not done.
    pub(crate) unfinished_answers: AtomicUsize,
}

impl Job {
    /// Whether a response given now says that the job is done.
    pub(crate) fn answer_done(&self) -> bool {
        let left = &self.unfinished_answers;
        let one_less = |left: usize| left.checked_sub(1);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_err()
    }

    pub(crate) fn reference(&self) -> Value {
        json!({"projectId": self.project, "jobId": self.id, "location": self.location})
    }

    /// The job as a resource, as a response given now shows it.
    pub(crate) fn resource(&self, done: bool) -> Value {
        let time = millis(self.created);
        let mut job = json!({
            "kind": "bigquery#job",
            "id": format!("{}:{}.{}", self.project, self.location, self.id),
            "etag": "emulator",
            "jobReference": self.reference(),
            "configuration": self.configuration,
            "status": {"state": if done { "DONE" } else { "RUNNING" }},
            "statistics": {"creationTime": time, "startTime": time},
            "user_email": "emulator@example.com",
        });
        if !done {
            return job;
        }
        job["statistics"]["endTime"] = time.into();
        match &self.outcome {
            Ok(plan) => {
                job["statistics"]["totalBytesProcessed"] = "0".into();
                job["statistics"]["query"] = json!({
                    "statementType": "SELECT",
                    "totalBytesProcessed": "0",
                    "cacheHit": false,
                    "schema": plan.schema(),
                });
            }
            Err(error) => {
                job["status"]["errorResult"] = error.to_json();
                job["status"]["errors"] = json!([error.to_json()]);
            }
        }
        job
    }
}

/// The jobs by project and id, and the ids of those that were sent under a request id.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    jobs: HashMap<(String, String), Arc<Job>>,
    requests: HashMap<(String, String), Arc<Job>>,
}

impl Jobs {
    /// Keeps a job, unless there is one of its id in the project.
    pub(crate) fn add(&self, job: Job) -> QueryResult<Arc<Job>> {
        let mut inner = lock(&self.0);
        let key = (job.project.clone(), job.id.clone());
        if inner.jobs.contains_key(&key) {
            let name = format!("Job {}:{}.{}", job.project, job.location, job.id);
            return Err(QueryError::already_exists(&name));
        }
        let job = Arc::new(job);
        inner.jobs.insert(key, Arc::clone(&job));
        Ok(job)
    }

    /// The job of this id, where it is in this location; without one, only in those of many regions.
    pub(crate) fn get(
        &self,
        project: &str,
        id: &str,
        location: Option<&str>,
    ) -> QueryResult<Arc<Job>> {
        let key = (project.to_owned(), id.to_owned());
        let job = lock(&self.0).jobs.get(&key).map(Arc::clone);
        job.filter(|job| match location {
            Some(location) => location.eq_ignore_ascii_case(&job.location),
            None => MULTI_REGIONS.contains(&job.location.as_str()),
        })
        .ok_or_else(|| QueryError::no_such_job(project, location, id))
    }

    /// The job that was sent under this request id before.
    pub(crate) fn of_request(&self, project: &str, request: &str) -> Option<Arc<Job>> {
        let key = (project.to_owned(), request.to_owned());
        lock(&self.0).requests.get(&key).map(Arc::clone)
    }

    pub(crate) fn remember(&self, request: &str, job: &Arc<Job>) {
        let key = (job.project.clone(), request.to_owned());
        lock(&self.0).requests.insert(key, Arc::clone(job));
    }
}
