//! A run as one page of HTML: self-contained, and safe whatever is in the run.
//!
//! [`gather`] reads the run, [`jobs`] its jobs, [`plots`] draws, [`page`] puts it together, and
//! [`text`] makes what others wrote fit to be shown.

mod gather;
mod jobs;
mod page;
mod plots;
mod text;

use std::path::Path;

use crate::exit::{Failure, Kind, Result};

/// The page of a run, with at most this many of its answers.
pub(crate) async fn html(run: &Path, answers: u64) -> Result<String> {
    let gathered = gather::gather(run, answers).await?;
    page::render(&gathered).map_err(|error| {
        Failure::new(
            Kind::Other,
            format_args!("the page cannot be made: {error}"),
        )
    })
}
