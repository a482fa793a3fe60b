//! A job, for programs and as a row.

use std::collections::BTreeMap;

use genai_batch::job::{JobStats, Status};
use genai_batch::{BatchJob, JobState};
use serde::Serialize;

use super::place;
use crate::show::cell::{Cell, Record, Tone, share};
use crate::show::time;

/// A job.
#[derive(Debug, Serialize)]
pub(crate) struct Job {
    pub(crate) name: String,
    display_name: Option<String>,
    model: Option<String>,
    /// `JOB_STATE_…`.
    state: String,
    is_active: bool,
    /// By the service's count.
    requests: Option<Requests>,
    create_time: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    source: Vec<String>,
    destination: Option<String>,
    output: Option<String>,
    error: Option<Failed>,
    partial_failures: Vec<Failed>,
    labels: BTreeMap<String, String>,
    priority: Option<i64>,
    #[serde(skip)]
    of: BatchJob,
}

#[derive(Debug, Serialize)]
struct Requests {
    total: Option<u64>,
    succeeded: u64,
    failed: u64,
    pending: Option<u64>,
}

/// Why something failed.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    pub(crate) code: i64,
    pub(crate) status: String,
    pub(crate) message: String,
}

impl From<&Status> for Failed {
    fn from(status: &Status) -> Self {
        Self {
            code: status.code,
            status: status.status().to_owned(),
            message: status.message.clone(),
        }
    }
}

impl From<JobStats> for Requests {
    fn from(stats: JobStats) -> Self {
        Self {
            total: stats.total,
            succeeded: stats.succeeded,
            failed: stats.failed,
            pending: stats.pending,
        }
    }
}

impl From<&BatchJob> for Job {
    fn from(job: &BatchJob) -> Self {
        Self {
            name: job.name().to_owned(),
            display_name: job.display_name().map(str::to_owned),
            model: job.model().map(str::to_owned),
            state: job.state().as_str().to_owned(),
            is_active: job.is_active(),
            requests: job.stats().map(Requests::from),
            create_time: job.create_time().map(time::moment),
            start_time: job.start_time().map(time::moment),
            end_time: job.end_time().map(time::moment),
            source: job.source().map(place::of_source).unwrap_or_default(),
            destination: job.destination().map(place::of_destination),
            output: job.output().map(place::of_destination),
            error: job.error().map(Failed::from),
            partial_failures: job.partial_failures().iter().map(Failed::from).collect(),
            labels: job.labels().clone(),
            priority: job.priority(),
            of: job.clone(),
        }
    }
}

/// A state in a word: `succeeded` for `JOB_STATE_SUCCEEDED`.
pub(crate) fn state_word(state: &JobState) -> String {
    let name = state.as_str();
    let short = name
        .strip_prefix("JOB_STATE_")
        .or_else(|| name.strip_prefix("BATCH_STATE_"));
    short.unwrap_or(name).to_lowercase()
}

fn tone(job: &BatchJob) -> Tone {
    match job.state() {
        JobState::Succeeded => Tone::Good,
        JobState::PartiallySucceeded | JobState::Cancelled => Tone::Warning,
        JobState::Failed | JobState::Expired => Tone::Bad,
        _ if job.is_active() => Tone::Busy,
        _ => Tone::Plain,
    }
}

impl Job {
    /// How far it is, in a word.
    pub(crate) fn state(&self) -> Cell {
        Cell::new(state_word(self.of.state())).tone(tone(&self.of))
    }

    /// How many requests have ended of how many: `12/240`.
    pub(crate) fn done(&self) -> Cell {
        let Some(requests) = &self.requests else {
            return Cell::default();
        };
        let done = requests.succeeded.saturating_add(requests.failed);
        share(done, requests.total)
    }

    /// How many requests failed.
    pub(crate) fn failed(&self) -> Cell {
        let Some(requests) = &self.requests else {
            return Cell::default();
        };
        let tone = match requests.failed {
            0 => Tone::Quiet,
            _ => Tone::Bad,
        };
        Cell::count(requests.failed).right().tone(tone)
    }

    fn model(&self) -> Cell {
        let Some(model) = &self.model else {
            return Cell::default();
        };
        let short = model.rsplit('/').next().unwrap_or(model);
        Cell::new(model).short(short)
    }

    /// All parts of it, by their names.
    pub(crate) fn parts(&self) -> Vec<(&'static str, Cell)> {
        let error = |failed: &Failed| {
            Cell::new(format!(
                "{} ({}): {}",
                failed.status, failed.code, failed.message
            ))
            .tone(Tone::Bad)
        };
        let mut parts = vec![
            ("name", Cell::new(&self.name)),
            ("display name", Cell::maybe(self.display_name.as_ref())),
            ("model", self.model()),
            ("state", self.state()),
            ("done", self.done()),
            ("failed", self.failed()),
            ("created", time::cell(self.of.create_time())),
            ("started", time::cell(self.of.start_time())),
            ("ended", time::cell(self.of.end_time())),
            ("source", Cell::new(self.source.join(" "))),
            ("destination", Cell::maybe(self.destination.as_ref())),
            ("output", Cell::maybe(self.output.as_ref())),
            ("priority", Cell::maybe(self.priority)),
        ];
        let labels = self.labels.iter();
        parts.extend(labels.map(|(name, value)| ("label", Cell::new(format!("{name}={value}")))));
        parts.extend(self.error.iter().map(|failed| ("error", error(failed))));
        let partial = self.partial_failures.iter();
        parts.extend(partial.map(|failed| ("partial failure", error(failed))));
        parts
    }
}

impl Record for Job {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "state",
        "done",
        "failed",
        "created",
        "model",
        "display name",
    ];
    const LESS: &'static [&'static str] = &["model", "display name", "created", "failed"];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::new(&self.name),
            self.state(),
            self.done(),
            self.failed(),
            time::cell(self.of.create_time()),
            self.model(),
            Cell::maybe(self.display_name.as_ref()),
        ]
    }
}
