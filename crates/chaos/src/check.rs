//! Holds what was seen of a round against what must come of it. A pure function, so that it can be
//! shown to find what is wrong.

use std::collections::BTreeMap;

use genai_batch::Report;

use crate::observed::{CutShort, Observed};
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
    /// Responses under the wrong key, and accounts that do not add up.
    pub mismatched: Vec<String>,
    /// How many jobs there are beyond those that were asked for.
    pub duplicate_jobs: usize,
    /// How many creates were sent beyond one for each call.
    pub extra_creates: usize,
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
        extra_creates: observed
            .creates
            .iter()
            .map(|sent| sent.saturating_sub(1))
            .sum(),
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
    check_staged(truth, observed, &mut verdict);
    if let Some(reason) = observed.cut_short {
        let allowed = match reason {
            CutShort::Unclear => truth.may_be_unclear,
            CutShort::OtherSource => truth.source_changes,
        };
        if !allowed {
            let ended = format!("the round ended before its results: {reason:?}");
            verdict.other.push(ended);
        }
        return verdict;
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

/// The input that the client staged is there in the end, or gone, as the user asked.
fn check_staged(truth: &Truth, observed: &Observed, verdict: &mut Verdict) {
    let Some(staged) = observed.staged else {
        return;
    };
    let wrong = match (truth.removes_input, staged.kept) {
        // A client that did not stage it does not know of it.
        (true, true) if staged.known && !truth.may_keep_input => {
            "is there although it was to be removed"
        }
        (false, false) => "is gone although it was to be kept",
        _ => return,
    };
    verdict.other.push(format!("the staged input {wrong}"));
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
    let mut unexpected: Vec<_> = by_key
        .iter()
        .flat_map(|(key, rows)| rows.iter().map(|_| (*key).to_owned()))
        .collect();
    unexpected.sort();
    if unexpected != truth.unexpected {
        let wrong = format!(
            "unexpected {unexpected:?} instead of {:?}",
            truth.unexpected
        );
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
            truth.count(|told| matches!(told, Told::Text(_) | Told::Embedding(_))),
        ),
        (
            "errors",
            report.errors,
            truth.count(|told| matches!(told, Told::Error(_))),
        ),
        ("missing", report.missing, missing.len() as u64),
        ("duplicates", report.duplicates, truth.doubled.len() as u64),
        (
            "unexpected",
            report.unexpected,
            truth.unexpected.len() as u64,
        ),
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
        ("unexpected", &report.unexpected_keys, &truth.unexpected),
    ];
    for (what, told, expected) in lists {
        if !names(told, expected) {
            wrong.push(format!("report: {what} {told:?} instead of {expected:?}"));
        }
    }
    let complete = missing.is_empty()
        && truth.doubled.is_empty()
        && truth.unexpected.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, Step};
    use crate::observed::{Row, Staged, Stumble};
    use crate::plan::{Knowledge, Plan};

    fn told(n: usize) -> Told {
        Told::Text(n.to_string())
    }

    fn row(key: &str, told: Told) -> Row {
        Row {
            key: Some(key.to_owned()),
            told,
        }
    }

    /// Three requests, the last of them lost at the service, and what a good client makes of it.
    fn round() -> (Truth, Observed) {
        let mut plan = crate::draw(0, 0);
        let ask = |n: usize| crate::plan::Ask {
            key: format!("k{n}"),
            prompt: String::new(),
            response: told(n),
        };
        plan = Plan {
            asks: (0..3).map(ask).collect(),
            knowledge: Knowledge::Job,
            faults: vec![Fault::RowsDropped(vec![2])],
            ..plan
        };
        let mut report = Report::default();
        report.submitted = Some(3);
        report.keys_known = true;
        report.finished = true;
        report.responses = 2;
        report.missing = 1;
        report.missing_keys = vec!["k2".to_owned()];
        let rows = vec![
            row("k1", told(1)),
            row("k0", told(0)),
            row("k2", Told::Missing),
        ];
        let seen = Observed {
            rows,
            report: Some(report),
            jobs: 1,
            jobs_asked: 1,
            ..Observed::default()
        };
        (Truth::of(&plan), seen)
    }

    fn verdict(change: impl FnOnce(&mut Observed)) -> Verdict {
        let (truth, mut seen) = round();
        change(&mut seen);
        check(&truth, &seen)
    }

    #[test]
    fn a_loss_of_the_service_that_is_told_is_none_of_the_client() {
        assert!(verdict(|_| {}).is_clean());
    }

    #[test]
    fn an_outcome_that_is_not_there_is_lost() {
        assert_eq!(verdict(|seen| drop(seen.rows.remove(0))).lost.len(), 1);
        let missing = verdict(|seen| seen.rows[0].told = Told::Missing);
        assert_eq!(missing.lost, [r#""k1": missing instead of Text("1")"#]);
        let stuck = verdict(|seen| seen.gave_up = Some(Step::Wait));
        assert_eq!(stuck.lost.len(), 3);
    }

    #[test]
    fn an_outcome_that_comes_again_is_doubled() {
        let again = verdict(|seen| seen.rows.push(row("k1", told(1))));
        assert_eq!(again.doubled.len(), 1);
    }

    #[test]
    fn a_response_under_another_key_is_mismatched() {
        let swapped = verdict(|seen| {
            seen.rows[0].told = told(0);
            seen.rows[1].told = told(1);
        });
        assert_eq!(swapped.mismatched.len(), 2);
        let unexpected = verdict(|seen| seen.rows.push(row("x", told(7))));
        assert_eq!(unexpected.mismatched.len(), 1);
        let made_up = verdict(|seen| seen.rows[2].told = told(2));
        assert_eq!(made_up.mismatched.len(), 1);
    }

    #[test]
    fn a_report_that_does_not_add_up_is_mismatched() {
        let with = |change: fn(&mut Report)| {
            let told = verdict(|seen| seen.report.iter_mut().for_each(change));
            told.mismatched.len()
        };
        assert_eq!(with(|_| {}), 0);
        assert_eq!(with(|report| report.responses = 3), 1);
        assert_eq!(with(|report| report.missing_keys.clear()), 1);
        assert_eq!(with(|report| report.finished = false), 1);
        assert_eq!(with(|report| report.missing_keys[0].push('0')), 1);
    }

    #[test]
    fn more_than_one_create_for_a_call_is_told() {
        assert!(verdict(|seen| seen.creates = vec![0, 1, 1]).is_clean());
        let twice = verdict(|seen| seen.creates = vec![1, 3]);
        assert_eq!((twice.extra_creates, twice.is_clean()), (2, false));
    }

    #[test]
    fn staged_input_is_there_or_gone_as_asked() {
        let wrong = |removes, kept, known| {
            let (mut truth, mut seen) = round();
            (truth.removes_input, truth.may_keep_input) = (removes, false);
            seen.staged = Some(Staged { kept, known });
            !check(&truth, &seen).is_clean()
        };
        assert!(wrong(true, true, true) && !wrong(true, false, true));
        assert!(wrong(false, false, true) && !wrong(false, true, true));
        assert!(!wrong(true, true, false) && wrong(false, false, false));
    }

    #[test]
    fn a_round_ends_early_for_a_reason_alone() {
        let (mut truth, mut seen) = round();
        seen.rows.clear();
        seen.cut_short = Some(CutShort::Unclear);
        assert!(!check(&truth, &seen).is_clean());
        truth.may_be_unclear = true;
        assert!(check(&truth, &seen).is_clean());
        seen.cut_short = Some(CutShort::OtherSource);
        assert!(!check(&truth, &seen).is_clean());
    }

    #[test]
    fn jobs_and_failures_without_a_cause_are_told() {
        assert_eq!(verdict(|seen| seen.jobs = 3).duplicate_jobs, 2);
        let stumble = Stumble {
            step: Step::Wait,
            error: "no".to_owned(),
        };
        let unexcused = verdict(|seen| seen.stumbles.push(stumble.clone()));
        assert_eq!(unexcused.other.len(), 1);
        let (mut truth, mut seen) = round();
        truth.excused = true;
        seen.stumbles.push(stumble);
        assert!(check(&truth, &seen).is_clean());
        let ended = verdict(|seen| seen.bad_end = Some("it ended as failed".to_owned()));
        assert_eq!(ended.mismatched.len(), 1);
    }
}
