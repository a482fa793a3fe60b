//! The one error type of the crate: opaque, with predicates that say what to do next.
//!
//! Errors are made where something goes wrong and travel upwards unchanged; only
//! [`Error::during`] adds what the caller was trying to do.

mod questions;

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
        Self::new(Kind::Io, format!("{}: {source}", message.into())).with_source(source)
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
