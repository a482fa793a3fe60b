//! The server as a client sees it, over plain HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod batches;
mod bigquery;
mod contents;
mod errors;
mod faults;
mod files;
mod oauth;
mod state;
mod state_folder;
mod storage;
mod support;
mod vertex;
mod vertex_calls;
mod vertex_faults;
mod webhooks;
