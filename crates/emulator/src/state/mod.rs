//! What the services hold, kept in a folder, so that it outlives the process however that ends.
//!
//! A [`folder`] has a [`record`] for each thing, written under another name and renamed, and each long
//! content beside it ([`kept`]). A service writes what it changes before its call is answered, and
//! reads it all back at the start ([`load`]). Where no folder was asked for, nothing of this does
//! anything.

mod folder;
mod kept;
mod load;
mod record;

pub(crate) use folder::{Kind, State};
pub(crate) use kept::{Growing, Kept, KeptAt};
pub(crate) use load::Loading;
