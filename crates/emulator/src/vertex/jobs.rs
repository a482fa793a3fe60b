//! The jobs that there are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::job::Job;
use crate::sync::lock;

/// The jobs by the order of their creation.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: Mutex<BTreeMap<u64, Arc<Job>>>,
    serial: AtomicU64,
}

impl Jobs {
    pub(super) fn add(&self, job: impl FnOnce(u64) -> Job) -> Arc<Job> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        let job = Arc::new(job(serial));
        lock(&self.jobs).insert(serial, Arc::clone(&job));
        job
    }

    /// Takes in a job as it was before.
    pub(super) fn restore(&self, job: Arc<Job>) {
        self.pass_over(job.serial);
        lock(&self.jobs).insert(job.serial, job);
    }

    /// Gives no new job this number.
    pub(super) fn pass_over(&self, serial: u64) {
        self.serial.fetch_max(serial, Ordering::Relaxed);
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
