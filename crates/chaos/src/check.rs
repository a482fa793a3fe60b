//! Holds what was seen of a round against what must come of it. A pure function, so that it can be
//! shown to find what is wrong.

use std::collections::BTreeMap;

use genai_batch::Report;

use crate::observed::Observed;
use crate::plan::Told;
use crate::truth::Truth;

/// What is wrong with a round, each item in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Requests that ended in nothing, or as missing although there is a row.
    pub lost: Vec<String>,
    /// Requests that ended twice.
    pub doubled: Vec<String>,
    /// Answers under the wrong key, and accounts that do not add up.
    pub mismatched: Vec<String>,
    /// How many jobs there are beyond those that were asked for.
    pub duplicate_jobs: usize,
    /// What is wrong beside that: a failure without a cause, or something left behind.
    pub other: Vec<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

/// Holds `observed` against `truth`.
pub fn check(truth: &Truth, observed: &Observed) -> Verdict {
    let mut verdict = Verdict {
        duplicate_jobs: observed.jobs.saturating_sub(observed.jobs_asked),
        other: observed.oddities.clone(),
        ..Verdict::default()
    };
    if observed.jobs < observed.jobs_asked {
        verdict.other.push(format!(
            "{} jobs were asked for, and there are {}",
            observed.jobs_asked, observed.jobs
        ));
    }
    if !truth.excused {
        let unexcused = observed.stumbles.iter();
        verdict.other.extend(unexcused.map(|stumble| {
            format!(
                "no fault excuses that {:?} failed: {}",
                stumble.step, stumble.error
            )
        }));
    }
    check_end(truth, observed, &mut verdict);
    if let Some(step) = observed.gave_up {
        let lost = truth.fates.keys();
        let lost = lost.map(|key| format!("{key:?}, since {step:?} failed for good"));
        verdict.lost.extend(lost);
    } else if truth.has_results {
        check_rows(truth, observed, &mut verdict);
        match &observed.report {
            Some(report) => check_report(truth, report, &mut verdict.mismatched),
            None => verdict.other.push("there is no report".to_owned()),
        }
    } else if !observed.no_results {
        let found = format!("results of a job that has none: {:?}", observed.report);
        verdict.mismatched.push(found);
    }
    verdict
}

fn check_end(truth: &Truth, observed: &Observed, verdict: &mut Verdict) {
    let told = match (&truth.bad_end, &observed.bad_end) {
        (None, None) => true,
        (Some(word), Some(text)) => text.to_lowercase().contains(&word.to_lowercase()),
        _ => false,
    };
    if !told && observed.gave_up.is_none() {
        verdict.mismatched.push(format!(
            "the end of the job: {:?} instead of {:?}",
            observed.bad_end, truth.bad_end
        ));
    }
    if truth.has_results && observed.no_results {
        verdict
            .other
            .push("results were refused that are there".to_owned());
    }
}

fn check_rows(truth: &Truth, observed: &Observed, verdict: &mut Verdict) {
    let mut by_key: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    let mut keyless = Vec::new();
    for row in &observed.rows {
        match &row.key {
            Some(key) => by_key.entry(key).or_default().push(&row.told),
            None => keyless.push(row.told.clone()),
        }
    }
    for (key, fate) in &truth.fates {
        match (by_key.remove(&**key).as_deref(), fate) {
            (None | Some([]), _) => verdict.lost.push(format!("{key:?}: no outcome")),
            (Some([told]), fate) if *told == fate => {}
            (Some([Told::Missing]), fate) => {
                verdict
                    .lost
                    .push(format!("{key:?}: missing instead of {fate:?}"));
            }
            (Some([told]), fate) => {
                let wrong = format!("{key:?}: {told:?} instead of {fate:?}");
                verdict.mismatched.push(wrong);
            }
            (Some(many), _) => verdict.doubled.push(format!("{key:?}: {many:?}")),
        }
    }
    // What is left bears keys that nobody sent.
    let mut strangers: Vec<_> = by_key
        .iter()
        .flat_map(|(key, rows)| rows.iter().map(|_| (*key).to_owned()))
        .collect();
    strangers.sort();
    if strangers != truth.strangers {
        let wrong = format!("strangers {strangers:?} instead of {:?}", truth.strangers);
        verdict.mismatched.push(wrong);
    }
    keyless.sort();
    if keyless != truth.keyless {
        let wrong = format!("without key {keyless:?} instead of {:?}", truth.keyless);
        verdict.mismatched.push(wrong);
    }
}

fn check_report(truth: &Truth, report: &Report, wrong: &mut Vec<String>) {
    let missing: Vec<_> = truth
        .fates
        .iter()
        .filter(|(_, told)| **told == Told::Missing)
        .map(|(key, _)| key.clone())
        .collect();
    let numbers = [
        (
            "submitted",
            report.submitted.unwrap_or(0),
            truth.fates.len() as u64,
        ),
        (
            "responses",
            report.responses,
            truth.count(|told| matches!(told, Told::Text(_))),
        ),
        (
            "errors",
            report.errors,
            truth.count(|told| matches!(told, Told::Error(_))),
        ),
        ("missing", report.missing, missing.len() as u64),
        ("duplicates", report.duplicates, truth.doubled.len() as u64),
        ("strangers", report.strangers, truth.strangers.len() as u64),
        ("keyless", report.keyless, truth.keyless.len() as u64),
        ("unreadable", report.unreadable, truth.unreadable),
        ("surplus", report.surplus, 0),
    ];
    for (what, told, expected) in numbers {
        if told != expected {
            wrong.push(format!("report: {told} {what} instead of {expected}"));
        }
    }
    let lists = [
        ("missing", &report.missing_keys, &missing),
        ("duplicates", &report.duplicate_keys, &truth.doubled),
        ("strangers", &report.stranger_keys, &truth.strangers),
    ];
    for (what, told, expected) in lists {
        if !names(told, expected) {
            wrong.push(format!("report: {what} {told:?} instead of {expected:?}"));
        }
    }
    let complete = missing.is_empty()
        && truth.doubled.is_empty()
        && truth.strangers.is_empty()
        && truth.keyless.is_empty()
        && truth.unreadable == 0;
    if !report.finished || !report.keys_known || report.is_complete() != complete {
        wrong.push(format!("report: {report}"));
    }
}

/// Whether a list of a report, which ends after 100, names these keys, each once.
fn names(told: &[String], expected: &[String]) -> bool {
    const NAMED: usize = 100;
    let mut sorted = told.to_vec();
    sorted.sort();
    sorted.dedup();
    let known = sorted.iter().all(|key| expected.binary_search(key).is_ok());
    known && sorted.len() == told.len() && told.len() == expected.len().min(NAMED)
}
