//! Lines for a preflight, one after the other, from wherever they are: memory, a local file, or
//! Cloud Storage. In contrast to a create, a bad line does not end it.

use std::collections::VecDeque;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::backend::Service;
use crate::error::{Error, Result};
use crate::request::EntryKind;
use crate::results::ByteStream;
use crate::results::jsonl::{LineSplitter, LineTooLong};
use crate::source::EntryStream;
use crate::source::entry::{DefaultFields, JobKind, Line};
use crate::source::prepare::MAX_LINE;

const READ_BUFFER: usize = 256 * 1024;

/// A line, or why it is none.
pub(super) struct Item {
    /// The line in its file, or the place of the request, from 1.
    pub(super) number: u64,
    pub(super) content: std::result::Result<Bytes, Unreadable>,
}

pub(super) enum Unreadable {
    TooLong,
    /// An entry of the caller's that is no request.
    Refused(String),
}

/// Where lines come from.
pub(super) enum Feed {
    Entries {
        entries: EntryStream,
        number: u64,
        kind: JobKind,
    },
    Files {
        service: Service,
        rest: VecDeque<String>,
        current: Option<OpenFile>,
    },
}

pub(super) struct OpenFile {
    name: String,
    chunks: ByteStream,
    lines: LineSplitter,
    ended: bool,
}

impl Feed {
    pub(super) fn entries(entries: EntryStream, kind: JobKind) -> Self {
        Self::Entries {
            entries,
            number: 0,
            kind,
        }
    }

    pub(super) async fn local(service: Service, path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path);
        let file = file
            .await
            .map_err(|e| Error::io(format!("cannot open {name}"), e))?;
        let current = OpenFile::new(name.clone(), chunks(name, file));
        Ok(Self::Files {
            service,
            rest: VecDeque::new(),
            current: Some(current),
        })
    }

    #[cfg(feature = "gcs")]
    pub(super) fn objects(service: Service, uris: Vec<String>) -> Self {
        Self::Files {
            service,
            rest: uris.into(),
            current: None,
        }
    }

    /// The next line that is not blank.
    pub(super) async fn next(&mut self) -> Result<Option<Item>> {
        match self {
            Self::Entries {
                entries,
                number,
                kind,
            } => {
                let Some(entry) = entries.next().await.transpose()? else {
                    return Ok(None);
                };
                *number += 1;
                let content = match entry.0 {
                    EntryKind::Json(value) => Ok(Bytes::from(value.to_string())),
                    other => written(other, *kind).map_err(Unreadable::Refused),
                };
                let number = *number;
                Ok(Some(Item { number, content }))
            }
            Self::Files {
                service,
                rest,
                current,
            } => loop {
                if let Some(file) = current {
                    if let Some(item) = file.next().await? {
                        return Ok(Some(item));
                    }
                    *current = None;
                }
                let Some(uri) = rest.pop_front() else {
                    return Ok(None);
                };
                let chunks = service.open_object(&uri).await?;
                *current = Some(OpenFile::new(uri, chunks));
            },
        }
    }

    /// Where the line of this number is, in the file that is read now.
    pub(super) fn place(&self, number: u64) -> String {
        match self {
            Self::Entries { .. } => format!("request {number}"),
            Self::Files { current, .. } => {
                let name = current.as_ref().map_or("source", |file| &file.name);
                format!("{name}:{number}")
            }
        }
    }

    /// Which of several files is read, so that places can be told apart by number alone.
    pub(super) fn files_left(&self) -> usize {
        match self {
            Self::Entries { .. } => 0,
            Self::Files { rest, .. } => rest.len(),
        }
    }
}

impl OpenFile {
    fn new(name: String, chunks: ByteStream) -> Self {
        Self {
            name,
            chunks,
            lines: LineSplitter::new(MAX_LINE),
            ended: false,
        }
    }

    async fn next(&mut self) -> Result<Option<Item>> {
        let whole = |(number, line)| Item {
            number,
            content: Ok(line),
        };
        loop {
            match self.lines.next_line() {
                Ok(Some(line)) => return Ok(Some(whole(line))),
                Ok(None) => {}
                Err(LineTooLong(number)) => {
                    let content = Err(Unreadable::TooLong);
                    return Ok(Some(Item { number, content }));
                }
            }
            if self.ended {
                return Ok(None);
            }
            match self.chunks.next().await.transpose()? {
                Some(chunk) => self.lines.push(chunk),
                None => {
                    self.ended = true;
                    if let Some(line) = self.lines.last_line() {
                        return Ok(Some(whole(line)));
                    }
                }
            }
        }
    }
}

/// A request of the caller's as the line that it becomes.
fn written(entry: EntryKind, kind: JobKind) -> std::result::Result<Bytes, String> {
    let line = Line::from_entry(crate::Entry(entry), kind, &DefaultFields::new())?;
    let mut out = Vec::new();
    line.write_jsonl(line.key.as_deref().unwrap_or_default(), &mut out);
    if line.key.is_some() {
        return Ok(out.into());
    }
    // Without the empty key that it was written with.
    let rest = out.strip_prefix(br#"{"key":"","#).unwrap_or(&out);
    Ok([b"{", rest].concat().into())
}

/// A local file in pieces.
fn chunks(name: String, file: File) -> ByteStream {
    Box::pin(stream::try_unfold(file, move |mut file| {
        let name = name.clone();
        async move {
            let mut chunk = BytesMut::with_capacity(READ_BUFFER);
            let read = file.read_buf(&mut chunk).await;
            let read = read.map_err(|e| Error::io(format!("cannot read {name}"), e))?;
            Ok((read > 0).then(|| (chunk.freeze(), file)))
        }
    }))
}
