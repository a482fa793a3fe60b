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

mod slices;
mod waiting;

use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use self::slices::{Next, Slices};
use super::resume::{Fetched, Remote, Transfer};
use crate::error::Result;
use crate::http::connections::{Connection, Connections, Held, MOST, Pace, poll_at_pace};
use crate::results::ByteStream;

const MIB: u64 = 1024 * 1024;

/// How many bytes slices have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// As few, where there are more than that left.
    pub(super) shortest: u64,
    pub(super) longest: u64,
}

impl Sizes {
    /// Those that make the most of so much memory. The longer slices are, the less of their time do
    /// connections wait for first bytes, and the more waits for its turn: of [`MOST`] that begin one after
    /// another, half of each but the first. Readers may hold a little more, since connections are not
    /// equally fast.
    pub(super) fn within(limit: usize) -> Self {
        let shortest = MIB / 2;
        let longest = limit as u64 * 5 / 4 / MOST as u64;
        Self {
            shortest,
            longest: longest.max(shortest),
        }
    }
}

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
                Next::Piece(Ok(Fetched::Bytes(chunk))) => {
                    self.main.book(&chunk)?;
                    return Ok(Some(chunk));
                }
                Next::Piece(Ok(Fetched::NoRanges)) => self.stop_dividing(),
                Next::Piece(Err(error)) => return Err(error),
                Next::Room => {}
                // Where no slice follows, the first transfer goes on from there.
                Next::End => {
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
        let budget = self.connections.budget();
        // What is begun is more than what may be held: half of it, about, is yet to come.
        let reach = 2 * budget.limit() as u64;
        loop {
            let start = match self.slices.end() {
                Some(end) => end,
                // As much as the first response will have brought before the next one comes.
                None if self.connection.is_some() => self.main.offset + shortest,
                None => self.main.offset,
            };
            let left = size.saturating_sub(start);
            if left == 0 || (left < shortest && self.slices.is_empty()) {
                return;
            }
            if start - self.main.offset >= reach {
                return;
            }
            // Of growing length, so that they do not all end at once; and shorter towards the end, where
            // they should: each as long as takes the others to bring the rest.
            let grown = (self.made + 1) * (longest / MOST as u64);
            let to_come = left + self.slices.left();
            let fair = to_come.div_ceil(self.connections.allowed().max(1) as u64);
            let mut len = grown.min(fair).clamp(shortest, longest);
            if left - len.min(left) < shortest {
                len = left;
            }
            let Some(connection) = self.connections.more() else {
                return;
            };
            if self.connection.is_some() && self.slices.is_empty() {
                self.main.end = Some(start);
            }
            self.made += 1;
            let transfer = self.main.stretch(start, start + len);
            let held = Held::of(budget);
            self.slices.add(transfer, connection, held);
        }
    }

    /// Reads all that is left by one connection.
    fn stop_dividing(&mut self) {
        self.is_divisible = false;
        self.slices.clear();
        self.main.end = None;
        if self.connection.is_none() {
            self.connection = Some(self.connections.one());
        }
    }
}

#[cfg(test)]
mod tests;
