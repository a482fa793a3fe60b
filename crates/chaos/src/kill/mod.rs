//! A process that drives a run is killed at random moments, and started again until it is done.
//!
//! ```text
//! seed, round → faults, moments ─→ parent: emulator ←─ child: run ─→ file
//!                                    └ kills ──────────↑              ↓
//!                                  reference of an undisturbed run = output?
//! ```
//!
//! Every key must have exactly one outcome, no job may be made twice, and the output must be byte for
//! byte that of a run that nothing disturbed.

mod child;
mod input;
mod round;
mod tally;

use std::ops::Range;
use std::sync::Arc;

use futures_util::{StreamExt, stream};

pub use child::{Task, drive};
pub use round::{Outcome, play};
pub use tally::Tally;

/// Plays rounds, so many at once.
pub async fn run(seed: u64, rounds: Range<u64>, at_once: usize) -> Tally {
    println!("seed {seed}, rounds {rounds:?}, processes killed");
    let mut tally = Tally::new(seed);
    let reference = match input::reference().await {
        Ok(reference) => Arc::new(reference),
        Err(why) => {
            tally.fail(format!("the undisturbed run failed: {why}"));
            return tally;
        }
    };
    let rounds = stream::iter(rounds).map(|round| {
        let reference = Arc::clone(&reference);
        async move { play(seed, round, &reference).await }
    });
    let mut outcomes = rounds.buffer_unordered(at_once.max(1));
    while let Some(outcome) = outcomes.next().await {
        tally.add(outcome);
    }
    tally
}
