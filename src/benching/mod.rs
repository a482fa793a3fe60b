//! The hot parts, each as a case that can be done again and again: what `benches/hot.rs` times
//! and counts.
//!
//! No part of the flow. A case reaches what no caller can, with inputs of its own making that are
//! the same in every run, and says how many things it has done, so that one which does nothing
//! is found.

#![allow(
    clippy::expect_used,
    reason = "inputs are made here; one that is refused is to end the run"
)]

mod inputs;
mod jobs;
mod keys;
mod lines;
mod requests;
mod rows;

/// Something to measure.
#[derive(Debug)]
pub struct Case {
    /// What it is called: its group and what it does.
    pub name: &'static str,
    /// How many things it does each time.
    pub items: u64,
    /// Makes its inputs.
    pub prepare: fn() -> Work,
    /// Whether it takes the same instructions in every process, to well under 1 %.
    pub is_steady: bool,
}

/// Does a case once and says how many things were done.
pub type Work = Box<dyn FnMut() -> u64>;

impl Case {
    fn new(name: &'static str, items: u64, prepare: fn() -> Work) -> Self {
        Self {
            name,
            items,
            prepare,
            is_steady: true,
        }
    }
}

/// Every case, in groups.
pub fn cases() -> Vec<Case> {
    [
        lines::cases(),
        rows::cases(),
        requests::cases(),
        keys::cases(),
        jobs::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_case_does_what_it_says_again_and_again() {
        for case in cases() {
            let mut work = (case.prepare)();
            for _ in 0..2 {
                assert_eq!(work(), case.items, "{}", case.name);
            }
        }
    }

    #[test]
    fn no_two_cases_share_a_name() {
        let names: BTreeSet<_> = cases().iter().map(|case| case.name).collect();
        assert_eq!(names.len(), cases().len());
    }
}
