//! Where rows come from: the job itself, files of lines, or a table.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
#[cfg(feature = "bigquery")]
use futures_util::StreamExt;

use super::files::{Files, OutputFile};
use super::repeats::Repetition;
use crate::error::Result;
use crate::http::connections::Connections;

/// A file in pieces, as they arrive.
pub(crate) type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Where the rows of a job come from.
pub(crate) enum Rows {
    /// In the job itself.
    Inline { rows: Arc<Vec<Bytes>>, read: usize },
    /// In files, one a line.
    Files(Box<Files>),
    /// In a table.
    #[cfg(feature = "bigquery")]
    Table {
        name: String,
        rows: ByteStream,
        read: u64,
    },
}

/// The JSON of a row with its number, or why there is none.
pub(super) type Numbered = (u64, std::result::Result<Bytes, String>);

impl Rows {
    pub(crate) fn inline(rows: Arc<Vec<Bytes>>) -> Self {
        Self::Inline { rows, read: 0 }
    }

    /// One file, which has been opened.
    pub(crate) fn file(
        name: String,
        chunks: ByteStream,
        max_line: usize,
        connections: Connections,
    ) -> Self {
        let file = OutputFile {
            name,
            repetition: Repetition::None,
            contents: Box::pin(ready(Ok(chunks))),
        };
        Self::files([file], max_line, connections)
    }

    /// Files, as many at once as there may be connections.
    pub(crate) fn files(
        files: impl IntoIterator<Item = OutputFile>,
        max_line: usize,
        connections: Connections,
    ) -> Self {
        Self::Files(Box::new(Files::new(files, max_line, connections)))
    }

    #[cfg(feature = "bigquery")]
    pub(crate) fn table(name: String, rows: ByteStream) -> Self {
        Self::Table {
            name,
            rows,
            read: 0,
        }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Numbered>>> {
        match self {
            Self::Inline { rows, read } => {
                let (index, row) = (*read, rows.get(*read));
                *read += 1;
                Poll::Ready(row.map(|row| Ok((index as u64, Ok(row.clone())))))
            }
            Self::Files(files) => files.poll_next(cx),
            #[cfg(feature = "bigquery")]
            Self::Table { rows, read, .. } => rows.poll_next_unpin(cx).map(|row| {
                *read += 1;
                row.map(|row| row.map(|row| (*read, Ok(row))))
            }),
        }
    }

    /// How the rows that come now relate to others.
    pub(super) fn repetition(&self) -> Repetition {
        match self {
            Self::Files(files) => files.repetition(),
            _ => Repetition::None,
        }
    }

    /// Whether they were left because there seems to be no end of them.
    pub(super) fn is_endless(&self) -> bool {
        match self {
            Self::Files(files) => files.is_endless(),
            _ => false,
        }
    }

    pub(super) fn place(&self, number: u64) -> String {
        match self {
            Self::Inline { .. } => format!("inlinedResponses[{number}]"),
            Self::Files(files) => format!("{} line {number}", files.name()),
            #[cfg(feature = "bigquery")]
            Self::Table { name, .. } => format!("{name} row {number}"),
        }
    }
}
