//! When a request is sent again, and after how long.

use std::time::Duration;

use super::limits::AnswerTooLong;
use crate::error::Effort;

/// Whether an answer of this status may be different a moment later.
pub(crate) fn is_passing_status(status: u16) -> bool {
    DEFAULT_STATUSES.contains(&status)
}

const DEFAULT_STATUSES: [u16; 6] = [408, 429, 500, 502, 503, 504];

/// Whether doing a call twice does no more than doing it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Reads, counts, cancels and deletes.
    Safe,
    /// Creates: sent again only if the first was certainly never received.
    OnlyUnsent,
}

impl Repeat {
    /// Decides by the operation's id in the OpenAPI document and its HTTP method.
    pub(crate) fn of(operation_id: &str, method: &reqwest::Method) -> Self {
        use reqwest::Method;
        let idempotent = [
            Method::GET,
            Method::HEAD,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ];
        let is_harmless = ["_cancel", "_count_tokens"]
            .iter()
            .any(|end| operation_id.ends_with(end));
        if idempotent.contains(method) || is_harmless {
            Self::Safe
        } else {
            Self::OnlyUnsent
        }
    }
}

/// How often and how long calls are repeated.
///
/// Reads, cancels and deletes repeat after a failed connection, an attempt that timed out,
/// and the statuses 408, 429, 500, 502, 503 and 504, waiting a random time below a bound
/// that doubles. A `Retry-After` or `google.rpc.RetryInfo` in the answer is waited for.
/// A create is repeated only if no connection could be made, or its token was refused and
/// another could be had, since Google documents it as not idempotent. What else may go wrong
/// with it is [`Create::adopt`](crate::Create::adopt)'s matter, whose looks wait as long as
/// retries do at most.
///
/// ```
/// use std::time::Duration;
/// use genai_batch::RetryPolicy;
///
/// let patient = RetryPolicy::default()
///     .max_attempts(10)
///     .budget(Duration::from_secs(600));
/// let never = RetryPolicy::none();
/// # let _ = (patient, never);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    budget: Duration,
    statuses: Vec<u16>,
}

impl Default for RetryPolicy {
    /// Five attempts within ten minutes; the backoff starts at one second and ends at 30.
    fn default() -> Self {
        Self {
            max_attempts: 5,
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(30),
            budget: Duration::from_secs(600),
            statuses: DEFAULT_STATUSES.to_vec(),
        }
    }
}

impl RetryPolicy {
    /// Sends every request once.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// How often a request is sent at most, the first time included. 0 means 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The bound of the first random wait.
    pub fn initial_backoff(mut self, backoff: Duration) -> Self {
        self.initial_backoff = backoff;
        self
    }

    /// The bound that the waits grow to.
    pub fn max_backoff(mut self, backoff: Duration) -> Self {
        self.max_backoff = backoff;
        self
    }

    /// How long all attempts and the waits between them may take together.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// The statuses after which a request is repeated, in place of the default ones.
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.max_attempts
    }

    #[cfg(feature = "bigquery")]
    pub(crate) fn first_backoff(&self) -> Duration {
        self.initial_backoff
    }

    #[cfg(feature = "bigquery")]
    pub(crate) fn longest_backoff(&self) -> Duration {
        self.max_backoff
    }

    #[cfg(feature = "bigquery")]
    pub(crate) fn time_budget(&self) -> Duration {
        self.budget
    }

    pub(crate) fn covers(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// Whether a call that came to this may be made again.
    pub(crate) fn applies(
        &self,
        outcome: &reqwest::Result<reqwest::Response>,
        repeat: Repeat,
    ) -> bool {
        match (outcome, repeat) {
            (Ok(response), Repeat::Safe) => self.covers(response.status().as_u16()),
            (Ok(_), Repeat::OnlyUnsent) => false,
            (Err(error), Repeat::Safe) => {
                !error.is_builder() && AnswerTooLong::within(error).is_none()
            }
            (Err(error), Repeat::OnlyUnsent) => error.is_connect(),
        }
    }

    /// Whether a call that is safe to repeat may be made again after this error.
    pub(crate) fn applies_to(&self, error: &crate::Error) -> bool {
        match error.status() {
            Some(status) => self.covers(status),
            None => error.is_retryable(),
        }
    }

    /// The wait before the next attempt; `None` if there is to be none.
    pub(crate) fn delay(
        &self,
        worth_it: bool,
        effort: Effort,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if !worth_it || effort.attempts >= self.max_attempts {
            return None;
        }
        let delay = asked.unwrap_or_else(|| self.backoff(effort.attempts, fastrand::f64()));
        (effort.elapsed.saturating_add(delay) <= self.budget).then_some(delay)
    }

    /// Full jitter: a random share of a bound that doubles with each attempt.
    pub(crate) fn backoff(&self, attempts: u32, random: f64) -> Duration {
        let doubled = 2u32.saturating_pow(attempts.saturating_sub(1).min(20));
        self.initial_backoff
            .saturating_mul(doubled)
            .min(self.max_backoff)
            .mul_f64(random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> reqwest::Result<reqwest::Response> {
        Ok(http::Response::builder()
            .status(status)
            .body("")
            .unwrap()
            .into())
    }

    fn effort(attempts: u32, seconds: u64) -> Effort {
        Effort {
            attempts,
            elapsed: Duration::from_secs(seconds),
            may_be_done: false,
        }
    }

    #[test]
    fn backoff_doubles_up_to_its_bound() {
        let policy = RetryPolicy::default();
        let bounds: Vec<_> = (1..8).map(|n| policy.backoff(n, 1.0).as_secs()).collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(policy.backoff(4, 0.5), Duration::from_secs(4));
        assert!(policy.backoff(u32::MAX, 1.0) <= Duration::from_secs(30));
    }

    #[test]
    fn a_create_is_never_repeated_after_an_answer() {
        let policy = RetryPolicy::default();
        for status in DEFAULT_STATUSES {
            assert!(!policy.applies(&answer(status), Repeat::OnlyUnsent));
            assert!(policy.applies(&answer(status), Repeat::Safe));
        }
        assert!(!policy.applies(&answer(400), Repeat::Safe));
    }

    #[test]
    fn attempts_and_budget_end_it_and_the_service_may_ask_for_a_wait() {
        let policy = RetryPolicy::default();
        let wait = Some(Duration::from_secs(18));
        let delay = |effort, wait| policy.delay(true, effort, wait);
        assert_eq!(delay(effort(1, 0), wait), wait);
        assert_eq!(delay(effort(5, 0), wait), None);
        assert_eq!(delay(effort(2, 590), wait), None);
        assert_eq!(delay(effort(2, 1), Some(Duration::MAX)), None);
        // An attempt that took the whole of the default timeout is followed by another.
        assert!(delay(effort(1, 120), None).is_some());
        assert_eq!(policy.delay(false, effort(1, 0), None), None);
    }

    #[test]
    fn operations_are_told_apart() {
        use reqwest::Method;
        assert_eq!(Repeat::of("batches_get", &Method::GET), Repeat::Safe);
        assert_eq!(Repeat::of("batches_cancel", &Method::POST), Repeat::Safe);
        let create = Repeat::of("models_batch_generate_content", &Method::POST);
        assert_eq!(create, Repeat::OnlyUnsent);
    }
}
