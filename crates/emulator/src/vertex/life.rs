//! The life of a job as a matter of time alone: queued, pending, running, perhaps held half way,
//! and ended, as follows from when it was created, how long it takes, and when it was cancelled.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::later;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// How long a job may wait to start before the service gives it up.
const LONGEST_WAIT: Duration = HOUR.saturating_mul(72);
/// How long a job may run before the service cuts it off.
const LONGEST_RUN: Duration = HOUR.saturating_mul(24);
/// One part in this many of a job's duration is spent queued, and twice that before it starts.
const QUEUED_SHARE: u32 = 10;
/// How long it takes at most to cancel a job.
const LONGEST_CANCELLATION: Duration = Duration::from_secs(10);

/// The instants of a job's life.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Schedule {
    pub(crate) created: DateTime<Utc>,
    queued_until: DateTime<Utc>,
    pub(crate) starts: DateTime<Utc>,
    /// When it is held, and until when; the same instant where it is not.
    hold: (DateTime<Utc>, DateTime<Utc>),
    ends: DateTime<Utc>,
    cancellation: Duration,
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    Queued,
    Pending,
    /// With this share of its requests served.
    Running(f64),
    Held(f64),
    Cancelling(f64),
    Ended {
        at: DateTime<Utc>,
        end: End,
    },
}

/// How a job ended, with the share of its requests that was served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Served,
    Expired(f64),
    Cancelled(f64),
}

impl Schedule {
    pub(crate) fn new(created: DateTime<Utc>, duration: Duration, hold: Duration) -> Self {
        let starts = later(created, duration / QUEUED_SHARE * 2);
        let half_way = later(created, duration / QUEUED_SHARE * 6);
        Self {
            created,
            queued_until: later(created, duration / QUEUED_SHARE),
            starts,
            hold: (half_way, later(half_way, hold)),
            ends: later(later(created, duration), hold),
            cancellation: (duration / QUEUED_SHARE).min(LONGEST_CANCELLATION),
        }
    }

    /// The phase at `now` of a job that was cancelled at `cancelled`, if it was.
    pub(crate) fn phase(&self, now: DateTime<Utc>, cancelled: Option<DateTime<Utc>>) -> Phase {
        let Some(cancelled) = cancelled else {
            return self.undisturbed(now);
        };
        let share = self.share(cancelled);
        let at = later(cancelled, self.cancellation);
        if now < at {
            return Phase::Cancelling(share);
        }
        let end = End::Cancelled(share);
        Phase::Ended { at, end }
    }

    fn undisturbed(&self, now: DateTime<Utc>) -> Phase {
        let given_up = later(self.created, LONGEST_WAIT);
        let cut_off = later(self.starts, LONGEST_RUN);
        let expired = |at, share| Phase::Ended {
            at,
            end: End::Expired(share),
        };
        if self.starts > given_up && now >= given_up {
            return expired(given_up, 0.0);
        }
        if now < self.queued_until {
            return Phase::Queued;
        }
        if now < self.starts {
            return Phase::Pending;
        }
        if self.ends > cut_off && now >= cut_off {
            return expired(cut_off, self.share(cut_off));
        }
        if now >= self.ends {
            return Phase::Ended {
                at: self.ends,
                end: End::Served,
            };
        }
        let share = self.share(now);
        if (self.hold.0..self.hold.1).contains(&now) {
            Phase::Held(share)
        } else {
            Phase::Running(share)
        }
    }

    /// How much of the job is done at `at`, from 0 to 1.
    fn share(&self, at: DateTime<Utc>) -> f64 {
        let held = |at: DateTime<Utc>| at.clamp(self.hold.0, self.hold.1) - self.hold.0;
        let worked = |at: DateTime<Utc>| (at - self.starts - held(at)).as_seconds_f64();
        if at <= self.starts {
            return 0.0;
        }
        if at >= self.ends {
            return 1.0;
        }
        (worked(at) / worked(self.ends)).clamp(0.0, 1.0)
    }

    /// When the row at `row` of `rows` is served.
    pub(crate) fn served_at(&self, row: usize, rows: usize) -> DateTime<Utc> {
        let share = (row + 1) as f64 / rows.max(1) as f64;
        let work = (self.ends - self.starts - (self.hold.1 - self.hold.0)).as_seconds_f64();
        let passed = Duration::try_from_secs_f64(work.max(0.0) * share).unwrap_or_default();
        let at = later(self.starts, passed);
        if at <= self.hold.0 {
            at
        } else {
            later(at, (self.hold.1 - self.hold.0).to_std().unwrap_or_default())
        }
    }

    /// When the job last changed its state, as seen at `now`.
    pub(crate) fn changed(
        &self,
        now: DateTime<Utc>,
        cancelled: Option<DateTime<Utc>>,
    ) -> DateTime<Utc> {
        match self.phase(now, cancelled) {
            Phase::Queued => self.created,
            Phase::Pending => self.queued_until,
            Phase::Running(_) if now >= self.hold.1 && self.hold.0 < self.hold.1 => self.hold.1,
            Phase::Running(_) => self.starts,
            Phase::Held(_) => self.hold.0,
            Phase::Cancelling(_) => cancelled.unwrap_or(now),
            Phase::Ended { at, .. } => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    const CREATED: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn at(seconds: i64) -> DateTime<Utc> {
        CREATED + TimeDelta::seconds(seconds)
    }

    fn schedule(hold: u64) -> Schedule {
        Schedule::new(CREATED, Duration::from_secs(100), Duration::from_secs(hold))
    }

    fn ended(seconds: i64, end: End) -> Phase {
        let at = at(seconds);
        Phase::Ended { at, end }
    }

    #[test]
    fn jobs_queue_wait_run_and_end() {
        let schedule = schedule(0);
        let phase = |seconds| schedule.phase(at(seconds), None);
        assert_eq!(phase(9), Phase::Queued);
        assert_eq!(phase(10), Phase::Pending);
        assert_eq!(phase(20), Phase::Running(0.0));
        assert_eq!(phase(60), Phase::Running(0.5));
        assert_eq!(phase(100), ended(100, End::Served));
        assert_eq!(schedule.changed(at(60), None), at(20));
        assert_eq!(schedule.served_at(3, 4), at(100));
    }

    #[test]
    fn held_jobs_go_on_afterwards() {
        let schedule = schedule(50);
        let phase = |seconds| schedule.phase(at(seconds), None);
        assert_eq!(phase(59), Phase::Running(39.0 / 80.0));
        assert_eq!(phase(60), Phase::Held(0.5));
        assert_eq!(phase(109), Phase::Held(0.5));
        assert_eq!(phase(130), Phase::Running(0.75));
        assert_eq!(phase(150), ended(150, End::Served));
        assert_eq!(schedule.served_at(0, 4), at(40));
        assert_eq!(schedule.served_at(2, 4), at(130));
    }

    #[test]
    fn cancelling_takes_a_while() {
        let schedule = schedule(0);
        let phase = |seconds| schedule.phase(at(seconds), Some(at(60)));
        assert_eq!(phase(60), Phase::Cancelling(0.5));
        assert_eq!(phase(70), ended(70, End::Cancelled(0.5)));
    }

    #[test]
    fn jobs_expire_in_the_queue_and_while_running() {
        let hours = |hours: i64| at(hours * 3600);
        let endless = Schedule::new(CREATED, Duration::MAX, Duration::ZERO);
        assert_eq!(endless.phase(hours(71), None), Phase::Queued);
        let expired = ended(72 * 3600, End::Expired(0.0));
        assert_eq!(endless.phase(hours(72), None), expired);
        let long = Schedule::new(CREATED, HOUR * 60, Duration::ZERO);
        let expired = ended(36 * 3600, End::Expired(0.5));
        assert_eq!(long.phase(hours(40), None), expired);
    }

    #[test]
    fn a_job_of_no_duration_ends_at_once() {
        let schedule = Schedule::new(CREATED, Duration::ZERO, Duration::ZERO);
        assert_eq!(schedule.phase(CREATED, None), ended(0, End::Served));
    }
}
