//! What must hold for any bytes that come from outside: one function for each fuzz target, which
//! calls it with bytes of its own making.
//!
//! `tests/it/` of the client includes this file too and calls the same functions with the seeds
//! that are kept, so that a case which a fuzzer once found is tried wherever tests run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken promise is to end the run"
)]

mod error_body;
mod names;
mod request_line;
mod result_line;
mod splitter;

pub use error_body::error_body;
pub use names::names;
pub use request_line::request_line;
pub use result_line::{reads_alike, result_line};
pub use splitter::{lines, naive, splitter};

/// Runs a future that waits for nothing but memory and small files.
fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime without drivers needs nothing of the system");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
