//! A run in a file, for programs and as a row.

use std::path::Path;

use genai_batch::Backend;
use genai_batch::runs::{Progress, RunReport, RunView};
use serde::Serialize;

use crate::commands::run::Incomplete;
use crate::show::cell::{Cell, Record, Tone, share};
use crate::show::counted::{counted, grouped};

/// A run, by what its file says.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    file: String,
    backend: &'static str,
    model: String,
    is_finished: bool,
    /// How many keys it has.
    requests: u64,
    responses: u64,
    errors: u64,
    missing: u64,
    unfinished: u64,
    vanished: u64,
    /// Which are in no job yet, wait for another attempt, or are in jobs.
    new: u64,
    waiting: u64,
    in_jobs: u64,
    jobs: u64,
    active_jobs: u64,
    /// Of which it is not known whether the service has them.
    unclear_jobs: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// What was off about the rows of its jobs, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    deviations: Option<Deviations>,
    /// Whether the answers are the emulator's.
    is_emulated: bool,
    /// Which of the responses have no complete answer, where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Incomplete>,
    attempts: Vec<Attempt>,
    /// Which process drives it now, if one does.
    driven_by: Option<String>,
}

/// How many rows were not what they should be.
#[derive(Debug, Serialize)]
pub(crate) struct Deviations {
    duplicates: u64,
    unexpected: u64,
    keyless: u64,
    unreadable: u64,
    #[serde(skip)]
    text: String,
}

impl Deviations {
    /// Those of a report; `None` if there is none.
    pub(crate) fn of(report: &RunReport) -> Option<Self> {
        let deviations = &report.deviations;
        (!deviations.is_empty()).then(|| Self {
            duplicates: deviations.duplicates,
            unexpected: deviations.unexpected,
            keyless: deviations.keyless,
            unreadable: deviations.unreadable,
            text: deviations.to_string(),
        })
    }

    /// How many of each kind, in words.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What people are told.
    pub(crate) fn part(&self) -> (&'static str, Cell) {
        ("rows off", Cell::new(&self.text).tone(Tone::Warning))
    }
}

#[derive(Debug, Serialize)]
struct Attempt {
    number: u64,
    jobs: u64,
    requests: u64,
    responses: u64,
    errors: u64,
    missing: u64,
    retried: u64,
}

impl Run {
    pub(crate) fn new(
        file: &Path,
        view: &RunView,
        report: &RunReport,
        progress: &Progress,
        is_emulated: bool,
    ) -> Self {
        let attempts = report.generations.iter().map(|attempt| Attempt {
            number: attempt.number,
            jobs: attempt.jobs,
            requests: attempt.requests,
            responses: attempt.responses,
            errors: attempt.errors,
            missing: attempt.missing,
            retried: attempt.retried,
        });
        Self {
            file: file.display().to_string(),
            backend: match view.backend() {
                Backend::Gemini => "gemini",
                Backend::Vertex => "vertex",
                // One that a later version of the library knows.
                _ => "other",
            },
            model: view.model().to_owned(),
            is_finished: report.is_finished(),
            requests: report.requests,
            responses: report.responses,
            errors: report.errors,
            missing: report.missing,
            unfinished: report.unfinished,
            vanished: report.vanished,
            new: progress.new,
            waiting: progress.waiting,
            in_jobs: progress.in_jobs,
            jobs: progress.jobs,
            active_jobs: progress.active_jobs,
            unclear_jobs: progress.unclear_jobs,
            input_tokens: report.input_tokens,
            output_tokens: report.output_tokens,
            deviations: Deviations::of(report),
            is_emulated,
            incomplete: None,
            attempts: attempts.collect(),
            driven_by: view.driver(),
        }
    }

    /// The same, with the responses that have no complete answer.
    pub(crate) fn with(self, incomplete: Incomplete) -> Self {
        Self {
            incomplete: Some(incomplete),
            ..self
        }
    }

    /// The backend, or that it was the emulator's.
    fn at(&self) -> Cell {
        match self.is_emulated {
            true => Cell::new(format!("{} (emulator)", self.backend)).tone(Tone::Warning),
            false => Cell::new(self.backend),
        }
    }

    fn state(&self) -> Cell {
        let failed = self.errors + self.missing;
        match (self.is_finished, &self.driven_by) {
            (true, _) if failed > 0 => Cell::new("finished").tone(Tone::Warning),
            (true, _) => Cell::new("finished").tone(Tone::Good),
            (false, Some(_)) => Cell::new("running").tone(Tone::Busy),
            (false, None) => Cell::new("stopped").tone(Tone::Warning),
        }
    }

    fn jobs_in_words(&self) -> String {
        let jobs = format!(
            "{}, {} active",
            grouped(self.jobs),
            grouped(self.active_jobs)
        );
        match self.unclear_jobs {
            0 => jobs,
            unclear => format!("{jobs}, {} of them looked for", grouped(unclear)),
        }
    }

    fn done(&self) -> Cell {
        share(self.requests - self.unfinished, Some(self.requests))
    }

    fn not_complete(&self) -> Cell {
        let kinds = self.incomplete.as_ref().and_then(Incomplete::in_words);
        let told = kinds.map(|kinds| format!("{kinds}: responses that are no answers"));
        Cell::maybe(told.as_ref()).tone(Tone::Bad)
    }

    fn failed(&self) -> Cell {
        let failed = self.errors + self.missing;
        let tone = if failed > 0 { Tone::Bad } else { Tone::Quiet };
        Cell::count(failed).right().tone(tone)
    }

    /// All parts of it, by their names.
    pub(crate) fn parts(&self) -> Vec<(&'static str, Cell)> {
        let count = Cell::count;
        let mut parts = vec![
            ("file", Cell::new(&self.file)),
            ("state", self.state()),
            ("driven by", Cell::maybe(self.driven_by.as_ref())),
            ("backend", self.at()),
            ("model", Cell::new(&self.model)),
            ("requests", count(self.requests)),
            ("responses", count(self.responses)),
            ("not complete", self.not_complete()),
            ("errors", count(self.errors)),
            ("missing", count(self.missing)),
            ("unfinished", count(self.unfinished)),
            ("in jobs", count(self.in_jobs)),
            ("jobs", Cell::new(self.jobs_in_words())),
            ("tokens in", count(self.input_tokens)),
            ("tokens out", count(self.output_tokens)),
        ];
        if self.vanished > 0 {
            parts.push(("vanished", count(self.vanished)));
        }
        parts.extend(self.deviations.as_ref().map(Deviations::part));
        let attempts = self.attempts.iter().map(|attempt| {
            let Attempt {
                number,
                jobs,
                requests,
                retried,
                ..
            } = attempt;
            let (requests, jobs) = (counted(*requests, "request"), counted(*jobs, "job"));
            let again = grouped(*retried);
            let text = format!("{number}: {requests} in {jobs}, {again} asked again");
            ("attempt", Cell::new(text))
        });
        parts.extend(attempts);
        parts
    }
}

impl Record for Run {
    const COLUMNS: &'static [&'static str] = &[
        "file", "state", "done", "failed", "jobs", "backend", "model",
    ];
    const LESS: &'static [&'static str] = &["backend", "jobs", "model"];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::new(&self.file),
            self.state(),
            self.done(),
            self.failed(),
            Cell::count(self.jobs).right(),
            self.at(),
            Cell::new(&self.model),
        ]
    }
}
