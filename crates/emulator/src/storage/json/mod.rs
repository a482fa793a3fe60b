//! The JSON API: buckets and objects as resources, and content under `alt=media`.

mod buckets;
mod objects;
mod params;
mod resource;
mod upload;

pub(super) use params::condition;
