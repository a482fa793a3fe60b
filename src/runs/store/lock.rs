//! Who drives a run: one process at a time, by a lock that the system gives back when it ends,
//! however it ends.
//!
//! The lock is on a file of its own, `NAME.lock` beside the run's: SQLite's locks on the run's file
//! are for single steps, and would be lost if another part of the process opened and closed it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::place::beside;
use crate::error::{Error, Result};

/// How its file is named.
const LOCK: &str = ".lock";
/// How long a holder is waited for that is of this process, or has not said who it is: it may be about
/// to end, or to begin.
const OWN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);

/// The right to drive a run, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    place: PathBuf,
    run: PathBuf,
}

impl Lock {
    /// Who has the lock of the run at `path`, by what its file says; `None` if that process is gone.
    pub(crate) fn driver(path: &Path) -> Option<String> {
        let said = holder(&mut File::open(beside(path, LOCK)).ok()?);
        let id = said.strip_prefix("process ")?.split(',').next()?;
        is_alive(id.parse().ok()?).then_some(said)
    }

    /// Takes the lock of the run at `path`, and says so in its file.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        let place = beside(path, LOCK);
        let failed = |e: std::io::Error| {
            let advice = match e.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    ": the run and its folder may not be written; give this process the right to, and go on"
                }
                _ if place.is_symlink() || place.exists() && !place.is_file() => {
                    ": it is not a plain file, as a run makes it; move it away, and go on"
                }
                _ => "",
            };
            Error::io(format!("cannot lock {}{advice}", place.display()), e)
        };
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(&place).map_err(failed)
        };
        let mut file = open()?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) if is_at(&file, &place) => break,
                Ok(()) => {
                    // It was removed meanwhile, and others lock the one that took its place.
                    file = open()?;
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = holder(&mut file);
            let is_short = holder.is_empty() || holder.starts_with(&own());
            if !is_short || started.elapsed() > OWN {
                let said = match &*holder {
                    "" => String::new(),
                    holder => format!(": {holder}"),
                };
                return Err(Error::configuration(format!(
                    "{} is driven by another{said}. One process at a time drives a run; others \
                     can read it with `runs().read(…)`",
                    path.display()
                )));
            }
            std::thread::sleep(PAUSE);
        }
        let now = crate::clock::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let text = format!("{} since {now}\n", own());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(failed)?;
        Ok(Self {
            file,
            place,
            run: path.to_owned(),
        })
    }
}

/// Whether a file is the one at this place. Elsewhere than on Unix none is removed.
#[cfg(unix)]
fn is_at(file: &File, place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let here = file.metadata().map(id);
    let there = std::fs::metadata(place).map(id);
    matches!((here, there), (Ok(here), Ok(there)) if here == there)
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Given back by the system in any case; the file stays, since another may be opening it.
        let _ = self.file.set_len(0);
        // Unless there is no run that it would be of: while it is locked, nobody else drives by it. It does no
        // harm if it stays.
        if cfg!(unix) && !self.run.exists() {
            let _ = std::fs::remove_file(&self.place);
        }
        let _ = self.file.unlock();
    }
}

/// Whether there is a process with this number, as far as the system tells.
#[cfg(unix)]
fn is_alive(id: i32) -> bool {
    let process = rustix::process::Pid::from_raw(id);
    process.is_some_and(|it| rustix::process::test_kill_process(it) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}

fn own() -> String {
    format!("process {},", std::process::id())
}

/// What the file says of the process that has the lock; empty if it says nothing yet.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.rewind().and_then(|()| file.read_to_string(&mut text)) {
        Ok(_) => text.trim().to_owned(),
        Err(_) => String::new(),
    }
}
