//! Writing a table, whole or not at all: into a file beside its place, which is moved there at the end.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempPath;

use super::columns::Column;
#[cfg(feature = "parquet")]
use super::parquet_write::ParquetTable;
use super::{Format, regular, text};

/// What a table is written into, digested on the way.
pub(super) type Sink = Digesting<BufWriter<File>>;

/// A cell to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// The row does not have the column at all.
    Absent,
    Value(Value),
    /// A value, and how its author spelled it.
    Spelled {
        json: String,
        value: Value,
    },
    /// Many numbers, which are not kept as so many values of JSON.
    Vector(Vec<f32>),
}

impl Cell {
    /// A cell of this value.
    pub(crate) fn of(value: impl Into<Value>) -> Self {
        Self::Value(value.into())
    }

    /// As a text: nothing where there is nothing.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Absent => Cow::Borrowed(""),
            Self::Value(value) => text::of(value),
            Self::Spelled { json, .. } => Cow::Borrowed(json),
            Self::Vector(values) => Cow::Owned(numbers(values)),
        }
    }
}

impl From<Option<Value>> for Cell {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

/// A table that is being written.
pub(crate) struct TableWriter {
    form: Form,
    columns: Vec<Column>,
    escape_formulas: bool,
    partial: Partial,
}

enum Form {
    Text(csv::Writer<Sink>),
    Jsonl(Sink),
    #[cfg(feature = "parquet")]
    Parquet(ParquetTable),
}

impl TableWriter {
    /// Begins a table that will be at `path`.
    pub(crate) fn create(
        path: &Path,
        format: Format,
        columns: Vec<Column>,
        escape_formulas: bool,
    ) -> io::Result<Self> {
        let partial = Partial::of(&regular::follow(path)?);
        let sink = Digesting::new(BufWriter::new(File::create(&partial.path)?));
        let form = match format {
            Format::Csv | Format::Tsv => {
                let delimiter = if format == Format::Tsv { b'\t' } else { b',' };
                let mut writer = csv::WriterBuilder::new()
                    .delimiter(delimiter)
                    .from_writer(sink);
                let names = columns.iter().map(|it| match escape_formulas {
                    true => escaped(&it.name),
                    false => Cow::Borrowed(&*it.name),
                });
                for name in names {
                    writer.write_field(&*name)?;
                }
                writer.write_record(None::<&[u8]>)?;
                Form::Text(writer)
            }
            Format::Jsonl => Form::Jsonl(sink),
            #[cfg(feature = "parquet")]
            Format::Parquet => Form::Parquet(ParquetTable::new(sink, &columns)?),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => return Err(io::Error::other("this build is without Parquet")),
        };
        Ok(Self {
            form,
            columns,
            escape_formulas,
            partial,
        })
    }

    /// Writes a row, with a cell for each column.
    pub(crate) fn write(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        match &mut self.form {
            Form::Text(writer) => {
                for cell in &cells {
                    let text = cell.text();
                    match self.escape_formulas {
                        true => writer.write_field(&*escaped(&text))?,
                        false => writer.write_field(&*text)?,
                    }
                }
                writer.write_record(None::<&[u8]>)?;
                Ok(())
            }
            Form::Jsonl(sink) => write_object(sink, &self.columns, &cells),
            #[cfg(feature = "parquet")]
            Form::Parquet(table) => table.write(cells),
        }
    }

    /// Ends the table: all of it is on the disk, beside its place.
    pub(crate) fn finish(self) -> io::Result<Whole> {
        let sink = match self.form {
            Form::Text(writer) => writer.into_inner().map_err(|error| error.into_error())?,
            Form::Jsonl(sink) => sink,
            #[cfg(feature = "parquet")]
            Form::Parquet(table) => table.finish()?,
        };
        let (mut inner, digest) = sink.into_parts();
        inner.flush()?;
        inner.get_ref().sync_all()?;
        Ok(Whole {
            partial: self.partial,
            digest,
        })
    }
}

/// A list of numbers as JSON, each in as few digits as tell it from others.
fn numbers(values: &[f32]) -> String {
    // Numbers can be written, each but those that no embedding has: infinity, and what is not a number.
    serde_json::to_string(values).unwrap_or_default()
}

/// With a `'` before what a spreadsheet would take for a formula and run.
fn escaped(text: &str) -> Cow<'_, str> {
    match is_formula(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// What a spreadsheet would take for a formula and run; some take the wide signs of East Asia, too.
fn is_formula(text: &str) -> bool {
    const BEGINNINGS: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    text.starts_with(BEGINNINGS) && text.parse::<f64>().is_err()
}

fn write_object(sink: &mut Sink, columns: &[Column], cells: &[Cell]) -> io::Result<()> {
    let mut separator = b"{";
    for (column, cell) in columns.iter().zip(cells) {
        if matches!(cell, Cell::Absent) {
            continue;
        }
        sink.write_all(separator)?;
        separator = b",";
        serde_json::to_writer(&mut *sink, &column.name)?;
        sink.write_all(b":")?;
        match cell {
            Cell::Absent => {}
            Cell::Value(value) => serde_json::to_writer(&mut *sink, value)?,
            Cell::Spelled { json, .. } => sink.write_all(json.as_bytes())?,
            Cell::Vector(values) => serde_json::to_writer(&mut *sink, values)?,
        }
    }
    if separator == b"{" {
        sink.write_all(b"{")?;
    }
    sink.write_all(b"}\n")
}

/// A table that is whole and not yet in its place.
pub(crate) struct Whole {
    partial: Partial,
    /// SHA-256 of its bytes, in hexadecimal.
    pub(crate) digest: String,
}

impl Whole {
    /// Moves it to its place, where a file is replaced if it may be, and is an error otherwise.
    pub(crate) fn put(mut self, replaces: bool) -> io::Result<()> {
        let Partial { path, place, .. } = &self.partial;
        match replaces {
            true => fs::rename(path, place)?,
            false => match TempPath::try_from_path(path)?.persist_noclobber(place) {
                // Some file systems cannot do both at once.
                Err(failed)
                    if failed.error.kind() != io::ErrorKind::AlreadyExists && !place.exists() =>
                {
                    failed.path.persist(place)?;
                }
                put => put?,
            },
        }
        self.partial.is_gone = true;
        Ok(())
    }
}

/// The file beside the place, which is removed if nothing comes of it.
struct Partial {
    path: PathBuf,
    place: PathBuf,
    is_gone: bool,
}

impl Partial {
    /// Always the same name, so that what a killed process left is written over.
    fn of(place: &Path) -> Self {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        Self {
            path: place.with_file_name(format!(".{name}.genai-batch.partial")),
            place: place.to_owned(),
            is_gone: false,
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_gone {
            // It may not be there at all.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A writer that digests what it writes.
pub(super) struct Digesting<W> {
    inner: W,
    digest: Sha256,
}

impl<W> Digesting<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            digest: Sha256::new(),
        }
    }

    fn into_parts(self) -> (W, String) {
        (self.inner, hex(&self.digest.finalize()[..]))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// SHA-256 of a file, in hexadecimal.
pub(crate) fn digest_of(path: &Path) -> io::Result<String> {
    let mut digest = Digesting::new(io::sink());
    io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(digest.into_parts().1)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_escaped() {
        for text in ["=1", "+a", "-a", "@a", "\t=1", "＝1", "＋a", "－a", "＠a"] {
            assert_eq!(escaped(text), format!("'{text}"));
        }
        for text in ["", "a=1", "-1.5", "+2"] {
            assert_eq!(escaped(text), text);
        }
    }
}
