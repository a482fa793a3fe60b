//! Whole answers: the text of one that ended as it should, and the `T` that it holds. Where there
//! is none, `error` says why.

mod error;
#[cfg(test)]
mod tests;

use std::any::type_name;
use std::borrow::Cow;
use std::sync::Arc;

use serde::de::{DeserializeOwned, IgnoredAny};

pub use error::AnswerError;
use error::Problem;

use super::response::{Candidate, FinishReason, Response};
use super::row::{BatchResult, Key, Outcome};

impl Response {
    /// The text of the first candidate, only if the answer is whole: it ended with
    /// [`FinishReason::STOP`], and nothing was blocked. Thoughts are left out.
    ///
    /// # Errors
    ///
    /// Which of these is not so, or that there is no text.
    ///
    /// ```
    /// # fn example(response: genai_batch::Response) {
    /// match response.complete_text() {
    ///     Ok(text) => println!("{text}"),
    ///     Err(error) => println!("{error}; it starts with {:?}", response.text()),
    /// }
    /// # }
    /// ```
    pub fn complete_text(&self) -> Result<Cow<'_, str>, AnswerError> {
        if let Some(text) = self.found_complete_text() {
            return Ok(text);
        }
        if let Some(feedback) = self.prompt_feedback()
            && let Some(reason) = feedback.block_reason
            && !is_unspecified(reason.as_str())
        {
            let error = AnswerError::new(Problem::PromptBlocked(reason));
            return Err(error.saying(feedback.block_reason_message));
        }
        match self.candidates().next() {
            Some(candidate) => candidate.complete_text(),
            None => Err(AnswerError::new(Problem::NoText)),
        }
    }

    /// The answer as a `T`, from its [`complete_text`](Self::complete_text).
    ///
    /// The text has to be JSON. Where it is not, and all of it is one block of Markdown (between
    /// lines of three backticks), that block has to be.
    ///
    /// # Errors
    ///
    /// If there is no whole answer, if it is not JSON, or not a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, AnswerError> {
        from_text(&self.complete_text()?)
    }
}

impl<'a> Candidate<'a> {
    /// The text, only if this answer is whole; see [`Response::complete_text`].
    ///
    /// # Errors
    ///
    /// If it did not end with [`FinishReason::STOP`], was blocked, or has no text.
    pub fn complete_text(&self) -> Result<Cow<'a, str>, AnswerError> {
        let text = match incomplete(self) {
            Some(problem) => Err(problem),
            None => self.text().ok_or(Problem::NoText),
        };
        let message = || self.finish_message().map(Cow::into_owned);
        text.map_err(|problem| AnswerError::new(problem).saying(message()))
    }

    /// This answer as a `T`; see [`Response::parse`].
    ///
    /// # Errors
    ///
    /// If it is not whole, not JSON, or not a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, AnswerError> {
        from_text(&self.complete_text()?)
    }
}

impl BatchResult {
    /// The text of the answer, only if it is whole; see [`Response::complete_text`].
    ///
    /// # Errors
    ///
    /// If the request failed, has no result, or its answer is not whole. The error has the key.
    pub fn complete_text(&self) -> Result<Cow<'_, str>, AnswerError> {
        self.answer(Response::complete_text)
    }

    /// The answer as a `T`; see [`Response::parse`].
    ///
    /// # Errors
    ///
    /// If the request failed, has no result, its answer is not whole, not JSON or not a `T`. The
    /// error has the key, and where the shape is wrong the path in the JSON.
    ///
    /// ```
    /// use genai_batch::BatchResult;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Review {
    ///     stars: u8,
    /// }
    ///
    /// fn stars(result: &BatchResult) -> Option<u8> {
    ///     match result.parse::<Review>() {
    ///         Ok(review) => Some(review.stars),
    ///         Err(error) => {
    ///             eprintln!("{error}"); // r-1: the answer is no `Review`: at `stars`: invalid type…
    ///             None
    ///         }
    ///     }
    /// }
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, AnswerError> {
        self.answer(Response::parse)
    }

    fn answer<'a, T>(
        &'a self,
        read: impl FnOnce(&'a Response) -> Result<T, AnswerError>,
    ) -> Result<T, AnswerError> {
        let answer = match self.outcome() {
            Outcome::Response(response) => read(response),
            Outcome::Error(error) => Err(AnswerError::new(Problem::Failed(error.clone()))),
            Outcome::Missing => Err(AnswerError::new(Problem::Missing)),
        };
        answer.map_err(|error| error.under(self.key().map(Key::from)))
    }
}

/// What keeps a candidate from being whole.
fn incomplete(candidate: &Candidate<'_>) -> Option<Problem> {
    match candidate.finish_reason() {
        Some(reason) if reason == FinishReason::STOP => {
            let blocked = candidate
                .safety_ratings()
                .iter()
                .any(|rating| rating.blocked);
            blocked.then_some(Problem::Blocked(None))
        }
        Some(reason) if reason == FinishReason::MAX_TOKENS => Some(Problem::Truncated),
        Some(reason) if reason.is_block() => Some(Problem::Blocked(Some(reason))),
        reason => Some(Problem::Unfinished(
            reason.filter(|reason| !is_unspecified(reason.as_str())),
        )),
    }
}

/// The value of an enum that says nothing.
fn is_unspecified(name: &str) -> bool {
    name.is_empty() || name.ends_with("_UNSPECIFIED")
}

/// Reads a `T` from JSON, or from a block of Markdown that is.
fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, AnswerError> {
    match from_json(text) {
        Err(error) if error.is_not_json() => match fenced(text) {
            Some(inner) => from_json(inner),
            None => Err(error),
        },
        parsed => parsed,
    }
}

/// Reads a `T`, telling what is not JSON from what is not a `T`.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, AnswerError> {
    let not_json = |error| {
        AnswerError::new(Problem::NotJson {
            text: text.to_owned(),
            reason: Arc::new(error),
        })
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(value) => deserializer.end().map(|()| value).map_err(not_json),
        Err(error) => {
            // The shape may be seen to be wrong before the JSON is.
            serde_json::from_str::<IgnoredAny>(text).map_err(not_json)?;
            Err(AnswerError::new(Problem::WrongShape {
                text: text.to_owned(),
                wanted: short_name::<T>(),
                path: error.path().to_string(),
                reason: Arc::new(error.into_inner()),
            }))
        }
    }
}

/// The name of a type without the modules it is in.
fn short_name<T>() -> &'static str {
    let name = type_name::<T>();
    let generic = name.find('<').unwrap_or(name.len());
    let start = name[..generic].rfind("::").map_or(0, |colons| colons + 2);
    &name[start..]
}

/// What stands in a text that is one block of Markdown.
fn fenced(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("```")?.strip_suffix("```")?;
    let (language, inner) = inner.split_once('\n')?;
    let is_word = language
        .trim_end()
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric());
    is_word.then_some(inner)
}
