//! Addresses in Cloud Storage and BigQuery: read once, strictly, and kept to the letter, so that
//! what is sent to a service and what the client reads or writes are the same.

mod bigquery;
mod gcs;

pub use bigquery::BigQueryTable;
pub use gcs::GcsUri;
