//! One job: what was asked for, the answers as they come, and its status at an instant.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::input::{Input, Source, Stores};
use super::life::{End, Phase, Schedule};
use super::names::{Asks, ModelName};
use super::output::{self, Counts, Destination, Output, Plan};
use super::route::Place;
use super::rows::{Answered, Asker};
use crate::clock::later;
use crate::faults::{JobEnd, JobFaults};
use crate::model::{Model, RowFailure, embedding_response, text_response};
use crate::sync::lock;

/// How long a reader waits, in real time, for a model that is behind the clock of its job.
const PATIENCE: Duration = Duration::from_secs(5);

/// A job as it was asked for.
#[derive(Debug)]
pub(crate) struct NewJob {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) model: ModelName,
    pub(crate) display_name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) source: Source,
    pub(crate) destination: Destination,
    /// The fields of the resource that were asked for, as they are given back.
    pub(crate) resource: Map<String, Value>,
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) new: NewJob,
    pub(crate) serial: u64,
    pub(crate) schedule: Schedule,
    pub(crate) faults: JobFaults,
    /// How many requests it has, once they were counted.
    count: OnceLock<usize>,
    state: Mutex<State>,
    progress: watch::Sender<Progress>,
}

#[derive(Debug)]
struct State {
    cancelled: Option<DateTime<Utc>>,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Answering,
    Answered(Answered),
    Writing,
    Unusable(RowFailure),
    Finished(Output),
}

/// How far the work has come.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Progress {
    Answering,
    Answered,
    Written,
}

/// How a job ends, as time and its faults decide.
#[derive(Debug)]
struct Ending {
    at: DateTime<Utc>,
    state: &'static str,
    error: Option<RowFailure>,
    /// The share of the requests whose answers are in the output.
    share: f64,
    /// What it shows while the output is not there yet.
    until_written: &'static str,
}

/// A job at an instant.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) state: Cow<'static, str>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) ended: Option<DateTime<Utc>>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) stats: Stats,
    pub(crate) error: Option<RowFailure>,
    pub(crate) partial_failure: Option<RowFailure>,
    pub(crate) output_info: Option<Value>,
}

/// What is known of the fate of the requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stats {
    /// Too early to say.
    None,
    Unknown,
    Known(Counts),
}

impl Job {
    pub(crate) fn new(new: NewJob, serial: u64, schedule: Schedule, faults: JobFaults) -> Self {
        Self {
            new,
            serial,
            schedule,
            faults,
            count: OnceLock::new(),
            state: Mutex::new(State {
                cancelled: None,
                work: Work::Answering,
            }),
            progress: watch::Sender::new(Progress::Answering),
        }
    }

    /// The whole resource name.
    pub(crate) fn name(&self) -> String {
        let NewJob { id, place, .. } = &self.new;
        format!("{}/batchPredictionJobs/{id}", place.name())
    }

    pub(crate) fn request_count(&self) -> Option<usize> {
        self.count.get().copied()
    }

    /// Takes hold of the requests; `None` where the job cannot do its work and will fail.
    pub(crate) fn open(&self, stores: &Stores) -> Option<Input> {
        let reached = self.reach_destination(stores);
        match reached.and_then(|()| self.new.source.open(stores)) {
            Ok(input) => Some(input),
            Err(failure) => {
                lock(&self.state).work = Work::Unusable(failure);
                None
            }
        }
    }

    /// Asks the model all requests; blocks until it is through.
    pub(crate) fn answer(&self, input: Input, model: &dyn Model) {
        let answered = catch_unwind(AssertUnwindSafe(|| {
            // Nobody else counts them.
            let _ = self.count.set(input.count());
            let asker = Asker {
                model,
                name: &self.new.model,
                schedule: &self.schedule,
                drop_keys: &self.faults.drop_keys,
            };
            asker.answer_all(&input)
        }));
        lock(&self.state).work = match answered {
            Ok(Ok(answered)) => Work::Answered(answered),
            Ok(Err(failure)) => Work::Unusable(failure),
            Err(_) => Work::Unusable(RowFailure::new(13, "The model panicked.")),
        };
        self.progress.send_replace(Progress::Answered);
    }

    fn reach_destination(&self, stores: &Stores) -> Result<(), RowFailure> {
        match &self.new.destination {
            Destination::Folder { bucket, prefix } => {
                stores.reach_bucket(bucket, &format!("gs://{bucket}/{prefix}"))
            }
            Destination::Table(place) | Destination::Dataset(Some(place)) => {
                stores.reach_table_place(place)
            }
            Destination::Dataset(None) => Ok(()),
        }
    }

    /// Waits for the model and the writing where only they are behind the clock.
    pub(crate) async fn wait_for_answers(&self, now: DateTime<Utc>) {
        let mut progress = self.progress.subscribe();
        if self.needs_output(now) {
            // A model that is slower than that leaves the job running a while longer.
            let answered = progress.wait_for(|progress| *progress >= Progress::Answered);
            let _ = tokio::time::timeout(PATIENCE, answered).await;
        }
    }

    /// Waits for the output where another call is writing it.
    pub(crate) async fn wait_for_output(&self) {
        let mut progress = self.progress.subscribe();
        if matches!(lock(&self.state).work, Work::Writing) {
            let written = progress.wait_for(|progress| *progress >= Progress::Written);
            let _ = tokio::time::timeout(PATIENCE, written).await;
        }
    }

    fn needs_output(&self, now: DateTime<Utc>) -> bool {
        let state = lock(&self.state);
        let ending = self.ending(&state, now);
        ending.is_some_and(|ending| ending.share > 0.0)
    }

    /// Whether there is something to be put together or written.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        let state = lock(&self.state);
        let Some(ending) = self.ending(&state, now).filter(|ending| ending.share > 0.0) else {
            return false;
        };
        match &state.work {
            Work::Answered(_) => true,
            Work::Finished(output) => !output.writes.is_empty() && self.may_write(&ending, now),
            Work::Answering | Work::Writing | Work::Unusable(_) => false,
        }
    }

    fn may_write(&self, ending: &Ending, now: DateTime<Utc>) -> bool {
        now >= later(ending.at, self.faults.file_delay)
    }

    /// Puts the output together where it is due, and writes it; takes a while for a large job.
    pub(crate) fn finish(&self, now: DateTime<Utc>, stores: &Stores) {
        let (ending, work) = {
            let mut state = lock(&self.state);
            let Some(ending) = self.ending(&state, now).filter(|ending| ending.share > 0.0) else {
                return;
            };
            if !matches!(state.work, Work::Answered(_) | Work::Finished(_)) {
                return;
            }
            (ending, std::mem::replace(&mut state.work, Work::Writing))
        };
        let mut output = match work {
            Work::Answered(answered) => self.output(&answered, &ending),
            Work::Finished(output) => output,
            // It was one of the two a moment ago.
            other => {
                lock(&self.state).work = other;
                return;
            }
        };
        if self.may_write(&ending, now) {
            for write in std::mem::take(&mut output.writes) {
                write.carry_out(stores);
            }
        }
        lock(&self.state).work = Work::Finished(output);
        self.progress.send_replace(Progress::Written);
    }

    fn output(&self, answered: &Answered, ending: &Ending) -> Output {
        let rows = answered.rows.len();
        let served = (ending.share * rows as f64) as usize;
        let stray = match self.new.model.asks {
            Asks::Embeddings => embedding_response("", &[1.0]),
            Asks::Text | Asks::Either => {
                text_response(&self.new.model.short, "", "Nobody asked this.")
            }
        };
        let plan = Plan {
            destination: &self.new.destination,
            place: &self.new.place,
            faults: &self.faults,
            stamp: output::stamp(self.schedule.starts, self.serial),
            seed: self.serial,
            stray,
        };
        plan.output(answered, served.min(rows))
    }

    /// Cancels the job; `false` where it has ended.
    pub(crate) fn cancel(&self, now: DateTime<Utc>) -> bool {
        let mut state = lock(&self.state);
        match self.schedule.phase(now, state.cancelled) {
            Phase::Cancelling(_) => return true,
            Phase::Ended { .. } => return false,
            _ => {}
        }
        if self.failure_to_start(&state, now).is_some() {
            return false;
        }
        state.cancelled = Some(now);
        true
    }

    /// Why the job failed when it started, if it did.
    fn failure_to_start<'s>(&self, state: &'s State, now: DateTime<Utc>) -> Option<&'s RowFailure> {
        let cancelled_before = state.cancelled.is_some_and(|at| at < self.schedule.starts);
        match &state.work {
            Work::Unusable(failure) if now >= self.schedule.starts && !cancelled_before => {
                Some(failure)
            }
            _ => None,
        }
    }

    fn ending(&self, state: &State, now: DateTime<Utc>) -> Option<Ending> {
        if let Some(failure) = self.failure_to_start(state, now) {
            let at = self.schedule.starts;
            return Some(Ending::failed(at, failure.clone()));
        }
        let Phase::Ended { at, end } = self.schedule.phase(now, state.cancelled) else {
            return None;
        };
        let expired = |share| Ending {
            at,
            state: "JOB_STATE_EXPIRED",
            error: None,
            share,
            until_written: "JOB_STATE_RUNNING",
        };
        Some(match (end, &self.faults.end) {
            (End::Served, JobEnd::Failed { code, message }) => {
                Ending::failed(at, RowFailure::new(*code, message))
            }
            (End::Served, JobEnd::Expired) => expired(0.5),
            (End::Expired(share), _) => expired(share),
            (End::Cancelled(share), _) => Ending {
                at,
                state: "JOB_STATE_CANCELLED",
                error: Some(RowFailure::new(1, "The job was cancelled.")),
                share,
                until_written: "JOB_STATE_CANCELLING",
            },
            (End::Served, JobEnd::Succeeded) => Ending {
                at,
                state: match self.faults.vertex.partial {
                    Some(_) => "JOB_STATE_PARTIALLY_SUCCEEDED",
                    None => "JOB_STATE_SUCCEEDED",
                },
                error: None,
                share: 1.0,
                until_written: "JOB_STATE_RUNNING",
            },
        })
    }

    pub(crate) fn status(&self, now: DateTime<Utc>) -> Status {
        let state = lock(&self.state);
        let phase = self.schedule.phase(now, state.cancelled);
        let running = || match &self.faults.vertex.running_as {
            Some(state) => Cow::Owned(state.clone()),
            None => Cow::Borrowed("JOB_STATE_RUNNING"),
        };
        let shown = match phase {
            Phase::Queued => "JOB_STATE_QUEUED".into(),
            Phase::Pending => "JOB_STATE_PENDING".into(),
            Phase::Running(_) | Phase::Ended { .. } => running(),
            Phase::Held(_) => match self.faults.vertex.hold {
                Some((state, _)) => state.into(),
                None => running(),
            },
            Phase::Cancelling(_) => "JOB_STATE_CANCELLING".into(),
        };
        let last = match phase {
            Phase::Ended { at, .. } => at,
            _ => now,
        };
        let last = state
            .cancelled
            .map_or(last, |cancelled| last.min(cancelled));
        let has_started = last >= self.schedule.starts;
        let mut status = Status {
            state: shown,
            started: has_started.then_some(self.schedule.starts),
            ended: None,
            updated: self.schedule.changed(now, state.cancelled),
            stats: match phase {
                Phase::Running(share) | Phase::Held(share) | Phase::Cancelling(share)
                    if has_started =>
                {
                    self.running_stats(&state.work, share)
                }
                _ => Stats::None,
            },
            error: None,
            partial_failure: None,
            output_info: None,
        };
        let Some(ending) = self.ending(&state, now) else {
            return status;
        };
        match &state.work {
            Work::Finished(output) => {
                status.stats = Stats::Known(output.counts);
                if now >= later(ending.at, self.faults.output_delay) {
                    status.output_info = Some(output.info.clone());
                }
            }
            _ if ending.share > 0.0 => {
                if ending.until_written != "JOB_STATE_RUNNING" {
                    status.state = ending.until_written.into();
                }
                status.stats = Stats::Unknown;
                return status;
            }
            _ => status.stats = Stats::None,
        }
        status.state = ending.state.into();
        status.ended = Some(ending.at);
        status.updated = ending.at;
        status.error = ending.error;
        if let (Some(partial), "JOB_STATE_PARTIALLY_SUCCEEDED") =
            (&self.faults.vertex.partial, ending.state)
        {
            status.partial_failure = Some(RowFailure::new(partial.code, &partial.message));
        }
        status
    }

    fn running_stats(&self, work: &Work, share: f64) -> Stats {
        let Work::Answered(answered) = work else {
            return Stats::Unknown;
        };
        if self.faults.freeze_stats {
            return Stats::Unknown;
        }
        let rows = answered.rows.len();
        let served = ((share * rows as f64) as usize).min(rows);
        let failed = answered.failed_among(served);
        Stats::Known(Counts {
            successful: served - failed,
            failed,
            incomplete: rows - served,
        })
    }
}

impl Ending {
    fn failed(at: DateTime<Utc>, failure: RowFailure) -> Self {
        Self {
            at,
            state: "JOB_STATE_FAILED",
            error: Some(failure),
            share: 0.0,
            until_written: "JOB_STATE_RUNNING",
        }
    }
}
