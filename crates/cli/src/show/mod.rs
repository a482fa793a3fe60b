//! What people and programs read: tables, bars and colours, or JSON.
//!
//! [`out`] writes standard output in the form that was asked for, of things that say by [`Record`] what
//! their columns are; [`table`] lays out what a terminal shows, [`json`] has the documented forms for
//! programs, [`cell`] is one value, [`style`] what colours mean, [`time`] moments and durations,
//! [`counted`] numbers, [`note`] what is said beside on [`stderr`], where [`bars`] and the table of
//! [`live`] jobs are drawn on the [`terminal`], [`mod@line`] what has room beside a bar, [`wrap`] breaks text at a
//! terminal's width, [`remarks`] has what the library logs of requests, and [`ask`] asks.

pub(crate) mod ask;
pub(crate) mod bars;
pub(crate) mod cell;
pub(crate) mod counted;
pub(crate) mod json;
mod line;
pub(crate) mod live;
pub(crate) mod note;
pub(crate) mod out;
pub(crate) mod remarks;
pub(crate) mod stderr;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod time;
pub(crate) mod wrap;

pub(crate) use cell::{Cell, Record, Tone};
pub(crate) use out::Out;
