//! Contents over a line whose connections have a rate and a latency, by a clock that nothing but the
//! line moves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::header::{HeaderMap, RANGE};
use reqwest::{Body, Response, Version};
use tokio::time::{Instant, sleep, sleep_until};

use super::SESSION;
use crate::error::Result;
use crate::http::Session;
use crate::http::connections::{Budget, Connections, MOST};
use crate::storage::ahead::{MIB, at_pace};
use crate::storage::resume::{self, Known, Remote};

static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
/// How much the system takes for a connection that nobody reads from.
const WINDOW: f64 = 2e6;

#[derive(Clone, Copy)]
struct Line {
    /// Bytes a second.
    rate: f64,
    latency: Duration,
    size: u64,
    version: Version,
}

#[derive(Default)]
struct Sockets {
    idle: usize,
    open: usize,
    most: usize,
}

struct Object {
    line: Line,
    sockets: Arc<Mutex<Sockets>>,
}

/// One response, after which its connection is free for another if all of it was read.
struct Carrying {
    sockets: Arc<Mutex<Sockets>>,
    left: usize,
}

impl Drop for Carrying {
    fn drop(&mut self) {
        let mut sockets = self.sockets.lock().unwrap();
        match self.left {
            0 => sockets.idle += 1,
            _ => sockets.open -= 1,
        }
    }
}

impl Remote for Object {
    fn session(&self) -> &Session {
        &SESSION
    }

    fn name(&self) -> &str {
        "the contents"
    }

    async fn request(&self, headers: HeaderMap) -> Result<Response> {
        let Line {
            rate,
            latency,
            size,
            version,
        } = self.line;
        let is_new = {
            let mut sockets = self.sockets.lock().unwrap();
            let is_new = sockets.idle == 0;
            match is_new {
                true => sockets.open += 1,
                false => sockets.idle -= 1,
            }
            sockets.most = sockets.most.max(sockets.open);
            is_new
        };
        sleep(latency * if is_new { 2 } else { 1 }).await;
        let range = headers.get(RANGE).map(|range| {
            let range = range.to_str().unwrap().strip_prefix("bytes=").unwrap();
            let (start, last) = range.split_once('-').unwrap();
            let last: u64 = last.parse().unwrap_or(size - 1);
            (start.parse().unwrap(), last.min(size - 1) + 1)
        });
        let (start, end) = range.unwrap_or((0, size));
        let carrying = Carrying {
            sockets: Arc::clone(&self.sockets),
            left: (end - start) as usize,
        };
        let pieces = stream::unfold(
            (carrying, Instant::now()),
            move |(mut it, due)| async move {
                if it.left == 0 {
                    return None;
                }
                let piece = it.left.min(ZEROS.len());
                // What came while nobody looked is as much as the system holds.
                let now = Instant::now();
                let held = Duration::from_secs_f64(WINDOW / rate);
                let due = due.max(now.checked_sub(held).unwrap_or(now));
                let due = due + Duration::from_secs_f64(piece as f64 / rate);
                sleep_until(due).await;
                it.left -= piece;
                let piece = Bytes::from_static(&ZEROS[..piece]);
                Some((Ok::<_, std::io::Error>(piece), (it, due)))
            },
        );
        let mut response = http::Response::builder()
            .status(if range.is_some() { 206 } else { 200 })
            .version(version)
            .header("content-length", end - start)
            .header("etag", "\"a\"");
        if range.is_some() {
            let range = format!("bytes {start}-{}/{size}", end - 1);
            response = response.header("content-range", range);
        }
        let body = Body::wrap_stream(pieces);
        Ok(response.body(body).unwrap().into())
    }
}

struct Read {
    time: f64,
    /// The most connections that were open at once, and the most bytes that were held.
    sockets: usize,
    held: usize,
}

/// Reads all, by a reader that takes no time.
async fn read(line: Line, count: Option<usize>) -> Read {
    let sockets = Arc::default();
    let budget = Arc::new(Budget::new(32 * MIB as usize));
    let connections = Connections::new(count, Arc::clone(&budget));
    let object = Object {
        line,
        sockets: Arc::clone(&sockets),
    };
    let started = Instant::now();
    let begun = resume::start(object, connections.clone()).await.unwrap();
    let mut chunks = at_pace(begun.download(Known::default()), connections);
    let (held, mut bytes) = (AtomicUsize::new(0), 0);
    while let Some(chunk) = chunks.next().await {
        bytes += chunk.unwrap().len() as u64;
        held.fetch_max(budget.used(), Ordering::Relaxed);
    }
    assert_eq!(bytes, line.size);
    let most = sockets.lock().unwrap().most;
    Read {
        time: started.elapsed().as_secs_f64(),
        sockets: most,
        held: held.into_inner(),
    }
}

#[tokio::test(start_paused = true)]
async fn eight_connections_bring_a_multiple_of_one_within_the_budget() {
    for (rate, latency, times) in [
        (20e6, 50, 6.5),
        (40e6, 50, 5.0),
        (40e6, 10, 7.0),
        (5e6, 50, 7.0),
        (40e6, 150, 3.0),
    ] {
        let line = Line {
            rate,
            latency: Duration::from_millis(latency),
            size: 400_000_000,
            version: Version::HTTP_11,
        };
        let one = read(line, Some(1)).await;
        assert!(one.sockets == 1 && one.held == 0);
        for count in [Some(MOST), None] {
            let all = read(line, count).await;
            let is = one.time / all.time;
            let (sockets, held) = (all.sockets, all.held);
            println!(
                "{rate} {latency} ms {count:?}: {is:.2} times, {sockets} sockets, {held} bytes"
            );
            assert!(is >= times, "{rate} {latency} ms {count:?}: {is:.2} times");
            assert!(sockets <= MOST + 1, "{sockets} connections");
            // A piece that comes while there is room for some of it counts in whole.
            assert!(held <= 22 * MIB as usize + ZEROS.len(), "{held} bytes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn responses_that_share_a_connection_are_two_at_once() {
    let line = Line {
        rate: 20e6,
        latency: Duration::from_millis(50),
        size: 100_000_000,
        version: Version::HTTP_2,
    };
    for count in [Some(MOST), None] {
        let all = read(line, count).await;
        // One that is about to end does not count.
        assert!(matches!(all.sockets, 2 | 3), "{} responses", all.sockets);
    }
}
