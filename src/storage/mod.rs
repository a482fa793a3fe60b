//! Places that hold requests and results: here the Gemini Files API.

pub(crate) mod files;
