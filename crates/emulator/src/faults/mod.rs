//! Switches that make the services misbehave the way real ones have been seen to: results out of
//! order, lost keys, late files, refused and cut calls. They may be turned at any time.

mod arrange;
mod contents;
mod failure;
mod fault;
mod job;
mod lists;
mod quota;
mod rows;
mod state;
mod stores;
mod switches;
mod vertex;
mod webhook;

pub(crate) use arrange::Item;
pub use contents::{Distortion, UploadLie};
pub use failure::Failure;
pub(crate) use failure::{canned, echo};
pub use fault::{Fault, UnknownFault};
pub use job::OutputPlace;
pub(crate) use job::{JobEnd, JobFaults};
pub(crate) use quota::Quota;
pub use rows::Rows;
pub(crate) use state::{FileFaults, PageFaults, StorageFaults, TableFaults};
pub use switches::Faults;
