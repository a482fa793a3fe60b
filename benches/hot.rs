//! How fast the hot parts are. `cargo bench` times the cases of `genai_batch::benching`;
//! `cargo xtask instructions` lists those that are steady and has one done while instructions are
//! counted.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use divan::Bencher;
use divan::counter::ItemsCount;
use genai_batch::benching::{Case, Work, cases};

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

fn named(name: &str) -> Option<Case> {
    cases().into_iter().find(|case| case.name == name)
}

#[divan::bench(args = cases().into_iter().map(|case| case.name), max_time = 2)]
fn time(bencher: Bencher<'_, '_>, name: &str) {
    if let Some(case) = named(name) {
        let work = (case.prepare)();
        bencher
            .counter(ItemsCount::new(case.items))
            .bench_local(work);
    }
}

/// Does a case once while instructions are counted, and once before, so that what is made ready
/// on first use is not part of the count.
fn count(case: &Case) {
    let mut work = (case.prepare)();
    black_box(work());
    only_this_is_counted(&mut work);
}

/// `cargo xtask instructions` knows it by its name.
#[inline(never)]
fn only_this_is_counted(work: &mut Work) {
    black_box(work());
}
