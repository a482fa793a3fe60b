//! The file of a run: whether there is one, and what it says.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use genai_batch::runs::RunView;

use super::made::is_emulated;
use crate::exit::{Failure, Result};
use crate::show::json;

/// How a file of SQLite begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

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

/// Whether a file begins as those of SQLite, of which runs are.
fn is_database(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    let length = SQLITE.len() as u64;
    File::open(path)?.take(length).read_to_end(&mut head)?;
    Ok(head == SQLITE)
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
