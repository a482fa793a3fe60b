//! Noticing a job that makes no progress.

use std::time::Duration;

use tokio::time::Instant;

use crate::job::{BatchJob, JobStats};
use crate::state::JobState;

/// What was last seen to move, and when.
pub(super) struct StallWatch {
    after: Duration,
    seen: Option<(JobState, Option<JobStats>)>,
    since: Instant,
    reported: Instant,
}

impl StallWatch {
    pub(super) fn new(after: Duration) -> Self {
        let now = Instant::now();
        Self {
            after,
            seen: None,
            since: now,
            reported: now,
        }
    }

    /// How long the job has stood still, if that is to be reported now.
    pub(super) fn see(&mut self, job: &BatchJob) -> Option<Duration> {
        let now = Instant::now();
        let seen = Some((job.state().clone(), job.stats()));
        if self.seen != seen {
            self.seen = seen;
            (self.since, self.reported) = (now, now);
            return None;
        }
        if job.is_terminal() || now.duration_since(self.reported) < self.after {
            return None;
        }
        self.reported = now;
        Some(now.duration_since(self.since))
    }
}
