//! The keys of a large job: collected, and rows booked under them.

use std::hint::black_box;
use std::sync::Arc;

use genai_batch::internals::{Expectation, Ledger, SubmittedKeys, SubmittedKeysBuilder};
use tokio::runtime::{Builder, Runtime};

use crate::case::{Case, Work};
use crate::inputs::key;

const KEYS: u64 = 100_000;
/// So many jobs share as many keys in small.
const JOBS: u64 = 100;

pub(crate) fn cases() -> Vec<Case> {
    // How far the searches of one job go depends on the seed of its hashes.
    let book_large = Case::new("keys/book_one_job", KEYS, || book(1)).unsteady();
    vec![
        Case::new("keys/expect", KEYS, expect),
        book_large,
        Case::new("keys/book_small_jobs", KEYS, || book(JOBS)),
    ]
}

/// The keys of so many requests.
pub(crate) fn expected(count: u64) -> SubmittedKeys {
    let keys: Vec<_> = (0..count).map(key).collect();
    collect(&keys)
}

/// What is waited for is a thread that sorts, and a small file.
fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().build().expect("it has no drivers");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

fn collect(keys: &[String]) -> SubmittedKeys {
    block_on(async {
        let mut builder = SubmittedKeysBuilder::default();
        for (place, key) in (1..).zip(keys) {
            let pushed = builder.push(key, place).await;
            pushed.expect("a temporary file can be written");
        }
        let expected = builder.finish().await;
        expected.expect("a temporary file can be written")
    })
    .expect("no key is there twice")
}

/// What runs on other threads, sorting and writing the file, is timed and not counted.
fn expect() -> Work {
    let keys: Vec<_> = (0..KEYS).map(key).collect();
    Box::new(move || collect(&keys).total())
}

/// Each key of so many jobs once, in another order than they were submitted in.
fn book(jobs: u64) -> Work {
    // Prime to the number of keys, so that each comes up.
    const STEP: u64 = 7_919;
    let count = KEYS / jobs;
    let jobs: Vec<_> = (0..jobs).map(|_| Arc::new(expected(count))).collect();
    let keys: Vec<_> = (0..count).map(|n| key(n * STEP % count)).collect();
    Box::new(move || {
        let mut booked = 0;
        for expected in &jobs {
            let mut ledger = Ledger::new(Expectation::Keys(Arc::clone(expected)));
            for key in &keys {
                black_box(ledger.book(Some(key), false, String::new));
            }
            booked += ledger.report().responses;
        }
        booked
    })
}
