//! What the caller says of how a run is driven.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::events::RunEvent;
use super::super::progress::Progress;
use crate::cost::Pricing;
use crate::error::{Error, Result};
use crate::results::BatchResult;

pub(super) type RetryIf = Arc<dyn Fn(&BatchResult) -> bool + Send + Sync>;
pub(super) type OnResult = Arc<Mutex<dyn FnMut(&BatchResult) + Send>>;
type OnProgress = Box<dyn FnMut(&Progress) + Send>;
type OnEvent = Box<dyn FnMut(&RunEvent) + Send>;

/// How much longer each interval is than the one before.
const GROWTH: f64 = 1.5;
/// The longest pause between looks for a job, and between tries of a step.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The options of [`Finish`](super::super::Finish), whose methods document them.
pub(in crate::runs) struct Plan {
    pub(in crate::runs) attempts: i64,
    pub(in crate::runs) retry_if: Option<RetryIf>,
    pub(in crate::runs) on_progress: Option<OnProgress>,
    pub(in crate::runs) on_event: Option<OnEvent>,
    pub(in crate::runs) on_result: Option<OnResult>,
    pub(in crate::runs) max_jobs: usize,
    pub(in crate::runs) first: i64,
    pub(in crate::runs) most: i64,
    pub(in crate::runs) job_bytes: i64,
    pub(in crate::runs) max_tokens: i64,
    pub(in crate::runs) quota_pause: Duration,
    pub(in crate::runs) unclear_wait: Duration,
    pub(in crate::runs) interval: Duration,
    pub(in crate::runs) max_interval: Duration,
    pub(in crate::runs) max_outage: Duration,
    pub(in crate::runs) output_timeout: Duration,
    pub(in crate::runs) deadline: Option<Duration>,
    pub(in crate::runs) budget: Option<(f64, Pricing)>,
    pub(in crate::runs) trial: Option<i64>,
    /// Whether the results of requests that the service holds are read; not said by default.
    pub(in crate::runs) rows: Option<bool>,
    /// The options that were set and are about single requests.
    pub(in crate::runs) of_requests: Vec<&'static str>,
    /// What was told last.
    pub(super) told: Option<Progress>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            attempts: 3,
            retry_if: None,
            on_progress: None,
            on_event: None,
            on_result: None,
            max_jobs: 20,
            first: 1_000,
            most: 50_000,
            job_bytes: 1_000_000_000,
            max_tokens: i64::MAX,
            quota_pause: Duration::from_secs(60),
            unclear_wait: Duration::from_secs(3600),
            interval: Duration::from_secs(5),
            max_interval: Duration::from_secs(60),
            max_outage: Duration::from_secs(15 * 60),
            output_timeout: Duration::from_secs(120),
            deadline: None,
            budget: None,
            trial: None,
            rows: None,
            of_requests: Vec::new(),
            told: None,
        }
    }
}

impl Plan {
    /// Refuses what has no meaning for this run.
    pub(in crate::runs) fn check(&self, is_of_parts: bool) -> Result<()> {
        let refuse = |what: String| Err(Error::input(what));
        match (is_of_parts, self.of_requests.first()) {
            (true, Some(option)) => refuse(format!(
                "the option `{option}` is about single requests, and those of this run are with the \
                 service, which is asked for each file or table as a whole: leave it out. Dropped at any \
                 time, `finish` leaves the jobs to go on, and a later one follows them"
            )),
            (true, None) if self.on_result.is_some() && self.rows != Some(true) => refuse(
                "the option `on_result` needs the results, and those of this run stay with the service: \
                 add `rows(true)`"
                    .to_owned(),
            ),
            (false, _) if self.rows == Some(false) => refuse(
                "the option `rows(false)` is for runs whose requests the service holds, gs://… or bq://…; \
                 this one has its requests, and keeps their results: leave it out"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// The pause after so many polls in which nothing ended.
    pub(super) fn pause(&self, polls: u32) -> Duration {
        let grown = self.interval.mul_f64(GROWTH.powi(polls.min(40) as i32));
        grown.min(self.max_interval)
    }

    /// The pause before a job is looked for once more, after so many looks.
    pub(super) fn look_pause(&self, looks: u32) -> Duration {
        let first = (self.unclear_wait / 8).min(self.interval);
        first
            .saturating_mul(2u32.saturating_pow(looks.min(16)))
            .min(LONGEST)
    }

    /// The pause before a step is tried again, after so many failures.
    pub(super) fn retry_pause(&self, failures: u32) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1).min(16));
        self.interval.saturating_mul(doubled).min(self.max_interval)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("attempts", &self.attempts)
            .field("max_jobs", &self.max_jobs)
            .field("job_requests", &(self.first, self.most))
            .field("deadline", &self.deadline)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
