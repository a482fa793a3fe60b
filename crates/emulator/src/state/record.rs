//! Records as files: JSON behind its checksum, and what is said where that does not fit.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use serde::de::DeserializeOwned;

/// Writes a record into a file of its own.
pub(super) fn write_record(path: &Path, record: &[u8]) -> io::Result<()> {
    let head = format!("{:08x}\n", crc32c::crc32c(record));
    File::create(path)?.write_all(&[head.as_bytes(), record].concat())
}

/// Reads a record, and checks that it is what was written.
pub(super) fn read_record<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let record = fs::read(path).map_err(|error| damaged(path, &error.to_string()))?;
    let (sum, record) = match record.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&record[..end], &record[end + 1..]),
        None => return Err(damaged(path, "it is cut off")),
    };
    if sum != format!("{:08x}", crc32c::crc32c(record)).as_bytes() {
        return Err(damaged(path, "it is not what was written there"));
    }
    serde_json::from_slice(record).map_err(|error| damaged(path, &error.to_string()))
}

/// The error of a state that cannot be gone on with.
pub(super) fn damaged(path: &Path, what: &str) -> io::Error {
    let message = format!(
        "the emulator's state is damaged at {}: {what}. Put it back, or remove the folder to begin anew",
        path.display(),
    );
    io::Error::new(io::ErrorKind::InvalidData, message)
}
