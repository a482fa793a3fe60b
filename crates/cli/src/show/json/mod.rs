//! The forms for programs, as `README.md` documents them: names stay, and may become more.

mod file;
mod job;
mod place;
mod run;
mod run_event;

pub(crate) use file::File;
pub(crate) use job::{Failed, Job, state_word};
pub(crate) use run::{Deviations, Run};
pub(crate) use run_event::{RunEvent, RunJob};
