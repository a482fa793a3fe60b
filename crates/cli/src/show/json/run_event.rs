//! What happened in a run, and its jobs, for programs and as rows.

use genai_batch::external::chrono::{DateTime, Utc};
use serde::Serialize;

use crate::show::cell::{Cell, Record, Tone};
use crate::show::time;

/// Something that happened in a run.
#[derive(Debug, Serialize)]
pub(crate) struct RunEvent {
    number: u64,
    time: String,
    kind: String,
    job: Option<u64>,
    detail: Option<String>,
    #[serde(skip)]
    of: genai_batch::runs::RunEvent,
}

impl From<genai_batch::runs::RunEvent> for RunEvent {
    fn from(event: genai_batch::runs::RunEvent) -> Self {
        Self {
            number: event.number,
            time: time::moment(event.time),
            kind: event.kind.clone(),
            job: event.job,
            detail: event.detail.clone(),
            of: event,
        }
    }
}

impl Record for RunEvent {
    const COLUMNS: &'static [&'static str] = &["number", "time", "job", "event", "detail"];
    const IS_PROSE: bool = true;

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::number(self.number),
            time::cell(Some(self.of.time)),
            Cell::maybe(self.job).right(),
            Cell::new(&self.kind),
            Cell::maybe(self.detail.as_ref()),
        ]
    }
}

/// A job of a run, by what the run's file says.
#[derive(Debug, Serialize)]
pub(crate) struct RunJob {
    number: u64,
    attempt: u64,
    /// How far the run is with it: `cut`, `sending`, `looking`, `active`, `ended`, `read`, `done`,
    /// `gone`.
    state: String,
    name: Option<String>,
    /// `JOB_STATE_…`, as it was last seen.
    service_state: Option<String>,
    error: Option<String>,
    is_adopted: bool,
    requests: u64,
    responses: u64,
    errors: u64,
    missing: u64,
    retried: u64,
    input_tokens: u64,
    output_tokens: u64,
    cut_time: String,
    sent_time: Option<String>,
    created_time: Option<String>,
    ended_time: Option<String>,
    read_time: Option<String>,
    #[serde(skip)]
    created: Option<DateTime<Utc>>,
}

impl From<genai_batch::runs::RunJob> for RunJob {
    fn from(job: genai_batch::runs::RunJob) -> Self {
        Self {
            number: job.number,
            attempt: job.generation,
            state: job.state,
            name: job.name,
            service_state: job.service_state,
            error: job.error,
            is_adopted: job.adopted,
            requests: job.requests,
            responses: job.responses,
            errors: job.errors,
            missing: job.missing,
            retried: job.retried,
            input_tokens: job.input_tokens,
            output_tokens: job.output_tokens,
            cut_time: time::moment(job.cut_time),
            sent_time: job.sent_time.map(time::moment),
            created_time: job.created_time.map(time::moment),
            ended_time: job.ended_time.map(time::moment),
            read_time: job.read_time.map(time::moment),
            created: job.created_time,
        }
    }
}

impl Record for RunJob {
    const COLUMNS: &'static [&'static str] = &[
        "number", "attempt", "state", "requests", "failed", "again", "created", "name", "error",
    ];
    const LESS: &'static [&'static str] = &["again", "created", "attempt"];

    fn cells(&self) -> Vec<Cell> {
        let failed = self.errors + self.missing;
        let tone = if failed > 0 { Tone::Bad } else { Tone::Quiet };
        vec![
            Cell::number(self.number),
            Cell::number(self.attempt),
            Cell::new(&self.state),
            Cell::count(self.requests).right(),
            Cell::count(failed).right().tone(tone),
            Cell::count(self.retried).right(),
            time::cell(self.created),
            Cell::maybe(self.name.as_ref()),
            Cell::maybe(self.error.as_ref()).tone(Tone::Bad),
        ]
    }
}
