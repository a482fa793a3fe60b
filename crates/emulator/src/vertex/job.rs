//! One job: what was asked for, the responses as they come, and its status at an instant.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::input::{Input, Source, Stores};
use super::life::{Phase, Schedule};
use super::names::{Asks, ModelName};
use super::output::{self, Destination, Output, Plan};
use super::route::Place;
use super::rows::{Answered, Asker};
use super::status::{Ending, Status};
use crate::clock::later;
use crate::faults::JobFaults;
use crate::model::{Model, RowFailure, embedding_response, text_response};
use crate::state::{self, Kept};
use crate::sync::lock;

/// How long a reader waits, in real time, for a model that is behind the clock of its job.
const PATIENCE: Duration = Duration::from_secs(5);

/// A job as it was asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    pub(super) count: OnceLock<usize>,
    pub(super) keeper: state::State,
    state: Mutex<State>,
    progress: watch::Sender<Progress>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) cancelled: Option<DateTime<Utc>>,
    pub(super) work: Work,
    /// The requests, where they are kept.
    pub(super) kept: Vec<Kept>,
    /// Whether they are rows of a table.
    pub(super) is_table: bool,
    pub(super) deleted: bool,
}

#[derive(Debug)]
pub(super) enum Work {
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

impl Job {
    pub(crate) fn new(
        new: NewJob,
        serial: u64,
        schedule: Schedule,
        faults: JobFaults,
        keeper: state::State,
    ) -> Self {
        Self {
            new,
            serial,
            schedule,
            faults,
            count: OnceLock::new(),
            keeper,
            state: Mutex::new(State {
                cancelled: None,
                work: Work::Answering,
                kept: Vec::new(),
                is_table: false,
                deleted: false,
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
        let opened = reached.and_then(|()| self.new.source.open(stores));
        let kept = opened.as_ref().map(|input| input.keep(&self.keeper));
        let mut state = lock(&self.state);
        state.kept = kept.unwrap_or_default();
        let input = match opened {
            Ok(input) => {
                state.is_table = input.is_table();
                Some(input)
            }
            Err(failure) => {
                state.work = Work::Unusable(failure);
                None
            }
        };
        self.note(&state);
        input
    }

    /// Puts it to where it stood.
    pub(super) fn restore(&self, restored: State) {
        let progress = match restored.work {
            Work::Answering => Progress::Answering,
            _ => Progress::Written,
        };
        *lock(&self.state) = restored;
        self.progress.send_replace(progress);
    }

    /// Forgets what is kept of it.
    pub(super) fn delete(&self) {
        let mut state = lock(&self.state);
        state.deleted = true;
        self.keeper.remove(state::Kind::VertexJob, &self.name());
        state.kept = Vec::new();
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
        let mut state = lock(&self.state);
        state.work = match answered {
            Ok(Ok(answered)) => Work::Answered(answered),
            Ok(Err(failure)) => Work::Unusable(failure),
            Err(_) => Work::Unusable(RowFailure::new(13, "The model panicked.")),
        };
        if matches!(state.work, Work::Unusable(_)) {
            self.note(&state);
            state.kept = Vec::new();
        }
        drop(state);
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
                write.carry_out(stores, &self.new.id);
            }
        }
        let is_written = output.writes.is_empty();
        let mut state = lock(&self.state);
        state.work = Work::Finished(output);
        if is_written {
            // What was asked is let go of only when the record no longer names it.
            self.note(&state);
            state.kept = Vec::new();
        }
        drop(state);
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
            form: self.new.model.form,
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
        self.note(&state);
        true
    }

    /// Why the job failed when it started, if it did.
    pub(super) fn failure_to_start<'s>(
        &self,
        state: &'s State,
        now: DateTime<Utc>,
    ) -> Option<&'s RowFailure> {
        let cancelled_before = state.cancelled.is_some_and(|at| at < self.schedule.starts);
        match &state.work {
            Work::Unusable(failure) if now >= self.schedule.starts && !cancelled_before => {
                Some(failure)
            }
            _ => None,
        }
    }

    pub(crate) fn status(&self, now: DateTime<Utc>) -> Status {
        self.status_of(&lock(&self.state), now)
    }
}
