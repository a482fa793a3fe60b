//! The transforms from discovery's dialect to ours, one pure function a file.
//! [`crate::emit`] applies them in this order: [`shape`] and [`empty`] (while
//! selecting), [`operation_ids`], [`paths`], [`parameters`], then on every schema [`facts`],
//! [`enums`], [`formats`] and [`any`] (see [`simplify`]), then [`names`] and [`recursion`] over
//! all schemas, and last, over the whole document, [`patch`], [`payload`], [`kept`],
//! [`open_requests`] and [`notes`].

pub(crate) mod any;
pub(crate) mod empty;
pub(crate) mod enums;
pub(crate) mod facts;
pub(crate) mod formats;
pub(crate) mod kept;
pub(crate) mod names;
pub(crate) mod notes;
pub(crate) mod open_requests;
pub(crate) mod operation_ids;
pub(crate) mod parameters;
pub(crate) mod patch;
pub(crate) mod paths;
pub(crate) mod payload;
pub(crate) mod recursion;
pub(crate) mod schema;
pub(crate) mod shape;
pub(crate) mod simplify;
