//! BigQuery: tables, and queries that read one of them.

mod schema;
mod store;

pub(crate) use schema::{Column, Row};
pub(crate) use store::{Table, Tables};
