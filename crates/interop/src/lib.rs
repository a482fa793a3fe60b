//! What `cargo xtask interop` has the client do against services of other makers. Each command tells
//! what came of it as one line of JSON, so that a test in any language can judge it.
//!
//! [`run`] plays a whole job, and [`verify`] holds webhooks to their signatures. The documentation for
//! people who test their own programs is compiled and run here as well.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod run;
pub mod verify;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
mod testing {}

/// Anything that can go wrong.
pub type Any = Box<dyn std::error::Error + Send + Sync>;

/// An error and its causes.
#[must_use]
pub fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
