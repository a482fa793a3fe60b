//! Where the file of a run is, by whatever name: what stands beside it goes by that name alone.
//!
//! SQLite keeps its log beside the file that a symbolic link points to, and the lock is to be beside it
//! too: with a lock by each name, two processes would drive one run and pay for it twice.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The file that a name leads to. A name that is no symbolic link stays as it is.
///
/// # Errors
///
/// If it is a link to nothing.
pub(crate) async fn resolve(path: &Path) -> Result<PathBuf> {
    match tokio::fs::symlink_metadata(path).await {
        Ok(found) if found.is_symlink() => {}
        // What is wrong with it otherwise shows as it is opened.
        _ => return Ok(path.to_owned()),
    }
    tokio::fs::canonicalize(path).await.map_err(|error| {
        let advice = match std::fs::read_link(path) {
            Ok(to) => format!(
                "it is a symbolic link to {}, which is not there: name the place where the run is, or is \
                 to be made",
                to.display()
            ),
            Err(_) => "it is a symbolic link that leads nowhere".to_owned(),
        };
        Error::io(format!("the run {}: {advice}", path.display()), error)
    })
}

/// The file that a run is driven in; see [`resolve`].
///
/// # Errors
///
/// If it has another name too, as a hard link: SQLite would keep a log beside each, and the two would not
/// know of each other.
pub(crate) async fn to_drive(path: &Path) -> Result<PathBuf> {
    let path = resolve(path).await?;
    match names(&path).await {
        0 | 1 => Ok(path),
        names => Err(Error::configuration(format!(
            "{0} is one file under {names} names (hard links), by each of which another process could drive \
             it: remove the others, or make a file of its own with `cp {0} COPY && mv COPY {0}`",
            path.display()
        ))),
    }
}

/// What SQLite and the lock keep beside a file: its name with this end.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Refuses a place for a new run beside which the log of an earlier one was left: SQLite would take it for
/// the log of the new file, and write over that what it says.
///
/// # Errors
///
/// If there is one.
pub(crate) async fn without_left_log(path: &Path) -> Result<()> {
    for log in ["-wal", "-journal"].map(|end| beside(path, end)) {
        if let Ok(found) = tokio::fs::metadata(&log).await
            && found.len() > 0
        {
            return Err(Error::input(format!(
                "{0} is there without {1}: it is the log of a run that was removed or moved away without it, \
                 with what that did last. Put the two beside each other again to go on with that run, or \
                 remove {0} to make a new one here",
                log.display(),
                path.display()
            )));
        }
    }
    Ok(())
}

/// Under how many names a file is there.
#[cfg(unix)]
async fn names(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let found = tokio::fs::metadata(path).await;
    found.map_or(0, |found| if found.is_file() { found.nlink() } else { 1 })
}

#[cfg(not(unix))]
async fn names(_: &Path) -> u64 {
    1
}
