//! Downloads that are picked up again where they break off.
//!
//! ```text
//! open at 0 → bytes, bytes, … → the announced size: the end
//!                └ broke off: open at the next byte, if it is still the same contents
//! ```

use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout};

use crate::error::{Effort, Error, Kind, Result};
use crate::http::Session;
use crate::results::ByteStream;

pub(super) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Contents at a service that can be asked for from any byte on.
pub(super) trait Remote: Send + 'static {
    fn session(&self) -> &Session;

    /// What the contents are, for errors.
    fn name(&self) -> &str;

    /// How many bytes there are, if the service said.
    fn size(&self) -> Option<u64>;

    /// Whether something tells that what comes later fits what came before.
    fn is_resumable(&self) -> bool;

    /// The contents from this byte on; an error if they are no longer the same.
    fn open_at(&mut self, offset: u64) -> impl Future<Output = Result<Chunks>> + Send;
}

/// The error for contents that were replaced while they were read.
pub(super) fn changed(what: &str) -> Error {
    Error::protocol(format!(
        "it changed while it was downloaded: {what} is another, and what came so far cannot be \
         continued"
    ))
}

/// A download under way, over as many answers as it takes.
struct Transfer<R> {
    remote: R,
    /// How many bytes have been passed on.
    offset: u64,
    chunks: Option<Chunks>,
    /// How often in a row it broke off without a byte.
    failures: u32,
    failing_since: Option<Instant>,
}

/// All of the contents, given the stream that they start with.
pub(super) fn download<R: Remote>(remote: R, chunks: Chunks) -> ByteStream {
    let transfer = Transfer {
        remote,
        offset: 0,
        chunks: Some(chunks),
        failures: 0,
        failing_since: None,
    };
    Box::pin(stream::try_unfold(transfer, |mut transfer| async {
        let chunk = transfer.next().await?;
        Ok(chunk.map(|chunk| (chunk, transfer)))
    }))
}

impl<R: Remote> Transfer<R> {
    /// The next piece; `None` at the end, never before the announced size.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let size = self.remote.size();
            let stall = self.remote.session().stall_timeout();
            let failure = match &mut self.chunks {
                None => match self.remote.open_at(self.offset).await {
                    Ok(chunks) => {
                        self.chunks = Some(chunks);
                        continue;
                    }
                    Err(error) => error,
                },
                Some(chunks) => match timeout(stall, chunks.next()).await.unwrap_or_else(|_| {
                    let stalled = format!("nothing came for {stall:?}");
                    Some(Err(Error::new(Kind::Timeout, stalled)))
                }) {
                    Some(Ok(chunk)) if chunk.is_empty() => continue,
                    Some(Ok(chunk)) => {
                        self.offset += chunk.len() as u64;
                        self.failures = 0;
                        self.failing_since = None;
                        return Ok(Some(chunk));
                    }
                    None if size.is_none_or(|size| size == self.offset) => return Ok(None),
                    None => Error::protocol(format!(
                        "the download ended after {} of {} bytes",
                        self.offset,
                        size.unwrap_or_default()
                    )),
                    // All of it is here, whatever became of the connection.
                    Some(Err(_)) if size == Some(self.offset) => return Ok(None),
                    Some(Err(error)) => error,
                },
            };
            let broke_off = self.chunks.take().is_some();
            match self.pause(&failure, broke_off) {
                Ok(pause) => tokio::time::sleep(pause).await,
                Err(effort) => {
                    let doing = format!("downloading {}", self.remote.name());
                    return Err(failure.with_effort(effort).during(doing));
                }
            }
        }
    }

    /// The wait before the download goes on after a failure, if it does.
    fn pause(
        &mut self,
        failure: &Error,
        broke_off: bool,
    ) -> std::result::Result<std::time::Duration, Effort> {
        self.failures += 1;
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let effort = Effort {
            attempts: self.failures,
            elapsed: since.elapsed(),
            may_be_done: false,
        };
        let session = self.remote.session();
        let pause = match broke_off {
            true => session.delay_after_break(effort),
            false => session.delay_after(failure, effort),
        };
        let pause = pause.filter(|_| self.remote.is_resumable());
        pause.ok_or(effort)
    }
}
