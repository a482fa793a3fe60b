//! Downloads that are picked up again where they break off.
//!
//! ```text
//! open at 0 → bytes, bytes, … → the end that the service told: checksums fit
//!                └ broke off: open at the next byte, if it is still the same contents
//! ```
//!
//! Until a byte was handed out, a download starts over with whatever stands there by then. After
//! that it goes on only where a mark of the contents, which both responses have, says that they are
//! the same. What comes after may be fetched by other connections meanwhile: `ahead`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::Response;
use reqwest::header::HeaderMap;
use tokio::time::{Instant, timeout};

use super::ahead::{self, Sizes};
use super::checksum::{Crc32c, Sha256, Sha256Digest};
use super::version::{self, Body, Version};
use crate::error::{Attempts, Error, Kind, Result};
use crate::http::Session;
use crate::http::connections::{Connection, Connections};
use crate::results::ByteStream;

/// Contents at a service that can be asked for from any byte on.
pub(crate) trait Remote: Send + Sync + 'static {
    fn session(&self) -> &Session;

    /// What the contents are, for errors.
    fn name(&self) -> &str;

    /// Asks for the contents, with these headers.
    fn request(&self, headers: HeaderMap) -> impl Future<Output = Result<Response>> + Send;
}

/// What is known of contents from elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<Sha256>,
}

/// A download of which the first response has come.
pub(crate) struct Started<R> {
    remote: R,
    version: Version,
    body: Body,
    connections: Connections,
    connection: Connection,
}

/// Asks for the contents from their first byte on, over one of these connections; others may bring
/// what comes later.
pub(crate) async fn start<R: Remote>(remote: R, connections: Connections) -> Result<Started<R>> {
    let connection = connections.one();
    let response = remote.request(HeaderMap::new()).await?;
    if response.version() == reqwest::Version::HTTP_2 {
        connections.share();
    }
    let (version, body) = version::read(response, 0, None)?;
    Ok(Started {
        remote,
        version,
        body,
        connections,
        connection,
    })
}

impl<R: Remote> Started<R> {
    /// Whether the service said enough to tell the end from a connection that closed too early.
    pub(crate) fn has_end(&self) -> bool {
        self.body.has_end || self.version.size.is_some() || self.version.crc32c.is_some()
    }

    /// How many bytes there are, if the service said.
    pub(crate) fn size(&self) -> Option<u64> {
        self.version.size
    }

    /// All of the contents.
    pub(crate) fn download(self, known: Known) -> ByteStream {
        let sizes = Sizes::within(self.connections.budget().limit());
        self.download_in(known, sizes)
    }

    /// All of the contents, in slices of these sizes where several connections bring them.
    pub(super) fn download_in(self, known: Known, sizes: Sizes) -> ByteStream {
        let transfer = Transfer {
            remote: Arc::new(self.remote),
            version: self.version,
            known,
            offset: 0,
            end: None,
            ranges: Ranges::Welcome,
            crc32c: Crc32c::default(),
            sha256: Sha256Digest::default(),
            body: Some(self.body),
            failures: 0,
            failing_since: None,
        };
        ahead::read(transfer, self.connection, self.connections, sizes)
    }
}

/// What comes of a stretch of contents.
pub(super) enum Fetched {
    Bytes(Bytes),
    /// The service gives the whole where a stretch of it is asked for.
    NoRanges,
}

/// Whether the contents have to come from the byte on that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ranges {
    /// What comes before it is passed over.
    Welcome,
    Needed,
    /// They did not.
    Refused,
}

/// A download under way, over as many responses as it takes.
pub(super) struct Transfer<R> {
    remote: Arc<R>,
    /// What the bytes that were handed out are of.
    version: Version,
    known: Known,
    /// The byte that comes next, and the checksums of all before it as far as there is one to compare.
    pub(super) offset: u64,
    /// The byte that is not wanted any more, as others fetch what begins there; `None` is the end of the
    /// contents.
    pub(super) end: Option<u64>,
    ranges: Ranges,
    crc32c: Crc32c,
    sha256: Sha256Digest,
    body: Option<Body>,
    /// How often in a row it broke off without a byte.
    failures: u32,
    failing_since: Option<Instant>,
}

impl<R: Remote> Transfer<R> {
    /// A stretch of the same contents, whose checksum nothing tells. Its connection is made with the
    /// first piece.
    pub(super) fn stretch(&self, start: u64, end: u64) -> Self {
        Self {
            remote: Arc::clone(&self.remote),
            version: self.version.of_part(),
            known: Known::default(),
            offset: start,
            end: Some(end),
            ranges: Ranges::Needed,
            crc32c: Crc32c::default(),
            sha256: Sha256Digest::default(),
            body: None,
            failures: 0,
            failing_since: None,
        }
    }

    /// How many bytes there are, if stretches of the contents can be told to be of the same contents.
    pub(super) fn divisible(&self) -> Option<u64> {
        // Before the first byte, a failure may lead to other contents.
        let is_settled = self.offset > 0 && self.version.is_validated();
        self.version.size.filter(|_| is_settled)
    }

    /// The next piece of a stretch; `None` at its end.
    pub(super) async fn next_of_stretch(&mut self) -> Result<Option<Fetched>> {
        Ok(match self.next().await? {
            None if self.ranges == Ranges::Refused => Some(Fetched::NoRanges),
            next => next.map(Fetched::Bytes),
        })
    }

    /// The next piece; `None` at the end of the contents, or where others go on, never before.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.end == Some(self.offset) {
                self.body = None;
                return Ok(None);
            }
            if self.body.is_none() && self.offset > 0 && self.size() == Some(self.offset) {
                return self.finish();
            }
            let stall = self.remote.session().stall_timeout();
            let failure = match &mut self.body {
                None => match self.open().await {
                    Ok(body) if self.ranges == Ranges::Needed && body.start != self.offset => {
                        self.ranges = Ranges::Refused;
                        return Ok(None);
                    }
                    Ok(body) => {
                        self.body = Some(body);
                        continue;
                    }
                    Err(error) => error,
                },
                Some(body) => match timeout(stall, body.chunks.next()).await {
                    Ok(Some(Ok(chunk))) => match self.take(chunk)? {
                        None => continue,
                        chunk => return Ok(chunk),
                    },
                    // All of it is here, whatever became of the connection.
                    _ if self.size() == Some(self.offset) => return self.finish(),
                    Ok(Some(Err(error))) => error,
                    Ok(None) => match self.end_too_early() {
                        None => return self.finish(),
                        Some(failure) => failure,
                    },
                    Err(_) => Error::new(Kind::Timeout, format!("nothing came for {stall:?}")),
                },
            };
            let broke_off = self.body.take().is_some();
            if self.offset > 0 && !self.version.is_validated() {
                return Err(self.failed(failure.with_outcome(
                    "nothing tells whether what would come next is still of the same contents",
                )));
            }
            match self.pause(&failure, broke_off) {
                Ok(pause) => tokio::time::sleep(pause).await,
                Err(attempts) => return Err(self.failed(failure.with_attempts(attempts))),
            }
        }
    }

    fn failed(&self, error: Error) -> Error {
        let error = self.remote.session().without_secrets(error);
        error.during(format!("downloading {}", self.remote.name()))
    }

    /// How many bytes there are, if anybody said.
    fn size(&self) -> Option<u64> {
        self.version.size.or(self.known.size)
    }

    /// Asks for what comes after the bytes that were handed out.
    async fn open(&mut self) -> Result<Body> {
        let headers = self.version.range(self.offset, self.end);
        let response = self.remote.request(headers).await?;
        let (version, body) = version::read(response, self.offset, self.end)?;
        match self.offset {
            // Whose other stretches nobody has asked for yet.
            0 => self.version = version,
            _ => {
                self.version.check_same(&version)?;
                self.version.size = self.version.size.or(version.size);
            }
        }
        Ok(body)
    }

    /// What of a piece comes next: the service may give again what was handed out before.
    fn take(&mut self, mut chunk: Bytes) -> Result<Option<Bytes>> {
        if let Some(body) = &mut self.body {
            let passed = (self.offset - body.start).min(chunk.len() as u64);
            chunk = chunk.split_off(passed as usize);
            body.start += passed + chunk.len() as u64;
        }
        if let Some(end) = self.end {
            let wanted = (end - self.offset).min(chunk.len() as u64);
            chunk.truncate(wanted as usize);
        }
        if chunk.is_empty() {
            return Ok(None);
        }
        self.book(&chunk)?;
        self.failures = 0;
        self.failing_since = None;
        Ok(Some(chunk))
    }

    /// Notes that these bytes are handed out, whichever connection brought them.
    pub(super) fn book(&mut self, chunk: &[u8]) -> Result<()> {
        let end = self.offset + chunk.len() as u64;
        if let Some(size) = self.size().filter(|size| end > *size) {
            return Err(self.failed(Error::protocol(format!(
                "the service sent more than the {size} bytes that there are"
            ))));
        }
        self.offset = end;
        if self.version.crc32c.is_some() {
            self.crc32c.update(chunk);
        }
        if self.known.sha256.is_some() {
            self.sha256.update(chunk);
        }
        Ok(())
    }

    /// What is wrong with an end at this byte, if anything.
    fn end_too_early(&self) -> Option<Error> {
        let has_end = self.body.as_ref().is_some_and(|body| body.has_end);
        // What the service gives again may end before it comes to what is new.
        let is_shorter = self
            .body
            .as_ref()
            .is_some_and(|body| body.start < self.offset);
        match self.size() {
            None if is_shorter => Some(Error::protocol(format!(
                "the download ended before the {} bytes that had come of it earlier",
                self.offset
            ))),
            Some(size) => Some(Error::protocol(format!(
                "the download ended after {} of {size} bytes",
                self.offset
            ))),
            None if has_end || self.version.crc32c == Some(self.crc32c) => None,
            None => Some(Error::protocol(format!(
                "the connection closed after {} bytes, and the service did not say how many there \
                 are",
                self.offset
            ))),
        }
    }

    /// Ends the download, if the checksums fit.
    fn finish(&mut self) -> Result<Option<Bytes>> {
        let wrong = |is: String, said: String| {
            Error::protocol(format!(
                "what came is not what is stored: it has the {is}, the service says {said}"
            ))
        };
        if let Some(size) = self.known.size.filter(|size| *size != self.offset) {
            return Err(self.failed(Error::protocol(format!(
                "{} bytes came of a file that has {size}",
                self.offset
            ))));
        }
        if let Some(said) = self.version.crc32c
            && said != self.crc32c
        {
            return Err(self.failed(wrong(self.crc32c.to_string(), said.to_string())));
        }
        if let Some(said) = self.known.sha256 {
            let is = std::mem::take(&mut self.sha256).finish();
            if said != is {
                return Err(self.failed(wrong(is.to_string(), said.to_string())));
            }
        }
        Ok(None)
    }

    /// The wait before the download goes on after a failure, if it does.
    fn pause(
        &mut self,
        failure: &Error,
        broke_off: bool,
    ) -> std::result::Result<Duration, Attempts> {
        self.failures += 1;
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let attempts = Attempts {
            count: self.failures,
            elapsed: since.elapsed(),
            may_be_done: false,
        };
        let session = self.remote.session();
        let pause = match broke_off {
            true => session.delay_after_break(attempts),
            false => session.delay_after(failure, attempts),
        };
        pause.ok_or(attempts)
    }
}

#[cfg(test)]
mod tests;
