//! What a caller can ask of an error: its kind, by predicates, and what it carries.

use std::time::Duration;

use serde_json::Value;

use super::{Error, Kind};
use crate::job::BatchJob;

/// The statuses of responses that may be different a moment later.
pub const PASSING_STATUSES: [u16; 6] = [408, 429, 500, 502, 503, 504];

impl Error {
    /// Whether the same call may succeed later, unchanged: the connection failed, a
    /// deadline passed, or the service was busy (408, 429, 500, 502, 503, 504).
    ///
    /// A create that [may have made its job](Self::is_unclear) is not: the same call could make a
    /// second one.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            _ if self.is_unclear() => false,
            Kind::Transport | Kind::Timeout => true,
            Kind::Status => self
                .status()
                .is_some_and(|status| PASSING_STATUSES.contains(&status)),
            _ => false,
        }
    }

    /// Whether a create may have made a job although it failed: its response was lost, and the job
    /// was not found. [`mark`](Self::mark) finds it later, and the message says which input is kept
    /// for it.
    ///
    /// ```
    /// use genai_batch::{BatchJob, Client, Error, Result};
    ///
    /// # async fn example(client: Client, error: Error) -> Result<Option<BatchJob>> {
    /// match error.mark() {
    ///     Some(mark) if error.is_unclear() => client.batches().find(mark).await,
    ///     _ => Err(error),
    /// }
    /// # }
    /// ```
    pub fn is_unclear(&self) -> bool {
        self.0.unclear.is_some()
    }

    /// The mark that the job of an [unclear](Self::is_unclear) create bears, for
    /// [`Batches::find`](crate::Batches::find). `None` for other errors, and where
    /// [`adopt(false)`](crate::batches::Create::adopt) left the mark out.
    pub fn mark(&self) -> Option<&str> {
        self.0.unclear.as_ref()?.mark.as_deref()
    }

    /// Whether the job or file does not exist (404).
    ///
    /// The Gemini Files API returns 403 for a file that is gone; see
    /// [`is_permission_denied`](Self::is_permission_denied).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the credential may not do this (401 or 403). A file of the Gemini Files API
    /// that was deleted or has expired returns 403 as well.
    pub fn is_permission_denied(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }

    /// Whether the credential itself was refused: it is missing, wrong, revoked or expired
    /// (401, or the reason `API_KEY_INVALID` that the Gemini backend gives with 400).
    pub fn is_unauthenticated(&self) -> bool {
        let invalid = |detail: &Value| {
            detail.get("reason").and_then(Value::as_str) == Some("API_KEY_INVALID")
        };
        self.status() == Some(401) || self.details().iter().any(invalid)
    }

    /// Whether a quota or rate limit refused the call (429), or ended the job
    /// (`RESOURCE_EXHAUSTED`).
    pub fn is_quota(&self) -> bool {
        let job = || {
            let error = self.job()?.error()?;
            self.is_job_ended().then(|| error.status())
        };
        self.status() == Some(429) || self.status_name().or_else(job) == Some("RESOURCE_EXHAUSTED")
    }

    /// Whether the service found fault with the call (status 400 to 499).
    pub fn is_client_error(&self) -> bool {
        self.status().is_some_and(|s| (400..500).contains(&s))
    }

    /// Whether the service failed (status 500 to 599).
    pub fn is_server_error(&self) -> bool {
        self.status().is_some_and(|s| (500..600).contains(&s))
    }

    /// Whether a deadline passed: of one request, or of [`wait`](crate::Batches::wait), in
    /// which case [`job`](Self::job) is the last state seen and the job goes on.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// Whether the caller's input was refused before anything was sent.
    pub fn is_invalid_input(&self) -> bool {
        self.0.kind == Kind::Input
    }

    /// Whether the client could not be built: no credentials, or contradicting options.
    pub fn is_configuration(&self) -> bool {
        self.0.kind == Kind::Configuration
    }

    /// Whether the results of a job were asked for that has not ended; the job is in
    /// [`job`](Self::job).
    pub fn is_job_active(&self) -> bool {
        self.0.kind == Kind::JobActive
    }

    /// Whether a job ended without results (failed, expired or cancelled); the job, and in its
    /// state which of these, is in [`job`](Self::job).
    pub fn is_job_ended(&self) -> bool {
        self.0.kind == Kind::JobEnded
    }

    /// Whether the results do not match the requests one to one, where
    /// [`strict`](crate::batches::Results::strict) makes that an error.
    pub fn is_deviation(&self) -> bool {
        self.0.kind == Kind::Deviation
    }

    /// Whether a webhook was refused because its signature is missing or wrong, or is too old;
    /// the message says which.
    #[cfg(feature = "webhook")]
    pub fn is_unverified(&self) -> bool {
        self.0.kind == Kind::Unverified
    }

    /// Whether a local file could not be read or written.
    pub fn is_io(&self) -> bool {
        self.0.kind == Kind::Io
    }

    /// The HTTP status of the response, where the service gave one.
    pub fn status(&self) -> Option<u16> {
        let status = self.0.http.as_ref()?.status;
        (status > 0).then_some(status)
    }

    /// The `code` in the error body, which may differ from the HTTP status; `None` where it has none.
    pub fn code(&self) -> Option<i64> {
        self.0.http.as_ref()?.code
    }

    /// The name of the status in the error body, such as `INVALID_ARGUMENT`; `None` where it has none.
    pub fn status_name(&self) -> Option<&str> {
        self.0.http.as_ref()?.status_name.as_deref()
    }

    /// What went wrong, in the service's words where it gave any.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The `details` of the error body, such as `google.rpc.BadRequest`.
    pub fn details(&self) -> &[Value] {
        self.0.http.as_ref().map_or(&[], |http| &http.details)
    }

    /// The error body as it came, up to
    /// [`Limits::max_error_body`](crate::Limits::max_error_body) and without the credential; empty where there was none.
    pub fn body(&self) -> &str {
        self.0.http.as_ref().map_or("", |http| &http.body)
    }

    /// How long the service asks to wait, by `Retry-After` or `google.rpc.RetryInfo`: in the response,
    /// or of a job that ended badly in its own error. `None` where it asks for nothing.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.0.http {
            Some(http) => http.retry_after,
            None if self.is_job_ended() => self.job()?.error()?.retry_after(),
            None => None,
        }
    }

    /// How many times the request was sent; 0 if it never was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts.map_or(0, |attempts| attempts.count)
    }

    /// How long the attempts took together.
    pub fn elapsed(&self) -> Duration {
        self.0
            .attempts
            .map_or(Duration::ZERO, |attempts| attempts.elapsed)
    }

    /// The job that the error is about, as last seen; `None` where it is about none.
    pub fn job(&self) -> Option<&BatchJob> {
        self.0.job.as_ref()
    }
}
