//! The client against the emulator and against scripted answers, as one test binary.

// A helper of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
#[cfg(all(feature = "bigquery", feature = "gcs"))]
mod bigquery;
#[cfg(feature = "blocking")]
mod blocking;
mod cancellation;
mod contract;
#[cfg(feature = "gcs")]
mod credentials;
mod everyday;
mod files;
mod gemini_wire;
mod local_files;
mod memory;
mod preflight;
mod raw;
mod request;
mod results;
mod retry;
mod security;
#[cfg(feature = "gcs")]
mod storage;
mod support;
mod traces;
#[cfg(feature = "schema")]
mod typed;
#[cfg(feature = "gcs")]
mod vertex;
mod wait;
#[cfg(feature = "webhook")]
mod webhook;
