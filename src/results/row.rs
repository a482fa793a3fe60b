//! One result: the key it came under and what became of the request.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::ledger::Standing;
use super::response::Response;
use crate::job::Status;

/// A row as a backend's reader hands it to the stream: taken apart, not yet booked.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: Option<Key>,
    pub(crate) body: RowBody,
    pub(crate) metadata: Option<Bytes>,
    /// The request, where the service echoes it.
    pub(crate) request: Option<Bytes>,
    pub(crate) json: Bytes,
}

#[cfg(test)]
impl Row {
    pub(crate) fn response(&self) -> &str {
        match &self.body {
            RowBody::Response(response) => response.json(),
            RowBody::Error(error) => panic!("{error}"),
        }
    }

    pub(crate) fn error(&self) -> &RowError {
        match &self.body {
            RowBody::Error(error) => error,
            RowBody::Response(_) => panic!("a response"),
        }
    }
}

#[derive(Debug)]
pub(crate) enum RowBody {
    Response(Response),
    Error(RowError),
}

/// Reads one row of a backend; the error says why it is none.
pub(crate) type ReadRow = fn(Bytes) -> Result<Row, String>;

/// A key is a text. A number, which only a file made by hand can hold, reads as its digits.
pub(crate) fn read_key(raw: &RawValue) -> Option<Key> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'"' => {
            let inner = &text[1..text.len() - 1];
            if inner.contains('\\') {
                serde_json::from_str::<String>(text).ok().map(Key::from)
            } else {
                Some(Key::from(inner))
            }
        }
        b'0'..=b'9' | b'-' => Some(Key::from(text)),
        _ => None,
    }
}

/// The key of a request. Reads as a text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

impl Key {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

impl From<&str> for Key {
    fn from(key: &str) -> Self {
        Self(key.into())
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0.into()
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Key {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Key {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What became of one request.
///
/// ```no_run
/// # use genai_batch::{BatchResult, Outcome};
/// # fn show(result: BatchResult) {
/// let key = result.key().unwrap_or("(the service dropped the key)");
/// match result.outcome() {
///     Outcome::Response(response) => println!("{key}: {}", response.text().unwrap_or_default()),
///     Outcome::Error(error) => println!("{key} failed: {error}"),
///     Outcome::Missing => println!("{key}: no result came back"),
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BatchResult {
    key: Option<Key>,
    standing: Standing,
    outcome: Outcome,
    metadata: Option<Bytes>,
    json: Bytes,
}

/// What became of a request: a response, an error, or nothing at all.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The model answered.
    Response(Response),
    /// The service refused or failed this one request.
    Error(RowError),
    /// The request was submitted and the results hold no row for it.
    Missing,
}

impl BatchResult {
    pub(crate) fn new(row: Row, standing: Standing) -> Self {
        Self {
            key: row.key,
            standing,
            outcome: match row.body {
                RowBody::Response(response) => Outcome::Response(response),
                RowBody::Error(error) => Outcome::Error(error),
            },
            metadata: row.metadata,
            json: row.json,
        }
    }

    pub(crate) fn missing(key: String) -> Self {
        Self {
            key: Some(key.into()),
            standing: Standing::Matched,
            outcome: Outcome::Missing,
            metadata: None,
            json: Bytes::new(),
        }
    }

    /// The key of the request. `None` if the service dropped it; then nothing says which
    /// request this is, and the client does not guess.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// How the row relates to the requests that were submitted.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What became of the request.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The key and the outcome, owned.
    pub fn into_parts(self) -> (Option<Key>, Outcome) {
        (self.key, self.outcome)
    }

    /// The response, if there is one.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Response(response) => Some(response),
            _ => None,
        }
    }

    /// The error, if the request has one.
    pub fn error(&self) -> Option<&RowError> {
        match &self.outcome {
            Outcome::Error(error) => Some(error),
            _ => None,
        }
    }

    /// The metadata that came back with the result, where the service carries it.
    pub fn metadata(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(self.metadata.as_ref()?).ok()
    }

    pub(crate) fn metadata_json(&self) -> Option<&str> {
        std::str::from_utf8(self.metadata.as_ref()?).ok()
    }

    /// The row as it came; empty for a missing result.
    pub fn json(&self) -> &str {
        // Checked when the row was read.
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// The row, parsed; null for a missing result.
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

/// Why one request has no response.
#[derive(Debug, Clone, PartialEq)]
pub struct RowError {
    status: Status,
    malformed: bool,
}

impl RowError {
    pub(crate) fn new(status: Status) -> Self {
        Self {
            status,
            malformed: false,
        }
    }

    /// A row that bears a key but neither a response nor an error that can be read.
    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self {
            status: Status {
                code: 2,
                message: reason.into(),
                details: Vec::new(),
            },
            malformed: true,
        }
    }

    /// The `google.rpc.Code`; 2 (`UNKNOWN`) where the row itself made no sense.
    pub fn code(&self) -> i64 {
        self.status.code
    }

    /// What happened; empty where the service gave a code alone.
    pub fn message(&self) -> &str {
        &self.status.message
    }

    /// The error as the service gave it.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether a quota refused this one request (`RESOURCE_EXHAUSTED`, or 429 where the service
    /// writes an HTTP status), so that it may be submitted again later.
    /// [`Error::is_quota`](crate::Error::is_quota) is about whole calls and jobs.
    pub fn is_quota(&self) -> bool {
        matches!(self.status.code, 8 | 429)
    }

    /// Whether the row held neither a response nor an error, so that this error is the
    /// client's and not the service's. [`BatchResult::json`] is what came.
    pub fn is_malformed(&self) -> bool {
        self.malformed
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.malformed {
            return write!(f, "unreadable row: {}", self.status.message);
        }
        self.status.fmt(f)
    }
}

impl std::error::Error for RowError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::backend::gemini::results::read_row as read_gemini;
    #[cfg(feature = "vertex")]
    use crate::backend::vertex::results::read_row as read_vertex;
    use crate::fuzzing::reads_alike;

    /// The same text, each of its UTF-16 units as an escape.
    fn escaped(text: &str) -> String {
        let units = text.encode_utf16();
        let escapes: String = units.map(|unit| format!("\\u{unit:04x}")).collect();
        format!("\"{escapes}\"")
    }

    #[test]
    fn quota_is_told_from_other_errors() {
        let error = |code| {
            RowError::new(Status {
                code,
                message: String::new(),
                details: Vec::new(),
            })
        };
        assert!(error(8).is_quota() && error(429).is_quota());
        assert!(!error(3).is_quota() && !RowError::malformed("x").is_quota());
    }

    /// A row of each kind that is read in one pass, and some that nearly are.
    const ROWS: [&str; 7] = [
        r#"{"key":"a\u00e9\n","response":{"candidates":[{"content":{"parts":[{"text":"One\n\u00e9 two","thoughtSignature":"x"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":60,"candidatesTokenCount":150,"totalTokenCount":210,"promptTokensDetails":[{"modality":"TEXT","tokenCount":60}]},"modelVersion":"m","responseId":"r"}}"#,
        r#"{"response":{"candidates":[{"content":{"parts":[{"text":"plain"}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"totalTokenCount":1.5}},"metadata":{"key":"k","n":[1]}}"#,
        r#"{"status":"","processed_time":"t","request":{"contents":[{"parts":[{"text":"q"}]}]},"response":{"candidates":[{"content":{"parts":[{"text":"t","thought":true},{"text":"answer"}]},"finishReason":"STOP","safetyRatings":[{"category":"c","blocked":true}]}],"usageMetadata":{"promptTokenCount":"7"}},"key":"v"}"#,
        r#"{"key":"b","response":{"promptFeedback":{"blockReason":"SAFETY"},"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b"}]},"finishReason":"STOP"}]}}"#,
        r#"{"key":"e","error":{"code":3,"message":"bad"}}"#,
        r#"{"key":"s","status":"","request":{},"response":{"candidates":[{"content":{"parts":[{"text":"\ud83d\ude42 \ud83d"},{"functionCall":{"name":"f"}}]}}]}}"#,
        r#"{"key":"o","response":{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"},{}],"usageMetadata":{"promptTokenCount":1,"promptTokenCount":2}}}"#,
    ];

    #[test]
    fn rows_are_read_alike_in_one_pass_and_in_many() {
        for row in ROWS {
            reads_alike(row.as_bytes());
            for end in 0..row.len() {
                reads_alike(&row.as_bytes()[..end]);
            }
        }
    }

    proptest! {
        #[test]
        fn a_row_with_something_else_within_is_read_alike(
            row in prop::sample::select(&ROWS[..]),
            from in any::<prop::sample::Index>(),
            len in 0usize..12,
            instead in prop::sample::select(vec!["", " ", "\"", "\\", "{", "}", "[", "]", ",", ":", "1",
                "-1", "true", "null", "\"key\":\"z\",", "\"text\":\"w\",", "{},", "[],", "\\n",
                "\u{1}", "\"response\":{},", "\"parts\":[],", "\"error\":null,", "\\u0041", "é"]),
        ) {
            let mut row = row.as_bytes().to_vec();
            let from = from.index(row.len());
            let to = (from + len).min(row.len());
            row.splice(from..to, instead.bytes());
            reads_alike(&row);
        }

        #[test]
        fn any_text_is_a_key_in_every_spelling(text in any::<String>()) {
            for json in [Value::from(&*text).to_string(), escaped(&text)] {
                let raw: &RawValue = serde_json::from_str(&json).unwrap();
                let key = read_key(raw);
                prop_assert_eq!(key.as_deref(), Some(&*text));
                let line = format!(r#"{{"key":{json},"response":{{"candidates":[]}}}}"#);
                let key = read_gemini(Bytes::from(line.clone())).unwrap().key;
                prop_assert_eq!(key.as_deref(), Some(&*text));
                #[cfg(feature = "vertex")]
                prop_assert_eq!(read_vertex(Bytes::from(line)).unwrap().key, key);
                let inline = format!(r#"{{"metadata":{{"key":{json}}},"response":{{}}}}"#);
                let key = read_gemini(Bytes::from(inline)).unwrap().key;
                prop_assert_eq!(key.as_deref(), Some(&*text));
            }
        }
    }
}
