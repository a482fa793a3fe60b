//! What a page tells of a run, read from its file in one pass over the jobs' times and one over the
//! results, in memory that does not grow with them.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::TryStreamExt as _;
use genai_batch::cost::Pricing;
use genai_batch::runs::{RunReport, RunView};
use genai_batch::{BatchResult, Outcome};
use serde::Serialize;

use super::jobs::Jobs;
use super::text::{self, Shown};
use crate::commands::run::{Incomplete, NO_RESULT};
use crate::commands::runs::made::is_emulated;
use crate::exit::{Result, of_command_line};
use crate::show::counted::{counted, money};

/// As many characters of one answer are on the page.
const ANSWER: usize = 4_000;
/// As many bytes of answers are.
const ANSWERS: usize = 8 * 1024 * 1024;
/// As many characters of a key.
const KEY: usize = 200;
/// As many characters of an error's message.
const MESSAGE: usize = 400;
/// As many kinds of errors are told apart.
const KINDS: usize = 50;
/// As many keys stand for each.
const EXAMPLES: usize = 5;

/// A run, as a page tells it.
pub(super) struct Gathered {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) backend: String,
    pub(super) report: RunReport,
    /// What it cost, with the prices, or why that is not known.
    pub(super) cost: std::result::Result<(String, String), String>,
    /// Whether the answers are the emulator's.
    pub(super) is_emulated: bool,
    pub(super) jobs: Jobs,
    pub(super) errors: Vec<ErrorKind>,
    /// How many requests failed in ways that are too many to tell apart.
    pub(super) other_errors: u64,
    /// How often responses ended how.
    pub(super) finish_reasons: BTreeMap<String, u64>,
    /// Responses without a complete answer.
    pub(super) incomplete: Incomplete,
    pub(super) answers: Vec<Answer>,
}

/// Requests that failed in the same way, or are missing for the same reason.
#[derive(Debug, Serialize)]
pub(super) struct ErrorKind {
    /// `3 INVALID_ARGUMENT`, or `missing`.
    pub(super) what: String,
    /// The first of their messages.
    pub(super) message: Shown,
    pub(super) count: u64,
    pub(super) keys: Vec<Shown>,
}

/// The outcome of a request.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    key: Shown,
    /// `response`, `error` or `missing`.
    kind: &'static str,
    /// How a response ended, or the code of an error.
    note: String,
    text: Shown,
}

/// Reads a run, of whose answers at most this many are taken.
pub(super) async fn gather(path: &Path, answers: u64) -> Result<Gathered> {
    let run = RunView::open(path).await?;
    let report = run.report().await?;
    let jobs = Jobs::read(&run, &report).await?;
    let mut reader = Reader::new(&report, answers);
    let mut results = run.results().await?;
    while let Some(result) = results.try_next().await? {
        reader.take(&result);
    }
    let cost = Pricing::known(run.model()).map(|pricing| {
        let cost = money(report.cost(&pricing), "USD");
        (cost, pricing.to_string())
    });
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Gathered {
        name: name.to_string_lossy().into_owned(),
        model: run.model().to_owned(),
        backend: run.backend().to_string(),
        cost: cost.map_err(|why| of_command_line(&why.to_string())),
        jobs,
        errors: reader.errors(),
        other_errors: reader.other_errors,
        finish_reasons: reader.finish_reasons,
        incomplete: reader.incomplete,
        is_emulated: is_emulated(path, &run).await?,
        answers: reader.answers,
        report,
    })
}

/// An embedding in short.
fn of_embedding(values: &[f32]) -> String {
    const FIRST: usize = 8;
    let first: Vec<_> = values.iter().take(FIRST).map(f32::to_string).collect();
    let more = if values.len() > FIRST { ", …" } else { "" };
    let count = counted(values.len() as u64, "value");
    format!("{count}: {}{more}", first.join(", "))
}

/// What is kept of the results as they come.
#[derive(Default)]
struct Reader {
    /// How many results there are, and how many of them are taken.
    results: u64,
    wanted: u64,
    seen: u64,
    bytes: usize,
    answers: Vec<Answer>,
    errors: BTreeMap<(String, String), ErrorKind>,
    other_errors: u64,
    finish_reasons: BTreeMap<String, u64>,
    incomplete: Incomplete,
}

impl Reader {
    fn new(report: &RunReport, answers: u64) -> Self {
        let results = report.responses + report.errors + report.missing;
        Self {
            results,
            wanted: answers.min(results),
            ..Self::default()
        }
    }

    /// Whether the next result is one of those that are taken, which are spread evenly.
    fn takes_next(&mut self) -> bool {
        let taken = |seen: u64| {
            let share = u128::from(seen) * u128::from(self.wanted);
            share / u128::from(self.results.max(1))
        };
        let takes = taken(self.seen + 1) > taken(self.seen);
        self.seen += 1;
        takes && self.bytes < ANSWERS
    }

    fn take(&mut self, result: &BatchResult) {
        let taken = self.takes_next();
        self.incomplete.count(result);
        let key = result.key().unwrap_or_default();
        let (kind, note, text) = match result.outcome() {
            Outcome::Response(response) => {
                if let Some(values) = response.embedding() {
                    let text = taken.then(|| text::shown(&of_embedding(values), ANSWER));
                    return self.keep(key, "response", "embedding".to_owned(), text);
                }
                let reason = response.finish_reason();
                let reason = reason.map_or("(not said)".to_owned(), |reason| reason.to_string());
                self.count_reason(&reason);
                let text = taken.then(|| match response.text() {
                    Some(text) => text::shown(&text, ANSWER),
                    None => text::shown(response.json(), ANSWER),
                });
                ("response", reason, text)
            }
            Outcome::Error(error) => {
                let name = error.status().status();
                let what = format!("{} {name}", error.code());
                self.count_error(what, error.message(), key);
                let text = taken.then(|| text::shown(error.message(), ANSWER));
                ("error", format!("{name} (code {})", error.code()), text)
            }
            Outcome::Missing => {
                let why = of_command_line(result.why_missing().unwrap_or(NO_RESULT));
                self.count_error("missing".to_owned(), &why, key);
                let text = taken.then(|| text::shown(&why, ANSWER));
                ("missing", String::new(), text)
            }
        };
        self.keep(key, kind, note, text);
    }

    fn keep(&mut self, key: &str, kind: &'static str, note: String, text: Option<Shown>) {
        if let Some(text) = text {
            self.bytes += text.text.len() + key.len().min(KEY);
            self.answers.push(Answer {
                key: text::shown(key, KEY),
                kind,
                note,
                text,
            });
        }
    }

    fn count_reason(&mut self, reason: &str) {
        let known = self.finish_reasons.contains_key(reason);
        let reason = match known || self.finish_reasons.len() < KINDS {
            true => text::shown(reason, KEY).text,
            false => "(others)".to_owned(),
        };
        *self.finish_reasons.entry(reason).or_default() += 1;
    }

    fn count_error(&mut self, what: String, message: &str, key: &str) {
        let message = text::shown(message, MESSAGE);
        let kind = (what, text::without_numbers(&message.text));
        if !self.errors.contains_key(&kind) && self.errors.len() == KINDS {
            self.other_errors += 1;
            return;
        }
        let what = kind.0.clone();
        let errors = self.errors.entry(kind).or_insert_with(|| ErrorKind {
            what,
            message,
            count: 0,
            keys: Vec::new(),
        });
        errors.count += 1;
        if errors.keys.len() < EXAMPLES {
            errors.keys.push(text::shown(key, KEY));
        }
    }

    /// The kinds of errors, the most frequent first.
    fn errors(&mut self) -> Vec<ErrorKind> {
        let mut errors: Vec<_> = std::mem::take(&mut self.errors).into_values().collect();
        errors.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_errors_are_bounded_and_counted() {
        let mut reader = Reader::default();
        for row in 0..10 {
            reader.count_error(
                "8 QUOTA".to_owned(),
                &format!("row {row} is over the quota"),
                &format!("k{row}"),
            );
        }
        for code in 100..200 {
            reader.count_error(format!("{code} ODD"), "odd", "k");
        }
        assert_eq!(reader.other_errors, 51);
        let errors = reader.errors();
        assert_eq!(errors.len(), KINDS);
        assert_eq!((&*errors[0].what, errors[0].count), ("8 QUOTA", 10));
        assert_eq!(errors[0].message.text, "row 0 is over the quota");
        assert_eq!(errors[0].keys.len(), EXAMPLES);
    }

    #[test]
    fn answers_are_taken_evenly() {
        let taken = |results, answers| {
            let mut report = RunReport::default();
            report.responses = results;
            let mut reader = Reader::new(&report, answers);
            let taken = (0..results).filter(|_| reader.takes_next());
            taken.collect::<Vec<_>>()
        };
        assert_eq!(taken(3, 1000), [0, 1, 2]);
        assert_eq!(taken(1500, 1000).len(), 1000);
        assert_eq!(taken(6, 3), [1, 3, 5]);
        assert_eq!(taken(5, 0), Vec::<u64>::new());
        assert_eq!(taken(0, 5), Vec::<u64>::new());
    }
}
