//! Cloud Storage: objects in buckets, under the XML API and the JSON API.
//!
//! A call comes in through [`route`] to [`serve`] and is answered in [`xml`] or [`json`];
//! [`content`] and [`listing`] are the same for both. Everything is in the [`store`], which the
//! other services of the emulator share. Calls that go wrong end in an [`error`], written as the API
//! has it.

mod checksum;
mod content;
mod document;
mod error;
mod hashes;
mod json;
mod listing;
mod multiparts;
mod received;
mod record;
mod restore;
mod route;
mod serve;
mod service;
mod sessions;
mod store;
mod xml;

pub(crate) use route::Route;
pub(crate) use service::{Settings, Storage};
pub(crate) use store::{Buckets, Object, Unreachable};
