//! The commands, one a module: each has its `Args` and a `run` that does what they say.

pub(crate) mod cancel;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod delete;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod estimate;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod report;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod submit;
pub(crate) mod watch;
