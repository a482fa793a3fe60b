//! A `T` from the text of a response.

use std::any::type_name;
use std::sync::Arc;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::error::{Problem, ResponseError};

/// Reads a `T` from JSON, or from a block of Markdown that is.
pub(super) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, ResponseError> {
    match from_json(text) {
        Err(error) if error.is_not_json() => match fenced(text) {
            Some(inner) => from_json(inner),
            None => Err(error),
        },
        parsed => parsed,
    }
}

/// Reads a `T`, telling what is not JSON from what is not a `T`.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, ResponseError> {
    let not_json = |error| {
        ResponseError::new(Problem::NotJson {
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
            Err(ResponseError::new(Problem::WrongShape {
                text: text.to_owned(),
                wanted: short_name::<T>(),
                path: error.path().to_string(),
                reason: Arc::new(error.into_inner()),
            }))
        }
    }
}

/// The name of a type without the modules it is in.
pub(super) fn short_name<T>() -> &'static str {
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
