//! The clock that jobs and files live by: it starts at the real time, and a test may stop it, move
//! it on, or let it run faster than real time.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::state::{Kind, Loading, State};
use crate::sync::lock;

/// A handle to the emulator's clock. Clones share the same clock.
///
/// ```
/// use std::time::Duration;
///
/// let clock = genai_batch_emulator::Clock::new();
/// clock.pause();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!((clock.now() - before).num_minutes(), 60);
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    base: DateTime<Utc>,
    since: Instant,
    scale: f64,
    paused: bool,
    state: State,
}

/// What the clock showed at an instant, and how it went on from there.
#[derive(Debug, Deserialize, Serialize)]
struct Record {
    shown: DateTime<Utc>,
    real: DateTime<Utc>,
    scale: f64,
    paused: bool,
}

impl Record {
    /// What the clock would show at `real` had it gone on.
    fn at(&self, real: DateTime<Utc>) -> DateTime<Utc> {
        let passed = (real - self.real).to_std().unwrap_or_default();
        match self.paused {
            true => self.shown,
            false => later(self.shown, passed.mul_f64(self.scale)),
        }
    }
}

impl Inner {
    fn now(&self) -> DateTime<Utc> {
        if self.paused {
            return self.base;
        }
        later(self.base, self.since.elapsed().mul_f64(self.scale))
    }

    /// Makes this moment the new base, so that the way time passes may change from here.
    fn rebase(&mut self) {
        self.base = self.now();
        self.since = Instant::now();
    }

    /// Notes how the clock goes from here.
    fn note(&self) {
        self.state.put(Kind::Clock, "", || Record {
            shown: self.base,
            real: Utc::now(),
            scale: self.scale,
            paused: self.paused,
        });
    }
}

impl Clock {
    /// A running clock that shows the real time.
    pub fn new() -> Self {
        Self::with_scale(1.0)
    }

    /// A running clock that passes `scale` seconds in each real one.
    pub(crate) fn with_scale(scale: f64) -> Self {
        let scale = if scale.is_finite() {
            scale.clamp(0.0, 1e9)
        } else {
            1.0
        };
        let inner = Inner {
            base: Utc::now(),
            since: Instant::now(),
            scale,
            paused: false,
            state: State::default(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Goes on from what the clock of this state would show now, and keeps its own there.
    pub(crate) fn restore(&self, state: &State, loading: &Loading) -> io::Result<()> {
        let mut inner = lock(&self.inner);
        if let Some(record) = loading.records::<Record>(Kind::Clock)?.first() {
            inner.base = record.at(Utc::now());
            inner.since = Instant::now();
        }
        inner.state = state.clone();
        inner.note();
        Ok(())
    }

    /// The time it is for jobs and files.
    pub fn now(&self) -> DateTime<Utc> {
        lock(&self.inner).now()
    }

    /// Moves the clock on at once, whether it is paused or not.
    pub fn advance(&self, by: Duration) {
        let mut inner = lock(&self.inner);
        inner.rebase();
        inner.base = later(inner.base, by);
        inner.note();
    }

    /// Stops the clock; [`advance`](Self::advance) still moves it.
    pub fn pause(&self) {
        let mut inner = lock(&self.inner);
        inner.rebase();
        inner.paused = true;
        inner.note();
    }

    /// Lets a paused clock go on from where it stands.
    pub fn resume(&self) {
        let mut inner = lock(&self.inner);
        inner.rebase();
        inner.paused = false;
        inner.note();
    }

    /// Whether the clock stands still.
    pub fn is_paused(&self) -> bool {
        lock(&self.inner).paused
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// `time` plus `by`, held at the end of time where that is beyond it.
pub(crate) fn later(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|by| time.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The form of Google's timestamps: UTC with nine fractional digits.
pub(crate) fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paused_clock_moves_only_when_advanced() {
        let clock = Clock::new();
        clock.pause();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now() - start, TimeDelta::milliseconds(1500));
        clock.resume();
        assert!(clock.now() >= start + TimeDelta::milliseconds(1500));
    }

    #[test]
    fn a_clock_goes_on_while_nobody_looks() {
        let record = |scale, paused| Record {
            shown: DateTime::UNIX_EPOCH,
            real: DateTime::UNIX_EPOCH,
            scale,
            paused,
        };
        let real = DateTime::UNIX_EPOCH + TimeDelta::seconds(2);
        let seconds = |record: Record, real| record.at(real).timestamp();
        assert_eq!(seconds(record(1.0, false), real), 2);
        assert_eq!(seconds(record(60.0, false), real), 120);
        assert_eq!(seconds(record(60.0, true), real), 0);
        // Somebody set the real clock back.
        let before = DateTime::UNIX_EPOCH - TimeDelta::seconds(2);
        assert_eq!(seconds(record(1.0, false), before), 0);
    }

    #[test]
    fn far_future_is_held() {
        assert_eq!(later(Utc::now(), Duration::MAX), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn timestamps_have_nine_digits() {
        let time = DateTime::from_timestamp(1_756_000_000, 5_000_000).unwrap_or_default();
        assert_eq!(timestamp(time), "2025-08-24T01:46:40.005000000Z");
    }
}
