//! The low-level clients, generated from Google's API descriptions.
//!
//! One module for each backend, with a method for every batch and file operation that the
//! service has and a type for every message. They are complete where the rest of the crate
//! chooses: use them for a field or a method that the ergonomic layer lacks.
//! [`Client::raw`](crate::Client::raw) hands out a client that shares credentials, retries
//! and tracing with the rest.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = genai_batch::Client::from_env()?;
//! let raw = client.raw();
//! let gemini = raw.gemini().ok_or("this client talks to another backend")?;
//!
//! let operation = gemini.batches_get("123abc").await?.into_inner();
//! println!("{:?}", operation.metadata);
//! # Ok(())
//! # }
//! ```
//!
//! Path parameters are bare ids (`123abc`, not `batches/123abc`). The API version is part of
//! the base URL, and so a matter of configuration. A status other than 200 arrives as
//! [`gemini::Error::UnexpectedResponse`] with its body unread.

// The generated code is not ours to lint; its types have no words where Google's API
// description has none.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    dead_code,
    clippy::all
)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod int64;

pub use crate::http::Session;
pub use int64::Int64;
/// What the methods of both clients fail with; see
/// [`Error::from_raw`](crate::Error::from_raw).
pub type Error = progenitor_client::Error<()>;

/// The Gemini Developer API: batches and files.
#[allow(clippy::all)]
pub mod gemini {
    include!(concat!(env!("OUT_DIR"), "/gemini.rs"));
}

/// Vertex AI: batch prediction jobs.
#[cfg(feature = "vertex")]
#[allow(clippy::all)]
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
