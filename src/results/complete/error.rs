//! Why there is no response.

use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::sync::Arc;

use super::super::key::{Key, RowError};
use super::super::response::names::{BlockReason, FinishReason};
use crate::shown::Showing;

/// Why a result holds no complete response, or none of the type that was asked for.
///
/// The kind is private, so that it can grow; ask with the predicates. Exactly one of them is true.
///
/// ```
/// # use genai_batch::BatchResult;
/// # use serde::Deserialize;
/// # #[derive(Deserialize)]
/// # struct Review { stars: u8 }
/// # fn example(result: BatchResult) {
/// match result.parse::<Review>() {
///     Ok(review) => println!("{} stars", review.stars),
///     Err(error) if error.is_truncated() => println!("{error}"), // submit it with a higher limit
///     Err(error) if error.is_blocked() => println!("{error}"),
///     Err(error) => println!("{error}: {}", error.text().unwrap_or_default()),
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ResponseError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    key: Option<Key>,
    problem: Problem,
    /// What the service says about it.
    message: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Problem {
    Missing,
    Failed(RowError),
    PromptBlocked(BlockReason),
    Truncated,
    Blocked(Option<FinishReason>),
    Unfinished(Option<FinishReason>),
    /// What there is in place of text.
    NoText(String),
    NotJson {
        text: String,
        reason: Arc<serde_json::Error>,
    },
    WrongShape {
        text: String,
        wanted: &'static str,
        path: String,
        reason: Arc<serde_json::Error>,
    },
}

impl ResponseError {
    pub(super) fn new(problem: Problem) -> Self {
        Self(Box::new(Inner {
            key: None,
            problem,
            message: None,
        }))
    }

    pub(super) fn with_message(mut self, message: Option<String>) -> Self {
        self.0.message = message.filter(|message| !message.is_empty());
        self
    }

    pub(super) fn with_key(mut self, key: Option<Key>) -> Self {
        self.0.key = key;
        self
    }

    /// The key of the request, where the service kept it.
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Whether no result came back for the request.
    pub fn is_missing(&self) -> bool {
        matches!(self.0.problem, Problem::Missing)
    }

    /// Whether the service failed the request; see [`row_error`](Self::row_error).
    pub fn is_failed(&self) -> bool {
        matches!(self.0.problem, Problem::Failed(_))
    }

    /// Whether the response was cut off at the limit on output tokens (`MAX_TOKENS`), on which
    /// thinking counts too.
    pub fn is_truncated(&self) -> bool {
        matches!(self.0.problem, Problem::Truncated)
    }

    /// Whether a filter of the service blocked the prompt or stopped the response; see
    /// [`block_reason`](Self::block_reason) and [`finish_reason`](Self::finish_reason).
    pub fn is_blocked(&self) -> bool {
        matches!(
            self.0.problem,
            Problem::PromptBlocked(_) | Problem::Blocked(_)
        )
    }

    /// Whether the response ended in another way than a complete one does, a new one among them; see
    /// [`finish_reason`](Self::finish_reason).
    pub fn is_unfinished(&self) -> bool {
        matches!(self.0.problem, Problem::Unfinished(_))
    }

    /// Whether the response ended as it should and has no text, or is none: empty, or a usage alone.
    /// The error says what it has instead.
    pub fn is_no_text(&self) -> bool {
        matches!(self.0.problem, Problem::NoText(_))
    }

    /// Whether the response is complete, but not JSON.
    pub fn is_not_json(&self) -> bool {
        matches!(self.0.problem, Problem::NotJson { .. })
    }

    /// Whether the response is JSON of another shape; see [`path`](Self::path).
    pub fn is_wrong_shape(&self) -> bool {
        matches!(self.0.problem, Problem::WrongShape { .. })
    }

    /// Where in the JSON the shape is wrong, such as `lines[2].price`; `.` is the whole. `None` where
    /// the shape is not what is wrong.
    pub fn path(&self) -> Option<&str> {
        match &self.0.problem {
            Problem::WrongShape { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The text of the response, where it is complete.
    pub fn text(&self) -> Option<&str> {
        match &self.0.problem {
            Problem::NotJson { text, .. } | Problem::WrongShape { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The service's error, where it failed the request.
    pub fn row_error(&self) -> Option<&RowError> {
        match &self.0.problem {
            Problem::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// What the service says about how the prompt was blocked or the response ended, where it says
    /// anything.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Why the prompt was blocked, if it was.
    pub fn block_reason(&self) -> Option<&BlockReason> {
        match &self.0.problem {
            Problem::PromptBlocked(reason) => Some(reason),
            _ => None,
        }
    }

    /// How the response ended, where that is what is wrong.
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        match &self.0.problem {
            Problem::Truncated => Some(&FinishReason::MAX_TOKENS),
            Problem::Blocked(reason) | Problem::Unfinished(reason) => reason.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Showing(f);
        if let Some(key) = &self.0.key {
            write!(f, "{key}: ")?;
        }
        match &self.0.problem {
            Problem::Missing => f.write_str("no result came back"),
            Problem::Failed(error) => write!(f, "{error}"),
            Problem::PromptBlocked(reason) => write!(f, "the prompt was blocked ({reason})"),
            Problem::Truncated => f.write_str(
                "the response was cut off at the limit on output tokens (MAX_TOKENS): raise \
                 `max_output_tokens`, or give thinking a smaller budget",
            ),
            Problem::Blocked(Some(reason)) => write!(f, "the response was blocked ({reason})"),
            Problem::Blocked(None) => f.write_str("the response was blocked by its safety rating"),
            Problem::Unfinished(Some(reason)) => {
                write!(
                    f,
                    "the response is not complete: it ended with {reason} instead of STOP"
                )
            }
            Problem::Unfinished(None) => f.write_str(
                "the response does not say that it is complete: it has no finish reason",
            ),
            Problem::NoText(instead) => write!(f, "the response has no text: {instead}"),
            Problem::NotJson { reason, .. } => write!(f, "the response is not JSON: {}", reason),
            Problem::WrongShape {
                wanted,
                path,
                reason,
                ..
            } => {
                write!(
                    f,
                    "the response does not fit `{wanted}`: at `{path}`: {}",
                    reason
                )
            }
        }?;
        match &self.0.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl StdError for ResponseError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.problem {
            Problem::Failed(error) => Some(error),
            Problem::NotJson { reason, .. } | Problem::WrongShape { reason, .. } => {
                Some(reason.as_ref())
            }
            _ => None,
        }
    }
}
