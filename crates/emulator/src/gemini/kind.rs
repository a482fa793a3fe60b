//! The two kinds of batches.

/// What the requests of a job ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    GenerateContent,
    EmbedContent,
}
