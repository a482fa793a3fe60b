//! The stretches of contents that come next, each over a connection of its own.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::waiting::Waiting;
use crate::error::{Error, Result};
use crate::http::connections::{Connection, Held};
use crate::storage::resume::{Fetched, Remote, Transfer};

/// After how many bytes a slice tells how fast its connection is.
const TELLING: u64 = 256 * 1024;

/// The stretches that come next, in order.
#[derive(Default)]
pub(super) struct Slices {
    all: VecDeque<Slice>,
    /// Whether there may be room for another connection since this was asked last.
    has_freed: bool,
}

/// What comes of the slices.
pub(super) enum Next {
    Piece(Result<Fetched>),
    /// None is left.
    End,
    /// Nothing yet, but there may be room for one more of them.
    Room,
}

struct Slice {
    end: u64,
    rest: Pin<Box<dyn Stream<Item = Result<Fetched>> + Send>>,
    is_over: bool,
    waiting: Waiting,
    failure: Option<Error>,
    is_refused: bool,
    held: Held,
    progress: Progress,
    /// Gives way a little before the end, so that the next slice is under way by then.
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
    /// Adds the stretch that follows; what is held of it counts in `held`.
    pub(super) fn add<R: Remote>(
        &mut self,
        transfer: Transfer<R>,
        connection: Connection,
        held: Held,
    ) {
        self.all.extend(Slice::new(transfer, connection, held));
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The byte before which the last one ends.
    pub(super) fn end(&self) -> Option<u64> {
        self.all.back().map(|slice| slice.end)
    }

    /// How many bytes of them are still to come.
    pub(super) fn left(&self) -> u64 {
        self.all.iter().map(|slice| slice.progress.left).sum()
    }

    /// Takes what has come of all slices from this one on, as far as the budget allows.
    pub(super) fn fill(&mut self, cx: &mut Context<'_>, from: usize) {
        for slice in self.all.iter_mut().skip(from) {
            self.has_freed |= slice.fill(cx);
        }
    }

    pub(super) fn are_refused(&self) -> bool {
        self.all.iter().any(|slice| slice.is_refused)
    }

    /// The next piece of the first slice, then of those after it.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        self.fill(cx, 1);
        loop {
            let Some(first) = self.all.front_mut() else {
                return Poll::Ready(Next::End);
            };
            if let Some(chunk) = first.waiting.pop() {
                first.held.give_back(chunk.len());
                return Poll::Ready(Next::Piece(Ok(Fetched::Bytes(chunk))));
            }
            if let Some(error) = first.failure.take() {
                return Poll::Ready(Next::Piece(Err(error)));
            }
            if first.is_refused {
                return Poll::Ready(Next::Piece(Ok(Fetched::NoRanges)));
            }
            if !first.is_over {
                match first.poll_rest(cx) {
                    Poll::Ready(Some(piece)) => return Poll::Ready(Next::Piece(piece)),
                    Poll::Ready(None) => {}
                    Poll::Pending if std::mem::take(&mut self.has_freed) => {
                        return Poll::Ready(Next::Room);
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
            self.all.pop_front();
        }
    }
}

impl Slice {
    /// `None` for a transfer that has no end.
    fn new<R: Remote>(transfer: Transfer<R>, connection: Connection, held: Held) -> Option<Self> {
        let (start, end) = (transfer.offset, transfer.end?);
        let rest = stream::try_unfold(transfer, |mut transfer| async {
            let piece = transfer.next_of_stretch().await?;
            Ok(piece.map(|piece| (piece, transfer)))
        });
        Some(Self {
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
        })
    }

    /// Whether its connection is free for another since.
    fn fill(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_freed = false;
        while !self.is_over && self.held.has_room() {
            let was_busy = self.is_busy();
            match self.poll_rest(cx) {
                Poll::Ready(Some(Ok(Fetched::Bytes(chunk)))) => {
                    self.held.add(chunk.len());
                    self.waiting.push(&chunk);
                }
                Poll::Ready(Some(Ok(Fetched::NoRanges))) => self.is_refused = true,
                // Told when its turn comes: what stands before it is good.
                Poll::Ready(Some(Err(error))) => self.failure = Some(error),
                Poll::Ready(None) => {}
                Poll::Pending => break,
            }
            has_freed |= was_busy && !self.is_busy();
        }
        has_freed
    }

    fn is_busy(&self) -> bool {
        let mut connection = self.connection.iter();
        connection.any(|connection| !connection.gives_way())
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Fetched>>> {
        let next = self.rest.poll_next_unpin(cx);
        match &next {
            Poll::Ready(Some(Ok(Fetched::Bytes(chunk)))) => {
                if self.progress.is_nearly_over(chunk.len() as u64)
                    && let Some(connection) = &mut self.connection
                {
                    connection.give_way();
                }
                if self.progress.left == 0 {
                    self.end();
                }
            }
            Poll::Ready(_) => self.end(),
            Poll::Pending => {}
        }
        next
    }

    /// Lets go of the response too, though nobody may ask for what comes next for long.
    fn end(&mut self) {
        self.is_over = true;
        self.connection = None;
        self.rest = Box::pin(stream::empty());
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
