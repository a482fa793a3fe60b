//! The batches that there are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::job::{Job, NewJob};
use crate::error::ApiResult;
use crate::sync::lock;

/// The jobs by the order of their creation.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: Mutex<BTreeMap<u64, Arc<Job>>>,
    serial: AtomicU64,
}

impl Jobs {
    /// Adds a job if the jobs that there are allow it.
    pub(super) fn add(
        &self,
        new: NewJob,
        allows: impl FnOnce(&mut dyn Iterator<Item = &Arc<Job>>) -> ApiResult<()>,
        job: impl FnOnce(NewJob, u64) -> Job,
    ) -> ApiResult<Arc<Job>> {
        let mut jobs = lock(&self.jobs);
        allows(&mut jobs.values())?;
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        let job = Arc::new(job(new, serial));
        job.note_new();
        jobs.insert(serial, Arc::clone(&job));
        Ok(job)
    }

    /// Takes in a job as it was before.
    pub(super) fn restore(&self, job: Arc<Job>) {
        self.serial.fetch_max(job.serial, Ordering::Relaxed);
        lock(&self.jobs).insert(job.serial, job);
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Job>> {
        lock(&self.jobs).values().find(|job| job.id == id).cloned()
    }

    /// All jobs, the newest first.
    pub(crate) fn all(&self) -> Vec<Arc<Job>> {
        lock(&self.jobs).values().rev().cloned().collect()
    }

    pub(super) fn remove(&self, serial: u64) {
        if let Some(job) = lock(&self.jobs).remove(&serial) {
            job.delete();
        }
    }
}
