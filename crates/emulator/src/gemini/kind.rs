//! The two kinds of batches.

use serde::{Deserialize, Serialize};

/// What the requests of a job ask for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    GenerateContent,
    EmbedContent,
}
