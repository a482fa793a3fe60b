//! How many connections one reading may have at once, and how much memory may hold what came before
//! it was asked for.
//!
//! ```text
//! a reader that waits → one connection more, twice as many, … up to MOST
//! a reader that is late → half as many, down to one
//! ```
//!
//! What a connection reads beyond what its reader takes next counts against the [`Budget`] of the client;
//! what is next never does, so that a full budget holds nobody up.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// How many connections a reading takes up by itself.
pub(crate) const MOST: usize = 8;
/// How many responses a reading has at once where they share one connection of HTTP/2, and its windows:
/// what nobody reads of some of them keeps the others, and calls, from coming.
const MOST_SHARED: usize = 2;
/// How long a reader has to wait, all in all, before there are more connections …
const WAITED: Duration = Duration::from_millis(20);
/// … and over what time its waits are added up.
const WINDOW: Duration = Duration::from_millis(250);

/// How many bytes may be held ahead of their readers.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    /// How much of it readers may hold. The rest is for the buffers that their connections read into, of
    /// 0.4 MiB each, and for what the allocator makes of all that comes and goes.
    for_readers: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            for_readers: limit - limit / 16 * 5,
            used: AtomicUsize::new(0),
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    fn has_room(&self) -> bool {
        self.used.load(Ordering::Relaxed) < self.for_readers
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// What one holder has of a budget; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Held {
    pub(crate) fn of(budget: &Arc<Budget>) -> Self {
        Self {
            budget: Arc::clone(budget),
            bytes: 0,
        }
    }

    /// Whether a reader may hold more.
    pub(crate) fn has_room(&self) -> bool {
        self.budget.has_room()
    }

    /// Whether so many bytes more are within the budget.
    #[cfg(any(test, feature = "gcs"))]
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        let used = self.budget.used.load(Ordering::Relaxed);
        used.saturating_add(bytes) <= self.budget.limit
    }

    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.budget.used.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

/// The connections of one reading, shared by all that it reads.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whether their number follows the reader.
    is_adaptive: bool,
    allowed: AtomicUsize,
    used: AtomicUsize,
    /// Whether one of them gives way, and does not count as used.
    gives_way: AtomicBool,
    /// Whether all are one.
    is_shared: AtomicBool,
    budget: Arc<Budget>,
}

/// One connection, as it counts.
#[derive(Debug)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
    gives_way: bool,
}

impl Connections {
    /// So many; as many as the reader is worth where no number is given.
    pub(crate) fn new(count: Option<usize>, budget: Arc<Budget>) -> Self {
        Self(Arc::new(Shared {
            is_adaptive: count.is_none(),
            allowed: AtomicUsize::new(count.unwrap_or(1)),
            used: AtomicUsize::new(0),
            gives_way: AtomicBool::new(false),
            is_shared: AtomicBool::new(false),
            budget,
        }))
    }

    /// How many there may be now.
    pub(crate) fn allowed(&self) -> usize {
        let allowed = self.0.allowed.load(Ordering::Relaxed);
        match self.0.is_shared.load(Ordering::Relaxed) {
            true => allowed.min(MOST_SHARED),
            false => allowed,
        }
    }

    /// How many there may ever be by themselves.
    fn most(&self) -> usize {
        match self.0.is_shared.load(Ordering::Relaxed) {
            true => MOST_SHARED,
            false => MOST,
        }
    }

    /// Takes note that a response came by HTTP/2, whose connection all share.
    pub(crate) fn share(&self) {
        let was_shared = self.0.is_shared.swap(true, Ordering::Relaxed);
        if !was_shared
            && !self.0.is_adaptive
            && self.0.allowed.load(Ordering::Relaxed) > MOST_SHARED
        {
            tracing::warn!(
                "contents share one connection of HTTP/2, on which {MOST_SHARED} responses at once are read: \
                 make the client of `http_client` with `http1_only()`"
            );
        }
    }

    /// Whether there may be more than one at any time.
    #[cfg(feature = "bigquery")]
    pub(crate) fn may_be_several(&self) -> bool {
        self.0.is_adaptive || self.allowed() > 1
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.0.budget
    }

    /// One that is needed to go on at all.
    pub(crate) fn one(&self) -> Connection {
        self.0.used.fetch_add(1, Ordering::Relaxed);
        Connection {
            shared: Arc::clone(&self.0),
            gives_way: false,
        }
    }

    /// One more, if there may be more.
    pub(crate) fn more(&self) -> Option<Connection> {
        (self.0.used.load(Ordering::Relaxed) < self.allowed()).then(|| self.one())
    }
}

/// One, which is all that contents in memory take.
#[cfg(any(test, feature = "_internals"))]
impl Default for Connections {
    fn default() -> Self {
        Self::new(Some(1), Arc::new(Budget::new(0)))
    }
}

impl Connection {
    /// Lets another one begin while this one ends, so that the line is not idle until its first byte. One
    /// at a time may do so: there is never more than one connection beyond those that are allowed.
    pub(crate) fn give_way(&mut self) {
        let others = &self.shared.gives_way;
        if !self.gives_way && !others.swap(true, Ordering::Relaxed) {
            self.gives_way = true;
            self.shared.used.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn gives_way(&self) -> bool {
        self.gives_way
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        match self.gives_way {
            true => self.shared.gives_way.store(false, Ordering::Relaxed),
            false => drop(self.shared.used.fetch_sub(1, Ordering::Relaxed)),
        }
    }
}

/// Watches whether a reader waits for bytes, and sets the number of connections by it.
pub(crate) struct Pace {
    connections: Connections,
    /// The time over which waits are added up: since when, and how much of it was waited.
    since: Option<Instant>,
    waited: Duration,
    waits_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(crate) fn new(connections: Connections) -> Self {
        Self {
            connections,
            since: None,
            waited: Duration::ZERO,
            waits_since: None,
            alarm: None,
        }
    }

    /// The reader has got something.
    pub(crate) fn serve(&mut self) {
        if self.connections.0.is_adaptive {
            self.look(Instant::now());
            self.waits_since = None;
            self.alarm = None;
        }
    }

    /// The reader has nothing to read. Whether there may be more connections than before; if not, its
    /// task is woken when there may be.
    pub(crate) fn poll_more(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.connections.0.is_adaptive {
            return false;
        }
        let now = Instant::now();
        if self.waits_since.is_none() {
            self.look(now);
            self.waits_since = Some(now);
        }
        loop {
            if self.connections.allowed() >= self.connections.most() {
                return false;
            }
            let alarm = self
                .alarm
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(WAITED)));
            if alarm.as_mut().poll(cx).is_pending() {
                return false;
            }
            self.alarm = None;
            if self.look(Instant::now()) {
                return true;
            }
        }
    }

    /// Adds up the waits, and draws the conclusion; whether it is that there may be more connections.
    fn look(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        if let Some(waits_since) = &mut self.waits_since {
            self.waited += now - *waits_since;
            *waits_since = now;
        }
        let allowed = self.connections.allowed();
        let (next, is_over) = conclude(allowed, self.waited, now - since);
        let next = next.min(self.connections.most());
        if is_over {
            self.since = Some(now);
            self.waited = Duration::ZERO;
        }
        self.connections.0.allowed.store(next, Ordering::Relaxed);
        next > allowed
    }
}

/// How many connections there may be after a reader waited so much of a time, and whether that time is
/// to begin anew.
fn conclude(allowed: usize, waited: Duration, time: Duration) -> (usize, bool) {
    if waited >= WAITED && waited >= time / 2 {
        return ((allowed * 2).min(MOST), true);
    }
    if time < WINDOW {
        return (allowed, false);
    }
    match waited < time / 8 {
        true => ((allowed / 2).max(1), true),
        false => (allowed, true),
    }
}

/// A poll of something, by whose outcome the number of connections is set.
pub(crate) fn poll_at_pace<T>(
    pace: &mut Pace,
    cx: &mut Context<'_>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    loop {
        if let Poll::Ready(outcome) = poll(cx) {
            pace.serve();
            return Poll::Ready(outcome);
        }
        if !pace.poll_more(cx) {
            return Poll::Pending;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn who_waits_gets_more_and_who_is_late_fewer() {
        for (allowed, waited, time, next) in [
            (1, 20 * MS, 20 * MS, (2, true)),
            (4, 30 * MS, 60 * MS, (8, true)),
            (8, 30 * MS, 60 * MS, (8, true)),
            // Not long enough, and not most of the time.
            (1, 19 * MS, 19 * MS, (1, false)),
            (1, 20 * MS, 41 * MS, (1, false)),
            (4, 80 * MS, 250 * MS, (4, true)),
            (4, 10 * MS, 250 * MS, (2, true)),
            (1, Duration::ZERO, 250 * MS, (1, true)),
            (4, Duration::ZERO, 249 * MS, (4, false)),
        ] {
            let is = conclude(allowed, waited, time);
            assert_eq!(is, next, "{allowed} {waited:?} {time:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_ends_in_all_connections_and_a_slow_reader_in_one() {
        let connections = Connections::new(None, Arc::new(Budget::new(1)));
        let mut pace = Pace::new(connections.clone());
        let ready_at = Instant::now() + 100 * MS;
        let mut ready = Box::pin(tokio::time::sleep_until(ready_at));
        poll_fn(|cx| poll_at_pace(&mut pace, cx, |cx| ready.as_mut().poll(cx))).await;
        assert_eq!(Instant::now(), ready_at);
        assert_eq!(connections.allowed(), MOST);
        for _ in 0..10 {
            tokio::time::advance(WINDOW).await;
            poll_fn(|cx| poll_at_pace(&mut pace, cx, |_| Poll::Ready(()))).await;
        }
        assert_eq!(connections.allowed(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_number_that_is_given_stays() {
        let connections = Connections::new(Some(3), Arc::new(Budget::new(1)));
        let mut pace = Pace::new(connections.clone());
        let mut ready = Box::pin(tokio::time::sleep(1000 * MS));
        poll_fn(|cx| poll_at_pace(&mut pace, cx, |cx| ready.as_mut().poll(cx))).await;
        assert_eq!(connections.allowed(), 3);
        let all: Vec<_> = std::iter::from_fn(|| connections.more()).collect();
        assert_eq!(all.len(), 3);
        drop(all);
        assert!(connections.more().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn on_a_connection_that_is_shared_there_are_two() {
        for count in [None, Some(MOST)] {
            let connections = Connections::new(count, Arc::new(Budget::new(1)));
            let mut pace = Pace::new(connections.clone());
            connections.share();
            let mut ready = Box::pin(tokio::time::sleep(1000 * MS));
            poll_fn(|cx| poll_at_pace(&mut pace, cx, |cx| ready.as_mut().poll(cx))).await;
            let all: Vec<_> = std::iter::from_fn(|| connections.more()).collect();
            assert_eq!((connections.allowed(), all.len()), (2, 2));
        }
    }

    #[test]
    fn one_connection_at_a_time_gives_way_to_another() {
        let connections = Connections::new(Some(2), Arc::new(Budget::new(1)));
        let mut all = vec![connections.one(), connections.one()];
        assert!(connections.more().is_none());
        for _ in 0..2 {
            all[0].give_way();
            all[1].give_way();
        }
        assert!(all[0].gives_way() && !all[1].gives_way());
        all.extend(connections.more());
        assert!(all.len() == 3 && connections.more().is_none());
        // Its end makes room for another that gives way, and for none beside.
        all.remove(0);
        assert!(connections.more().is_none());
        all[0].give_way();
        assert!(all[0].gives_way());
        drop(all);
        let all: Vec<_> = std::iter::from_fn(|| connections.more()).collect();
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn what_is_held_is_given_back() {
        let budget = Arc::new(Budget::new(10));
        let mut one = Held::of(&budget);
        let mut other = Held::of(&budget);
        one.add(6);
        assert!(other.has_room());
        other.add(6);
        assert!(!one.has_room());
        one.give_back(3);
        assert!(one.has_room());
        drop((one, other));
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }
}
