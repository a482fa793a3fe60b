//! The file of a run: whether there is one, and what it says.

use std::path::{Path, PathBuf};

use genai_batch::runs::RunView;

use crate::exit::{Failure, Result};
use crate::show::json;

/// A run that is only read.
pub(super) async fn read(path: &Path) -> Result<RunView> {
    there(path)?;
    RunView::open(path).await.map_err(|error| {
        let beside = beside(path);
        let failure = Failure::from(error);
        match beside.is_file() {
            true => failure.hint(format_args!("is it {}?", beside.display())),
            false => failure,
        }
    })
}

/// What a run says of itself.
pub(super) async fn describe(path: &Path, view: &RunView) -> Result<json::Run> {
    let report = view.report().await?;
    let progress = view.progress().await?;
    Ok(json::Run::new(path, view, &report, &progress))
}

/// Refuses a path where there is no run, before one is made there.
pub(super) fn there(path: &Path) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let failure = Failure::usage(format_args!("there is no run at {}", path.display()));
    let beside = beside(path);
    let hint = match beside.is_file() {
        true => format!("is it {}?", beside.display()),
        false => "`genai-batch runs ls DIR` has the runs of a folder".to_owned(),
    };
    Err(failure.hint(hint))
}

/// Where the run is of an output at `path`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".run");
    name.into()
}
