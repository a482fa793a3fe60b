//! One job: what was asked for, the responses as they come, and its status at an instant.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::kind::Kind;
use super::life::{End, Phase, Schedule};
use super::output::{self, Counts};
use super::rows::{Answered, Requests, answer_all};
use super::stored::{Files, StoredFile};
use crate::clock::later;
use crate::faults::{JobEnd, JobFaults};
use crate::model::{Model, RowFailure, embedding_response, text_response};
use crate::state::{self, Kept};
use crate::sync::lock;

/// How long a reader waits, in real time, for a model that is behind the clock of its job.
const PATIENCE: Duration = Duration::from_secs(5);

/// A job as it was asked for.
#[derive(Debug)]
pub(crate) struct NewJob {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) model: String,
    pub(crate) display_name: Option<String>,
    pub(crate) priority: i64,
    pub(crate) webhook_config: Option<Value>,
    pub(crate) input_file: Option<String>,
    /// About how many tokens its requests have.
    pub(crate) tokens: u64,
    /// The requests, where they are kept.
    pub(crate) kept: Kept,
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) model: String,
    pub(crate) webhook_config: Option<Value>,
    /// `files/…`, where the requests come from a file.
    pub(crate) input_file: Option<String>,
    pub(crate) tokens: u64,
    pub(crate) request_count: usize,
    pub(crate) schedule: Schedule,
    pub(crate) faults: JobFaults,
    pub(crate) serial: u64,
    pub(super) keeper: state::State,
    state: Mutex<State>,
    answered: watch::Sender<bool>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: JobSettings,
    pub(super) cancelled: Option<Phase>,
    pub(super) work: Work,
    /// The requests, and then the results that are inline, where they are kept.
    pub(super) kept: Kept,
    /// Whether those who wanted to hear of its end were told.
    pub(super) told: bool,
    pub(super) deleted: bool,
}

/// What may be changed about a job.
#[derive(Clone, Debug)]
pub(crate) struct JobSettings {
    pub(crate) display_name: Option<String>,
    pub(crate) priority: i64,
    pub(crate) updated: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) enum Work {
    Answering,
    Answered(Answered),
    Unusable(RowFailure),
    Finished { output: Arc<Output>, counts: Counts },
}

/// The results of a job.
#[derive(Debug)]
pub(crate) enum Output {
    /// The `inlinedResponses` message.
    Inline(Box<RawValue>),
    /// The name of the result file.
    File(String),
}

/// A job at an instant.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) state: &'static str,
    pub(crate) ended: Option<DateTime<Utc>>,
    pub(crate) counts: Counts,
    pub(crate) pending: usize,
    pub(crate) error: Option<RowFailure>,
    pub(crate) output: Option<Arc<Output>>,
}

impl Job {
    pub(crate) fn new(
        new: NewJob,
        serial: u64,
        schedule: Schedule,
        request_count: usize,
        faults: JobFaults,
        keeper: state::State,
    ) -> Self {
        let settings = JobSettings {
            display_name: new.display_name,
            priority: new.priority,
            updated: schedule.created,
        };
        Self {
            id: new.id,
            kind: new.kind,
            model: new.model,
            webhook_config: new.webhook_config,
            input_file: new.input_file,
            tokens: new.tokens,
            request_count,
            schedule,
            faults,
            serial,
            keeper,
            state: Mutex::new(State {
                settings,
                cancelled: None,
                work: Work::Answering,
                kept: new.kept,
                told: false,
                deleted: false,
            }),
            answered: watch::Sender::new(false),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("batches/{}", self.id)
    }

    /// The id of the result file. With its prefix it is longer than the ids that `files.get` takes.
    pub(crate) fn output_file_id(&self) -> String {
        format!("batch-{}", self.id)
    }

    pub(crate) fn settings(&self) -> JobSettings {
        lock(&self.state).settings.clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut JobSettings)) {
        let mut state = lock(&self.state);
        change(&mut state.settings);
        self.note(&state);
    }

    /// Writes it down for the first time.
    pub(super) fn note_new(&self) {
        self.note(&lock(&self.state));
    }

    /// Puts it to where it stood.
    pub(super) fn restore(
        &self,
        settings: JobSettings,
        cancelled: Option<Phase>,
        told: bool,
        work: Work,
    ) {
        let answered = !matches!(work, Work::Answering);
        let mut state = lock(&self.state);
        state.settings = settings;
        state.cancelled = cancelled;
        state.told = told;
        state.work = work;
        self.answered.send_replace(answered);
    }

    /// Notes that those who wanted to hear of its end were told.
    pub(super) fn note_told(&self) {
        let mut state = lock(&self.state);
        state.told = true;
        self.note(&state);
    }

    pub(super) fn is_told(&self) -> bool {
        lock(&self.state).told
    }

    /// Forgets what is kept of it.
    pub(super) fn delete(&self) {
        let mut state = lock(&self.state);
        state.deleted = true;
        self.keeper.remove(state::Kind::GeminiJob, &self.id);
        state.kept = Kept::default();
    }

    /// Asks the model all requests; blocks until it is through.
    pub(crate) fn answer(&self, requests: Requests, model: &dyn Model) {
        let answered = catch_unwind(AssertUnwindSafe(|| {
            answer_all(requests, self.kind, &self.model, model)
        }));
        let mut state = lock(&self.state);
        state.work = match answered {
            Ok(Ok(answered)) => Work::Answered(answered),
            Ok(Err(failure)) => Work::Unusable(failure),
            Err(_) => Work::Unusable(RowFailure::new(13, "The model panicked.")),
        };
        if matches!(state.work, Work::Unusable(_)) {
            self.note(&state);
            state.kept = Kept::default();
        }
        drop(state);
        self.answered.send_replace(true);
    }

    /// Waits for the model where the job is over by the clock and only the responses are missing.
    pub(crate) async fn wait_for_answers(&self, now: DateTime<Utc>) {
        if matches!(
            self.phase(now),
            Phase::Ended {
                end: End::Served { .. },
                ..
            }
        ) {
            let mut answered = self.answered.subscribe();
            // A model that is slower than that leaves the job running a while longer.
            let _ = tokio::time::timeout(PATIENCE, answered.wait_for(|answered| *answered)).await;
        }
    }

    /// Whether the output is due and has not been put together.
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        let state = lock(&self.state);
        self.due(&state, now).is_some() && matches!(state.work, Work::Answered(_))
    }

    fn due(&self, state: &State, now: DateTime<Utc>) -> Option<(DateTime<Utc>, usize)> {
        let phase = state.cancelled.unwrap_or_else(|| self.schedule.phase(now));
        let succeeds = state.cancelled.is_some() || matches!(self.faults.end, JobEnd::Succeeded);
        match phase {
            Phase::Ended {
                at,
                end: End::Served { served },
            } if succeeds => Some((at, served)),
            _ => None,
        }
    }

    /// Puts the output together where it is due, and files it; takes a while for a large job.
    pub(crate) fn finish(&self, now: DateTime<Utc>, files: &Files, uri_prefix: &str) {
        let mut state = lock(&self.state);
        let Some((at, served)) = self.due(&state, now) else {
            return;
        };
        let Work::Answered(answered) = &mut state.work else {
            return;
        };
        let (rows, counts) = output::finish(std::mem::take(&mut answered.rows), served);
        let stray = match self.kind {
            Kind::GenerateContent => text_response(&self.model, "", "Nobody asked this."),
            Kind::EmbedContent => embedding_response("", &[1.0]),
        };
        let (output, kept) = if self.input_file.is_some() {
            let content = output::file(&rows, &self.faults, &stray);
            let readable = later(at, self.faults.file_delay);
            let id = self.output_file_id();
            let file = StoredFile::generated(id, content, at, readable, uri_prefix);
            let name = file.name();
            files.add(file);
            (Output::File(name), Kept::default())
        } else {
            let responses = output::inline(&rows, &self.faults, &stray);
            let kept = self.keeper.keep(responses.get().as_bytes());
            (Output::Inline(responses), kept)
        };
        state.work = Work::Finished {
            output: Arc::new(output),
            counts,
        };
        // What was asked is let go of only when the record no longer names it.
        let requests = std::mem::replace(&mut state.kept, kept);
        self.note(&state);
        drop(requests);
    }

    /// Cancels the job; `false` where it has ended.
    pub(crate) fn cancel(&self, now: DateTime<Utc>) -> bool {
        let mut state = lock(&self.state);
        if state.cancelled.is_some() {
            return false;
        }
        state.cancelled = self.schedule.cancelled(now);
        self.note(&state);
        state.cancelled.is_some()
    }

    fn phase(&self, now: DateTime<Utc>) -> Phase {
        lock(&self.state)
            .cancelled
            .unwrap_or_else(|| self.schedule.phase(now))
    }

    pub(crate) fn status(&self, now: DateTime<Utc>) -> Status {
        let state = lock(&self.state);
        let mut status = Status {
            state: "BATCH_STATE_PENDING",
            ended: None,
            counts: Counts::default(),
            pending: self.request_count,
            error: None,
            output: None,
        };
        match state.cancelled.unwrap_or_else(|| self.schedule.phase(now)) {
            Phase::Pending => {}
            Phase::Running { served } => {
                status.state = "BATCH_STATE_RUNNING";
                if let (Work::Answered(answered), false) = (&state.work, self.faults.freeze_stats) {
                    let failed = answered.failed_among(served);
                    status.counts = Counts {
                        successful: served - failed,
                        failed,
                    };
                    status.pending = self.request_count - served;
                }
            }
            Phase::Ended {
                at,
                end: End::Cancelled,
            } => {
                status.end(at, "BATCH_STATE_CANCELLED", 13, "The batch was cancelled.");
            }
            Phase::Ended {
                at,
                end: End::Expired,
            } => status.expire(at),
            Phase::Ended {
                at,
                end: End::Served { .. },
            } => match &self.faults.end {
                JobEnd::Failed { code, message } if state.cancelled.is_none() => {
                    status.fail(at, *code, message);
                }
                JobEnd::Expired if state.cancelled.is_none() => status.expire(at),
                _ => match &state.work {
                    Work::Answering | Work::Answered(_) => status.state = "BATCH_STATE_RUNNING",
                    Work::Unusable(failure) => status.fail(at, failure.code, &failure.message),
                    Work::Finished { output, counts } => {
                        status.state = "BATCH_STATE_SUCCEEDED";
                        status.ended = Some(at);
                        status.counts = *counts;
                        status.pending = 0;
                        if now >= later(at, self.faults.output_delay) {
                            status.output = Some(Arc::clone(output));
                        }
                    }
                },
            },
        }
        status
    }
}

impl Status {
    fn end(&mut self, at: DateTime<Utc>, state: &'static str, code: i32, message: &str) {
        self.state = state;
        self.ended = Some(at);
        self.error = Some(RowFailure::new(code, message));
    }

    fn expire(&mut self, at: DateTime<Utc>) {
        self.end(
            at,
            "BATCH_STATE_EXPIRED",
            4,
            "The batch expired before it was served.",
        );
    }

    fn fail(&mut self, at: DateTime<Utc>, code: i32, message: &str) {
        self.end(at, "BATCH_STATE_FAILED", code, message);
        self.counts.failed = self.pending;
        self.pending = 0;
    }
}
