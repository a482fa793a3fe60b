//! The low-level clients, generated from Google's API descriptions.
//!
//! One module for each backend, with a method for every batch and file operation that the
//! service has and a type for every message. They are complete where the rest of the crate
//! chooses: use them for a field or a method that the ergonomic layer lacks.
//! [`Client::raw`](crate::Client::raw) hands out a client that shares credentials, retries
//! and tracing with the rest.
//!
//! ```no_run
//! # async fn example() -> genai_batch::Result<()> {
//! let client = genai_batch::Client::from_env()?;
//! let raw = client.raw();
//! let Some(gemini) = raw.gemini() else { return Ok(()) }; // another backend
//!
//! let operation = gemini.batches_get("123abc").await?.into_inner();
//! println!("{:?} of {}", operation.metadata, operation.json());
//! # Ok(())
//! # }
//! ```
//!
//! A page is read with `batches_list`, and what it has is as good as what
//! [`Batches::list`](crate::Batches::list) gives: a [`BatchJob`](crate::BatchJob) is made of any
//! kept job.
//!
//! ```no_run
//! # async fn example() -> genai_batch::Result<()> {
//! use genai_batch::BatchJob;
//!
//! # let client = genai_batch::Client::from_env()?;
//! let raw = client.raw(); // bound, since `gemini()` borrows from it
//! # let Some(gemini) = raw.gemini() else { return Ok(()) };
//! let (filter, page_size, page_token, partial) = (None, Some(100), None, None);
//! let page = gemini.batches_list(filter, page_size, page_token, partial).await?.into_inner();
//! println!("{:?}", page.next_page_token);
//! for job in page.into_message().operations {
//!     let job = BatchJob::try_from(job)?;
//!     let id = job.name().strip_prefix("batches/").unwrap_or_default();
//!     println!("{id} is {}", job.state());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Path parameters are bare ids (`123abc`, not `batches/123abc`). The API version is part of
//! the base URL, and so a matter of configuration. Responses are [`Kept`]: the generated type, and
//! all that the service said. What fails, fails with the crate's own [`Error`](crate::Error): with
//! the service's status and message, and after the same retries as everywhere else.

mod bounds;
mod int64;
mod job;
mod json;
mod kept;
mod lenient;
pub(crate) mod runtime;
mod timestamp;

pub use crate::http::Session;
pub use int64::Int64;
pub use job::Job;
pub use json::Json;
pub use kept::Kept;
pub(crate) use kept::value;
pub use runtime::{ByteStream, ClientInfo, ResponseValue};
pub use timestamp::Timestamp;

/// The Gemini Developer API: batches and files.
#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the generated code is not ours to lint, and says no more than Google's description"
)]
pub mod gemini {
    include!(concat!(env!("OUT_DIR"), "/gemini.rs"));
}

/// Vertex AI: batch prediction jobs.
#[cfg(feature = "vertex")]
#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the generated code is not ours to lint, and says no more than Google's description"
)]
pub mod vertex {
    include!(concat!(env!("OUT_DIR"), "/vertex.rs"));
}

/// The raw client of whichever backend a [`Client`](crate::Client) talks to.
#[derive(Debug, Clone)]
pub struct Raw(pub(crate) RawKind);

#[derive(Debug, Clone)]
pub(crate) enum RawKind {
    Gemini(gemini::Client),
    #[cfg(feature = "vertex")]
    Vertex(vertex::Client),
}

impl Raw {
    /// The generated client of the Gemini Developer API, if this is the backend.
    pub fn gemini(&self) -> Option<&gemini::Client> {
        match &self.0 {
            RawKind::Gemini(gemini) => Some(gemini),
            #[cfg(feature = "vertex")]
            RawKind::Vertex(_) => None,
        }
    }

    /// The generated client of Vertex AI, if this is the backend.
    #[cfg(feature = "vertex")]
    pub fn vertex(&self) -> Option<&vertex::Client> {
        match &self.0 {
            RawKind::Gemini(_) => None,
            RawKind::Vertex(vertex) => Some(vertex),
        }
    }
}
