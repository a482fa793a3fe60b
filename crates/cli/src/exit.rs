//! How the process ends: a failure, what is said of it on standard error, and its exit code.

use std::fmt;
use std::process::ExitCode;

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
    /// All ran, and some requests failed: 5.
    SomeFailed,
    /// A deadline, a budget or a trial stopped it; the same command goes on: 6.
    Stopped,
    /// Ctrl-C; the same command goes on: 130.
    Interrupted,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::Credentials => 3,
            Self::Quota => 4,
            Self::SomeFailed => 5,
            Self::Stopped => 6,
            Self::Interrupted => 130,
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
            message: message.to_string(),
            hint: None,
        }
    }

    /// A mistake on the command line or in a file.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
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

    /// Says it on standard error.
    pub(crate) fn show(&self) {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{style}error:{style:#} {}", self.message);
        if let Some(hint) = &self.hint {
            anstream::eprintln!("  {hint}");
        }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }
}

impl From<genai_batch::Error> for Failure {
    fn from(error: genai_batch::Error) -> Self {
        let kind = if error.is_quota() {
            Kind::Quota
        } else if error.is_unauthenticated() || error.is_permission_denied() {
            Kind::Credentials
        } else if error.is_invalid_input() || error.is_configuration() {
            Kind::Usage
        } else {
            Kind::Other
        };
        Self::new(kind, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Kind::Other, error)
    }
}
