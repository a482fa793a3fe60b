//! CSV and TSV: a header, and rows of as many cells, all of them text.

use std::io::Read;
use std::sync::Arc;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use serde_json::Value;

use super::lines::{LONGEST, Lines};
use super::rows::{Rows, check_names};
use super::{Row, text};
use crate::exit::{Failure, Result};
use crate::show::counted::counted;

/// The rows of a CSV.
pub(super) struct Csv<R> {
    name: String,
    reader: csv::Reader<Lines<R>>,
    names: Arc<[String]>,
    record: ByteRecord,
}

impl<R: Read> Csv<R> {
    pub(super) fn open(name: &str, input: R, delimiter: u8) -> Result<Self> {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .from_reader(Lines::new(input));
        let mut csv = Self {
            name: name.to_owned(),
            reader,
            names: Arc::from([]),
            record: ByteRecord::new(),
        };
        let Some(line) = csv.read()? else {
            return Err(Failure::usage(format!(
                "{name} is empty: a table begins with a line that names its columns"
            )));
        };
        let cells = csv.record.iter().enumerate();
        let names = cells.map(|(at, cell)| csv.utf8(cell, line, at).map(ToOwned::to_owned));
        let names: Vec<String> = names.collect::<Result<_>>()?;
        check_names(name, &names)?;
        csv.names = names.into();
        Ok(csv)
    }

    /// Reads the next record, and gives its line.
    fn read(&mut self) -> Result<Option<u64>> {
        let start = self.reader.position().byte();
        let read = self.reader.read_byte_record(&mut self.record);
        let end = self.reader.position().byte();
        match read {
            Ok(true) => {
                let lines = self.reader.get_mut();
                let line = lines.line_at(start);
                lines.ended_at(end);
                if lines.is_open_at(end) {
                    return Err(self.not_closed(line));
                }
                Ok(Some(line))
            }
            Ok(false) => Ok(None),
            Err(error) => {
                let line = self.reader.get_mut().line_at(start);
                // A quote that is not closed swallows cells.
                match error.kind() {
                    ErrorKind::UnequalLengths { .. } if self.reader.get_ref().is_open_at(end) => {
                        Err(self.not_closed(line))
                    }
                    _ => Err(self.failed(&error, line)),
                }
            }
        }
    }

    fn not_closed(&self, line: u64) -> Failure {
        Failure::usage(format!(
            "{}:{line}: a quote is opened in this row and not closed before the end of the file",
            self.name
        ))
        .hint("close it; a quote within quotes is written twice: \"a 2\"\" nail\"")
    }

    /// What is between the cells instead, by the look of the header.
    fn other_delimiter(&self) -> Option<&'static str> {
        let [name] = &*self.names else {
            return None;
        };
        let others = [(';', "';'"), ('\t', "tab"), ('|', "'|'"), (',', "','")];
        let found = others.into_iter().find(|(it, _)| name.contains(*it));
        found.map(|(_, option)| option)
    }

    fn failed(&self, error: &csv::Error, line: u64) -> Failure {
        let place = format!("{}:{line}", self.name);
        match error.kind() {
            ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => Failure::usage(format!(
                "{place}: the row has {}, and the header has {}",
                counted(*len, "cell"),
                expected_len
            ))
            .hint(match self.other_delimiter() {
                Some(option) => format!("say what is between the cells: --delimiter {option}"),
                None => {
                    "is a delimiter or a line break in a cell that is not in quotes?".to_owned()
                }
            }),
            ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                Failure::usage(format!(
                    "{place}: the row is longer than {} MiB: is a quote not closed?",
                    LONGEST >> 20
                ))
            }
            _ => Failure::usage(format!("{place}: {error}")),
        }
    }

    fn utf8<'a>(&self, cell: &'a [u8], line: u64, at: usize) -> Result<&'a str> {
        std::str::from_utf8(cell).map_err(|_| {
            let column = match self.names.get(at) {
                Some(name) => format!("the column {:?}", text::clip(name, 60)),
                None => format!("column {}", at + 1),
            };
            let place = format!("{}:{line}", self.name);
            Failure::usage(format!("{place}: {column} is not UTF-8"))
                .hint("save the table as UTF-8, for instance by `iconv -f WINDOWS-1252 -t UTF-8`")
        })
    }
}

impl<R: Read> Rows for Csv<R> {
    fn next(&mut self) -> Result<Option<Row>> {
        let Some(line) = self.read()? else {
            return Ok(None);
        };
        let cells = self.record.iter().enumerate();
        let cells = cells.map(|(at, cell)| self.utf8(cell, line, at).map(Value::from));
        let cells = cells.collect::<Result<_>>()?;
        Ok(Some(Row {
            line,
            names: Arc::clone(&self.names),
            cells,
            spelled: Vec::new(),
        }))
    }

    fn header(&self) -> Option<&[String]> {
        Some(&self.names)
    }
}
