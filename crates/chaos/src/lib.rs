//! Whole batch jobs under random faults: is any request lost, doubled or mixed up, or any job made
//! twice?
//!
//! ```text
//! seed, round → draw → plan ─→ world + inject → user → observed ─┐
//!                        └───→ truth ────────────────────────────┴→ check → verdict → tally
//! ```
//!
//! A round is drawn from the seed alone: a backend, requests, a way to go about them, and up to four
//! faults. A user plays it through the public interface of `genai-batch` against an emulator of its
//! own. What must come of it follows from the plan without looking at the client, so that what the
//! user saw can be held against it.
//!
//! The same seed and number always give the same round, but for the pauses of the client and the
//! order in which the system lets threads run.

mod abandon;
mod check;
mod draw;
mod draw_call;
mod draw_fault;
mod excuse;
mod fault;
mod inject;
pub mod kill;
mod kind;
mod model;
mod names;
mod observed;
mod plan;
mod round;
mod suite;
mod tally;
mod truth;
mod user;
mod way;
mod world;

pub use check::{Verdict, check};
pub use draw::{draw, draw_with};
pub use fault::{Change, Fault, How, Listing, Moment, OddState, Step};
pub use kind::Kind;
pub use observed::{CutShort, Observed, Row, Staged, Stumble};
pub use plan::{Ask, Backend, Delivery, Knowledge, Plan, Source, Task, Told};
pub use round::{Outcome, play};
pub use suite::run;
pub use tally::{Counts, Tally};
pub use truth::Truth;
pub use user::Habits;
pub use way::Way;
