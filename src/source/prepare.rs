//! From the caller's requests to what a backend can send: a body for small lists, a spooled
//! file for the rest.
//!
//! Every line is checked and every key is known to be unique before the caller sees a
//! result, so bad input never half-sends.

use bytes::Bytes;
use tokio::fs::File;

use super::content_index::ContentIndex;
use super::entry::{Inlined, Line, Refused};
use super::feed::{Feed, Item};
use super::intake::Intake;
use super::kind::{EmbedForm, JobKind, is_for_embeddings};
use super::refusal::Refusal;
use super::remarks::Remarks;
use super::{Source, SourceKind};
use crate::error::{Error, Result};
use crate::form::Writer;
use crate::keys::{DuplicateKey, SubmittedKeys, SubmittedKeysBuilder};
use crate::raw::Json;
use crate::spool::Spool;

/// How large a list of requests may be to go inline, in the body of the create.
///
/// Larger lists go through a file, whose results come back as a stream. Inline results have
/// been seen to be irretrievable when they were large. Inline or not, results are matched by
/// key alone.
///
/// ```
/// use genai_batch::batches::InlineLimit;
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
    ///
    /// ```
    /// use genai_batch::batches::InlineLimit;
    ///
    /// let limit = InlineLimit::default().max_requests(500);
    /// ```
    pub fn max_requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// Inline up to this many bytes of body; never more than 20 MB.
    ///
    /// ```
    /// use genai_batch::batches::InlineLimit;
    ///
    /// let limit = InlineLimit::default().max_bytes(1_000_000);
    /// ```
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
    /// Whether what stands beside the key in a file comes back with the result. Where it does not, the
    /// client keeps it.
    pub(crate) file_carries_metadata: bool,
}

/// Is told each request as a line of JSONL.
pub(crate) type Written<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// Who listens while requests are made ready.
pub(crate) struct Listening<'a, F> {
    /// Is called after the first request that is refused; no more is made ready then.
    pub(crate) on_refusal: F,
    pub(crate) written: Option<Written<'a>>,
    /// Is called with the number of requests that were read.
    pub(crate) on_read: &'a (dyn Fn(u64) + Send + Sync),
}

/// Requests ready to be sent.
pub(crate) enum Prepared {
    /// The elements of the list of inlined requests.
    Inline(Vec<Json>),
    /// A JSONL file, rewound, and its length.
    Spooled(File, u64),
}

impl Source {
    /// Checks requests that the caller holds; gives back a source that the service holds.
    pub(crate) async fn prepare(
        self,
        target: Target,
        intake: Intake,
        listening: Listening<'_, impl Fn() + Send>,
    ) -> Result<std::result::Result<(Prepared, SubmittedKeys), SourceKind>> {
        let feed = match self.0 {
            SourceKind::Entries(entries) => Feed::entries(entries),
            SourceKind::Path(path) => Feed::open(&path).await?,
            held_by_service => return Ok(Err(held_by_service)),
        };
        prepare(feed, target, intake, listening).await.map(Ok)
    }
}

impl Source {
    /// Reads requests that were submitted to a job of this model before: their keys, and which
    /// content has which.
    pub(crate) async fn read_contents(
        self,
        model: &str,
        form: EmbedForm,
        (writer, key_field): (Option<Writer>, Option<String>),
    ) -> Result<(SubmittedKeys, ContentIndex)> {
        let mut feed = match self.0 {
            SourceKind::Entries(entries) => Feed::entries(entries),
            SourceKind::Path(path) => Feed::open(&path).await?,
            _ => {
                return Err(Error::input(
                    "the submitted requests must be in memory, a stream or a local file",
                ));
            }
        };
        let mut keys = SubmittedKeysBuilder::default();
        let mut contents = ContentIndex::new(form);
        let kind = match is_for_embeddings(model) {
            true => JobKind::EmbedContent(form),
            false => JobKind::Either(form),
        };
        let intake = Intake::submitted(kind).in_form(writer);
        let mut intake = intake.keyed_by(key_field);
        while let Some(line) = next_line(&mut feed, &mut intake).await? {
            let number = feed.number();
            let line = line.map_err(|refused| {
                let mut refusal = Refusal::default();
                refusal.add(&refused, &feed.place(number));
                refusal.into_error(false)
            })?;
            let key = match &line.key {
                Some(key) => {
                    keys.push(key, number).await.map_err(spool_failed)?;
                    key.clone()
                }
                None => keys.assign(number),
            };
            if let Some(metadata) = line.metadata_json() {
                keys.push_metadata(&key, &metadata)
                    .await
                    .map_err(spool_failed)?;
            }
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
    mut intake: Intake,
    listening: Listening<'_, impl Fn() + Send>,
) -> Result<(Prepared, SubmittedKeys)> {
    let Listening {
        on_refusal,
        mut written,
        on_read,
    } = listening;
    let mut requests = 0;
    let mut keys = SubmittedKeysBuilder::default();
    let mut stage = Stage::new(target);
    let mut remarks = Remarks::default();
    let mut refusal = Refusal::default();
    while let Some(line) = next_line(&mut feed, &mut intake).await? {
        let number = feed.number();
        let line = match line {
            Ok(line) if refusal.is_empty() => line,
            // What is not sent is looked at, and no more.
            Ok(_) => continue,
            Err(refused) => {
                on_refusal();
                refusal.add(&refused, &feed.place(number));
                if refusal.is_full() {
                    return Err(refusal.into_error(true));
                }
                continue;
            }
        };
        remarks.log(&line.remarks, || feed.place(number));
        requests += 1;
        on_read(requests);
        let assigned;
        let key = match &line.key {
            Some(key) => {
                keys.push(key, number).await.map_err(spool_failed)?;
                key
            }
            None => {
                assigned = keys.assign(number);
                &assigned
            }
        };
        if let Some(written) = &mut written {
            let mut jsonl = Vec::with_capacity(line.request.len() + key.len() + 32);
            line.write_jsonl(key, &mut jsonl);
            written(&jsonl);
        }
        if let Some(metadata) = line.metadata_json() {
            keys.push_metadata(key, &metadata)
                .await
                .map_err(spool_failed)?;
        }
        stage.push(&line, key).await?;
    }
    remarks.finish();
    if !refusal.is_empty() {
        return Err(refusal.into_error(false));
    }
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

pub(super) fn used_twice(feed: &Feed, twice: &DuplicateKey) -> Error {
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
    inline: Vec<u8>,
    inlined: Vec<Inlined>,
    /// Where each of them ends.
    ends: Vec<usize>,
    jsonl: Spool,
}

impl Stage {
    fn new(target: Target) -> Self {
        let limit = target.inline_limit;
        Self {
            target,
            limit,
            count: 0,
            inline: Vec::new(),
            inlined: Vec::new(),
            ends: Vec::new(),
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
            self.inlined.push(line.write_inline(key, &mut self.inline));
            self.ends.push(self.inline.len());
        } else {
            let mut jsonl = Vec::with_capacity(line.request.len() + key.len() + 32);
            match self.target.file_carries_metadata {
                true => line.write_jsonl(key, &mut jsonl),
                false => line.write_jsonl_without_metadata(key, &mut jsonl),
            }
            self.jsonl.write(&jsonl).await.map_err(spool_failed)?;
        }
        if self.is_inline() {
            return Ok(());
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
            inlined.write_jsonl(&inline, self.target.file_carries_metadata, &mut jsonl);
            self.jsonl.write(&jsonl).await?;
        }
        Ok(())
    }

    async fn finish(self) -> Result<Prepared> {
        if self.is_inline() {
            let requests = Bytes::from(self.inline);
            let starts = std::iter::once(0).chain(self.ends.iter().copied());
            let places = starts.zip(&self.ends);
            let requests = places.map(|(start, end)| Json::written(requests.slice(start..*end)));
            return Ok(Prepared::Inline(requests.collect()));
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

/// The next request, checked.
pub(super) async fn next_line(
    feed: &mut Feed,
    intake: &mut Intake,
) -> Result<Option<std::result::Result<Line, Refused>>> {
    Ok(Some(match feed.next().await? {
        None => return Ok(None),
        Some(Item::Entry(entry)) => Line::from_entry(entry, intake),
        Some(Item::Line(line)) => Line::parse(&line, intake),
        Some(Item::Refused(finding)) => Err(vec![*finding]),
    }))
}

#[cfg(test)]
mod tests;
