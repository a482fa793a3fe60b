//! Whether a file is the same at its last row as it was at its first: a table that somebody writes to
//! while it is read would be taken in as neither the one nor the other.

use std::fs::{File, Metadata};
use std::io;
use std::time::SystemTime;

use super::Row;
use super::columns::Column;
use super::rows::Rows;
use crate::exit::{Failure, Kind, Result};

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    bytes: u64,
    modified: Option<SystemTime>,
    /// Which file it is, where the system tells.
    id: Option<(u64, u64)>,
}

impl Version {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            id: id(&metadata),
        })
    }

    /// How a later one is another, if it is.
    pub(super) fn differs_from(self, later: Self) -> Option<&'static str> {
        if self == later {
            return None;
        }
        Some(match (self.bytes, later.bytes) {
            _ if self.id != later.id => "another file is in its place",
            (before, now) if before < now => "it has grown",
            (before, now) if before > now => "it has become shorter",
            _ => "it was written to",
        })
    }
}

#[cfg(unix)]
fn id(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// A file that is being read, with what it was before.
pub(super) struct Watched {
    pub(super) file: File,
    pub(super) before: Version,
    pub(super) name: String,
}

impl Watched {
    /// That it is as it was.
    fn check(&self) -> Result<()> {
        let now = Version::of(&self.file).map_err(|error| unreadable(&self.name, &error))?;
        match self.before.differs_from(now) {
            None => Ok(()),
            Some(how) => Err(changed(&self.name, how)),
        }
    }

    /// Why reading failed: because the file has changed, if it has.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        self.check().err().unwrap_or(failure)
    }
}

/// What is said of a file that was changed.
pub(super) fn changed(name: &str, how: &str) -> Failure {
    Failure::usage(format!("{name} was changed while it was read: {how}"))
        .hint("give the same command again once nothing writes to it, or read a copy of it")
}

pub(super) fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(Kind::Other, format!("cannot read {name}: {error}"))
}

/// Rows of a file, which end well only if it is as it was.
pub(super) struct Unchanged {
    pub(super) rows: Box<dyn Rows>,
    pub(super) watched: Watched,
}

impl Rows for Unchanged {
    fn next(&mut self) -> Result<Option<Row>> {
        match self.rows.next() {
            Ok(Some(row)) => Ok(Some(row)),
            Ok(None) => self.watched.check().map(|()| None),
            Err(failure) => Err(self.watched.explain(failure)),
        }
    }

    fn header(&self) -> Option<&[String]> {
        self.rows.header()
    }

    fn kinds(&self) -> Option<Vec<Column>> {
        self.rows.kinds()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use super::*;
    use crate::table::read::Input;

    /// What is said of a table to which this is done after its first row.
    fn told(name: &str, change: impl FnOnce(&Path)) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let (header, row) = match name.ends_with("jsonl") {
            true => ("", "{\"n\": 1}\n"),
            false => ("n\n", "1\n"),
        };
        std::fs::write(&path, format!("{header}{}", row.repeat(20_000))).unwrap();
        let before = SystemTime::now() - std::time::Duration::from_secs(60);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(before)
            .unwrap();
        let input = Input::new(&path, None, None).unwrap();
        let mut rows = input.open().unwrap();
        rows.next().unwrap();
        change(&path);
        loop {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => return input.open().err().map(|it| it.to_string()),
                Err(failure) => return Some(failure.to_string()),
            }
        }
    }

    #[test]
    fn a_table_that_changes_while_it_is_read_is_told() {
        for name in ["t.csv", "t.tsv", "t.jsonl"] {
            assert_eq!(told(name, |_| {}), None);
            let grown = told(name, |path| {
                let mut file = File::options().append(true).open(path).unwrap();
                file.write_all(b"7\n").unwrap();
            });
            assert!(grown.unwrap().contains("while it was read: it has grown"));
            let shorter = told(name, |path| {
                let file = File::options().write(true).open(path).unwrap();
                file.set_len(30_001).unwrap();
            });
            assert!(shorter.unwrap().contains("has become shorter"), "{name}");
            let written = told(name, |path| {
                let mut file = File::options().write(true).open(path).unwrap();
                file.write_all(b"m").unwrap();
            });
            assert!(written.unwrap().contains("it was written to"), "{name}");
        }
    }

    #[test]
    fn one_that_is_replaced_is_read_to_its_end_and_not_read_twice() {
        let told = told("t.csv", |path| {
            let other = path.with_extension("other");
            std::fs::write(&other, "n\n2\n").unwrap();
            std::fs::rename(&other, path).unwrap();
        });
        assert!(told.unwrap().contains("another file is in its place"));
    }
}
