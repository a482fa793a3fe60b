//! Standard error, by which goes all that is said beside.
//!
//! It may be on a full disk, or a terminal that was closed: then nobody is told, and what is at work goes on.

use std::fmt::Display;
use std::io::Write as _;

use super::wrap;

/// Writes a line, on a terminal broken between words.
pub(crate) fn tell(line: impl Display) {
    let line = wrap::for_stderr(&line.to_string());
    write(format_args!("{line}\n"));
}

/// Writes a text.
pub(crate) fn write(text: impl Display) {
    let text = text.to_string();
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
