//! Places that hold requests and results.

#[cfg(feature = "bigquery")]
pub(crate) mod bigquery;
pub(crate) mod files;
#[cfg(feature = "gcs")]
pub(crate) mod gcs;
