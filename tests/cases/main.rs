//! What people send and receive, as their reports tell it: each a case of a kind, with what is right.

// A helper of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(feature = "gcs")]
mod credentials;
mod requests;
mod results;
#[allow(dead_code, unused_imports, unused_macros)]
#[path = "../it/support.rs"]
mod support;
mod taken;
mod told;
