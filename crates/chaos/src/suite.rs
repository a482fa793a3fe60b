//! Many rounds, some at once.

use std::ops::Range;
use std::time::Instant;

use futures_util::{StreamExt, stream};

use crate::draw::draw;
use crate::round::play;
use crate::tally::Tally;
use crate::user::Habits;

/// Plays the rounds of these numbers under `seed`, `at_once` of them at the same time.
pub async fn run(seed: u64, rounds: Range<u64>, at_once: usize, habits: Habits) -> Tally {
    let started = Instant::now();
    let mut outcomes = stream::iter(rounds)
        .map(|round| tokio::spawn(play(draw(seed, round), habits)))
        .buffer_unordered(at_once.max(1));
    let mut tally = Tally::default();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(outcome) => tally.add(outcome),
            // A panic in a round is one of the suite: it must not pass for a round that went well.
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    tally.took = started.elapsed();
    tally
}
