//! One line of a batch, from whatever a caller writes it as.

use serde_json::Value;

use super::draft::Draft;
use super::{EmbedRequest, Request};

/// One line of a batch: a request and what travels with it.
///
/// Made from a [`Request`], an [`EmbedRequest`], a text, a key and one of these, or a JSON
/// value. A value is read
/// like a line of JSONL: `{"key": …, "request": {…}}`, or a request on its own.
#[derive(Debug, Clone)]
pub struct Entry(pub(crate) EntryKind);

#[derive(Debug, Clone)]
pub(crate) enum EntryKind {
    Built(Draft),
    Text(String),
    Json(Value),
    /// A line of JSONL.
    #[cfg(feature = "runs")]
    Line(String),
}

impl From<Request> for Entry {
    fn from(request: Request) -> Self {
        Self(EntryKind::Built(request.0))
    }
}

impl From<EmbedRequest> for Entry {
    fn from(request: EmbedRequest) -> Self {
        Self(EntryKind::Built(request.0))
    }
}

impl<K: Into<String>> From<(K, Request)> for Entry {
    fn from((key, request): (K, Request)) -> Self {
        request.key(key).into()
    }
}

impl<K: Into<String>> From<(K, EmbedRequest)> for Entry {
    fn from((key, request): (K, EmbedRequest)) -> Self {
        request.key(key).into()
    }
}

impl From<Value> for Entry {
    fn from(line: Value) -> Self {
        Self(EntryKind::Json(line))
    }
}

impl From<&str> for Entry {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self(EntryKind::Text(text))
    }
}
