//! Rows without a key, which wait until all rows that have one are booked: any of those may have the
//! key of the request that a row without one seems to belong to.
//!
//! They wait in memory while they are few, and then in a temporary file.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::spool::{Spool, Spooled};

/// How much of them stays in memory.
const IN_MEMORY: usize = 8 * 1024 * 1024;
/// What is written at once.
const PIECE: usize = 256 * 1024;
/// How much is read at once.
const READ: usize = 256 * 1024;
/// The lengths of a place and of a row.
const HEAD: usize = 16;

type Written = Pin<Box<dyn Future<Output = io::Result<Spool>> + Send>>;
type Read = Pin<Box<dyn Stream<Item = io::Result<Waiting>> + Send>>;

/// A row that waited: where it stands in the output, and its JSON.
pub(super) type Waiting = (String, Bytes);

/// Rows that wait.
#[derive(Default)]
pub(super) struct Keyless {
    /// Those that are still to be written.
    pending: Vec<u8>,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    Kept(Spool),
    Writing(Written),
    Reading(Read),
    Over,
}

impl Keyless {
    /// Adds a row.
    pub(super) fn push(&mut self, place: &str, json: &[u8]) {
        for part in [place.as_bytes(), json] {
            self.pending.extend((part.len() as u64).to_le_bytes());
        }
        self.pending.extend(place.as_bytes());
        self.pending.extend(json);
    }

    /// Makes room for further rows.
    ///
    /// # Errors
    ///
    /// If the temporary file cannot be written.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.pending.len() {
            PIECE.. => self.poll_written(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Writes what is pending.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.state = match std::mem::take(&mut self.state) {
                State::Writing(mut written) => match written.as_mut().poll(cx)? {
                    Poll::Ready(spool) => State::Kept(spool),
                    Poll::Pending => {
                        self.state = State::Writing(written);
                        return Poll::Pending;
                    }
                },
                State::Nothing if !self.pending.is_empty() => {
                    State::Kept(Spool::in_memory_up_to(IN_MEMORY))
                }
                State::Kept(mut spool) if !self.pending.is_empty() => {
                    let pending = std::mem::take(&mut self.pending);
                    State::Writing(Box::pin(async move {
                        spool.write(&pending).await?;
                        Ok(spool)
                    }))
                }
                other => {
                    self.state = other;
                    return Poll::Ready(Ok(()));
                }
            };
        }
    }

    /// The next of the rows that waited, in their order. None may be added after that.
    ///
    /// # Errors
    ///
    /// If the temporary file cannot be written or read.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Waiting>>> {
        if let Err(error) = ready!(self.poll_written(cx)) {
            self.state = State::Over;
            return Poll::Ready(Some(Err(error)));
        }
        if let State::Kept(_) = self.state
            && let State::Kept(spool) = std::mem::take(&mut self.state)
        {
            self.state = State::Reading(Box::pin(read(spool)));
        }
        let State::Reading(rows) = &mut self.state else {
            return Poll::Ready(None);
        };
        let next = ready!(rows.poll_next_unpin(cx));
        if !matches!(next, Some(Ok(_))) {
            self.state = State::Over;
        }
        Poll::Ready(next)
    }
}

/// Where the reading of what was written is.
struct Place {
    spooled: Spooled,
    offset: u64,
    ahead: Vec<u8>,
    /// What of `ahead` was given.
    given: usize,
}

fn read(spool: Spool) -> impl Stream<Item = io::Result<Waiting>> + Send {
    let start = async move {
        io::Result::Ok(Place {
            spooled: spool.finish().await?,
            offset: 0,
            ahead: Vec::new(),
            given: 0,
        })
    };
    let rows = |place| {
        stream::try_unfold(place, |mut place: Place| async move {
            let row = place.next().await?;
            Ok(row.map(|row| (row, place)))
        })
    };
    stream::once(start).flat_map(move |place| match place {
        Ok(place) => rows(place).left_stream(),
        Err(error) => stream::iter([Err(error)]).right_stream(),
    })
}

impl Place {
    async fn next(&mut self) -> io::Result<Option<Waiting>> {
        if !self.has(HEAD).await? {
            return Ok(None);
        }
        let head = self.take(HEAD);
        let len = |at: usize| {
            let bytes = head[at..].first_chunk().copied().unwrap_or_default();
            usize::try_from(u64::from_le_bytes(bytes)).map_err(io::Error::other)
        };
        let (place, json) = (len(0)?, len(8)?);
        if !self.has(place + json).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let place = String::from_utf8_lossy(&self.take(place)).into_owned();
        Ok(Some((place, self.take(json).into())))
    }

    /// Whether so many bytes more are at hand now.
    async fn has(&mut self, len: usize) -> io::Result<bool> {
        if self.ahead.len() - self.given >= len {
            return Ok(true);
        }
        self.ahead.drain(..self.given);
        self.given = 0;
        while self.ahead.len() < len {
            let before = self.ahead.len();
            let more = READ.max(len - before);
            self.spooled
                .read_at(self.offset, more, &mut self.ahead)
                .await?;
            let read = self.ahead.len() - before;
            self.offset += read as u64;
            if read == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        let taken = self.ahead[self.given..self.given + len].to_vec();
        self.given += len;
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn what_waited_comes_back_in_its_order() {
        for (count, size) in [(0, 0), (3, 10), (40_000, 300), (20, 1_000_000)] {
            let mut keyless = Keyless::default();
            for n in 0..count {
                let row = vec![n as u8; size + n % 7];
                keyless.push(&format!("line {n}"), &row);
                poll_fn(|cx| keyless.poll_ready(cx)).await.unwrap();
                assert!(keyless.pending.len() < PIECE + size + 100);
            }
            for n in 0..count {
                let row = poll_fn(|cx| keyless.poll_next(cx)).await;
                let (place, row) = row.unwrap().unwrap();
                assert_eq!(place, format!("line {n}"));
                assert_eq!(row, vec![n as u8; size + n % 7]);
            }
            for _ in 0..2 {
                assert!(poll_fn(|cx| keyless.poll_next(cx)).await.is_none());
            }
        }
    }
}
