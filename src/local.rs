//! Local files: those that are read, and those that are written.

mod kind;
pub(crate) mod read;
mod write;

pub(crate) use write::LocalFile;
#[cfg(feature = "gcs")]
pub(crate) use write::exists;
