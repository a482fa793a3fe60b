//! From the caller's requests to what a backend can send: a body for small lists, a spooled
//! file for the rest.
//!
//! Every line is checked and every key is known to be unique before the caller sees a
//! result, so bad input never half-sends.

use std::path::PathBuf;

use futures_util::StreamExt;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use super::entry::{DefaultFields, Defaults, EmbedForm, Inlined, JobKind, Line};
use super::remarks::Remarks;
use super::spool::Spool;
use super::{EntryStream, Source, SourceKind};
use crate::error::{Error, Result};
use crate::results::{Contents, Expected, ExpectedBuilder, KeyTwice};

const READ_BUFFER: usize = 256 * 1024;
/// The longest line that is taken for a request: images come as base64 within one.
pub(crate) const MAX_LINE: usize = 256 * 1024 * 1024;

/// How large a list of requests may be to go inline, in the body of the create.
///
/// Larger lists go through a file, whose results come back as a stream. Inline results have
/// been seen to be irretrievable when they were large. Inline or not, results are matched by
/// key alone.
///
/// ```
/// use genai_batch::InlineLimit;
///
/// let limit = InlineLimit::default().max_requests(500);
/// let file_only = InlineLimit::NEVER;
/// # let _ = (limit, file_only);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InlineLimit {
    requests: usize,
    bytes: usize,
}

impl InlineLimit {
    /// Never inline.
    pub const NEVER: Self = Self {
        requests: 0,
        bytes: 0,
    };

    /// Inline up to what the service takes: 20 MB (Gemini API documentation, Batch Mode).
    pub const MAX: Self = Self {
        requests: usize::MAX,
        bytes: 20_000_000,
    };

    /// Whether so many requests of so many bytes go inline.
    pub(crate) fn takes(&self, requests: u64, bytes: u64) -> bool {
        requests <= self.requests as u64 && bytes <= self.bytes as u64
    }

    /// Inline up to this many requests.
    pub fn max_requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// Inline up to this many bytes of body; never more than 20 MB.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes.min(Self::MAX.bytes);
        self
    }
}

impl Default for InlineLimit {
    /// 100 requests and 4 MB.
    fn default() -> Self {
        Self {
            requests: 100,
            bytes: 4_000_000,
        }
    }
}

/// What a backend takes of the requests that the client holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) kind: JobKind,
    pub(crate) inline_limit: InlineLimit,
    /// The largest file, in bytes.
    pub(crate) max_file: u64,
    /// Whether what stands beside the key in a file comes back with the result.
    pub(crate) file_carries_metadata: bool,
}

/// Requests ready to be sent.
pub(crate) enum Prepared {
    /// The elements of the list of inlined requests, with commas between them.
    Inline(Vec<u8>),
    /// A JSONL file, rewound, and its length.
    Spooled(File, u64),
}

impl Source {
    /// Checks requests that the caller holds; gives back a source that the service holds.
    pub(crate) async fn prepare(
        self,
        target: Target,
        defaults: &Defaults,
    ) -> Result<std::result::Result<(Prepared, Expected), SourceKind>> {
        let feed = match self.0 {
            SourceKind::Entries(entries) => Feed::Entries(entries),
            SourceKind::Path(path) => Feed::open(path).await?,
            held_by_service => return Ok(Err(held_by_service)),
        };
        prepare(feed, target, defaults.fields()).await.map(Ok)
    }
}

impl Source {
    /// Reads requests that were submitted to a job of this model before: their keys, and which
    /// content has which.
    pub(crate) async fn read_contents(
        self,
        model: &str,
        form: EmbedForm,
    ) -> Result<(Expected, Contents)> {
        let mut feed = match self.0 {
            SourceKind::Entries(entries) => Feed::Entries(entries),
            SourceKind::Path(path) => Feed::open(path).await?,
            _ => {
                return Err(Error::input(
                    "the submitted requests must be in memory, a stream or a local file",
                ));
            }
        };
        let mut keys = ExpectedBuilder::default();
        let mut contents = Contents::new(form);
        let kind = match model.contains("embedding") {
            true => JobKind::EmbedContent(form),
            false => JobKind::Either(form),
        };
        let mut number = 0;
        while let Some(line) = feed.next(&mut number, kind, &DefaultFields::new()).await {
            let line = line?;
            let key = match &line.key {
                Some(key) => {
                    keys.push(key, number).await.map_err(spool_failed)?;
                    key.clone()
                }
                None => keys.assign(number),
            };
            contents.push(&line.content(), &key);
        }
        let expected = keys.finish().await.map_err(spool_failed)?;
        let expected = expected.map_err(|twice| used_twice(&feed, &twice))?;
        Ok((expected, contents))
    }
}

async fn prepare(
    mut feed: Feed,
    target: Target,
    defaults: DefaultFields,
) -> Result<(Prepared, Expected)> {
    let mut keys = ExpectedBuilder::default();
    let mut stage = Stage::new(target);
    let mut remarks = Remarks::default();
    let mut number = 0;
    while let Some(line) = feed.next(&mut number, target.kind, &defaults).await {
        let line = line?;
        remarks.log(&line.remarks, || feed.place(number));
        match &line.key {
            Some(key) => {
                keys.push(key, number).await.map_err(spool_failed)?;
                stage.push(&line, key).await?;
            }
            None => stage.push(&line, &keys.assign(number)).await?,
        }
    }
    remarks.finish();
    if keys.is_empty() {
        return Err(Error::input(format!(
            "{} has no requests: nothing was sent",
            feed.name()
        )));
    }
    let expected = keys.finish().await.map_err(spool_failed)?;
    let expected = expected.map_err(|twice| used_twice(&feed, &twice))?;
    Ok((stage.finish().await?, expected))
}

fn used_twice(feed: &Feed, twice: &KeyTwice) -> Error {
    let (first, second) = (feed.place(twice.first), feed.place(twice.second));
    let key = &twice.key;
    Error::input(if twice.assigned {
        format!("{first} has no key and would be given {key:?}, which {second} uses: give it one")
    } else {
        format!(
            "key {key:?} is used twice, at {first} and at {second}: every request needs a key of \
             its own"
        )
    })
}

/// Where lines go: a body while it is small, then a file.
struct Stage {
    target: Target,
    limit: InlineLimit,
    count: usize,
    /// The first request with metadata, which not every file carries.
    metadata_key: Option<String>,
    inline: Vec<u8>,
    inlined: Vec<Inlined>,
    jsonl: Spool,
}

impl Stage {
    fn new(target: Target) -> Self {
        let limit = target.inline_limit;
        Self {
            target,
            limit,
            count: 0,
            metadata_key: None,
            inline: Vec::new(),
            inlined: Vec::new(),
            jsonl: Spool::in_memory_up_to(0),
        }
    }

    fn is_inline(&self) -> bool {
        self.limit != InlineLimit::NEVER
            && self.count <= self.limit.requests
            && self.inline.len() <= self.limit.bytes
    }

    async fn push(&mut self, line: &Line, key: &str) -> Result<()> {
        let was_inline = self.is_inline();
        self.count += 1;
        if was_inline {
            if !self.inline.is_empty() {
                self.inline.push(b',');
            }
            self.inlined.push(line.write_inline(key, &mut self.inline));
        } else {
            let mut jsonl = Vec::with_capacity(line.request.len() + key.len() + 32);
            line.write_jsonl(key, &mut jsonl);
            self.jsonl.write(&jsonl).await.map_err(spool_failed)?;
        }
        if line.has_metadata() && self.metadata_key.is_none() {
            self.metadata_key = Some(key.to_owned());
        }
        if self.is_inline() {
            return Ok(());
        }
        if let (Some(key), false) = (&self.metadata_key, self.target.file_carries_metadata) {
            return Err(Error::input(format!(
                "the request {key:?} has metadata, which comes back only with requests sent \
                 inline, and these are too many for `inline_limit`: raise it, or make what you \
                 need part of the key"
            )));
        }
        if was_inline {
            self.move_to_file().await.map_err(spool_failed)?;
        }
        if self.jsonl.len() > self.target.max_file {
            return Err(Error::input(format!(
                "the requests are more than {} bytes, which is the largest file the service \
                 takes: submit them as several jobs",
                self.target.max_file
            )));
        }
        Ok(())
    }

    /// Writes what was to go inline to the file.
    async fn move_to_file(&mut self) -> std::io::Result<()> {
        self.limit = InlineLimit::NEVER;
        let inline = std::mem::take(&mut self.inline);
        let mut jsonl = Vec::new();
        for inlined in std::mem::take(&mut self.inlined) {
            jsonl.clear();
            inlined.write_jsonl(&inline, &mut jsonl);
            self.jsonl.write(&jsonl).await?;
        }
        Ok(())
    }

    async fn finish(self) -> Result<Prepared> {
        if self.is_inline() {
            return Ok(Prepared::Inline(self.inline));
        }
        let (file, len) = self.jsonl.into_file().await.map_err(spool_failed)?;
        Ok(Prepared::Spooled(file, len))
    }
}

fn spool_failed(error: std::io::Error) -> Error {
    Error::io(
        "the requests could not be written to a temporary file \
         (is the disk full? TMPDIR says where it is)",
        error,
    )
}

/// Where lines come from.
enum Feed {
    Entries(EntryStream),
    Lines {
        path: PathBuf,
        reader: BufReader<File>,
        buffer: Vec<u8>,
    },
}

impl Feed {
    async fn open(path: PathBuf) -> Result<Self> {
        let file = File::open(&path)
            .await
            .map_err(|e| Error::io(format!("cannot open {}", path.display()), e))?;
        Ok(Self::Lines {
            path,
            reader: BufReader::with_capacity(READ_BUFFER, file),
            buffer: Vec::new(),
        })
    }

    /// The next line, checked; `number` becomes its place, from 1. Blank lines are passed over.
    async fn next(
        &mut self,
        number: &mut u64,
        kind: JobKind,
        defaults: &DefaultFields,
    ) -> Option<Result<Line>> {
        let checked = match self {
            Self::Entries(entries) => {
                *number += 1;
                match entries.next().await? {
                    Ok(entry) => Line::from_entry(entry, kind, defaults),
                    Err(error) => return Some(Err(error)),
                }
            }
            Self::Lines {
                path,
                reader,
                buffer,
            } => loop {
                buffer.clear();
                *number += 1;
                let mut bounded = (&mut *reader).take(MAX_LINE as u64 + 1);
                match bounded.read_until(b'\n', buffer).await {
                    Ok(0) => return None,
                    Ok(len) if len > MAX_LINE => {
                        break Err(format!("the line is longer than {MAX_LINE} bytes"));
                    }
                    Ok(_) => {}
                    Err(e) => {
                        let message = format!("cannot read {}", path.display());
                        return Some(Err(Error::io(message, e)));
                    }
                }
                let line = without_bom(buffer, *number).trim_ascii();
                if !line.is_empty() {
                    break Line::parse(line, kind, defaults);
                }
            },
        };
        Some(checked.map_err(|reason| Error::input(format!("{}: {reason}", self.place(*number)))))
    }

    fn place(&self, number: u64) -> String {
        match self {
            Self::Entries(_) => format!("request {number}"),
            Self::Lines { path, .. } => format!("{}:{number}", path.display()),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Entries(_) => "the source".to_owned(),
            Self::Lines { path, .. } => path.display().to_string(),
        }
    }
}

fn without_bom(line: &[u8], number: u64) -> &[u8] {
    match line.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) if number == 1 => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests;
