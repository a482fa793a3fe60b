//! How the process ends: a failure, what is said of it on standard error, and its exit code.

mod words;

use std::fmt;
use std::process::ExitCode;

use crate::show::{stderr, style};

pub(crate) use words::of_command_line;

/// What to do about a run that another process drives.
pub(crate) const DRIVEN: &str =
    "wait for it to end, or look meanwhile: `genai-batch runs show RUN`";

/// What a command comes to.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a command did not do all that it was asked for. `README.md` has the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything that is none of the others: 1.
    Other,
    /// The command line, or what a file that it names says, is wrong: 2, as clap ends.
    Usage,
    /// There are no credentials, or the service does not let them in: 3.
    Credentials,
    /// A quota refuses for now: 4.
    Quota,
    /// All ran, and some requests or jobs failed: 5.
    SomeFailed,
    /// A deadline, a budget, a trial or a timeout stopped it; the same command goes on: 6.
    Stopped,
    /// Ctrl-C; the same command goes on: 130.
    Interrupted,
    /// SIGTERM; the same command goes on: 143.
    Terminated,
    /// SIGHUP, as when a terminal is closed; the same command goes on: 129.
    HungUp,
    /// Whoever read standard output wants no more of it, as `head` does: nobody is told, and it is 0.
    Unread,
}

impl Kind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::Other => 1,
            Self::Usage => 2,
            Self::Credentials => 3,
            Self::Quota => 4,
            Self::SomeFailed => 5,
            Self::Stopped => 6,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::HungUp => 129,
        }
    }
}

/// A failure of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    /// What to do about it.
    hint: Option<String>,
}

impl Failure {
    /// A failure of this kind.
    pub(crate) fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self {
            kind,
            message: of_command_line(&message.to_string()),
            hint: None,
        }
    }

    /// A mistake on the command line or in a file.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// What kind of failure it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is of this kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// What comes of many things of which these failed: each is told, and the last word is `summary`.
    /// The kind is the one that they have in common.
    pub(crate) fn all(mut failed: Vec<Self>, summary: impl FnOnce() -> String) -> Result<()> {
        if failed.len() < 2 {
            return failed.pop().map_or(Ok(()), Err);
        }
        let first = failed[0].kind;
        let is_common = failed.iter().all(|failure| failure.kind == first);
        failed.iter().for_each(Self::show);
        let kind = if is_common { first } else { Kind::Other };
        Err(Self::new(kind, summary()))
    }

    /// Says it on standard error.
    pub(crate) fn show(&self) {
        if self.kind == Kind::Unread {
            return;
        }
        let error = style::ERROR;
        let mut told = format!("{error}error:{error:#} {}", self.message);
        if let Some(hint) = &self.hint {
            told.push_str(&format!("\n  {hint}"));
        }
        stderr::tell(told);
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<genai_batch::Error> for Failure {
    fn from(error: genai_batch::Error) -> Self {
        let kind = if is_driven(&error) {
            Kind::Other
        } else if error.is_quota() {
            Kind::Quota
        } else if error.is_unauthenticated() || error.is_permission_denied() {
            Kind::Credentials
        } else if error.is_invalid_input() || error.is_configuration() || is_wrong_path(&error) {
            Kind::Usage
        } else {
            Kind::Other
        };
        let hint = hint(&error);
        Self {
            hint: hint.map(str::to_owned),
            ..Self::new(kind, error)
        }
    }
}

/// Whether another process drives the run.
fn is_driven(error: &genai_batch::Error) -> bool {
    error.is_configuration() && error.to_string().contains("is driven by another")
}

/// Whether a local file is not there, or may not be touched.
fn is_wrong_path(error: &genai_batch::Error) -> bool {
    use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied};

    let source =
        std::error::Error::source(error).and_then(|it| it.downcast_ref::<std::io::Error>());
    let kind = source.map(std::io::Error::kind);
    let wrong = [IsADirectory, NotADirectory, NotFound, PermissionDenied];
    error.is_io() && kind.is_some_and(|kind| wrong.contains(&kind))
}

/// What to do about an error of the library, in words of the command line.
fn hint(error: &genai_batch::Error) -> Option<&'static str> {
    if error.is_quota() {
        Some("wait and say it again, or let a run pace itself: `genai-batch run`")
    } else if error.is_unauthenticated() || error.is_permission_denied() {
        Some("`genai-batch doctor` tells which credentials there are, and whether they are let in")
    } else if error.is_unclear() {
        Some("look before you send it again: `genai-batch list`; with --id it is not made twice")
    } else if is_driven(error) {
        Some(DRIVEN)
    } else if error.is_job_active() {
        Some("wait for it: `genai-batch watch JOB`, or say --wait")
    } else if error.is_not_found() {
        Some("`genai-batch list` has the names of the jobs")
    } else if error.is_retryable() {
        Some("say it again; `genai-batch doctor` tells whether the service is within reach")
    } else {
        None
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::BrokenPipe => Kind::Unread,
            _ => Kind::Other,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_of_many_is_itself_and_more_are_told_together() {
        assert!(Failure::all(Vec::new(), String::new).is_ok());
        let one = Failure::all(vec![Failure::usage("a")], String::new).unwrap_err();
        assert_eq!((one.kind, one.message.as_str()), (Kind::Usage, "a"));
        let failed = |kinds: &[Kind]| kinds.iter().map(|kind| Failure::new(*kind, "a")).collect();
        let all = |kinds: &[Kind]| {
            Failure::all(failed(kinds), || "b".to_owned())
                .unwrap_err()
                .kind
        };
        assert_eq!(all(&[Kind::Quota, Kind::Quota]), Kind::Quota);
        assert_eq!(all(&[Kind::Quota, Kind::Usage]), Kind::Other);
    }
}
