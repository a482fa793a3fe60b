//! One connection over a line: bytes enter at its rate, and leave half a round trip later.
//!
//! It carries bytes and knows no protocol, so that windows, handshakes and requests one after another
//! cost what they cost. What it leaves out is what a network does beside: TCP opens with its full rate,
//! and nothing is lost.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};

/// How much enters at a time.
const PIECE: usize = 64 * 1024;
/// How late a timer may be without the line losing what it could have carried meanwhile.
const LATE: Duration = Duration::from_millis(10);
/// How much a line without a rate holds.
const WIDE: f64 = 16.0 * 1024.0 * 1024.0;

/// What a line is like, the same either way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Bytes a second; 0 for no limit.
    rate: f64,
    round_trip: Duration,
}

impl Line {
    pub(crate) fn new(rate: f64, round_trip: Duration) -> Self {
        Self { rate, round_trip }
    }

    /// When the first byte may enter a connection that was asked for now: the other side has to agree.
    pub(crate) fn opening(&self) -> Instant {
        Instant::now() + self.round_trip
    }

    fn takes(&self, bytes: usize) -> Duration {
        match self.rate > 0.0 {
            true => Duration::from_secs_f64(bytes as f64 / self.rate),
            false => Duration::ZERO,
        }
    }

    /// How many bytes it holds: those under way, and as many again that wait for a slow reader.
    fn holds(&self) -> usize {
        let window = match self.rate > 0.0 {
            true => self.rate * self.round_trip.as_secs_f64(),
            false => WIDE,
        };
        window as usize + 4 * PIECE
    }

    /// Carries bytes one way until they end, and counts them.
    pub(crate) async fn carry(
        self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        opening: Instant,
        carried: &AtomicU64,
    ) -> io::Result<()> {
        let room = Arc::new(Semaphore::new(self.holds()));
        let (entry, mut exit) = mpsc::unbounded_channel::<(Instant, Bytes, OwnedSemaphorePermit)>();
        let enter = async move {
            let mut free = opening;
            let mut buffer = BytesMut::new();
            loop {
                buffer.reserve(PIECE);
                let read = from.read_buf(&mut (&mut buffer).limit(PIECE)).await?;
                if read == 0 {
                    return io::Result::Ok(());
                }
                let piece = buffer.split().freeze();
                let room = Arc::clone(&room).acquire_many_owned(read as u32).await;
                let room = room.map_err(io::Error::other)?;
                let now = Instant::now();
                free = free.max(now.checked_sub(LATE).unwrap_or(now)) + self.takes(read);
                let arrival = free + self.round_trip / 2;
                if entry.send((arrival, piece, room)).is_err() {
                    return Ok(());
                }
                sleep_until(free).await;
            }
        };
        let leave = async move {
            while let Some((arrival, piece, _room)) = exit.recv().await {
                sleep_until(arrival).await;
                carried.fetch_add(piece.len() as u64, Ordering::Relaxed);
                to.write_all(&piece).await?;
            }
            to.shutdown().await
        };
        tokio::try_join!(enter, leave)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out at the end of so many bytes, and when.
    async fn carried(line: Line, bytes: usize) -> (usize, Duration) {
        let (mut near, entry) = tokio::io::duplex(PIECE);
        let (exit, mut far) = tokio::io::duplex(PIECE);
        let started = Instant::now();
        let opening = line.opening();
        let count = AtomicU64::new(0);
        let write = async {
            near.write_all(&vec![7; bytes]).await.unwrap();
            drop(near);
        };
        let read = async {
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.unwrap();
            all.len()
        };
        let carry = line.carry(entry, exit, opening, &count);
        let (carried, (), read) = tokio::join!(carry, write, read);
        carried.unwrap();
        assert_eq!(count.into_inner(), bytes as u64);
        (read, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_come_at_the_rate_and_half_a_round_trip_later() {
        let line = Line::new(1e6, Duration::from_millis(100));
        let (read, time) = carried(line, 2_000_000).await;
        assert_eq!(read, 2_000_000);
        // One round trip to open, two seconds to enter, half a round trip to arrive.
        let expected = Duration::from_millis(2150);
        assert!(time >= expected && time < expected + 20 * LATE, "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_without_a_rate_is_late_and_no_more() {
        let line = Line::new(0.0, Duration::from_millis(100));
        let (read, time) = carried(line, 20_000_000).await;
        assert_eq!(read, 20_000_000);
        assert!(
            time >= Duration::from_millis(150) && time < Duration::from_millis(300),
            "{time:?}"
        );
    }
}
