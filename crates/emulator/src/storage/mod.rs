//! Cloud Storage: objects in buckets, under the XML API and the JSON API.

mod checksum;
mod store;

pub(crate) use store::{Buckets, Object, Unreachable};
