//! How fast the hot parts are. `cargo bench` times the cases, `cargo test --bench hot` does each
//! once; `cargo xtask instructions` lists those that are steady and has each done while
//! instructions are counted.
//!
//! A case reaches what no caller can (`genai_batch::internals`), with inputs that are made here
//! and are the same in every run.

#![allow(
    clippy::expect_used,
    reason = "inputs are made here; one that is refused is to end the run"
)]

mod case;
mod inputs;
mod jobs;
mod keys;
mod lines;
mod requests;
mod rows;

use std::collections::BTreeSet;
use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use divan::Bencher;
use divan::counter::ItemsCount;

use case::{Case, Work};

const ROUNDS: usize = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--names"] => {
            let steady = cases().into_iter().filter(|case| case.is_steady);
            steady.for_each(|case| println!("{}", case.name));
        }
        ["--count", name] => match named(name) {
            Some(case) => count(&case),
            None => {
                eprintln!("there is no case {name}");
                return ExitCode::FAILURE;
            }
        },
        _ => divan::main(),
    }
    ExitCode::SUCCESS
}

/// Every case, in groups. No two share a name.
fn cases() -> Vec<Case> {
    let groups = [
        lines::cases(),
        rows::cases(),
        requests::cases(),
        keys::cases(),
        jobs::cases(),
    ];
    let cases: Vec<_> = groups.into_iter().flatten().collect();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "{names:?}");
    cases
}

fn named(name: &str) -> Option<Case> {
    cases().into_iter().find(|case| case.name == name)
}

#[divan::bench(args = cases().into_iter().map(|case| case.name), max_time = 2)]
fn time(bencher: Bencher<'_, '_>, name: &str) {
    if let Some(case) = named(name) {
        let work = case.prepare();
        bencher
            .counter(ItemsCount::new(case.items))
            .bench_local(work);
    }
}

/// Does a case while instructions are counted.
///
/// What an allocation costs depends on what else lies on the heap, which any change may move: so
/// it is done several times, each with something more there.
fn count(case: &Case) {
    let mut work = case.prepare();
    let mut heap = Vec::new();
    for round in 0..ROUNDS {
        heap.push(vec![0u8; 40 + 520 * round]);
        only_this_is_counted(&mut work);
    }
    black_box(heap);
}

/// `cargo xtask instructions` knows it by its name.
#[inline(never)]
fn only_this_is_counted(work: &mut Work) {
    black_box(work());
}
