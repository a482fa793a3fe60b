//! Complete responses: the text of one that ended as it should, and the `T` that it holds. Where there
//! is none, `error` says why.

pub(super) mod error;
pub(super) mod json;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};

use error::Problem;
pub use error::ResponseError;
use json::from_text;

use super::key::Key;
use super::response::{Candidate, FinishReason, Response};
use super::row::{BatchResult, Outcome};

/// How many fields an error names that stand in place of a text.
const NAMED: usize = 10;

impl Response {
    /// The text of the first candidate, only if the response is complete: it ended with
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
    pub fn complete_text(&self) -> Result<Cow<'_, str>, ResponseError> {
        if let Some(text) = self.fast_complete_text() {
            return Ok(text);
        }
        if let Some(feedback) = self.prompt_feedback()
            && let Some(reason) = feedback.block_reason
            && !is_unspecified(reason.as_str())
        {
            let error = ResponseError::new(Problem::PromptBlocked(reason));
            return Err(error.with_message(feedback.block_reason_message));
        }
        match self.candidates().next() {
            Some(candidate) => candidate.complete_text(),
            None => Err(ResponseError::new(Problem::NoText(self.instead()))),
        }
    }

    /// What it has in place of a candidate.
    fn instead(&self) -> String {
        let names = names_in(self.json());
        let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
        match names.is_empty() {
            true => "it is empty".to_owned(),
            false => format!("it has no candidate, only {}", names.join(", ")),
        }
    }

    /// The response as a `T`, from its [`complete_text`](Self::complete_text).
    ///
    /// The text has to be JSON. Where it is not, and all of it is one block of Markdown (between
    /// lines of three backticks), that block has to be.
    ///
    /// # Errors
    ///
    /// If there is no complete response, if it is not JSON, or not a `T`.
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// struct Review {
    ///     stars: u8,
    /// }
    ///
    /// # fn example(response: genai_batch::Response) {
    /// match response.parse::<Review>() {
    ///     Ok(review) => println!("{} stars", review.stars),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # }
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ResponseError> {
        from_text(&self.complete_text()?)
    }
}

impl<'a> Candidate<'a> {
    /// The text, only if this response is complete; see [`Response::complete_text`].
    ///
    /// # Errors
    ///
    /// If it did not end with [`FinishReason::STOP`], was blocked, or has no text.
    ///
    /// ```no_run
    /// # fn example(response: genai_batch::Response) {
    /// for candidate in response.candidates() {
    ///     match candidate.complete_text() {
    ///         Ok(text) => println!("{text}"),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn complete_text(&self) -> Result<Cow<'a, str>, ResponseError> {
        let text = match incomplete(self) {
            Some(problem) => Err(problem),
            None => self.text().ok_or_else(|| Problem::NoText(instead(self))),
        };
        let message = || self.finish_message().map(Cow::into_owned);
        text.map_err(|problem| ResponseError::new(problem).with_message(message()))
    }

    /// This response as a `T`; see [`Response::parse`].
    ///
    /// # Errors
    ///
    /// If it is not complete, not JSON, or not a `T`.
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// struct Review {
    ///     stars: u8,
    /// }
    ///
    /// # fn example(response: genai_batch::Response) {
    /// for candidate in response.candidates() {
    ///     if let Ok(review) = candidate.parse::<Review>() {
    ///         println!("{} stars", review.stars);
    ///     }
    /// }
    /// # }
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ResponseError> {
        from_text(&self.complete_text()?)
    }
}

impl BatchResult {
    /// The text of the response, only if it is complete; see [`Response::complete_text`].
    ///
    /// # Errors
    ///
    /// If the request failed, has no result, or its response is not complete. The error has the key.
    ///
    /// ```no_run
    /// # fn example(result: genai_batch::BatchResult) {
    /// match result.complete_text() {
    ///     Ok(text) => println!("{text}"),
    ///     Err(error) => println!("{error}"), // the key, and why
    /// }
    /// # }
    /// ```
    pub fn complete_text(&self) -> Result<Cow<'_, str>, ResponseError> {
        self.read(Response::complete_text)
    }

    /// The response as a `T`; see [`Response::parse`].
    ///
    /// # Errors
    ///
    /// If the request failed, has no result, its response is not complete, not JSON or not a `T`. The
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
    ///             eprintln!("{error}"); // r-1: the response does not fit `Review`: at `stars`: invalid type…
    ///             None
    ///         }
    ///     }
    /// }
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ResponseError> {
        self.read(Response::parse)
    }

    fn read<'a, T>(
        &'a self,
        read: impl FnOnce(&'a Response) -> Result<T, ResponseError>,
    ) -> Result<T, ResponseError> {
        let response = match self.outcome() {
            Outcome::Response(response) => read(response),
            Outcome::Error(error) => Err(ResponseError::new(Problem::Failed(error.clone()))),
            Outcome::Missing => Err(ResponseError::new(Problem::Missing)),
        };
        response.map_err(|error| error.with_key(self.key().map(Key::from)))
    }
}

/// What a candidate has in place of text.
fn instead(candidate: &Candidate<'_>) -> String {
    let kinds = candidate.parts().flat_map(|part| match part.is_thought() {
        true => vec!["thoughts".to_owned()],
        false => names_in(part.json())
            .map(|name| format!("`{name}`"))
            .collect(),
    });
    let mut named = BTreeSet::new();
    kinds.for_each(|kind| name(&mut named, kind));
    let kinds: Vec<_> = named.into_iter().collect();
    match kinds.is_empty() {
        true => "its candidate has no parts".to_owned(),
        false => format!("its parts have {} alone", kinds.join(", ")),
    }
}

/// Adds a name to the first few in order.
fn name(named: &mut BTreeSet<String>, new: String) {
    named.insert(new);
    if named.len() > NAMED {
        named.pop_last();
    }
}

/// The names of an object's fields, the first few in order.
fn names_in(json: &str) -> impl Iterator<Item = String> {
    #[derive(Default)]
    struct Names(BTreeSet<String>);

    impl<'de> Visitor<'de> for Names {
        type Value = BTreeSet<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
            while let Some((field, IgnoredAny)) = map.next_entry()? {
                name(&mut self.0, field);
            }
            Ok(self.0)
        }
    }

    let mut json = serde_json::Deserializer::from_str(json);
    let names = json.deserialize_map(Names::default());
    names.unwrap_or_default().into_iter()
}

/// What keeps a candidate from being complete.
fn incomplete(candidate: &Candidate<'_>) -> Option<Problem> {
    match candidate.finish_reason() {
        Some(reason) if reason == FinishReason::STOP => {
            let is_blocked = candidate.is_rated_blocked();
            is_blocked.then_some(Problem::Blocked(None))
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
    name.is_empty() || name.ends_with("UNSPECIFIED")
}
