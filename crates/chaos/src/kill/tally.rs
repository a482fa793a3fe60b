//! What came of all rounds.

use std::fmt;
use std::time::Instant;

use super::round::Outcome;

/// What came of all rounds.
#[derive(Debug)]
pub struct Tally {
    seed: u64,
    started: Instant,
    rounds: usize,
    failed: Vec<String>,
    kills: usize,
    jobs: usize,
    retried: u64,
}

impl Tally {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            started: Instant::now(),
            rounds: 0,
            failed: Vec::new(),
            kills: 0,
            jobs: 0,
            retried: 0,
        }
    }

    pub(super) fn add(&mut self, outcome: Outcome) {
        self.rounds += 1;
        self.kills += outcome.kills;
        self.jobs += outcome.jobs;
        self.retried += outcome.retried;
        if !outcome.wrong.is_empty() {
            println!("{outcome}");
            self.failed.push(outcome.to_string());
        }
    }

    pub(super) fn fail(&mut self, why: String) {
        self.failed.push(why);
    }

    /// Whether all rounds held.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failed in &self.failed {
            writeln!(f, "{failed}")?;
        }
        writeln!(
            f,
            "{} kills, {} jobs, {} requests asked again for rows that were missing",
            self.kills, self.jobs, self.retried
        )?;
        write!(
            f,
            "seed {}: {} of {} rounds held, in {:.1?}",
            self.seed,
            self.rounds.saturating_sub(self.failed.len()),
            self.rounds,
            self.started.elapsed()
        )
    }
}
