//! The file of a run: whether there is one, and what it says.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use genai_batch::runs::RunView;

use super::made::is_emulated;
use crate::exit::{Failure, Result};
use crate::place::is_database;
use crate::show::json;

/// A run that is only read.
pub(super) async fn read(path: &Path) -> Result<RunView> {
    there(path)?;
    let opened = RunView::open(path).await;
    opened.map_err(|error| about_run(path, error.into()))
}

/// Why a run cannot be read, where that is the file: another file is a mistake on the command line.
pub(crate) fn about_run(path: &Path, failure: Failure) -> Failure {
    match failure.to_string().contains("is not a run") {
        true => Failure::usage(&failure).hint(instead(path)),
        false => failure,
    }
}

/// What a run says of itself.
pub(super) async fn describe(path: &Path, view: &RunView) -> Result<json::Run> {
    let report = view.report().await?;
    let progress = view.progress().await?;
    let is_emulated = is_emulated(path, view).await?;
    Ok(json::Run::new(path, view, &report, &progress, is_emulated))
}

/// Refuses a path where there is no run, before one is made there.
pub(crate) fn there(path: &Path) -> Result<()> {
    let what = match is_database(path) {
        Ok(true) => return Ok(()),
        Ok(false) => format!("{} is not a run", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("there is no run at {}", path.display())
        }
        Err(error) => format!("cannot read {}: {error}", path.display()),
    };
    Err(Failure::usage(what).hint(instead(path)))
}

/// Where the run may be instead.
fn instead(path: &Path) -> String {
    let mut name = path.as_os_str().to_owned();
    name.push(".run");
    let beside = PathBuf::from(name);
    match beside.is_file() {
        true => format!("is it {}?", beside.display()),
        false => "`genai-batch runs ls DIR` has the runs of a folder".to_owned(),
    }
}
