//! The Gemini Developer API: `models/*:batchGenerateContent`,
//! `models/*:asyncBatchEmbedContent`, `batches/*` and `files/*`.
//!
//! ```text
//! client  – the generated client, and where it points
//! create, request – options of a create → its body → the job
//! jobs    – get, list, cancel, delete, update
//! convert – what the service says → BatchJob
//! output, results – where results are, and what a row says
//! files, store – the Files API, and local files that requests name
//! ```

mod attachments;
mod client;
mod convert;
mod create;
pub(crate) mod files;
mod jobs;
pub(crate) mod name;
mod output;
mod request;
pub(crate) mod results;
mod tokens;

pub(crate) use client::Gemini;
