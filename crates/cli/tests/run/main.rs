//! `genai-batch run`, as people run it: what it says, what it writes, and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod changes;
mod embeddings;
mod formats;
mod gone_on;
mod hostile;
mod limits;
mod output;
mod repeated;
mod rows;
mod setbacks;
mod strict;
#[path = "../support/folder.rs"]
mod support;
mod told_later;
mod untold;
