//! Polling one job: which failures are ridden out, and when to stop.

use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use tokio::time::Instant;

use super::pace::Pace;
use crate::error::{Error, Kind, Result};
use crate::job::{BatchJob, JobRef};

/// Yields whenever the job may have ended; ends when nobody will say so any more.
pub(super) type Hints = Pin<Box<dyn Stream<Item = ()> + Send>>;

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
    /// How long the service asked to leave it alone, when the last poll failed.
    pub(super) asked: Option<Duration>,
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
            asked: None,
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
            // Else whether the service is asked once more would be a matter of a millisecond.
            Some((timeout, deadline)) if deadline <= Instant::now() => Err(self.timed_out(timeout)),
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

    /// Polls until the service responds, riding out failures that pass.
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
                    let left = self.pace.max_outage.saturating_sub(since.elapsed());
                    if self.pace.timeout.is_none() && left.is_zero() {
                        return Err(self.blame(error));
                    }
                    self.asked = match self.pace.timeout {
                        // Up to the deadline, which ends any pause.
                        Some(_) => error.retry_after(),
                        None => error.retry_after().map(|asked| asked.min(left)),
                    };
                    tracing::warn!(job = self.name, %error, "a poll failed, polling on");
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
