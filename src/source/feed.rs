//! Requests one after the other, from wherever they are: an iterator, a stream, a local file, an
//! object in Cloud Storage. Each has a number, that of its line or its place in the list.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::{EntryStream, layout};
use crate::error::{Error, Result};
use crate::local::read::{self, Opened};
use crate::request::finding::{Finding, FindingCode};
use crate::request::{Entry, EntryKind};
use crate::scan::lines::{LineSplitter, LineTooLong};

const READ_BUFFER: usize = 256 * 1024;
/// The longest line that is taken for a request: images come as base64 within one.
const MAX_LINE: usize = 256 * 1024 * 1024;

/// What to do about a path that leads to something else than a file.
const NOT_A_FILE: &str = "give the requests as a stream, with Source::stream, or write them to a \
                          file first";

/// A file in pieces.
pub(crate) type Chunks = BoxStream<'static, Result<Bytes>>;

/// Where requests come from.
pub(crate) struct Feed {
    origin: Origin,
    number: u64,
    /// Where the last one came from, if it says so.
    came_from: Option<Box<str>>,
    turn: Turn,
}

/// How long requests are read before other tasks have their turn, which a source in memory would
/// never give them.
struct Turn {
    since: Instant,
    read: u32,
}

impl Turn {
    const LONGEST: Duration = Duration::from_millis(10);
    const MOST: u32 = 128;

    fn new() -> Self {
        Self {
            since: Instant::now(),
            read: 0,
        }
    }

    /// Lets others have their turn if it is time.
    async fn pass_on(&mut self) {
        self.read += 1;
        if self.read >= Self::MOST || self.since.elapsed() >= Self::LONGEST {
            tokio::task::yield_now().await;
            *self = Self::new();
        }
    }
}

enum Origin {
    Entries(EntryStream),
    File {
        name: String,
        chunks: Chunks,
        lines: LineSplitter,
        is_at_end: bool,
        /// A local file, which others may change while it is read.
        opened: Option<Opened>,
    },
}

/// What a feed gives.
pub(crate) enum Item {
    Entry(Entry),
    /// A line that is not blank, without its end.
    Line(Bytes),
    /// A line that is passed over.
    Refused(Box<Finding>),
}

impl Feed {
    pub(crate) fn entries(entries: EntryStream) -> Self {
        Self {
            origin: Origin::Entries(entries),
            number: 0,
            came_from: None,
            turn: Turn::new(),
        }
    }

    /// The lines of a local file.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let (file, opened) = read::open(path, NOT_A_FILE).await?;
        let chunks = chunks(name.clone(), File::from_std(file));
        Ok(Self::file(name, chunks, Some(opened)))
    }

    /// The lines of a file of this name.
    pub(crate) fn lines(name: String, chunks: Chunks) -> Self {
        Self::file(name, chunks, None)
    }

    fn file(name: String, chunks: Chunks, opened: Option<Opened>) -> Self {
        Self {
            origin: Origin::File {
                name,
                chunks,
                lines: LineSplitter::new(MAX_LINE),
                is_at_end: false,
                opened,
            },
            number: 0,
            came_from: None,
            turn: Turn::new(),
        }
    }

    /// The next request. Blank lines are passed over. At the end, a local file is the one that
    /// was opened, unchanged; if not, that is an error.
    pub(crate) async fn next(&mut self) -> Result<Option<Item>> {
        self.turn.pass_on().await;
        let (chunks, lines, is_at_end, opened) = match &mut self.origin {
            Origin::Entries(entries) => {
                self.number += 1;
                let mut entry = entries.next().await.transpose()?;
                self.came_from = match &mut entry {
                    Some(Entry(EntryKind::Built(draft))) => draft.origin.take(),
                    _ => None,
                };
                return Ok(entry.map(Item::Entry));
            }
            Origin::File {
                chunks,
                lines,
                is_at_end,
                opened,
                ..
            } => (chunks, lines, is_at_end, opened),
        };
        let (number, item) = loop {
            match lines.next_line() {
                Ok(Some((number, line))) => break (number, Item::Line(line)),
                Ok(None) if *is_at_end => return Ok(None),
                Ok(None) => {}
                Err(LineTooLong(number)) => break (number, Item::Refused(Box::new(too_long()))),
            }
            match chunks.next().await.transpose()? {
                Some(chunk) => lines.push(chunk),
                None => {
                    *is_at_end = true;
                    if let Some(opened) = opened {
                        opened.check().await?;
                    }
                    if let Some((number, line)) = lines.last_line() {
                        break (number, Item::Line(line));
                    }
                }
            }
        };
        let is_first = self.number == 0;
        self.number = number;
        if is_first
            && let Item::Line(line) = &item
            && let Some(finding) = layout::wrong(line)
        {
            // The rest is more of the same.
            *chunks = stream::empty().boxed();
            *lines = LineSplitter::new(MAX_LINE);
            *is_at_end = true;
            return Ok(Some(Item::Refused(Box::new(finding))));
        }
        Ok(Some(item))
    }

    /// The number of what came last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Where the request of this number is.
    pub(crate) fn place(&self, number: u64) -> String {
        match &self.origin {
            Origin::Entries(_) => match &self.came_from {
                Some(place) if number == self.number => place.clone().into(),
                _ => format!("request {number}"),
            },
            Origin::File { name, .. } => format!("{name}:{number}"),
        }
    }

    /// The source as a whole.
    pub(crate) fn name(&self) -> &str {
        match &self.origin {
            Origin::Entries(_) => "the source",
            Origin::File { name, .. } => name,
        }
    }
}

fn too_long() -> Finding {
    let message = format!("the line is longer than {MAX_LINE} bytes");
    let finding = Finding::error(FindingCode::LineTooLong, message);
    finding.hint("upload large media and refer to it by its URI")
}

fn chunks(name: String, file: File) -> Chunks {
    let chunks = stream::try_unfold((name, file), |(name, mut file)| async move {
        let mut chunk = BytesMut::with_capacity(READ_BUFFER);
        let read = file.read_buf(&mut chunk).await;
        let read = read.map_err(|e| Error::io(format!("cannot read {name}"), e))?;
        Ok((read > 0).then(|| (chunk.freeze(), (name, file))))
    });
    chunks.boxed()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn others_have_their_turn_while_requests_in_memory_are_read() {
        let entries = stream::iter((0..10_000).map(|n| Ok(Entry::from(n.to_string()))));
        let mut feed = Feed::entries(entries.boxed());
        let (turns, is_read) = (Cell::new(0), Cell::new(false));
        let others = async {
            while !is_read.get() {
                turns.set(turns.get() + 1);
                tokio::task::yield_now().await;
            }
        };
        let read = async {
            while feed.next().await.unwrap().is_some() {}
            is_read.set(true);
        };
        tokio::join!(read, others);
        assert!(turns.get() >= 10_000 / Turn::MOST, "{}", turns.get());
    }
}
