//! A run as one page of HTML: self-contained, and safe whatever is in the run.
//!
//! [`gather`] reads the run, [`jobs`] its jobs, [`plots`] draws, [`page`] puts it together, and
//! [`text`] makes what others wrote fit to be shown.

mod gather;
mod jobs;
mod page;
mod plots;
mod text;

use std::fs::File;
use std::io::Read as _;
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

/// What a page has in its head, by which one is known.
const MARK: &[u8] = br#"<meta name="generator" content="genai-batch report">"#;
/// As many bytes from its beginning.
const HEAD: u64 = 1024;

/// Whether a file is a page that was made here.
pub(crate) fn is_page(path: &Path) -> Result<bool> {
    let shown = path.display();
    let mut head = Vec::new();
    let opened = File::open(path);
    opened
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .map_err(|error| Failure::usage(format_args!("cannot read {shown}: {error}")))?;
    Ok(head.windows(MARK.len()).any(|part| part == MARK))
}
