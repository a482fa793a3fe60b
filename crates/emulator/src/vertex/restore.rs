//! Going on from the state that an earlier process left.

use std::io;
use std::sync::Arc;

use chrono::TimeDelta;

use super::deletion::Deletion;
use super::job::Job;
use super::job_record::JobRecord;
use super::service::Vertex;
use crate::state::{Kind, Loading};
use crate::sync::lock;

/// How long a deletion is remembered from one process to the next.
const LIFETIME: TimeDelta = TimeDelta::hours(48);

impl Vertex {
    /// Takes in jobs, deletions and datasets as they were.
    pub(crate) fn restore(&self, loading: &mut Loading) -> io::Result<()> {
        self.stores.datasets.restore(loading)?;
        let now = self.clock.now();
        let mut deletions = loading.records::<Deletion>(Kind::VertexDeletion)?;
        deletions.sort_unstable_by_key(|deletion| deletion.created);
        for deletion in deletions {
            if now - deletion.done > LIFETIME {
                self.state.remove(Kind::VertexDeletion, &deletion.id);
                continue;
            }
            // No new job may come under a number that is to be deleted.
            self.jobs.pass_over(deletion.job);
            lock(&self.deletions.0).push(deletion);
        }
        for record in loading.records::<JobRecord>(Kind::VertexJob)? {
            let (job, input) = Job::of_record(record, loading, self.state.clone())?;
            let job = Arc::new(job);
            if let Some(input) = input {
                lock(&self.unanswered).push((Arc::clone(&job), input));
            }
            self.jobs.restore(job);
        }
        Ok(())
    }

    /// Goes on with what was under way. Called on the runtime of the server.
    pub(crate) fn go_on(&self) {
        for (job, input) in std::mem::take(&mut *lock(&self.unanswered)) {
            self.answer(job, input);
        }
    }
}
