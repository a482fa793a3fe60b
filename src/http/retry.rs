//! When a request is sent again, and after how long.

use std::time::Duration;

use reqwest::StatusCode;

use super::limits::ResponseTooLarge;
use crate::error::{Attempts, PASSING_STATUSES};

/// Whether doing a call twice does no more than doing it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Idempotency {
    /// Reads, counts, cancels and deletes.
    Repeatable,
    /// Creates: sent again only if the first certainly did nothing, for it was never received or
    /// was refused for a quota.
    OnlyUndone,
    /// Pieces of uploads: sent again only if the first was certainly never received.
    OnlyUnsent,
}

tokio::task_local! {
    /// Whether a create that a quota refuses is the caller's to make again.
    static QUOTA_IS_FINAL: ();
}

/// Makes calls of which a create that a quota refuses is not sent again: for callers that have less
/// at once then, and come back after minutes.
#[cfg(feature = "runs")]
pub(crate) async fn refused_by_quota_once<F: Future>(calls: F) -> F::Output {
    QUOTA_IS_FINAL.scope((), calls).await
}

/// How often and how long calls are repeated.
///
/// Reads, cancels and deletes repeat after a failed connection, an attempt that timed out,
/// and the statuses 408, 429, 500, 502, 503 and 504, waiting a random time below a bound
/// that doubles. A `Retry-After` or `google.rpc.RetryInfo` in the response is waited for.
/// A create is repeated only if it certainly did nothing, since Google documents it as not
/// idempotent: no connection could be made, a quota refused it (429), or its token was refused and
/// another is available. What else may go wrong with it is
/// [`Create::adopt`](crate::batches::Create::adopt)'s matter, whose looks wait as long as
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
            statuses: PASSING_STATUSES.to_vec(),
        }
    }
}

impl RetryPolicy {
    /// A policy that sends every request once, whatever comes of it.
    ///
    /// ```
    /// use genai_batch::RetryPolicy;
    ///
    /// let once = RetryPolicy::none();
    /// assert_eq!(once, RetryPolicy::default().max_attempts(1));
    /// ```
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// How often a request is sent at most, the first time included. 0 means 1.
    ///
    /// ```
    /// use genai_batch::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().max_attempts(10);
    /// ```
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The bound of the first random wait; by default a second.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().initial_backoff(Duration::from_millis(200));
    /// ```
    pub fn initial_backoff(mut self, backoff: Duration) -> Self {
        self.initial_backoff = backoff;
        self
    }

    /// The bound that the waits grow to; by default half a minute.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().max_backoff(Duration::from_secs(120));
    /// ```
    pub fn max_backoff(mut self, backoff: Duration) -> Self {
        self.max_backoff = backoff;
        self
    }

    /// How long all attempts and the waits between them may take together; [`Duration::MAX`] is no
    /// limit.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().budget(Duration::from_secs(3600));
    /// ```
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// The statuses after which a request is repeated, in place of the default ones.
    ///
    /// ```
    /// use genai_batch::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().statuses([429, 503]);
    /// ```
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    pub(crate) fn covers(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// Whether a call that came to this may be made again.
    pub(crate) fn applies(
        &self,
        outcome: &reqwest::Result<reqwest::Response>,
        idempotency: Idempotency,
    ) -> bool {
        match (outcome, idempotency) {
            (Ok(response), Idempotency::Repeatable) => self.covers(response.status().as_u16()),
            (Ok(response), Idempotency::OnlyUndone) => {
                let status = response.status();
                status == StatusCode::TOO_MANY_REQUESTS
                    && self.covers(status.as_u16())
                    && QUOTA_IS_FINAL.try_with(|()| ()).is_err()
            }
            (Ok(_), Idempotency::OnlyUnsent) => false,
            (Err(error), Idempotency::Repeatable) => {
                !error.is_builder() && ResponseTooLarge::within(error).is_none()
            }
            (Err(error), Idempotency::OnlyUndone | Idempotency::OnlyUnsent) => error.is_connect(),
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
        attempts: Attempts,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if !worth_it || attempts.count >= self.max_attempts {
            return None;
        }
        let delay = asked.unwrap_or_else(|| self.backoff(attempts.count, fastrand::f64()));
        (attempts.elapsed.saturating_add(delay) <= self.budget).then_some(delay)
    }

    /// Full jitter: a random share of a bound that doubles with each attempt.
    pub(crate) fn backoff(&self, attempts: u32, random: f64) -> Duration {
        let doubled = 2u32.saturating_pow(attempts.saturating_sub(1).min(20));
        let bound = self.initial_backoff.saturating_mul(doubled);
        let bound = bound.min(self.max_backoff).as_secs_f64();
        Duration::try_from_secs_f64(bound * random).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16) -> reqwest::Result<reqwest::Response> {
        Ok(http::Response::builder()
            .status(status)
            .body("")
            .unwrap()
            .into())
    }

    fn attempts(attempts: u32, seconds: u64) -> Attempts {
        Attempts {
            count: attempts,
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
        let endless = policy
            .initial_backoff(Duration::MAX)
            .max_backoff(Duration::MAX);
        assert_eq!(endless.backoff(3, 1.0), Duration::MAX);
        assert_eq!(endless.backoff(1, 0.0), Duration::ZERO);
        assert_eq!(endless.delay(true, attempts(1, 0), None), None);
    }

    #[test]
    fn a_create_is_repeated_after_a_quota_and_no_other_response() {
        let policy = RetryPolicy::default();
        for status in PASSING_STATUSES {
            let again = policy.applies(&response(status), Idempotency::OnlyUndone);
            assert_eq!(again, status == 429, "{status}");
            assert!(!policy.applies(&response(status), Idempotency::OnlyUnsent));
            assert!(policy.applies(&response(status), Idempotency::Repeatable));
        }
        assert!(!policy.applies(&response(400), Idempotency::Repeatable));
        let never = policy.statuses([503]);
        assert!(!never.applies(&response(429), Idempotency::OnlyUndone));
    }

    /// A failure of each kind: nobody there, no response in time, one that breaks off or is too long,
    /// and a request that is none.
    async fn failures() -> [reqwest::Error; 5] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = listener.local_addr().unwrap();
        let client = reqwest::Client::builder().tls_certs_only([]);
        let client = client.no_proxy().build().unwrap();
        let soon = Duration::from_millis(20);
        let late = client.get(format!("http://{silent}/")).timeout(soon);
        let get = async |url: &str| client.get(url).send().await.unwrap_err();
        let pieces = [Ok("01234"), Err(std::io::Error::other("cut"))];
        let pieces = futures_util::stream::iter(pieces);
        let cut = http::Response::new(reqwest::Body::wrap_stream(pieces));
        let cut = reqwest::Response::from(cut).bytes().await.unwrap_err();
        let long = http::Response::new("0123456789").into();
        let long = super::super::limits::read_whole(long, 9).await.unwrap_err();
        [
            get("http://127.0.0.1:0/").await,
            late.send().await.unwrap_err(),
            cut,
            long,
            get("no address").await,
        ]
    }

    #[tokio::test]
    async fn a_create_is_repeated_if_nobody_took_it_and_after_no_other_failure() {
        let policy = RetryPolicy::default();
        let [refused, late, cut, long, odd] = failures().await;
        assert!(refused.is_connect() && odd.is_builder());
        for (error, is_unsent, is_repeatable) in [
            (refused, true, true),
            (late, false, true),
            (cut, false, true),
            (long, false, false),
            (odd, false, false),
        ] {
            let outcome = Err(error);
            for (idempotency, expected) in [
                (Idempotency::Repeatable, is_repeatable),
                (Idempotency::OnlyUndone, is_unsent),
                (Idempotency::OnlyUnsent, is_unsent),
            ] {
                let again = policy.applies(&outcome, idempotency);
                assert_eq!(again, expected, "{idempotency:?} {outcome:?}");
            }
        }
    }

    #[test]
    fn an_error_is_judged_by_its_status_or_its_kind() {
        let status = |status| {
            let failure = crate::error::HttpFailure {
                status,
                ..Default::default()
            };
            crate::Error::status_response(failure, "no".into())
        };
        let policy = RetryPolicy::default().statuses([418, 503]);
        for (error, expected) in [
            (status(418), true),
            (status(503), true),
            (status(429), false),
            (status(404), false),
            (crate::Error::new(crate::error::Kind::Timeout, "late"), true),
            (crate::Error::protocol("odd"), false),
        ] {
            assert_eq!(policy.applies_to(&error), expected, "{error}");
        }
    }

    #[test]
    fn the_last_attempt_and_the_last_moment_count() {
        let policy = RetryPolicy::default();
        let second = Some(Duration::from_secs(1));
        assert_eq!(policy.delay(true, attempts(4, 0), second), second);
        assert_eq!(policy.delay(true, attempts(4, 599), second), second);
        assert_eq!(policy.delay(true, attempts(4, 600), second), None);
        for once in [RetryPolicy::none(), policy.clone().max_attempts(0)] {
            assert_eq!(once.delay(true, attempts(1, 0), second), None);
            assert_eq!(once.delay(true, attempts(0, 0), second), second);
        }
        let hasty = policy.clone().budget(Duration::from_secs(10));
        assert_eq!(hasty.delay(true, attempts(1, 9), second), second);
        assert_eq!(hasty.delay(true, attempts(1, 10), second), None);
        // It doubles twenty times.
        let slow = policy
            .initial_backoff(Duration::from_millis(1))
            .max_backoff(Duration::MAX);
        let longest = Duration::from_millis(1 << 20);
        assert_eq!(
            (slow.backoff(21, 1.0), slow.backoff(99, 1.0)),
            (longest, longest)
        );
        assert_eq!(slow.backoff(20, 1.0), longest / 2);
    }

    #[test]
    fn attempts_and_budget_end_it_and_the_service_may_ask_for_a_wait() {
        let policy = RetryPolicy::default();
        let wait = Some(Duration::from_secs(18));
        let delay = |attempts, wait| policy.delay(true, attempts, wait);
        assert_eq!(delay(attempts(1, 0), wait), wait);
        assert_eq!(delay(attempts(5, 0), wait), None);
        assert_eq!(delay(attempts(2, 590), wait), None);
        assert_eq!(delay(attempts(2, 1), Some(Duration::MAX)), None);
        // An attempt that took the whole of the default timeout is followed by another.
        assert!(delay(attempts(1, 120), None).is_some());
        assert_eq!(policy.delay(false, attempts(1, 0), None), None);
    }
}
