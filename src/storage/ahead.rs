//! Contents that several connections bring at once, handed out in their order.
//!
//! ```text
//! main:   ██████▓▓▓▓│          one response, from the first byte on
//! slices:           │▓▓▓▓░░░│▓▓▓░░░░│▓▓░░░░░│ …   each a range of its own, up to the next one's start
//!               ▲ the reader
//! ```
//!
//! The reader polls all of them; what a slice brings before its turn waits within the budget of the
//! client. Each is bound to the version of the first response, and picked up again where it breaks off
//! (`resume`). Where there may be one connection alone, there is no slice, and the first response is
//! read to its end.

mod waiting;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use self::waiting::Waiting;
use super::resume::{Fetched, Remote, Transfer};
use crate::error::{Error, Result};
use crate::http::connections::{Connection, Connections, Held, Pace, poll_at_pace};
use crate::results::ByteStream;

const MIB: u64 = 1024 * 1024;

/// How many bytes slices have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// As few, where there are more than that left.
    pub(super) shortest: u64,
    pub(super) longest: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            shortest: MIB / 2,
            // Eight of them, with what is under way before their first bytes come, fit into the budget that
            // there is by default. Longer ones would wait for it, and shorter ones more for first bytes.
            longest: 3 * MIB,
        }
    }
}

/// After how many bytes a slice tells how fast its connection is.
const TELLING: u64 = MIB / 4;

/// The contents from here on, by the connection that there is and those that there may be.
pub(super) fn read<R: Remote>(
    main: Transfer<R>,
    connection: Connection,
    connections: Connections,
    sizes: Sizes,
) -> ByteStream {
    let contents = Contents {
        sizes,
        main,
        connection: Some(connection),
        connections,
        slices: Slices::default(),
        made: 0,
        is_divisible: true,
    };
    Box::pin(stream::try_unfold(contents, |mut contents| async {
        let chunk = contents.next().await?;
        Ok(chunk.map(|chunk| (chunk, contents)))
    }))
}

/// A stream whose reader sets the number of its connections.
pub(crate) fn at_pace(mut chunks: ByteStream, connections: Connections) -> ByteStream {
    let mut pace = Pace::new(connections);
    Box::pin(stream::poll_fn(move |cx| {
        poll_at_pace(&mut pace, cx, |cx| chunks.poll_next_unpin(cx))
    }))
}

struct Contents<R> {
    sizes: Sizes,
    main: Transfer<R>,
    /// That of `main`, while it is what is read.
    connection: Option<Connection>,
    connections: Connections,
    slices: Slices,
    /// How many slices there have been since there was none.
    made: u64,
    is_divisible: bool,
}

impl<R: Remote> Contents<R> {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            self.divide();
            if self.connection.is_some() {
                let Self { main, slices, .. } = self;
                let chunk = {
                    let mut next = pin!(main.next());
                    let both = poll_fn(|cx| {
                        slices.fill(cx, 0);
                        next.as_mut().poll(cx)
                    });
                    both.await?
                };
                let is_over = chunk.is_none() && self.main.end.is_none();
                if self.slices.are_refused() {
                    self.stop_dividing();
                } else if chunk.is_none() {
                    // From here on, the slices have it.
                    self.main.end = None;
                    self.connection = None;
                }
                if is_over || chunk.is_some() {
                    return Ok(chunk);
                }
                continue;
            }
            match poll_fn(|cx| self.slices.poll_next(cx)).await {
                Some(Ok(Fetched::Bytes(chunk))) => {
                    self.main.book(&chunk)?;
                    return Ok(Some(chunk));
                }
                Some(Ok(Fetched::NoRanges)) => self.stop_dividing(),
                Some(Err(error)) => return Err(error),
                // Where no slice follows, the first transfer goes on from there.
                None => {
                    self.made = 0;
                    self.connection = Some(self.connections.one());
                }
            }
        }
    }

    /// Starts slices while there may be more connections.
    fn divide(&mut self) {
        if !self.is_divisible {
            return;
        }
        let Some(size) = self.main.divisible() else {
            return;
        };
        let Sizes { shortest, longest } = self.sizes;
        let limit = self.connections.budget().limit() as u64;
        loop {
            let start = match self.slices.0.back() {
                Some(last) => last.end,
                // As much as the first response will have brought before the next one comes.
                None if self.connection.is_some() => self.main.offset + shortest,
                None => self.main.offset,
            };
            let left = size.saturating_sub(start);
            let ahead = start - self.main.offset;
            if left == 0 || (left < shortest && self.slices.0.is_empty()) {
                return;
            }
            let allowed = self.connections.allowed() as u64;
            // Of growing length, so that they do not all end at once; and shorter towards the end, where
            // they should.
            let grown = (self.made + 1) * (longest / 8);
            let fair = left.div_ceil(allowed.max(1));
            let mut len = grown.min(fair).clamp(shortest, longest);
            if left - len.min(left) < shortest {
                len = left;
            }
            if ahead + len > limit {
                return;
            }
            let Some(connection) = self.connections.more() else {
                return;
            };
            if self.connection.is_some() && self.slices.0.is_empty() {
                self.main.end = Some(start);
            }
            self.made += 1;
            let transfer = self.main.stretch(start, start + len);
            let held = Held::of(self.connections.budget());
            let slice = Slice::new(transfer, start, start + len, connection, held);
            self.slices.0.push_back(slice);
        }
    }

    /// Reads all that is left by one connection.
    fn stop_dividing(&mut self) {
        self.is_divisible = false;
        self.slices.0.clear();
        self.main.end = None;
        if self.connection.is_none() {
            self.connection = Some(self.connections.one());
        }
    }
}

/// The stretches that come next, in order.
#[derive(Default)]
struct Slices(VecDeque<Slice>);

struct Slice {
    end: u64,
    rest: Pin<Box<dyn Stream<Item = Result<Fetched>> + Send>>,
    is_over: bool,
    waiting: Waiting,
    failure: Option<Error>,
    is_refused: bool,
    held: Held,
    progress: Progress,
    /// Given back a little before the end, so that the next slice is under way by then.
    connection: Option<Connection>,
}

/// How far a slice is, and how fast.
struct Progress {
    left: u64,
    received: u64,
    asked: Instant,
    first: Option<Instant>,
}

impl Slices {
    /// Takes what has come of all slices from this one on, as far as the budget allows.
    fn fill(&mut self, cx: &mut Context<'_>, from: usize) {
        for slice in self.0.iter_mut().skip(from) {
            slice.fill(cx);
        }
    }

    fn are_refused(&self) -> bool {
        self.0.iter().any(|slice| slice.is_refused)
    }

    /// The next piece of the first slice, then of those after it; `None` where there is none.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Fetched>>> {
        self.fill(cx, 1);
        loop {
            let Some(first) = self.0.front_mut() else {
                return Poll::Ready(None);
            };
            if let Some(chunk) = first.waiting.pop() {
                first.held.give_back(chunk.len());
                return Poll::Ready(Some(Ok(Fetched::Bytes(chunk))));
            }
            if let Some(error) = first.failure.take() {
                return Poll::Ready(Some(Err(error)));
            }
            if first.is_refused {
                return Poll::Ready(Some(Ok(Fetched::NoRanges)));
            }
            if !first.is_over {
                match first.poll_rest(cx) {
                    Poll::Ready(Some(next)) => return Poll::Ready(Some(next)),
                    Poll::Ready(None) => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
            self.0.pop_front();
        }
    }
}

impl Slice {
    fn new<R: Remote>(
        transfer: Transfer<R>,
        start: u64,
        end: u64,
        connection: Connection,
        held: Held,
    ) -> Self {
        let rest = stream::try_unfold(transfer, |mut transfer| async {
            let piece = transfer.next_of_stretch().await?;
            Ok(piece.map(|piece| (piece, transfer)))
        });
        Self {
            end,
            rest: Box::pin(rest),
            is_over: false,
            waiting: Waiting::default(),
            failure: None,
            is_refused: false,
            held,
            progress: Progress {
                left: end - start,
                received: 0,
                asked: Instant::now(),
                first: None,
            },
            connection: Some(connection),
        }
    }

    fn fill(&mut self, cx: &mut Context<'_>) {
        while !self.is_over && self.held.has_room() {
            match self.poll_rest(cx) {
                Poll::Ready(Some(Ok(Fetched::Bytes(chunk)))) => {
                    self.held.add(chunk.len());
                    self.waiting.push(&chunk);
                }
                Poll::Ready(Some(Ok(Fetched::NoRanges))) => self.is_refused = true,
                // Told when its turn comes: what stands before it is good.
                Poll::Ready(Some(Err(error))) => self.failure = Some(error),
                Poll::Ready(None) => {}
                Poll::Pending => return,
            }
        }
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Fetched>>> {
        let next = self.rest.poll_next_unpin(cx);
        match &next {
            Poll::Ready(Some(Ok(Fetched::Bytes(chunk)))) => {
                if self.progress.is_nearly_over(chunk.len() as u64) {
                    self.connection = None;
                }
            }
            Poll::Ready(_) => {
                self.is_over = true;
                self.connection = None;
            }
            Poll::Pending => {}
        }
        next
    }
}

impl Progress {
    /// Notes a piece; whether what is left comes in the time that another request would take until its
    /// first byte.
    fn is_nearly_over(&mut self, len: u64) -> bool {
        let now = Instant::now();
        let first = *self.first.get_or_insert(now);
        self.received += len;
        self.left = self.left.saturating_sub(len);
        if self.received < TELLING {
            return self.left == 0;
        }
        let latency = (first - self.asked).as_secs_f64();
        // Lest a burst at the start pass for a fast connection, not since then before some time has passed.
        let since = match (now - first).as_secs_f64() {
            long if long >= latency => long,
            _ => (now - self.asked).as_secs_f64(),
        };
        let rate = self.received as f64 / since.max(1e-6);
        self.left <= self.received / 2 && self.left as f64 <= rate * latency
    }
}

#[cfg(test)]
mod tests;
