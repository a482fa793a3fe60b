//! Files on their way to and from the Files API.

pub(crate) mod check;
pub(crate) mod contents;
mod download;
mod list;
mod ready;
mod transfer;
pub(crate) mod upload;
