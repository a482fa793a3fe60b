//! Vertex AI: `projects/*/locations/*/batchPredictionJobs`, and the project-less express form.
//!
//! ```text
//! client  – the generated client, and where it points
//! create, request – options of a create → its body → the job
//! jobs    – get, list, cancel, delete
//! convert – what the service says → BatchJob
//! output, results – where results are, and what a row says
//! staging – requests that the caller holds, put into Cloud Storage first
//! ```

mod client;
mod convert;
mod create;
mod jobs;
pub(crate) mod name;
mod output;
mod request;
pub(crate) mod results;
mod staging;

pub(crate) use client::{Addresses, Vertex};
pub(crate) use name::{ProjectLocation, host};
