//! The XML API: an object is a path, its metadata are headers, and documents tell the rest.

mod headers;
mod list;
mod multipart;
mod objects;

pub(super) use headers::condition;
