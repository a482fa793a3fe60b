//! [`Backend`]: which of the services it is.

use std::fmt;

/// The service that a client talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// The Gemini Developer API.
    Gemini,
    /// Vertex AI, also called Gemini Enterprise Agent Platform.
    Vertex,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gemini => "the Gemini Developer API",
            Self::Vertex => "Vertex AI",
        })
    }
}
