//! The Gemini Developer API: batches under `models/*:batchGenerateContent` and
//! `models/*:asyncBatchEmbedContent`, and the files they read and write.
//!
//! A call comes in through [`route`], passes [`auth`] in [`serve`], and is answered by [`create`],
//! [`batches`], [`upload`], [`files`] or [`download`]. A job is [`life`] (when it does what),
//! [`rows`] (the responses, made once on a thread of their own) and [`output`] (how they are handed
//! out), and [`resource`] writes it down, as [`job_record`] does for a state that is kept. [`report`] tells of its end by [`webhook`].

mod auth;
mod batches;
mod create;
mod download;
mod files;
mod job;
mod job_record;
mod jobs;
mod kind;
mod life;
mod output;
mod report;
mod resource;
mod restore;
mod route;
mod rows;
mod serve;
mod service;
mod stored;
mod tokens;
mod upload;
mod uploads;
mod webhook;

pub(crate) use job::Job;
pub(crate) use route::Route;
pub(crate) use service::{Gemini, Settings};
pub(crate) use stored::StoredFile;
pub use webhook::WebhookRecord;
pub(crate) use webhook::Webhooks;
