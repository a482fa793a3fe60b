//! Telling those who asked for it of the end of a job.

use std::sync::Arc;
use std::time::Duration;

use super::job::{Job, Status};
use super::service::Gemini;
use super::webhook::{addresses, event};
use crate::ids;

/// How often, in real time, a job that somebody wants to hear of is looked at.
const LOOK: Duration = Duration::from_millis(10);

impl Gemini {
    /// Lets those who asked for it hear of the end of a job.
    pub(super) fn report_end_of(self: &Arc<Self>, job: &Arc<Job>) {
        let uris = addresses(job.webhook_config.as_ref());
        if uris.is_empty() || job.faults.webhook.lost || job.is_told() {
            return;
        }
        let (gemini, job) = (Arc::clone(self), Arc::clone(job));
        tokio::spawn(async move {
            let Some(status) = gemini.end_of(&job).await else {
                return;
            };
            let id = format!("msg_{}", ids::batch());
            let event = event(&job, &status);
            for uri in uris {
                gemini.webhooks.post(&job, &id, &event, &uri).await;
            }
            job.note_told();
        });
    }

    /// The status of a job once it has ended; `None` for one that was deleted.
    async fn end_of(self: &Arc<Self>, job: &Arc<Job>) -> Option<Status> {
        loop {
            self.jobs.get(&job.id)?;
            self.settle(job).await.ok()?;
            let status = job.status(self.clock.now());
            if status.ended.is_some() {
                return Some(status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
