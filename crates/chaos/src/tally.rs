//! The account of a run: a line for each kind of fault and each way of going about a job, one for all
//! rounds, and how many creates the calls sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::fault::Fault;
use crate::kind::Kind;
use crate::round::Outcome;
use crate::way::{Way, ways_drawn};

/// How many failed rounds are kept to be shown.
const SHOWN: usize = 20;

/// What came of some rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// For how many it was drawn.
    pub drawn: usize,
    /// In how many it really happened.
    pub happened: usize,
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
    /// Creates too many.
    pub extra_creates: usize,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        let verdict = &outcome.verdict;
        self.happened += 1;
        self.survived += usize::from(verdict.is_clean());
        self.lost += verdict.lost.len();
        self.doubled += verdict.doubled.len();
        self.mismatched += verdict.mismatched.len();
        self.duplicate_jobs += verdict.duplicate_jobs;
        self.extra_creates += verdict.extra_creates;
    }
}

/// The account of a run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tally {
    /// By the fault that happened.
    pub by_kind: BTreeMap<Kind, Counts>,
    /// By the way that was taken.
    pub by_way: BTreeMap<Way, Counts>,
    /// How many calls of create sent so many creates that may have had an effect.
    pub creates: BTreeMap<usize, usize>,
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
        self.total.drawn += 1;
        self.total.add(&outcome);
        let drawn: BTreeSet<_> = outcome.plan.faults.iter().map(Fault::kind).collect();
        for kind in drawn {
            self.by_kind.entry(kind).or_default().drawn += 1;
        }
        for kind in &outcome.injected {
            self.by_kind.entry(*kind).or_default().add(&outcome);
        }
        for way in ways_drawn(&outcome.plan) {
            self.by_way.entry(way).or_default().drawn += 1;
        }
        for way in &outcome.ways {
            self.by_way.entry(*way).or_default().add(&outcome);
        }
        for sent in &outcome.creates {
            *self.creates.entry(*sent).or_default() += 1;
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
            "{:<32}{:>7}{:>10}{:>10}{:>6}{:>9}{:>12}{:>16}{:>15}",
            "fault or way",
            "drawn",
            "happened",
            "survived",
            "lost",
            "doubled",
            "mismatched",
            "duplicate jobs",
            "extra creates"
        )?;
        for kind in Kind::ALL {
            line(f, kind.as_str(), self.by_kind.get(kind))?;
        }
        for way in Way::ALL {
            line(f, way.as_str(), self.by_way.get(way))?;
        }
        line(f, "all rounds", Some(&self.total))?;
        write!(f, "creates on the wire for a call:")?;
        for (sent, calls) in &self.creates {
            write!(f, "  {sent} for {calls}")?;
        }
        writeln!(f)
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, counts: Option<&Counts>) -> fmt::Result {
    let Counts {
        drawn,
        happened,
        survived,
        lost,
        doubled,
        mismatched,
        duplicate_jobs,
        extra_creates,
    } = counts.copied().unwrap_or_default();
    writeln!(
        f,
        "{name:<32}{drawn:>7}{happened:>10}{survived:>10}{lost:>6}{doubled:>9}{mismatched:>12}\
         {duplicate_jobs:>16}{extra_creates:>15}"
    )
}
