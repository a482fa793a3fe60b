//! The client against the emulator and against scripted responses, as one test binary.

// A helper of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod any_bytes;
mod bad_input;
#[cfg(all(feature = "bigquery", feature = "gcs"))]
mod bigquery;
#[cfg(feature = "blocking")]
mod blocking;
mod cancellation;
mod changing;
#[path = "../../fuzz/src/lib.rs"]
pub mod checks;
mod contents;
mod contract;
mod creates;
#[cfg(feature = "gcs")]
mod credentials;
mod everyday;
mod files;
mod first_hour;
mod gemini_wire;
mod local_files;
mod memory;
#[cfg(all(feature = "gcs", feature = "schema"))]
mod models;
#[cfg(feature = "gcs")]
mod odd_names;
mod preflight;
mod raw;
mod request;
mod results;
mod retry;
#[cfg(feature = "runs")]
mod runs;
#[cfg(feature = "runs")]
mod runs_again;
#[cfg(feature = "runs")]
mod runs_ends;
#[cfg(feature = "runs")]
mod runs_files;
#[cfg(all(feature = "runs", feature = "gcs"))]
mod runs_forms;
#[cfg(feature = "runs")]
mod runs_input;
#[cfg(all(feature = "runs", feature = "gcs"))]
mod runs_parts;
#[cfg(feature = "runs")]
mod runs_quota;
#[cfg(feature = "runs")]
mod runs_rows;
#[cfg(feature = "runs")]
mod runs_speed;
#[cfg(feature = "runs")]
mod runs_view;
mod security;
#[cfg(feature = "gcs")]
mod storage;
#[cfg(feature = "gcs")]
mod substitutes;
mod support;
mod traces;
#[cfg(feature = "schema")]
mod typed;
#[cfg(feature = "gcs")]
mod vertex;
mod wait;
#[cfg(feature = "webhook")]
mod webhook;
