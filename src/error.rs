//! The one error type of the crate: opaque, with predicates that say what to do next.
//!
//! Errors are made where something goes wrong and travel upwards unchanged; only
//! [`Error::during`] adds what the caller was trying to do.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::http::limits::{AnswerTooLong, Limits};
use crate::job::BatchJob;

type Source = Box<dyn StdError + Send + Sync>;

/// The result of every call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Anything that can go wrong, from a bad option to a failed job.
///
/// The kind is private, so that it can grow; ask with the predicates. [`fmt::Display`]
/// says what was wrong, where, and what to do; the causes follow through
/// [`source`](StdError::source).
///
/// ```
/// # fn handle(error: genai_batch::Error) {
/// if error.is_quota() {
///     println!("come back in {:?}", error.retry_after());
/// } else if let Some(job) = error.job() {
///     println!("{} ended as {}", job.name(), job.state());
/// }
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    message: String,
    doing: Option<String>,
    source: Option<Source>,
    http: Option<HttpFailure>,
    effort: Option<Effort>,
    job: Option<BatchJob>,
    /// Whether no connection could be made, so that nothing was sent.
    unsent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No credentials, or options that contradict each other.
    Configuration,
    /// The caller's input was refused before anything was sent.
    Input,
    /// The service answered with a status other than success.
    Status,
    /// No complete answer: connection, TLS, or body cut short.
    Transport,
    /// A deadline of ours passed.
    Timeout,
    /// The service answered with something that is no valid answer.
    Protocol,
    /// The service accepted a call and then could not do it.
    #[cfg(feature = "vertex")]
    Refused,
    /// A job ended without results.
    JobEnded,
    /// A job has not ended yet.
    JobActive,
    /// Results that do not match the requests, where that was to be an error.
    Deviation,
    /// A webhook that its signature does not vouch for.
    #[cfg(feature = "webhook")]
    Unverified,
    /// A local file could not be read or written.
    Io,
}

/// What an answer other than success said.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpFailure {
    /// 0 where the failure came within an answer of success.
    pub(crate) status: u16,
    pub(crate) code: Option<i64>,
    pub(crate) status_name: Option<String>,
    pub(crate) details: Vec<Value>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: String,
}

/// How hard the client tried before it gave up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// Whether an attempt before the last may have been carried out.
    pub(crate) may_be_done: bool,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            doing: None,
            source: None,
            http: None,
            effort: None,
            job: None,
            unsent: false,
        }))
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(Kind::Configuration, message)
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::new(Kind::Protocol, message)
    }

    pub(crate) fn io(message: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(Kind::Io, message).with_source(source)
    }

    /// A transport failure; the URL is dropped, since a proxy's may carry a secret.
    pub(crate) fn transport(source: reqwest::Error) -> Self {
        let source = source.without_url();
        let unsent = source.is_connect() || source.is_builder();
        if let Some(too_long) = AnswerTooLong::within(&source) {
            return Self::protocol(too_long.to_string());
        }
        let (kind, message) = if source.is_timeout() {
            (Kind::Timeout, "the service did not answer in time")
        } else if source.is_connect() {
            (Kind::Transport, "no connection to the service")
        } else {
            (
                Kind::Transport,
                "the connection failed before the answer was complete",
            )
        };
        let mut error = Self::new(kind, message).with_source(source);
        error.0.unsent = unsent;
        error
    }

    /// Says that nothing was sent.
    #[cfg(feature = "vertex")]
    pub(crate) fn unsent(mut self) -> Self {
        self.0.unsent = true;
        self
    }

    pub(crate) fn was_sent(&self) -> bool {
        !self.0.unsent
    }

    pub(crate) fn is_protocol(&self) -> bool {
        self.0.kind == Kind::Protocol
    }

    /// The error of a raw client as one of this crate, with the answer's status, message and
    /// details where there is an answer.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// # let raw = client.raw();
    /// # let Some(gemini) = raw.gemini() else { return Ok(()) };
    /// let operation = match gemini.batches_get("123abc").await {
    ///     Ok(operation) => operation.into_inner(),
    ///     Err(error) => return Err(genai_batch::Error::from_raw(error).await),
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub async fn from_raw(error: crate::raw::Error) -> Self {
        use crate::raw::Error as Raw;
        match error {
            Raw::UnexpectedResponse(response) => {
                crate::http::error::from_response(response, &Limits::default()).await
            }
            Raw::CommunicationError(e) | Raw::ResponseBodyError(e) | Raw::InvalidUpgrade(e) => {
                Self::transport(e)
            }
            Raw::InvalidResponsePayload(_, e) => {
                Self::protocol("the answer does not fit the API description").with_source(e)
            }
            Raw::InvalidRequest(reason) => Self::input(reason),
            // Only the hooks of this crate make these.
            Raw::Custom(reason) => crate::http::hooks::credential_error(reason),
            other => Self::protocol(other.to_string()),
        }
    }

    pub(crate) fn status_answer(http: HttpFailure, message: String) -> Self {
        let mut error = Self::new(Kind::Status, message);
        error.0.http = Some(http);
        error
    }

    /// A call that the service accepted and then could not do.
    #[cfg(feature = "vertex")]
    pub(crate) fn refused(status: crate::job::Status) -> Self {
        let mut error = Self::new(Kind::Refused, status.message.clone());
        error.0.http = Some(HttpFailure {
            code: Some(status.code),
            status_name: Some(status.status().to_owned()),
            details: status.details,
            ..HttpFailure::default()
        });
        error
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_effort(mut self, effort: Effort) -> Self {
        self.0.effort = Some(effort);
        self
    }

    pub(crate) fn with_job(mut self, job: BatchJob) -> Self {
        self.0.job = Some(job);
        self
    }

    /// After a cancel or delete: that there is nothing left to do says that an earlier attempt,
    /// whose answer was lost, did it.
    pub(crate) fn unless_done_already(self) -> Result<()> {
        let gone = self.is_not_found() || self.status_name() == Some("FAILED_PRECONDITION");
        self.unless(gone)
    }

    /// The same for a file of the Files API, which answers 403 for one that is gone.
    pub(crate) fn unless_file_deleted_already(self) -> Result<()> {
        let gone = matches!(self.status(), Some(403 | 404));
        self.unless(gone)
    }

    /// Whether an attempt before the last may have been carried out.
    pub(crate) fn may_be_done(&self) -> bool {
        self.0.effort.is_some_and(|effort| effort.may_be_done)
    }

    fn unless(self, gone: bool) -> Result<()> {
        match gone && self.may_be_done() {
            true => Ok(()),
            false => Err(self),
        }
    }

    /// Adds what was being done, in front of what a step below said.
    pub(crate) fn during(mut self, doing: impl Into<String>) -> Self {
        let doing = doing.into();
        self.0.doing = Some(match self.0.doing.take() {
            Some(step) => format!("{doing}: {step}"),
            None => doing,
        });
        self
    }

    /// Adds to what went wrong what came of it.
    pub(crate) fn adding(mut self, more: &str) -> Self {
        self.0.message.push_str(", and ");
        self.0.message.push_str(more);
        self
    }

    /// What kind of failure it is, for spans: the status, or the kind in a word.
    pub(crate) fn type_name(&self) -> String {
        match self.status() {
            Some(status) => status.to_string(),
            None => format!("{:?}", self.0.kind).to_lowercase(),
        }
    }

    /// Whether the same call may succeed later, as it stands: the connection failed, a
    /// deadline passed, or the service was busy (408, 429, 500, 502, 503, 504).
    ///
    /// For a create this does not say that no job was made.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            Kind::Transport | Kind::Timeout => true,
            Kind::Status => self
                .status()
                .is_some_and(crate::http::retry::is_passing_status),
            _ => false,
        }
    }

    /// Whether the job or file does not exist (404).
    ///
    /// The Gemini Files API answers 403 for a file that is gone; see
    /// [`is_permission_denied`](Self::is_permission_denied).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the credential may not do this (401 or 403). A file of the Gemini Files API
    /// that was deleted or has expired answers 403 as well.
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
    /// [`strict`](crate::Results::strict) makes that an error.
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

    /// The HTTP status of the answer, where the service gave one.
    pub fn status(&self) -> Option<u16> {
        let status = self.0.http.as_ref()?.status;
        (status > 0).then_some(status)
    }

    /// The `code` in the error body. It may differ from the HTTP status.
    pub fn code(&self) -> Option<i64> {
        self.0.http.as_ref()?.code
    }

    /// The name of the status in the error body, such as `INVALID_ARGUMENT`.
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

    /// How long the service asks to wait, by `Retry-After` or `google.rpc.RetryInfo`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.http.as_ref()?.retry_after
    }

    /// How many times the request was sent; 0 if it never was.
    pub fn attempts(&self) -> u32 {
        self.0.effort.map_or(0, |effort| effort.attempts)
    }

    /// How long the attempts took together.
    pub fn elapsed(&self) -> Duration {
        self.0
            .effort
            .map_or(Duration::ZERO, |effort| effort.elapsed)
    }

    /// The job that the error is about, as last seen.
    pub fn job(&self) -> Option<&BatchJob> {
        self.0.job.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(doing) = &self.0.doing {
            write!(f, "{doing}: ")?;
        }
        if let Some(http) = &self.0.http {
            if http.status > 0 {
                write!(f, "HTTP {} ", http.status)?;
            }
            f.write_str(http.status_name.as_deref().unwrap_or_default())?;
            f.write_str(": ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(after) = self.retry_after() {
            write!(f, " (the service asks to wait {after:?})")?;
        }
        match self.0.effort {
            Some(Effort {
                attempts, elapsed, ..
            }) if attempts > 1 => {
                write!(f, " (after {attempts} attempts over {elapsed:.1?})")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind);
        debug.field("message", &self.to_string());
        if let Some(http) = &self.0.http {
            debug.field("http", http);
        }
        if let Some(job) = &self.0.job {
            debug.field("job", &job.name());
        }
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
