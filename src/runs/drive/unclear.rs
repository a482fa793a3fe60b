//! Creates without a clear response: their jobs are looked for by their marks, and sent anew where they are
//! not there, a bounded number of times.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::super::store::jobs::{self, State};
use super::{Done, Driver};
use crate::backend::AnyBackend;
use crate::error::{Error, Kind, Result};
use crate::job::BatchJob;

/// How often a create may have no clear response at least before the run ends.
const UNCLEAR: i64 = 3;
/// How long a look at all jobs of a project may take.
const LOOK: Duration = Duration::from_secs(30 * 60);

impl Driver {
    /// Notes that it is not clear what came of a create.
    pub(super) async fn is_unclear(&mut self, id: i64, error: Error, now: Instant) -> Result<()> {
        tracing::warn!(%error, "it is not clear whether a job was made");
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.job.state = State::Looking;
        live.job.looked_ms = 0;
        live.job.unclear += 1;
        live.tries = 1;
        live.due = now + self.plan.look_pause(0);
        let why = error.to_string();
        let most = self.plan.unclear_wait;
        let detail =
            format!("for {most:.0?} at most, since its create had no clear response: {why}");
        let noted = move |it: &mut _| jobs::unclear(it, id, &why, &detail);
        self.run.store.call(noted).await
    }

    /// Looks for a job whose create had no clear response.
    pub(super) fn look(&mut self, id: i64, now: Instant) {
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        live.is_busy = true;
        let mark = live.job.mark.clone().unwrap_or_default();
        let service = self.run.service.clone();
        let waited = match live.tries {
            0 => Duration::ZERO,
            _ => self.plan.look_pause(live.tries - 1),
        };
        self.works.push(Box::pin(async move {
            let found = timeout(LOOK, service.find(&mark))
                .await
                .unwrap_or_else(|_| {
                    let late = format!("the jobs could not be listed to their end within {LOOK:?}");
                    Err(Error::new(Kind::Timeout, late))
                });
            let found = found.map_err(|error| error.during(format!("looking for job {id}")));
            Done::Looked(id, waited + now.elapsed(), found)
        }));
    }

    pub(super) async fn looked(
        &mut self,
        id: i64,
        took: Duration,
        outcome: Result<Option<BatchJob>>,
        now: Instant,
    ) -> Result<()> {
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.is_busy = false;
        live.due = now + self.plan.look_pause(live.tries);
        live.tries += 1;
        match outcome {
            Ok(Some(job)) => {
                tracing::info!(
                    job = job.name(),
                    "a job whose create had no clear response is there"
                );
                self.created(id, &job, now).await
            }
            Ok(None) => {
                live.trouble.over();
                let took = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
                live.job.looked_ms = live.job.looked_ms.saturating_add(took);
                let looked = live.job.looked_ms;
                let waited = Duration::from_millis(looked.unsigned_abs());
                if waited >= self.plan.unclear_wait {
                    return self.was_lost(id, waited, now).await;
                }
                let looked = move |it: &mut _| jobs::looked(it, id, looked);
                self.run.store.call(looked).await
            }
            Err(error) => {
                let error = self.rides_out(id, error, now)?;
                tracing::warn!(%error, "a job cannot be looked for");
                match self.news(id, now) {
                    Some(lasted) => {
                        let what = "the looks for it";
                        self.note_trouble("unreachable", id, what, lasted, &error)
                            .await
                    }
                    None => Ok(()),
                }
            }
        }
    }

    /// A job was looked for in vain for long enough: its requests are sent anew.
    ///
    /// # Errors
    ///
    /// If that was so too often in a row.
    async fn was_lost(&mut self, id: i64, waited: Duration, now: Instant) -> Result<()> {
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        // Each create has a mark of its own: what comes of an earlier one is not taken for it.
        let mark = AnyBackend::new_mark()?;
        let before = live.job.mark.replace(mark.clone()).unwrap_or_default();
        let unclear = live.job.unclear;
        let is_end = unclear >= self.plan.attempts.max(UNCLEAR);
        live.job.state = State::Cut;
        live.job.looked_ms = 0;
        live.tries = 0;
        live.due = now;
        let why = format!(
            "it was looked for over {waited:.0?} by its mark {before}, and is not listed: its requests are \
             sent anew"
        );
        tracing::warn!(job = id, "{why}");
        let lost = move |it: &mut _| jobs::lost(it, id, (&mark, &why), is_end);
        let first = self.run.store.call(lost).await?;
        if !is_end {
            return match self.given_up {
                Some(_) => self.leave(id).await,
                None => Ok(()),
            };
        }
        Err(Error::new(
            Kind::Transport,
            format!(
                "the create of job {id} had no clear response {unclear} times in a row since {first}, and \
                 each time the job was looked for over {:.0?} and was not listed. See whether a proxy or a \
                 firewall keeps creates from the service, and whether the list of jobs has some that the \
                 run does not know; its requests are kept, and a later `finish` sends them again",
                self.plan.unclear_wait
            ),
        )
        .unclear(Some(before)))
    }
}
