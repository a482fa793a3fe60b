//! The one error type of the crate: opaque, with predicates that say what to do next.
//!
//! Errors are made where something goes wrong and travel upwards unchanged; only
//! [`Error::during`] adds what the caller was trying to do.

mod questions;

use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::time::Duration;

use serde_json::Value;

use crate::job::BatchJob;
use crate::shown::{Showing, Shown};
pub use questions::PASSING_STATUSES;

type Source = Box<dyn StdError + Send + Sync>;

/// The result of every call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Anything that can go wrong, from a bad option to a failed job.
///
/// The kind is private, so that it can grow; ask with the predicates. [`fmt::Display`]
/// says what was wrong, where, and what to do; the causes follow through
/// [`source`](StdError::source). Control characters in what the service said are escaped in it, and
/// are in [`message`](Self::message) as they came. [`fmt::Debug`] says the same with its causes, so that
/// a `main` may return it.
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
    attempts: Option<Attempts>,
    job: Option<BatchJob>,
    /// What may be the matter, where the service does not say.
    advice: Option<&'static str>,
    unclear: Option<Unclear>,
    /// Whether no connection could be made, so that nothing was sent.
    unsent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No credentials, or options that contradict each other.
    Configuration,
    /// The caller's input was refused before anything was sent.
    Input,
    /// The service responded with a status other than success.
    Status,
    /// No complete response: connection, TLS, or body cut short.
    Transport,
    /// A deadline of ours passed.
    Timeout,
    /// The service responded with something other than a valid response.
    Protocol,
    /// The service accepted a call and then could not do it.
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

/// What a response other than success said.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpFailure {
    /// 0 where the failure came within a response of success.
    pub(crate) status: u16,
    pub(crate) code: Option<i64>,
    pub(crate) status_name: Option<String>,
    pub(crate) details: Vec<Value>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: String,
}

/// A create of which nobody knows whether it made a job.
#[derive(Debug, Clone)]
struct Unclear {
    /// What the job bears, if there is one.
    mark: Option<String>,
}

/// How hard the client tried before it gave up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempts {
    pub(crate) count: u32,
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
            attempts: None,
            job: None,
            advice: None,
            unclear: None,
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

    /// The system has no random bytes for what has to be unique.
    pub(crate) fn no_randomness(source: std::io::Error) -> Self {
        Self::io("the system gives no random bytes", source)
    }

    /// The service responded with something other than what it was asked for.
    pub(crate) fn another(asked: &str, answered: &str) -> Self {
        Self::protocol(format!(
            "the service was asked for {asked:?} and responded with {answered:?}: does a proxy or a \
             cache stand between?"
        ))
    }

    /// Says that nothing was sent.
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

    pub(crate) fn status_response(http: HttpFailure, message: String) -> Self {
        let mut error = Self::new(Kind::Status, message);
        error.0.http = Some(http);
        error
    }

    /// A job that has ended and has no results.
    pub(crate) fn ended_without_results(job: BatchJob) -> Self {
        let reason = job
            .error()
            .map_or_else(String::new, |error| format!(": {error}"));
        let message = format!("it ended as {}{reason}", job.state());
        Self::new(Kind::JobEnded, message).with_job(job)
    }

    /// A call that the service accepted and then could not do.
    #[cfg(feature = "vertex")]
    pub(crate) fn refused(status: crate::job::Status) -> Self {
        let mut error = Self::new(Kind::Refused, status.message.clone());
        error.0.http = Some(HttpFailure {
            code: Some(status.code),
            status_name: Some(status.status().to_owned()),
            details: status.details(),
            ..HttpFailure::default()
        });
        error
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: Attempts) -> Self {
        self.0.attempts = Some(attempts);
        self
    }

    pub(crate) fn with_job(mut self, job: BatchJob) -> Self {
        self.0.job = Some(job);
        self
    }

    /// Says that a create may have made a job, and by which mark it would be found.
    pub(crate) fn unclear(mut self, mark: Option<String>) -> Self {
        self.0.unclear = Some(Unclear { mark });
        self
    }

    /// After a cancel or delete: that there is nothing left to do says that an earlier attempt,
    /// whose response was lost, did it.
    pub(crate) fn ok_if_already_done(self) -> Result<()> {
        let gone = self.is_not_found() || self.status_name() == Some("FAILED_PRECONDITION");
        self.unless(gone)
    }

    /// The same for a file of the Files API, which returns 403 for one that is gone.
    pub(crate) fn unless_file_deleted_already(self) -> Result<()> {
        let gone = matches!(self.status(), Some(403 | 404));
        self.unless(gone)
    }

    /// Says what may be the matter with a file of the Files API that the service does not give.
    pub(crate) fn about_file(mut self, name: &str) -> Self {
        const GONE: &str = "the file may be gone, since files are kept for 48 hours, or be of another \
            project than the key";
        const LONG_ID: &str = "a file with an id of more than 40 characters, as results have, can be \
            downloaded and nothing else; it goes by itself after 48 hours";
        const LONGEST_ID: usize = 40;
        let id = name.rsplit('/').next().unwrap_or_default();
        let is_of_key = self.message().contains("API key")
            || self
                .details()
                .iter()
                .any(|detail| detail.get("reason").is_some());
        self.0.advice = match self.status() {
            Some(403 | 404) if !is_of_key => Some(GONE),
            Some(400) if id.len() > LONGEST_ID => Some(LONG_ID),
            _ => None,
        };
        self
    }

    /// Says what may be the matter, where the service does not.
    #[cfg(feature = "gcs")]
    pub(crate) fn with_advice(mut self, advice: &'static str) -> Self {
        self.0.advice = Some(advice);
        self
    }

    /// Whether an attempt before the last may have been carried out.
    pub(crate) fn may_be_done(&self) -> bool {
        self.0.attempts.is_some_and(|attempts| attempts.may_be_done)
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

    /// Adds what came of it to what went wrong.
    pub(crate) fn with_outcome(mut self, outcome: &str) -> Self {
        self.0.message.push_str(", and ");
        self.0.message.push_str(outcome);
        self
    }

    /// The same with each text as `clean` gives it, which is `None` for one that may stay.
    pub(crate) fn cleaned(mut self, clean: impl Fn(&str) -> Option<String>) -> Self {
        let inner = &mut *self.0;
        let texts = [Some(&mut inner.message), inner.doing.as_mut()];
        for text in texts.into_iter().flatten() {
            if let Some(cleaned) = clean(text) {
                *text = cleaned;
            }
        }
        // Of what is not ours to change, nothing is left.
        let shows = |shown: String| clean(&shown).is_some();
        inner
            .source
            .take_if(|source| shows(format!("{source} {source:?}")));
        inner.job.take_if(|job| shows(job.name().to_owned()));
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

/// What stands before each item of a list of mistakes.
pub(crate) const LIST: &str = "\n  ";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Showing(f);
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
        match self.0.kind {
            // A list of mistakes, of ours: its lines stay lines.
            Kind::Input => {
                for (number, line) in self.0.message.split(LIST).enumerate() {
                    if number > 0 {
                        f.0.write_str(LIST)?;
                    }
                    f.write_str(line)?;
                }
            }
            _ => f.write_str(&self.0.message)?,
        }
        if let Some(advice) = self.0.advice {
            write!(f, " ({advice})")?;
        }
        if let Some(after) = self.retry_after() {
            write!(f, " (the service asks to wait {after:?})")?;
        }
        match self.0.attempts {
            Some(Attempts { count, elapsed, .. }) if count > 1 => {
                write!(f, " (after {count} attempts over {elapsed:.1?})")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    /// What [`fmt::Display`] says, with the causes below it: that is what a program prints whose `main`
    /// returns the error. `{:#?}` shows the fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.debug_fields(f);
        }
        write!(f, "{self}")?;
        let mut cause = self.source();
        if cause.is_some() {
            f.write_str("\n\nCaused by:")?;
        }
        while let Some(error) = cause {
            write!(f, "\n    {}", Shown(&error.to_string()))?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error {
    fn debug_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind);
        debug.field("message", &self.to_string());
        if let Some(http) = &self.0.http {
            debug.field("http", http);
        }
        if let Some(unclear) = &self.0.unclear {
            debug.field("unclear", unclear);
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

#[cfg(test)]
mod tests;
