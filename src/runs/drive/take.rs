//! What comes of a step: noted in the file, and what is next.

use std::time::Duration;

use tokio::time::Instant;

use super::super::store::jobs::{self, State};
use super::super::store::outcomes::{self, Kind};
use super::super::store::{events, parts};
use super::parts::count_of;
use super::read::{End, fail_all};
use super::{Done, Driver};
use crate::backend::AnyBackend;
use crate::error::{Error, Result};
use crate::job::BatchJob;
use crate::state::JobState;

/// How often in a row a service must not know a job before it is given up.
const LOST: u32 = 3;
/// How often a job is tried to be read whose results the service does not have.
const READS: u32 = 5;
/// How often a job may have ended and be active again.
const TURNS: u32 = 5;

impl Driver {
    pub(super) async fn take(&mut self, done: Done) -> Result<()> {
        let now = Instant::now();
        match done {
            Done::Submitted(id, placed, outcome) => {
                if let Some(live) = self.live.get_mut(&id) {
                    // What a quota refused was taken back.
                    if !outcome.as_ref().is_err_and(Error::is_quota) {
                        live.job.placed = placed;
                    }
                    (live.is_busy, live.is_submitting) = (false, false);
                }
                match outcome {
                    Ok(job) => {
                        self.quota.accepted();
                        self.created(id, &job, now).await
                    }
                    Err(error) => self.not_created(id, error, now).await,
                }
            }
            Done::Looked(id, took, outcome) => self.looked(id, took, outcome, now).await,
            Done::Polled(seen) => self.polled(seen, now).await,
            Done::Cancelled(id, outcome) => {
                if let Some(live) = self.live.get_mut(&id) {
                    live.is_busy = false;
                }
                let Err(error) = outcome else {
                    return Ok(());
                };
                // It may have ended meanwhile, or go on, as the next polls show.
                tracing::warn!(%error, "a job was not cancelled");
                let why = error.to_string();
                let note = move |it: &mut _| events::note(it, "stopped", Some(id), Some(&why));
                self.run.store.call(note).await
            }
            Done::Read(id, outcome) => self.was_read(id, outcome, now).await,
            Done::Removed(id, left) => {
                self.live.remove(&id);
                let done = move |it: &mut _| jobs::done(it, id, left.as_deref());
                self.run.store.call(done).await
            }
        }
    }

    pub(super) async fn created(&mut self, id: i64, job: &BatchJob, now: Instant) -> Result<()> {
        let name = job.name().to_owned();
        let noted = name.clone();
        let created = self.run.store.call(move |it| jobs::created(it, id, &noted));
        if let Some(other) = created.await? {
            return self.is_of_another(id, &name, other, now).await;
        }
        if let Some(live) = self.live.get_mut(&id) {
            live.job.name = Some(name);
            live.job.state = State::Active;
            live.job.unclear = 0;
            live.tries = 0;
            live.due = now;
            live.is_busy = false;
            live.trouble.over();
        }
        self.poll.count = 0;
        self.poll.due = self.poll.due.min(now + self.plan.interval).max(now);
        match self.given_up {
            Some(_) => self.cancel(id).await,
            None => Ok(()),
        }
    }

    /// The service names a job for a create that the run has already, of another: it is not clear what came
    /// of the create.
    async fn is_of_another(&mut self, id: i64, name: &str, other: i64, now: Instant) -> Result<()> {
        let error = Error::protocol(format!(
            "the service says that {name} is what came of the create of job {id}, and that is job {other} \
             of this run"
        ));
        match self.live.get(&id).map(|live| live.job.state) {
            Some(State::Looking) => {
                let error = self.rides_out(id, error, now)?;
                tracing::warn!(%error, "a job is looked for on");
                Ok(())
            }
            _ => self.is_unclear(id, error, now).await,
        }
    }

    async fn not_created(&mut self, id: i64, error: Error, now: Instant) -> Result<()> {
        if error.is_unclear() {
            return self.is_unclear(id, error, now).await;
        }
        let in_flight = self.in_flight();
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.tries += 1;
        live.job.state = State::Cut;
        let placed = live.job.placed.clone();
        live.due = now;
        let tries = live.tries;
        // Nobody can take another job for this one.
        let mark = AnyBackend::new_mark()?;
        live.job.mark = Some(mark.clone());
        let mut why = error.to_string();
        let kind = match error.is_retryable() && error.status().is_none() {
            true => "unreachable",
            false => "refused",
        };
        let is_quota = error.is_quota();
        if is_quota {
            live.trouble.over();
            let pause = self.quota.refused(now, in_flight, error.retry_after());
            why = format!("{why}; nothing is sent for {pause:.0?}");
        }
        self.run
            .store
            .call(move |it| jobs::refused(it, id, (&mark, &placed), (kind, &why)))
            .await?;
        if is_quota {
            tracing::info!(%error, "a quota refused a job, going on with less at once");
        } else {
            let error = self.rides_out(id, error, now)?;
            tracing::warn!(%error, "a job was not made, trying again");
            if let Some(live) = self.live.get_mut(&id) {
                live.due = now + self.plan.retry_pause(tries);
            }
        }
        match self.given_up {
            Some(_) => self.leave(id).await,
            None => Ok(()),
        }
    }

    async fn polled(&mut self, seen: Vec<(i64, Result<BatchJob>)>, now: Instant) -> Result<()> {
        self.poll.is_busy = false;
        let mut any_ended = false;
        let mut failed = None;
        let mut news = Vec::new();
        for (id, outcome) in seen {
            let Some(live) = self.live.get_mut(&id) else {
                continue;
            };
            match outcome {
                Ok(job) => {
                    live.trouble.over();
                    live.lost = 0;
                    if job.is_terminal() {
                        any_ended = true;
                        self.ended(id, &job, now).await?;
                    } else {
                        let state = job.state().to_string();
                        let odd = matches!(job.state(), JobState::Other(_)).then(|| {
                            format!(
                                "{state} is not known here: it counts as active, and is polled on"
                            )
                        });
                        let count = live
                            .job
                            .part
                            .is_some()
                            .then(|| count_of(job.stats(), false));
                        let seen = move |it: &mut _| {
                            count.map_or(Ok(()), |count| parts::counted(it, id, count))?;
                            jobs::seen(it, id, &state, odd.as_deref())
                        };
                        self.run.store.call(seen).await?;
                    }
                }
                Err(error) if error.is_not_found() => {
                    live.lost += 1;
                    if live.lost >= LOST {
                        self.gone(id, true, format!("the service does not know it: {error}"))
                            .await?;
                    }
                }
                Err(error) => match live.trouble.rides_out(error, now, self.plan.max_outage) {
                    Ok(error) => {
                        tracing::warn!(%error, "a poll failed, polling on");
                        let lasted = live.trouble.news(now);
                        news.extend(lasted.map(|lasted| (id, lasted, error)));
                    }
                    // The others are seen to first.
                    Err(error) => failed = Some(error),
                },
            }
        }
        self.poll.count = match any_ended {
            true => 0,
            false => self.poll.count.saturating_add(1),
        };
        self.poll.due = now + self.plan.pause(self.poll.count);
        // Where all polls fail, one tells it.
        let others = match news.len() {
            0 | 1 => String::new(),
            count => format!(", and those of {} more jobs", count - 1),
        };
        if let Some((id, lasted, error)) = news.into_iter().next() {
            let what = format!("its polls{others}");
            self.note_trouble("unreachable", id, &what, lasted, &error)
                .await?;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Notes that steps of a job fail, and are tried again.
    pub(super) async fn note_trouble(
        &mut self,
        kind: &'static str,
        id: i64,
        what: &str,
        lasted: Duration,
        error: &Error,
    ) -> Result<()> {
        let since = match lasted.as_secs() {
            0 => String::new(),
            _ => format!(" for {lasted:.0?}"),
        };
        let why = format!("{what} fail{since}, and are tried again: {error}");
        let note = move |it: &mut _| events::note(it, kind, Some(id), Some(&why));
        self.run.store.call(note).await
    }

    async fn ended(&mut self, id: i64, job: &BatchJob, now: Instant) -> Result<()> {
        let (state, error) = (
            job.state().to_string(),
            job.error().map(ToString::to_string),
        );
        let ended = move |it: &mut _| jobs::ended(it, id, &state, error.as_deref());
        self.run.store.call(ended).await?;
        if let Some(live) = self.live.get_mut(&id) {
            live.job.state = State::Ended;
            live.due = now;
            live.tries = 0;
        }
        Ok(())
    }

    async fn was_read(&mut self, id: i64, outcome: Result<End>, now: Instant) -> Result<()> {
        let in_flight = self.in_flight();
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.is_busy = false;
        match outcome {
            Ok(End::Read) => {
                self.quota.ended_well();
                live.job.state = State::Read;
                live.due = now;
                Ok(())
            }
            Ok(End::Active) => {
                live.job.state = State::Active;
                live.turns += 1;
                live.due = now + self.plan.retry_pause(live.turns);
                match live.turns {
                    TURNS.. => Err(by_turns(id, live.job.name.as_deref())),
                    _ => Ok(()),
                }
            }
            Ok(End::Quota(why)) => {
                let pause = self.quota.refused(now, in_flight, None);
                let why = format!("{why}; nothing is sent for {pause:.0?}");
                self.gone(id, false, why).await
            }
            Ok(End::Unreadable(error)) => self.unreadable(id, error, true, now).await,
            Err(error) if error.is_not_found() => self.unreadable(id, error, false, now).await,
            Err(error) => {
                live.tries += 1;
                let tries = live.tries;
                live.due = now + self.plan.retry_pause(tries);
                let error = self.rides_out(id, error, now)?;
                tracing::warn!(%error, "a job was not read, trying again");
                match self.news(id, now) {
                    Some(lasted) => {
                        let what = "the reads of its results";
                        self.note_trouble("unreadable", id, what, lasted, &error)
                            .await
                    }
                    None => Ok(()),
                }
            }
        }
    }

    /// A job whose results cannot be read is tried some times, and then given up.
    async fn unreadable(
        &mut self,
        id: i64,
        error: Error,
        has_results: bool,
        now: Instant,
    ) -> Result<()> {
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.tries += 1;
        live.due = now + self.plan.retry_pause(live.tries);
        tracing::warn!(%error, "the results of a job cannot be read");
        match live.tries {
            // They are there, and paid for: nothing is asked again because they cannot be read here.
            READS.. if has_results && live.job.part.is_some() => Err(error.during(format!(
                "reading the results of job {id}, which `rows(false)` leaves where they are"
            ))),
            READS.. => {
                self.gone(id, true, format!("its results cannot be read: {error}"))
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Leaves the requests of a job to another, or gives them up if this was their last attempt.
    async fn gone(&mut self, id: i64, counts_as_attempt: bool, why: String) -> Result<()> {
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        live.is_busy = false;
        live.due = Instant::now();
        let job = live.job.clone();
        if counts_as_attempt && job.generation >= self.plan.attempts {
            live.job.state = State::Read;
            return fail_all(&self.run, &job, (Kind::Missing, None), true, why).await;
        }
        live.job.state = State::Gone;
        let gone = move |it: &mut _| outcomes::gone(it, &job, counts_as_attempt, &why);
        self.run.store.call(gone).await
    }
}

/// The error about a job of which the service says now this, now that.
fn by_turns(id: i64, name: Option<&str>) -> Error {
    let name = name.unwrap_or_default();
    Error::protocol(format!(
        "the service said {TURNS} times that job {id} ({name}) has ended, and each time that it is active as \
         it was to be read: see how it is, and delete it if it stays so, which has its requests asked again; \
         a later `finish` goes on with it as it is"
    ))
}
