//! BigQuery: tables, and queries that read one of them.
//!
//! A call comes in through [`route`] to [`serve`] and is answered in [`query`] or [`tables`]. A query is read by
//! [`sql`], finds its table in [`plan`], and is kept as a [`job`], from which its rows are handed
//! out page by page as [`cell`]s. Tables are in the [`store`], which the other services of the
//! emulator share.

mod cell;
mod error;
mod job;
mod name;
mod plan;
mod query;
mod route;
mod schema;
mod serve;
mod service;
mod sql;
mod store;
mod tables;

pub(crate) use route::Route;
pub(crate) use schema::Row;
pub(crate) use service::{BigQuery, Settings};
pub(crate) use store::{Table, Tables};
