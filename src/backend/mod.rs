//! The services behind the client, one folder each, and the choice between them.
//!
//! A backend turns options into requests (`request`), answers into a
//! [`BatchJob`](crate::BatchJob) (`convert`) and result rows into
//! [`Row`](crate::results::row::Row)s (`results`).

pub(crate) mod gemini;

use std::fmt;

/// The service that a client talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// The Gemini Developer API.
    Gemini,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gemini => f.write_str("the Gemini Developer API"),
        }
    }
}
