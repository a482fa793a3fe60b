//! The account of a run: a line for each kind of fault, and one for all rounds.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::kind::Kind;
use crate::round::Outcome;

/// How many failed rounds are kept to be shown.
const SHOWN: usize = 20;

/// What came of some rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many there were.
    pub injected: usize,
    /// In how many nothing was wrong.
    pub survived: usize,
    /// Requests lost.
    pub lost: usize,
    /// Requests doubled.
    pub doubled: usize,
    /// Requests mismatched.
    pub mismatched: usize,
    /// Jobs too many.
    pub duplicate_jobs: usize,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        let verdict = &outcome.verdict;
        self.injected += 1;
        self.survived += usize::from(verdict.is_clean());
        self.lost += verdict.lost.len();
        self.doubled += verdict.doubled.len();
        self.mismatched += verdict.mismatched.len();
        self.duplicate_jobs += verdict.duplicate_jobs;
    }
}

/// The account of a run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tally {
    /// By the fault that happened.
    pub by_kind: BTreeMap<Kind, Counts>,
    /// All rounds.
    pub total: Counts,
    /// The first rounds in which something was wrong.
    pub failed: Vec<Outcome>,
    /// How many of these were there.
    pub failures: usize,
    /// How long it took.
    pub took: Duration,
}

impl Tally {
    /// Books a round.
    pub fn add(&mut self, outcome: Outcome) {
        self.total.add(&outcome);
        for kind in &outcome.injected {
            self.by_kind.entry(*kind).or_default().add(&outcome);
        }
        if !outcome.verdict.is_clean() {
            self.failures += 1;
            self.failed.push(outcome);
            self.failed.sort_by_key(|outcome| outcome.plan.round);
            self.failed.truncate(SHOWN);
        }
    }

    /// Whether nothing was wrong in any round.
    pub fn is_clean(&self) -> bool {
        self.failures == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<30}{:>9}{:>9}{:>7}{:>9}{:>12}{:>16}",
            "fault", "injected", "survived", "lost", "doubled", "mismatched", "duplicate jobs"
        )?;
        let mut line = |name: &str, counts: &Counts| {
            let Counts {
                injected,
                survived,
                lost,
                doubled,
                mismatched,
                duplicate_jobs,
            } = counts;
            writeln!(
                f,
                "{name:<30}{injected:>9}{survived:>9}{lost:>7}{doubled:>9}{mismatched:>12}\
                 {duplicate_jobs:>16}"
            )
        };
        for kind in Kind::ALL {
            let counts = self.by_kind.get(kind).copied().unwrap_or_default();
            line(kind.as_str(), &counts)?;
        }
        line("all rounds", &self.total)
    }
}
