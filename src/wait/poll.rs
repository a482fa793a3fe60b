//! Polling one job: when the next poll is due, which failures are ridden out, and when to stop.

use std::time::Duration;

use tokio::time::Instant;

use super::hints::Hints;
use crate::error::{Error, Kind, Result};
use crate::job::{BatchJob, JobRef};

const POLL_INTERVAL: Duration = Duration::from_secs(5);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(60);
pub(super) const MAX_OUTAGE: Duration = Duration::from_secs(15 * 60);
const GROWTH: f64 = 1.5;
/// Each wait is longer or shorter by up to this share, so that many waiters spread out.
const JITTER: f64 = 0.1;

/// How a job is polled.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    pub(super) timeout: Option<Duration>,
    pub(super) interval: Duration,
    pub(super) max_interval: Option<Duration>,
    pub(super) max_outage: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            timeout: None,
            interval: POLL_INTERVAL,
            max_interval: None,
            max_outage: MAX_OUTAGE,
        }
    }
}

impl Pace {
    /// The wait after the poll with this number, from 0.
    pub(super) fn pause(&self, polls: u32, random: f64) -> Duration {
        let max = self.max_interval.unwrap_or(MAX_POLL_INTERVAL);
        let max = max.max(self.interval).as_secs_f64();
        let grown = self.interval.as_secs_f64() * GROWTH.powi(polls.min(1000) as i32);
        let jitter = 1.0 + JITTER * (2.0 * random - 1.0);
        Duration::try_from_secs_f64(grown.min(max) * jitter).unwrap_or(Duration::MAX)
    }
}

/// One job being polled.
pub(super) struct Poller {
    pub(super) pace: Pace,
    pub(super) hints: Option<Hints>,
    /// Whether a hint said that the job may have ended.
    pub(super) is_hinted: bool,
    name: String,
    started: Instant,
    /// Since the start, or the last hint.
    pub(super) polls: u32,
    last: Option<BatchJob>,
    last_failure: Option<Error>,
    outage_since: Option<Instant>,
    pub(super) ended: bool,
    /// Whether it was the caller's deadline that ended it.
    pub(super) timed_out: bool,
}

impl Poller {
    pub(super) fn new(pace: Pace, job: &JobRef, hints: Option<Hints>) -> Self {
        Self {
            pace,
            hints,
            is_hinted: false,
            name: job.name.clone(),
            started: Instant::now(),
            polls: 0,
            last: job.job.clone(),
            last_failure: None,
            outage_since: None,
            ended: false,
            timed_out: false,
        }
    }

    /// The next state of the job; `None` once it has ended or failed to be read.
    pub(super) async fn next<F, Fut>(&mut self, get: F) -> Option<Result<BatchJob>>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<BatchJob>>,
    {
        if self.ended {
            return None;
        }
        // A deadline beyond what the clock can tell is none.
        let deadline = self
            .pace
            .timeout
            .and_then(|timeout| Some((timeout, self.started.checked_add(timeout)?)));
        let outcome = match deadline {
            None => self.poll(get).await,
            Some((timeout, deadline)) => {
                let poll = tokio::time::timeout_at(deadline, self.poll(get)).await;
                poll.unwrap_or_else(|_| Err(self.timed_out(timeout)))
            }
        };
        match &outcome {
            Ok(job) => {
                self.ended = job.is_terminal();
                self.last = Some(job.clone());
            }
            Err(_) => self.ended = true,
        }
        Some(outcome)
    }

    /// Polls until the service answers, riding out failures that pass.
    async fn poll<F, Fut>(&mut self, get: F) -> Result<BatchJob>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<BatchJob>>,
    {
        loop {
            if self.polls > 0 {
                self.pause().await;
            }
            self.polls += 1;
            match get().await {
                Ok(job) => {
                    self.outage_since = None;
                    self.last_failure = None;
                    return Ok(job);
                }
                Err(error) if error.is_retryable() => {
                    let since = *self.outage_since.get_or_insert_with(Instant::now);
                    if self.pace.timeout.is_none() && since.elapsed() >= self.pace.max_outage {
                        return Err(self.blame(error));
                    }
                    tracing::warn!(job = %self.name, %error, "a poll failed, polling on");
                    self.last_failure = Some(error);
                }
                Err(error) => return Err(self.blame(error)),
            }
        }
    }

    fn blame(&self, error: Error) -> Error {
        let error = error.during(format!("waiting for {}", self.name));
        match &self.last {
            Some(job) => error.with_job(job.clone()),
            None => error,
        }
    }

    fn timed_out(&mut self, timeout: Duration) -> Error {
        let seen = self.last.as_ref().map_or_else(
            || "its state could not be read".to_owned(),
            |job| format!("it was last seen as {}", job.state()),
        );
        let message = format!("it has not ended within {timeout:?}; {seen}");
        self.timed_out = true;
        let error = Error::new(Kind::Timeout, message);
        let error = match self.last_failure.take() {
            Some(failure) => error.with_source(failure),
            None => error,
        };
        self.blame(error)
    }
}
