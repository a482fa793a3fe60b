//! Reading a file where nothing may be written beside it: on a read-only disk, or in the folder of
//! another user.
//!
//! SQLite makes `NAME-shm` beside a file in WAL mode even to read it. Where it cannot, a file without a log
//! is whole by itself, and can be read as one that does not change.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, Result};

use super::place::beside;
use crate::error::Error;

/// Whether a file could not be read because nothing can be made beside it.
pub(super) fn is_cause(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
    )
}

/// Opens a file that has no log as one that does not change; `None` if it has one, or is not there.
pub(super) fn open(path: &Path) -> Option<Result<Connection>> {
    if has_log(path) || !path.is_file() {
        return None;
    }
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI;
    let address = format!("file:{}?immutable=1", escaped(path)?);
    Some(Connection::open_with_flags(address, flags))
}

/// Whether there is a log beside the file with something in it, as far as can be told.
pub(super) fn has_log(path: &Path) -> bool {
    match std::fs::metadata(beside(path, "-wal")) {
        Ok(log) => log.len() > 0,
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// The error about a file with a log that cannot be read beside it.
pub(super) fn beside_log(path: &Path, error: rusqlite::Error) -> Error {
    Error::io(
        format!(
            "the run {0}: what was written last is in {0}-wal, which cannot be read where nothing may be \
             written beside it: read it as a user who may, or copy both files to where you may",
            path.display()
        ),
        std::io::Error::other(error),
    )
}

/// A path within an address.
#[cfg(unix)]
fn escaped(path: &Path) -> Option<String> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::path::absolute(path).ok()?;
    let mut address = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                address.push(char::from(*byte));
            }
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(address)
}

/// Elsewhere, the paths of such addresses are written in other ways.
#[cfg(not(unix))]
fn escaped(_: &Path) -> Option<String> {
    None
}
