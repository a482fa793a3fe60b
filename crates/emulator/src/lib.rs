//! A stateful local server that behaves like Google's Gen AI batch services.
//!
//! It creates, runs, lists, cancels and deletes batches of the Gemini Developer API, keeps files
//! with resumable uploads and downloads, and answers requests with a model that a test may replace.
//! It does the same for batch prediction jobs of Vertex AI, on the Cloud Storage and BigQuery that
//! it keeps for them, and hands out the tokens that go with it.
//! Clients need no account and no change but the base URL; Google's own SDKs work with it.
//!
//! ```
//! use genai_batch_emulator::Emulator;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let emulator = Emulator::start().await?;
//! for (name, value) in emulator.env() {
//!     println!("export {name}={value}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Time is the emulator's own: [`Emulator::clock`] stops it and moves it on, and jobs and files
//! follow. What real services do wrong now and then, [`Builder::fault`] and [`Emulator::faults`] do on
//! demand.
//!
//! # Layout
//!
//! A connection is served in `server`, which notes the call, applies faults and asks the service
//! that `dispatch` finds for its path: `gemini`, `vertex`, `storage`, `bigquery` or `oauth`, which
//! also judges tokens. Each of them has what it holds in its `service`, and its calls beside that.
//! `model` answers the requests of jobs. `state` keeps what the services hold in a folder, where one is
//! named. `emulator` is what a user sees of all that. Nothing here is
//! shared with any client, and no file imports one that imports it.

mod access;
mod bigquery;
mod body;
mod builder;
mod clock;
mod dispatch;
mod distort;
mod emulator;
mod error;
mod faults;
mod forms;
mod gemini;
mod ids;
mod json;
mod lines;
mod log;
mod message;
mod model;
mod oauth;
mod operation;
mod paging;
mod path;
mod query;
mod range;
mod reply;
mod sabotage;
mod server;
mod services;
mod snapshot;
mod state;
mod storage;
mod sync;
mod vertex;

pub use builder::Builder;
pub use clock::Clock;
pub use emulator::Emulator;
pub use faults::{Distortion, Failure, Fault, Faults, OutputPlace, Rows, UnknownFault, UploadLie};
pub use gemini::WebhookRecord;
pub use log::RequestRecord;
pub use model::{
    DefaultModel, Model, RowFailure, embedding_response, prompt_of, text_response, token_count,
};
pub use oauth::{TokenKind, TokenSnapshot};
pub use operation::Operation;
pub use snapshot::{FileSnapshot, JobSnapshot};
pub use vertex::VertexJobSnapshot;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
