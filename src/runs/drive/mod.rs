//! The scheduler: which step is next, and what comes of each.
//!
//! ```text
//!          ┌→ submit ─→ look (no clear response) ─→ not there: submit anew
//! cut ─────┤              ↓
//!  ↑       └───────→ poll (all at once) → read → remove
//!  └── waiting: what is worth another attempt ──┘
//! ```
//!
//! What is here is in the file too, but for times: a driver that is dropped has lost nothing.

mod cut;
mod judge;
mod parts;
mod plan;
mod poll;
mod read;
mod remove;
mod submit;
mod take;
mod trouble;
mod unclear;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::inner::Inner;
use super::progress::{self, Progress};
use super::quota::Quota;
use super::report::Stopped;
use super::store::jobs::{self, Job, State};
use super::store::{events, outcomes, parts as store_parts, requests};
use crate::error::{Error, Result};
use crate::job::BatchJob;
pub(super) use plan::Plan;
use read::End;
use trouble::Trouble;

/// How many jobs are submitted at once. They may all be refused by a quota, after which there is a
/// pause: in a pause's time no more than these are.
const SUBMITS: usize = 2;
/// How many jobs are read at once.
const READS: usize = 2;
/// When there is nothing to do, look again after this.
const IDLE: Duration = Duration::from_secs(600);
/// How long jobs that were cancelled are waited for after the deadline.
const GRACE: Duration = Duration::from_secs(300);

/// Drives a run.
pub(super) struct Driver {
    run: Arc<Inner>,
    plan: Plan,
    quota: Quota,
    live: BTreeMap<i64, Live>,
    works: FuturesUnordered<BoxFuture<'static, Done>>,
    poll: Poll,
    /// How many jobs were cut of new requests.
    cuts: u32,
    /// How many requests of the input were in a job, where this is a trial.
    asked: i64,
    /// Whether all requests were in a job.
    all_cut: bool,
    deadline: Option<Instant>,
    stopped: Option<Stopped>,
    /// When jobs that were cancelled are no longer waited for.
    given_up: Option<Instant>,
    /// The number of the last event that was told.
    told_to: i64,
}

/// When all active jobs are polled next.
struct Poll {
    due: Instant,
    count: u32,
    is_busy: bool,
}

/// A job with which something is left to do.
struct Live {
    job: Job,
    is_busy: bool,
    /// Whether its create is under way.
    is_submitting: bool,
    due: Instant,
    /// How often it was looked for, or a step of it failed.
    tries: u32,
    /// How often in a row the service did not know it.
    lost: u32,
    /// How often it had ended, and was active again as it was to be read.
    turns: u32,
    trouble: Trouble,
}

impl Live {
    fn new(job: Job, now: Instant) -> Self {
        Self {
            job,
            is_busy: false,
            is_submitting: false,
            due: now,
            tries: 0,
            lost: 0,
            turns: 0,
            trouble: Trouble::default(),
        }
    }

    /// Whether the service has it, or may have.
    fn is_in_flight(&self) -> bool {
        let is_there = [State::Sending, State::Looking, State::Active];
        self.is_submitting || is_there.contains(&self.job.state)
    }
}

/// A step that is done.
enum Done {
    Submitted(i64, Vec<String>, Result<BatchJob>),
    Looked(i64, Duration, Result<Option<BatchJob>>),
    Polled(Vec<(i64, Result<BatchJob>)>),
    Cancelled(i64, Result<()>),
    Read(i64, Result<End>),
    /// With why something of it was left.
    Removed(i64, Option<String>),
}

impl Driver {
    /// Takes up what is left to do.
    pub(super) async fn start(run: Arc<Inner>, plan: Plan) -> Result<Self> {
        let now = Instant::now();
        let reads_rows = plan.rows == Some(true);
        let is_trial = plan.trial.is_some();
        let unclear_wait = plan.unclear_wait;
        let found = run.store.call(move |it| {
            store_parts::reopen(it, reads_rows)?;
            // Only a trial counts them.
            let asked = if is_trial { requests::asked(it)? } else { 0 };
            let told_to = events::last(it)?;
            let mut live = jobs::live(it)?;
            let is_open = |job: &&mut Job| matches!(job.state, State::Sending | State::Looking);
            for job in live.iter_mut().filter(is_open) {
                jobs::look_on(it, job, unclear_wait)?;
            }
            Ok((live, jobs::cut_so_far(it)?, asked, told_to))
        });
        let (live, cuts, asked, told_to) = found.await?;
        let live = live.into_iter().map(|job| (job.id, Live::new(job, now)));
        Ok(Self {
            quota: Quota::new(plan.max_jobs, plan.quota_pause),
            live: live.collect(),
            works: FuturesUnordered::new(),
            poll: Poll {
                due: now,
                count: 0,
                is_busy: false,
            },
            cuts: u32::try_from(cuts).unwrap_or(u32::MAX),
            asked,
            all_cut: false,
            deadline: plan.deadline.and_then(|after| now.checked_add(after)),
            stopped: None,
            given_up: None,
            told_to,
            run,
            plan,
        })
    }

    /// Goes on until there is nothing left to do, or a limit is reached, and says which.
    pub(super) async fn run(mut self) -> Result<Option<Stopped>> {
        let driven = self.drive().await;
        if driven.is_err() {
            self.settle().await;
        }
        driven.map(|()| self.stopped)
    }

    async fn drive(&mut self) -> Result<()> {
        loop {
            let now = Instant::now();
            if self.deadline.is_some_and(|deadline| now >= deadline) && self.given_up.is_none() {
                self.stop(now).await?;
            }
            let is_all_cut = self.cut(now).await?;
            self.start_due(now);
            self.tell().await?;
            if self.works.is_empty() && self.live.is_empty() && is_all_cut {
                return Ok(());
            }
            if self.given_up.is_some_and(|given_up| now >= given_up) || self.only_looks_are_left() {
                return Ok(());
            }
            let wake = self.wake(now);
            match self.works.is_empty() {
                true => tokio::time::sleep_until(wake).await,
                false => {
                    if let Ok(Some(done)) = tokio::time::timeout_at(wake, self.works.next()).await {
                        self.take(done).await?;
                    }
                }
            }
        }
    }

    /// Lets creates that are under way come to their end, so that it is known what came of them.
    async fn settle(&mut self) {
        while self.live.values().any(|live| live.is_submitting)
            && let Some(done) = self.works.next().await
        {
            if matches!(done, Done::Submitted(..))
                && let Err(error) = self.take(done).await
            {
                tracing::warn!(%error, "while the run was left");
            }
        }
    }

    /// Whether the time is up, and nothing is left but jobs that may not be there.
    fn only_looks_are_left(&self) -> bool {
        let is_looked_for = |live: &Live| live.job.state == State::Looking;
        self.given_up.is_some() && self.live.values().all(is_looked_for)
    }

    /// How many jobs the service has, as far as that is known.
    fn in_flight(&self) -> usize {
        let is_known = |live: &&Live| live.is_in_flight() && live.job.state != State::Looking;
        self.live.values().filter(is_known).count()
    }

    /// How many jobs there are of which it is not known whether the service has them.
    fn looked_for(&self) -> usize {
        let is_looked_for = |live: &&Live| live.job.state == State::Looking;
        self.live.values().filter(is_looked_for).count()
    }

    /// Whether a job may be sent now.
    fn has_room(&self, now: Instant) -> bool {
        let submitting = self.live.values().filter(|live| live.is_submitting).count();
        let in_flight = self.in_flight();
        // What is looked for is held against what the caller allows alone: after a quota had refused
        // others, they would wait for it, which may take an hour.
        let is_allowed = in_flight + self.looked_for() < self.plan.max_jobs;
        submitting < SUBMITS && is_allowed && self.quota.allows(now, in_flight)
    }

    /// Starts what is due.
    fn start_due(&mut self, now: Instant) {
        let due = |live: &&Live| !live.is_busy && live.due <= now;
        let ids: Vec<_> = self
            .live
            .values()
            .filter(due)
            .map(|live| live.job.id)
            .collect();
        for id in ids {
            let Some(state) = self.live.get(&id).map(|live| live.job.state) else {
                continue;
            };
            match state {
                State::Cut if self.has_room(now) => self.submit(id),
                State::Looking => self.look(id, now),
                State::Ended if self.reading() < READS => self.read(id),
                State::Read | State::Gone | State::Done => self.remove(id),
                State::Cut | State::Sending | State::Ended | State::Active => {}
            }
        }
        self.poll_if_due(now);
    }

    fn reading(&self) -> usize {
        let reads = |live: &&Live| live.is_busy && live.job.state == State::Ended;
        self.live.values().filter(reads).count()
    }

    /// When there may be something to do again, if no step ends before.
    fn wake(&self, now: Instant) -> Instant {
        let mut wake = now + IDLE;
        let mut at = |time: Instant| wake = wake.min(time);
        for live in self.live.values().filter(|live| !live.is_busy) {
            match live.job.state {
                State::Active if !self.poll.is_busy => at(self.poll.due.max(live.due)),
                State::Active => {}
                State::Cut => match self.quota.resumes(now) {
                    Some(time) => at(time.max(live.due)),
                    None if self.has_room(now) || live.due > now => at(live.due),
                    None => {}
                },
                // It waits for another to be read.
                State::Ended if live.due <= now => {}
                _ => at(live.due),
            }
        }
        if self.live.is_empty() || self.stopped.is_none() {
            self.quota.resumes(now).into_iter().for_each(&mut at);
        }
        match self.given_up {
            Some(given_up) => at(given_up),
            None => self.deadline.into_iter().for_each(&mut at),
        }
        wake
    }

    /// Cancels what is active, and leaves what was not sent to a later time.
    async fn stop(&mut self, now: Instant) -> Result<()> {
        self.stopped = Some(Stopped::Deadline);
        self.given_up = Some(now + GRACE);
        self.poll.due = now + self.plan.interval;
        self.poll.count = 0;
        let idle = |live: &&Live| !live.is_busy;
        let idle: Vec<_> = self
            .live
            .values()
            .filter(idle)
            .map(|live| live.job.clone())
            .collect();
        for job in idle {
            match job.state {
                State::Active => self.cancel(job.id).await?,
                State::Cut => self.leave(job.id).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Leaves the requests of a job that was not sent to a later time.
    pub(super) async fn leave(&mut self, id: i64) -> Result<()> {
        let Some(live) = self.live.get_mut(&id) else {
            return Ok(());
        };
        let job = live.job.clone();
        let why = "the time was up before it was sent";
        match job.placed.is_empty() {
            true => drop(self.live.remove(&id)),
            false => live.job.state = State::Gone,
        }
        let gone = move |it: &mut _| outcomes::gone(it, &job, false, why);
        self.run.store.call(gone).await
    }

    /// Tells what happened, and how far the run is.
    async fn tell(&mut self) -> Result<()> {
        if let Some(on_event) = &mut self.plan.on_event {
            loop {
                let after = self.told_to;
                let page = self.run.store.call(move |it| events::after(it, after));
                let page = page.await?;
                let Some(last) = page.last() else { break };
                self.told_to = last.id;
                page.into_iter().for_each(|noted| on_event(&noted.into()));
            }
        }
        let Some(on_progress) = &mut self.plan.on_progress else {
            return Ok(());
        };
        let progress = self.run.store.call(|it| progress::measure(it)).await?;
        // What is left changes with time alone.
        let counts = Progress {
            left: None,
            ..progress
        };
        if self.plan.told != Some(counts) {
            on_progress(&progress);
            self.plan.told = Some(counts);
        }
        Ok(())
    }

    /// For how long steps of a job fail, if that is worth telling.
    fn news(&mut self, id: i64, now: Instant) -> Option<Duration> {
        self.live.get_mut(&id)?.trouble.news(now)
    }

    /// Gives an error back that a step of a job is tried again after.
    fn rides_out(&mut self, id: i64, error: Error, now: Instant) -> Result<Error> {
        match self.live.get_mut(&id) {
            Some(live) => live.trouble.rides_out(error, now, self.plan.max_outage),
            None => Ok(error),
        }
    }
}
