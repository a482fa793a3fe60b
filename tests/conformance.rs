//! Replays recorded calls of Google's Python SDK against a local server and compares: the
//! requests that this crate sends, and what it makes of the responses.
//!
//! ```text
//! case file → call (our API, as a user writes it) → scripted server → compare → deviations
//! ```
//!
//! Where this crate differs on purpose, `conformance/deviations.toml` has a rule: what differs, in
//! which class of cases, and why. A difference that no rule tells of fails the test, and so does a
//! rule that tells of nothing any more.
//!
//! Not compared: `content-length` of JSON bodies, which depends on how the JSON is spelled,
//! and the order of keys. Results are compared as a lower bound: the SDK drops fields. A
//! build without the feature `vertex` leaves out the cases of Vertex AI and says how many.
//!
//! `CONFORMANCE_CASES` names another folder of cases, `CONFORMANCE_ONLY` some cases (with
//! commas between them) whose differences are then all printed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail where it stands"
)]

mod conformance {
    pub(crate) mod call;
    pub(crate) mod case;
    pub(crate) mod client;
    pub(crate) mod create;
    pub(crate) mod describe;
    pub(crate) mod deviations;
    pub(crate) mod diff;
    pub(crate) mod fields;
    pub(crate) mod files;
    pub(crate) mod python;
    pub(crate) mod replay;
    pub(crate) mod report;
    pub(crate) mod request;
    pub(crate) mod response;
    pub(crate) mod sdk;
    pub(crate) mod self_check;
    pub(crate) mod server;
}

use std::process::ExitCode;

use conformance::{replay, report, self_check};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == replay::FLAG) {
        return replay::child(&arguments[1..]);
    }
    if arguments.iter().any(|argument| argument == "--list") {
        println!("conformance: test");
        return ExitCode::SUCCESS;
    }
    self_check::run();
    match report::run() {
        Ok(outcome) => outcome,
        Err(reason) => {
            eprintln!("conformance: {reason}");
            println!("0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}
