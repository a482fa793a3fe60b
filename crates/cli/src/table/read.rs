//! Opening a table: which format it is in, and what is wrong with it before its first row.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::csv::Csv;
use super::jsonl::Jsonl;
use super::rows::Rows;
use super::unchanged::{Unchanged, Version, Watched, changed, unreadable};
use super::{Format, regular};
use crate::exit::{Failure, Kind, Result};

/// Where a table is, and how it is written down.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// `None` is standard input.
    pub(crate) path: Option<PathBuf>,
    pub(crate) format: Format,
    pub(crate) delimiter: Option<u8>,
    /// How many bytes were read, or in Parquet rows.
    pub(crate) position: Arc<AtomicU64>,
    /// What the file was as it was first opened.
    first: Arc<OnceLock<Version>>,
}

impl Input {
    /// What `INPUT` and the options about it say.
    pub(crate) fn new(input: &Path, format: Option<Format>, delimiter: Option<u8>) -> Result<Self> {
        let is_stdin = input.as_os_str() == "-";
        let shown = input.display();
        let format = match format.or_else(|| Format::of(input)) {
            Some(format) => format,
            None if is_stdin => {
                return Err(
                    Failure::usage("standard input has no name that tells its format")
                        .hint("say it: --input-format csv, tsv, jsonl or parquet"),
                );
            }
            None => {
                return Err(Failure::usage(format!(
                    "the name {shown} does not tell the format of the table"
                ))
                .hint("tables are .csv, .tsv, .jsonl or .parquet; or say it: --input-format csv"));
            }
        };
        if delimiter.is_some() && !format.is_text() {
            return Err(Failure::usage("--delimiter is for CSV and TSV"));
        }
        if is_stdin && format == Format::Parquet {
            return Err(Failure::usage(
                "Parquet is read from its end, so it cannot come from standard input",
            )
            .hint("name the file"));
        }
        Ok(Self {
            path: (!is_stdin).then(|| input.to_owned()),
            format,
            delimiter,
            position: Arc::default(),
            first: Arc::default(),
        })
    }

    /// What errors call it.
    pub(crate) fn name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "standard input".to_owned(),
        }
    }

    /// How many bytes it has, if that is known.
    pub(crate) fn size(&self) -> Option<u64> {
        let path = self.path.as_ref()?;
        (self.format != Format::Parquet).then(|| std::fs::metadata(path).ok().map(|it| it.len()))?
    }

    /// Where a row is, as errors say it.
    pub(crate) fn place(&self, line: u64) -> String {
        match self.format {
            Format::Parquet => format!("{}, row {line}", self.name()),
            _ => format!("{}:{line}", self.name()),
        }
    }

    /// What the number of a row counts.
    pub(crate) fn unit(&self) -> &'static str {
        match self.format {
            Format::Parquet => "row ",
            _ => "line ",
        }
    }

    /// Opens it, from its beginning. Each time it is to be the same file as the first time, and to stay
    /// so until its last row.
    pub(crate) fn open(&self) -> Result<Box<dyn Rows>> {
        let name = self.name();
        self.position.store(0, Ordering::Relaxed);
        let Some(path) = &self.path else {
            return self.of_text(&name, Box::new(io::stdin()));
        };
        let mut file = open_file(path)?;
        let failed = |error| unreadable(&name, &error);
        let watched = file.try_clone().map_err(failed)?;
        let now = Version::of(&watched).map_err(failed)?;
        let before = *self.first.get_or_init(|| now);
        if let Some(how) = before.differs_from(now) {
            return Err(changed(&name, how));
        }
        let opened = match self.format {
            Format::Parquet => {
                be_parquet(&name, &mut file)?;
                open_parquet(&name, file, &self.position)
            }
            _ => self.of_text(&name, Box::new(file)),
        };
        let watched = Watched {
            file: watched,
            before,
            name,
        };
        Ok(Box::new(Unchanged {
            rows: opened.map_err(|failure| watched.explain(failure))?,
            watched,
        }))
    }

    fn of_text(&self, name: &str, input: Box<dyn Read + Send>) -> Result<Box<dyn Rows>> {
        let input = Counting {
            inner: input,
            position: Arc::clone(&self.position),
        };
        let input = sniff(name, input)?;
        Ok(match self.format {
            Format::Csv => Box::new(Csv::open(name, input, self.delimiter.unwrap_or(b','))?),
            Format::Tsv => Box::new(Csv::open(name, input, self.delimiter.unwrap_or(b'\t'))?),
            Format::Jsonl | Format::Parquet => Box::new(Jsonl::new(name, input)),
        })
    }
}

#[cfg(feature = "parquet")]
fn open_parquet(name: &str, file: File, position: &Arc<AtomicU64>) -> Result<Box<dyn Rows>> {
    Ok(Box::new(super::parquet::Parquet::open(
        name, file, position,
    )?))
}

#[cfg(not(feature = "parquet"))]
fn open_parquet(_: &str, _: File, _: &Arc<AtomicU64>) -> Result<Box<dyn Rows>> {
    Err(Failure::usage(
        "this build is without Parquet: build it with the feature `parquet`",
    ))
}

fn open_file(path: &Path) -> Result<File> {
    let failed = |error: io::Error| {
        Failure::new(
            Kind::Usage,
            format!("cannot read {}: {error}", path.display()),
        )
    };
    if let Some(what) = regular::other_than_file(path) {
        return Err(Failure::usage(format!(
            "{} is not a file but {what}, which cannot be read twice",
            path.display()
        ))
        .hint("put what it has into a file, or give it on standard input: -"));
    }
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::usage(format!(
            "{} is a folder: name one file",
            path.display()
        )));
    }
    Ok(file)
}

/// Looks at the first bytes for what is no table of text, whatever its name says.
fn sniff<R: Read>(name: &str, mut input: R) -> Result<Chain<Cursor<Vec<u8>>, R>> {
    let mut first = Vec::new();
    let read = input.by_ref().take(4).read_to_end(&mut first);
    read.map_err(|error| Failure::new(Kind::Other, format!("cannot read {name}: {error}")))?;
    let found = match &*first {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(("UTF-16", "save it as UTF-8")),
        [b'P', b'A', b'R', b'1'] => Some(("Parquet", "say so: --input-format parquet")),
        [b'P', b'K', 3, 4] => Some(("an archive or a spreadsheet", "export the sheet as CSV")),
        [0x1f, 0x8b, ..] => Some(("compressed", "unpack it with gunzip")),
        _ => None,
    };
    match found {
        Some((what, hint)) => {
            Err(Failure::usage(format!("{name} is {what}, and not a table of text")).hint(hint))
        }
        None => Ok(Cursor::new(first).chain(input)),
    }
}

/// Refuses what is no Parquet by its first bytes, whatever its name says.
fn be_parquet(name: &str, file: &mut File) -> Result<()> {
    let failed =
        |error: io::Error| Failure::new(Kind::Other, format!("cannot read {name}: {error}"));
    let mut first = Vec::new();
    let read = file.by_ref().take(4).read_to_end(&mut first);
    read.map_err(failed)?;
    file.rewind().map_err(failed)?;
    if first.starts_with(b"PAR") {
        return Ok(());
    }
    let failure = Failure::usage(format!("{name} is not Parquet"));
    Err(match first.first() {
        Some(b'{') => failure.hint("if it is JSONL, say so: --input-format jsonl"),
        _ => failure.hint("if it is CSV, say so: --input-format csv"),
    })
}

/// Counts what is read.
struct Counting<R> {
    inner: R,
    position: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
