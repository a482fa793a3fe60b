//! Local files that are read: regular ones alone, and the same from the first byte to the last.
//!
//! What else a path may lead to, a pipe or a device, is refused before it is opened, since opening
//! one may wait for ever; what takes the place of a file in the meantime is opened without waiting,
//! and refused. `/dev/stdin` is what stands behind it: a file, or a pipe.
//!
//! A file may change while it is read. What tells is its number in the file system, its size, and
//! the times of the last change of its contents and of its record, of which no program can set the
//! latter. A change within the same tick of the file system's clock (some milliseconds on older
//! kernels) that keeps the size is not seen.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[cfg(unix)]
use rustix::fs::OFlags;

use super::kind::other_than_file;
use crate::error::{Error, Result};

/// A file as it was when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    path: PathBuf,
    seen: Seen,
}

/// What of a file changes with its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    len: u64,
    /// Not every file system keeps it.
    modified: Option<SystemTime>,
    identity: Identity,
}

/// The device, the number on it, and the time of the last change of the record.
#[cfg(unix)]
type Identity = (u64, u64, i64, i64);
/// The time of its creation, which a file that takes its place does not share.
#[cfg(not(unix))]
type Identity = Option<SystemTime>;

impl Seen {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            (
                metadata.dev(),
                metadata.ino(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            )
        };
        #[cfg(not(unix))]
        let identity = metadata.created().ok();
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            identity,
        }
    }
}

/// Opens a regular file. `instead` says what to do with anything else. Blocks.
///
/// # Errors
///
/// If there is none, it cannot be read, or it is not a regular file.
pub(crate) fn open_blocking(path: &Path, instead: &str) -> Result<(File, Opened)> {
    let failed = |e| Error::io(format!("cannot open {}", path.display()), e);
    check_kind(path, &std::fs::metadata(path).map_err(failed)?, instead)?;
    open_checked(path, instead)
}

/// Opens what stood for a regular file a moment ago; something else may have taken its place.
fn open_checked(path: &Path, instead: &str) -> Result<(File, Opened)> {
    let failed = |e| Error::io(format!("cannot open {}", path.display()), e);
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        // A pipe would be waited for until someone writes to it. Of a file, it changes nothing.
        options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.read(true).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check_kind(path, &metadata, instead)?;
    let opened = Opened {
        path: path.to_owned(),
        seen: Seen::of(&metadata),
    };
    Ok((file, opened))
}

fn check_kind(path: &Path, metadata: &Metadata, instead: &str) -> Result<()> {
    match other_than_file(metadata.file_type()) {
        None => Ok(()),
        Some(what) => Err(Error::input(format!(
            "{} is not a file but {what}: {instead}",
            path.display()
        ))),
    }
}

/// The same without blocking.
pub(crate) async fn open(path: &Path, instead: &'static str) -> Result<(File, Opened)> {
    let owned = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || open_blocking(&owned, instead));
    let failed = |e| {
        Error::io(
            format!("cannot open {}", path.display()),
            io::Error::other(e),
        )
    };
    opened.await.map_err(failed)?
}

impl Opened {
    /// How many bytes the file had.
    pub(crate) fn len(&self) -> u64 {
        self.seen.len
    }

    /// Whether the path still leads to the same file with the same contents. Blocks.
    ///
    /// # Errors
    ///
    /// If not.
    pub(crate) fn check_blocking(&self) -> Result<()> {
        let changed = |how: &str| {
            Error::input(format!(
                "{} changed while it was read: {how}; read it again once nothing writes to it",
                self.path.display()
            ))
        };
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) => return Err(changed("it is no longer there").with_source(error)),
        };
        let now = Seen::of(&metadata);
        if now == self.seen {
            return Ok(());
        }
        Err(match (self.seen.len, now.len) {
            (was, is) if was != is => changed(&format!("it had {was} bytes and has {is} now")),
            _ => changed("it was written to or replaced"),
        })
    }

    /// The same without blocking.
    pub(crate) async fn check(&self) -> Result<()> {
        let opened = self.clone();
        let checked = tokio::task::spawn_blocking(move || opened.check_blocking()).await;
        checked.map_err(|e| Error::io("a file cannot be checked", io::Error::other(e)))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes a file, again while the clock of the file system has not moved on.
    fn change(path: &Path, change: impl Fn()) {
        let before = Seen::of(&std::fs::metadata(path).unwrap());
        loop {
            change();
            if Seen::of(&std::fs::metadata(path).unwrap()) != before {
                return;
            }
        }
    }

    #[test]
    fn every_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.jsonl");
        let other = folder.path().join("other");
        let write = |bytes: &[u8]| std::fs::write(&path, bytes).unwrap();
        let restore = |time| {
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(time).unwrap();
        };
        let changes: [(&str, &dyn Fn(SystemTime)); 6] = [
            ("4 now", &|_| write(b"one\n")),
            ("14 now", &|_| write(b"one\ntwo\nthree\n")),
            ("written to", &|_| write(b"ONE\nTWO\n")),
            ("written to", &|time| {
                write(b"ONE\nTWO\n");
                restore(time);
            }),
            ("replaced", &|_| {
                std::fs::write(&other, b"ONE\nTWO\n").unwrap();
                std::fs::rename(&other, &path).unwrap();
            }),
            ("replaced", &|time| {
                std::fs::write(&other, b"ONE\nTWO\n").unwrap();
                std::fs::rename(&other, &path).unwrap();
                restore(time);
            }),
        ];
        for (told, make) in changes {
            write(b"one\ntwo\n");
            let time = std::fs::metadata(&path).unwrap().modified().unwrap();
            let (_file, opened) = open_blocking(&path, "").unwrap();
            assert_eq!(opened.len(), 8);
            opened.check_blocking().unwrap();
            if cfg!(unix) || !told.contains("written") {
                change(&path, || make(time));
                let error = opened.check_blocking().unwrap_err();
                assert!(error.is_invalid_input(), "{error}");
                assert!(error.to_string().contains(told), "{error}");
            }
        }
        let (_file, opened) = open_blocking(&path, "").unwrap();
        std::fs::remove_file(&path).unwrap();
        let error = opened.check_blocking().unwrap_err();
        assert!(error.to_string().contains("no longer there"), "{error}");
    }

    #[test]
    fn what_is_not_a_file_is_refused_and_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path, what: &str| {
            let error = open_blocking(path, "do this instead").unwrap_err();
            let text = error.to_string();
            assert!(error.is_invalid_input(), "{text}");
            assert!(
                text.contains(what) && text.ends_with("do this instead"),
                "{text}"
            );
        };
        refused(folder.path(), "not a file but a directory");
        #[cfg(unix)]
        {
            let socket = folder.path().join("socket");
            let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            refused(&socket, "a socket");
            refused(Path::new("/dev/zero"), "a device");
            let pipe = folder.path().join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
            refused(&pipe, "a named pipe");
            // Where it was a file when it was looked at.
            let error = open_checked(&pipe, "").unwrap_err();
            assert!(error.to_string().contains("a named pipe"), "{error}");
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&pipe, &link).unwrap();
            refused(&link, "a named pipe");
        }
        assert!(
            open_blocking(&folder.path().join("none"), "")
                .unwrap_err()
                .is_io()
        );
    }
}
