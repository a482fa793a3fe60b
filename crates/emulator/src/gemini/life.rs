//! The life of a job as a matter of time alone: what it is doing at an instant follows from when it
//! was created, how long it takes, and whether it was cancelled.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::later;

/// How long a job may take before the service gives it up without results.
const EXPIRY: Duration = Duration::from_secs(48 * 60 * 60);
/// One part in this many of a job's duration is spent waiting to start.
const PENDING_SHARE: u32 = 5;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Schedule {
    pub(crate) created: DateTime<Utc>,
    starts: DateTime<Utc>,
    ends: DateTime<Utc>,
    expires: DateTime<Utc>,
    requests: usize,
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Phase {
    Pending,
    Running { served: usize },
    Ended { at: DateTime<Utc>, end: End },
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum End {
    /// With the responses to the first `served` requests.
    Served {
        served: usize,
    },
    Cancelled,
    Expired,
}

impl Schedule {
    pub(crate) fn new(created: DateTime<Utc>, duration: Duration, requests: usize) -> Self {
        Self {
            created,
            starts: later(created, duration / PENDING_SHARE),
            ends: later(created, duration),
            expires: later(created, EXPIRY),
            requests,
        }
    }

    /// The phase at `now` of a job that nobody cancelled.
    pub(crate) fn phase(&self, now: DateTime<Utc>) -> Phase {
        if now >= self.expires.min(self.ends) {
            if self.ends > self.expires {
                return Phase::Ended {
                    at: self.expires,
                    end: End::Expired,
                };
            }
            return Phase::Ended {
                at: self.ends,
                end: End::Served {
                    served: self.requests,
                },
            };
        }
        if now < self.starts {
            return Phase::Pending;
        }
        let passed = (now - self.starts).as_seconds_f64();
        let share = passed / (self.ends - self.starts).as_seconds_f64();
        let served = (share * self.requests as f64) as usize;
        Phase::Running {
            served: served.min(self.requests),
        }
    }

    /// How a job ends that is cancelled at `at`; `None` where it has ended already.
    pub(crate) fn cancelled(&self, at: DateTime<Utc>) -> Option<Phase> {
        let end = match self.phase(at) {
            Phase::Pending => End::Cancelled,
            Phase::Running { served } => End::Served { served },
            Phase::Ended { .. } => return None,
        };
        Some(Phase::Ended { at, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn schedule(seconds: u64) -> Schedule {
        Schedule::new(DateTime::UNIX_EPOCH, Duration::from_secs(seconds), 8)
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn jobs_wait_run_and_end() {
        let schedule = schedule(100);
        assert_eq!(schedule.phase(at(0)), Phase::Pending);
        assert_eq!(schedule.phase(at(19)), Phase::Pending);
        assert_eq!(schedule.phase(at(20)), Phase::Running { served: 0 });
        assert_eq!(schedule.phase(at(60)), Phase::Running { served: 4 });
        let ended = Phase::Ended {
            at: at(100),
            end: End::Served { served: 8 },
        };
        assert_eq!(schedule.phase(at(100)), ended);
        assert_eq!(schedule.phase(at(1000)), ended);
    }

    #[test]
    fn jobs_expire_after_48_hours() {
        let hours = |hours: i64| at(hours * 3600);
        let endless = Schedule::new(DateTime::UNIX_EPOCH, Duration::MAX, 8);
        assert_eq!(endless.phase(hours(47)), Phase::Pending);
        let expired = Phase::Ended {
            at: hours(48),
            end: End::Expired,
        };
        assert_eq!(endless.phase(hours(48)), expired);
        assert_eq!(schedule(49 * 3600).phase(hours(50)), expired);
    }

    #[test]
    fn cancelling_depends_on_the_start() {
        let schedule = schedule(100);
        let ended = |seconds, end| {
            Some(Phase::Ended {
                at: at(seconds),
                end,
            })
        };
        assert_eq!(schedule.cancelled(at(10)), ended(10, End::Cancelled));
        assert_eq!(
            schedule.cancelled(at(60)),
            ended(60, End::Served { served: 4 })
        );
        assert_eq!(schedule.cancelled(at(100)), None);
    }

    #[test]
    fn a_job_of_no_duration_ends_at_once() {
        let ended = Phase::Ended {
            at: at(0),
            end: End::Served { served: 8 },
        };
        assert_eq!(schedule(0).phase(at(0)), ended);
    }
}
