//! What people and programs read: tables, bars and colours, or JSON.

pub(crate) mod bars;
pub(crate) mod counted;
