//! Standard output, in the form that was asked for.
//!
//! ```text
//!            terminal        elsewhere            --output json     --output jsonl
//! records    a table         values between tabs  one array         a line each
//! one thing  name and value  values between tabs  one object        one line
//! ```

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::cell::{Cell, Record};
use super::table;
use crate::exit::{Failure, Kind, Result};
use crate::global::{Global, Output};

/// How standard output is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    form: Output,
    is_terminal: bool,
}

impl Out {
    pub(crate) fn of(global: &Global) -> Self {
        Self {
            form: global.output,
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// Whether a person reads it.
    pub(crate) fn is_for_people(self) -> bool {
        self.is_terminal && self.form == Output::Text
    }

    /// Whether a program asked for JSON.
    pub(crate) fn is_json(self) -> bool {
        self.form != Output::Text
    }

    /// Whether all is to be one JSON document.
    pub(crate) fn is_document(self) -> bool {
        self.form == Output::Json
    }

    /// Whether each thing may be written as it comes.
    pub(crate) fn is_by_line(self) -> bool {
        self.form == Output::Jsonl || (self.form == Output::Text && !self.is_terminal)
    }

    /// Shows many of a kind.
    pub(crate) fn records<R: Record>(self, records: &[R]) -> Result<()> {
        match self.form {
            Output::Text if self.is_terminal => {
                let rows = records.iter().map(Record::cells).collect();
                write_text(&table::grid(R::COLUMNS, R::LESS, rows, R::IS_PROSE))
            }
            Output::Json => self.document(&records),
            _ => records.iter().try_for_each(|record| self.line(record)),
        }
    }

    /// Shows one of many, where each is written as it comes.
    pub(crate) fn line<R: Record>(self, record: &R) -> Result<()> {
        match self.form {
            Output::Text => {
                let cells = record.cells();
                let values: Vec<_> = cells.iter().map(Cell::in_full).collect();
                write_text(&format!("{}\n", values.join("\t")))
            }
            _ => json_line(record),
        }
    }

    /// Shows one thing by the names of its parts; parts without a value are left out.
    pub(crate) fn parts(
        self,
        parts: Vec<(&'static str, Cell)>,
        json: &impl Serialize,
    ) -> Result<()> {
        let parts = parts.into_iter().filter(|(_, cell)| !cell.full.is_empty());
        match self.form {
            Output::Text if self.is_terminal => write_text(&table::parts(parts.collect())),
            Output::Text => {
                let lines = parts.map(|(name, cell)| format!("{name}\t{}\n", cell.in_full()));
                write_text(&lines.collect::<String>())
            }
            _ => self.document(json),
        }
    }

    /// Shows one thing as JSON: on many lines where one document was asked for.
    pub(crate) fn document(self, value: &impl Serialize) -> Result<()> {
        match self.form {
            Output::Jsonl => json_line(value),
            _ => {
                let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
                write_text(&format!("{text}\n"))
            }
        }
    }
}

fn json_line(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    write_text(&format!("{text}\n"))
}

/// Writes to standard output, at once; colours are taken out where there are to be none.
pub(crate) fn write_text(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| match is_hung_up(&error) {
        // As where the signal is not ignored.
        true => Failure::new(Kind::HungUp, "the terminal is gone"),
        false => error.into(),
    })
}

/// Whether standard output is a terminal that was closed.
#[cfg(unix)]
fn is_hung_up(error: &io::Error) -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;

    /// What the system says then, which is the same on every Unix, and of a broken disk.
    const EIO: i32 = 5;
    let kind = || {
        let out = io::stdout().as_fd().try_clone_to_owned()?;
        Ok::<_, io::Error>(std::fs::File::from(out).metadata()?.file_type())
    };
    error.raw_os_error() == Some(EIO) && kind().is_ok_and(|kind| kind.is_char_device())
}

#[cfg(not(unix))]
fn is_hung_up(_: &io::Error) -> bool {
    false
}
