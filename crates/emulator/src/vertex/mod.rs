//! Vertex AI: batch prediction jobs in projects and locations, which read from Cloud Storage,
//! BigQuery and datasets, and write there.
//!
//! A call comes in through [`route`], is let in by [`serve`], and is answered by [`create`],
//! [`calls`] or [`delete`]. A job is [`life`] (when it does what), [`input`] (its requests), [`rows`]
//! (the responses, made once on a thread of their own), [`output`] (what is written where) and
//! [`standing`] (the [`status`] that follows from all that), and [`resource`] writes it down, as
//! [`job_record`] does for a state that is kept.
//! [`names`] and [`uri`] read the names of models, objects and tables, [`filter`] the filters of a
//! listing.

mod calls;
mod create;
mod dataset;
mod delete;
mod deletion;
mod filter;
mod input;
mod job;
mod job_record;
mod jobs;
mod life;
mod names;
mod other_rows;
mod output;
mod resource;
mod restore;
mod route;
mod rows;
mod serve;
mod service;
mod snapshot;
mod standing;
mod status;
mod status_text;
mod uri;

pub(crate) use dataset::Datasets;
pub(crate) use input::Stores;
pub(crate) use route::Route;
pub(crate) use service::{Settings, Vertex};
pub use snapshot::VertexJobSnapshot;
