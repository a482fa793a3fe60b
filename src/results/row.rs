//! One result: the key it came under and what became of the request.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::key::{Key, RowError};
use super::ledger::KeyMatch;
use super::response::Response;
use crate::job::Status;
use crate::scan::whole_characters;
use crate::wire;

/// A row as a backend's reader hands it to the stream: taken apart, not yet booked.
#[derive(Debug)]
pub struct Row {
    /// The key that it has.
    pub key: Option<Key>,
    /// Whether it has two that differ, of which nothing in the row tells which is the request's.
    pub has_two_keys: bool,
    /// What became of the request.
    pub body: RowBody,
    /// What the caller gave with the request.
    pub metadata: Option<Bytes>,
    /// The request, where the service echoes it.
    pub request: Option<Bytes>,
    /// All of it.
    pub json: Bytes,
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

/// What a row says of its request.
#[derive(Debug)]
pub enum RowBody {
    /// A response, however it ended.
    Response(Response),
    /// An error, the service's or of a row that is malformed.
    Error(RowError),
}

/// Reads one row of a backend; the error says why it is none.
pub type ReadRow = fn(Bytes) -> Result<Row, String>;

/// A key is a text. A number, which only a file made by hand can hold, reads as its digits.
pub(crate) fn read_key(raw: &RawValue) -> Option<Key> {
    match raw.get().as_bytes().first()? {
        b'"' => wire::text(raw).map(|key| Key::from(&*key)),
        b'0'..=b'9' | b'-' => Some(Key::from(raw.get())),
        _ => None,
    }
}

/// The key of a row that may have it in `key` and in `custom_id`, and whether these differ: then one
/// is a column of the caller's own.
pub(crate) fn one_key(key: Option<&RawValue>, custom_id: Option<&RawValue>) -> (Option<Key>, bool) {
    match (key.and_then(read_key), custom_id.and_then(read_key)) {
        (Some(key), Some(other)) if key != other => (None, true),
        (key, other) => (key.or(other), false),
    }
}

/// The error within a response, whatever else it has.
pub(crate) fn error_within(response: &str) -> Option<Status> {
    #[derive(Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    memchr::memmem::find(response.as_bytes(), b"\"error\"")?;
    let whole = whole_characters(response.as_bytes()).and_then(|it| String::from_utf8(it).ok());
    let response: Response<'_> = match wire::object(whole.as_deref().unwrap_or(response)) {
        Ok(response) => response,
        Err(error) => return Some(Status::unknown(wire::on_one_line(&error))),
    };
    wire::failure(response.error?.get())
}

/// What a service puts around the response of an open model, as OpenAI's batches do: a status of
/// HTTP, and the body.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    status_code: Option<&'a RawValue>,
    /// `null` is one.
    #[serde(borrow, default, deserialize_with = "whatever")]
    body: Option<&'a RawValue>,
}

fn whatever<'de: 'a, 'a, D: Deserializer<'de>>(value: D) -> Result<Option<&'a RawValue>, D::Error> {
    Deserialize::deserialize(value).map(Some)
}

/// The response within such an envelope, or the error there; `None` if it stands in none.
pub(crate) fn within_envelope(response: &str) -> Option<Result<Cow<'_, str>, RowError>> {
    memchr::memmem::find(response.as_bytes(), b"\"status_code\"")?;
    let envelope: Envelope<'_> = wire::object(response).ok()?;
    let written = envelope.status_code?.get();
    let body = envelope.body.map(|raw| match wire::text(raw) {
        // JSON in a text, as tables may hold it.
        Some(text) => Cow::Owned(text.trim().to_owned()),
        None => Cow::Borrowed(raw.get()),
    });
    let object = body.clone().filter(|body| body.starts_with('{'));
    let told = || object.as_deref().and_then(wire::status);
    let Some(status) = http_status(written) else {
        let told = object.as_deref().and_then(error_within);
        let message = format!(
            "its status of HTTP is {}",
            written.chars().take(40).collect::<String>()
        );
        return Some(Err(
            told.map_or_else(|| RowError::malformed(message), RowError::new)
        ));
    };
    if status >= 400 {
        let told = told().map(|told| told.or_http(status));
        let status = told.unwrap_or_else(|| Status::of_http(status));
        return Some(Err(RowError::new(status)));
    }
    match (object, body) {
        (Some(object), _) if serde_json::from_str::<Filled>(&object).is_ok() => Some(Ok(object)),
        (None, None) => None,
        _ => {
            let message = "its envelope has a status of success, and no response in it";
            Some(Err(RowError::malformed(message)))
        }
    }
}

/// A status of HTTP, which may be written as a text or a float.
fn http_status(json: &str) -> Option<u16> {
    let number: f64 = json.trim_matches('"').parse().ok()?;
    let is_one = (100.0..600.0).contains(&number) && number.fract() == 0.0;
    is_one.then_some(number as u16)
}

/// An object that is not empty.
struct Filled;

impl<'de> Deserialize<'de> for Filled {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, IgnoredAny>::deserialize(value)?;
        match fields.is_empty() {
            true => Err(serde::de::Error::custom("it is empty")),
            false => Ok(Self),
        }
    }
}

/// Whether metadata has nothing of the caller's: no more than the key, which the client put there.
pub(super) fn is_key_alone(metadata: &str) -> bool {
    let fields: Option<BTreeMap<String, IgnoredAny>> = serde_json::from_str(metadata).ok();
    fields.is_some_and(|fields| fields.len() == 1 && fields.contains_key("key"))
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
#[derive(Clone)]
pub struct BatchResult {
    key: Option<Key>,
    key_match: KeyMatch,
    outcome: Outcome,
    metadata: Option<Bytes>,
    json: Bytes,
    why_missing: Option<Box<str>>,
}

/// What became of a request: a response, an error, or nothing at all.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The model responded.
    Response(Response),
    /// The service refused or failed this one request.
    Error(RowError),
    /// The request was submitted and the results hold no row for it.
    Missing,
}

impl BatchResult {
    pub(crate) fn new(row: Row, key_match: KeyMatch) -> Self {
        Self {
            key: row.key,
            key_match,
            outcome: match row.body {
                RowBody::Response(response) => Outcome::Response(response),
                RowBody::Error(error) => Outcome::Error(error),
            },
            metadata: row.metadata,
            json: row.json,
            why_missing: None,
        }
    }

    pub(crate) fn missing(key: String) -> Self {
        Self {
            key: Some(key.into()),
            key_match: KeyMatch::Matched,
            outcome: Outcome::Missing,
            metadata: None,
            json: Bytes::new(),
            why_missing: None,
        }
    }

    /// The same with what is known of a request that has no row.
    #[cfg(feature = "runs")]
    pub(crate) fn explained(mut self, metadata: Option<Bytes>, why: Option<String>) -> Self {
        self.metadata = metadata;
        self.why_missing = why
            .filter(|why| !why.is_empty())
            .map(String::into_boxed_str);
        self
    }

    /// Why a result is missing, where more is known than that nothing came back: in a run, such as that
    /// the results of its job could not be read, or that rows came without a key. `None` otherwise.
    ///
    /// ```no_run
    /// # fn example(result: genai_batch::BatchResult) {
    /// if let Some(why) = result.why_missing() {
    ///     println!("{:?}: {why}", result.key());
    /// }
    /// # }
    /// ```
    pub fn why_missing(&self) -> Option<&str> {
        self.why_missing.as_deref()
    }

    /// The key of the request. `None` if the service dropped it; then nothing says which
    /// request this is, and the client does not guess.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// How the row relates to the requests that were submitted.
    pub fn key_match(&self) -> KeyMatch {
        self.key_match
    }

    /// Whether it is the result of a request, as far as that is known.
    pub(super) fn is_of_a_request(&self) -> bool {
        matches!(self.key_match, KeyMatch::Matched | KeyMatch::Unchecked)
    }

    /// What became of the request.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The key and the outcome, owned.
    ///
    /// ```no_run
    /// use genai_batch::Outcome;
    ///
    /// # fn example(result: genai_batch::BatchResult) {
    /// if let (Some(key), Outcome::Response(response)) = result.into_parts() {
    ///     println!("{key}: {:?}", response.text());
    /// }
    /// # }
    /// ```
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

    /// What [`Request::metadata`](crate::Request::metadata) put beside the key, on either backend;
    /// `None` where there is nothing, or neither the service nor this process knows it. A result that
    /// is missing has it where this process created the job, or was given the requests.
    pub fn metadata(&self) -> Option<Map<String, Value>> {
        match wire::value(self.metadata_json()?) {
            Value::Object(mut metadata) => {
                // Beside requests in the body of a create, Gemini has the key within it.
                metadata.remove("key");
                (!metadata.is_empty()).then_some(metadata)
            }
            _ => None,
        }
    }

    /// The key of a result that came without metadata.
    pub(super) fn lacks_metadata(&self) -> Option<&str> {
        let is_submitted = self.key_match == KeyMatch::Matched;
        let key = self.key.as_deref().filter(|_| is_submitted);
        key.filter(|_| self.metadata().is_none())
    }

    pub(super) fn set_metadata(&mut self, json: Option<Vec<u8>>) {
        if let Some(json) = json {
            self.metadata = Some(Bytes::from(json));
        }
    }

    pub(crate) fn metadata_json(&self) -> Option<&str> {
        std::str::from_utf8(self.metadata.as_ref()?).ok()
    }

    /// The row, which shares its memory with what it came in.
    #[cfg(feature = "runs")]
    pub(crate) fn json_bytes(&self) -> &Bytes {
        &self.json
    }

    /// The row as it came; empty for a missing result. Where its error quotes a credential of the
    /// client, that is not in it.
    pub fn json(&self) -> &str {
        // Checked when the row was read.
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// The row, parsed; null for a missing result.
    pub fn to_value(&self) -> Value {
        wire::value(self.json())
    }
}

/// Without the row as it came, which may be long, and says the same.
impl fmt::Debug for BatchResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchResult")
            .field("key", &self.key)
            .field("key_match", &self.key_match)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::backend::gemini::results::read_row as read_gemini;
    #[cfg(feature = "vertex")]
    use crate::backend::vertex::results::read_row as read_vertex;

    /// The same text, each of its UTF-16 units as an escape.
    fn escaped(text: &str) -> String {
        let units = text.encode_utf16();
        let escapes: String = units.map(|unit| format!("\\u{unit:04x}")).collect();
        format!("\"{escapes}\"")
    }

    #[test]
    fn quota_is_told_from_other_errors() {
        let error = |code| RowError::new(Status::new(Some(code), None, Vec::new()));
        assert!(error(8).is_quota() && error(429).is_quota());
        assert!(!error(3).is_quota() && !RowError::malformed("x").is_quota());
    }

    #[cfg(feature = "vertex")]
    #[test]
    fn a_response_of_an_open_model_is_what_stands_in_its_envelope() {
        let row = |status: u16, body: &str| {
            let response = format!(r#"{{"status_code":{status},"body":{body}}}"#);
            let line = format!(r#"{{"key":"a","response":{response}}}"#);
            read_vertex(Bytes::from(line)).unwrap()
        };
        let body = r#"{"choices":[{"index":0}]}"#;
        assert_eq!(row(200, body).response(), body);
        assert_eq!(row(399, body).response(), body);
        for (status, body, code) in [
            (400, r#"{"error":{"message":"bad"}}"#, 3),
            (404, "null", 5),
            (429, body, 8),
        ] {
            let row = row(status, body);
            assert_eq!(row.error().code(), code, "{status}");
            assert!(!row.error().is_malformed(), "{row:?}");
        }
    }

    #[test]
    fn an_envelope_is_a_response_only_with_success_and_a_body() {
        let code = |json: &str| match within_envelope(json) {
            Some(Err(error)) => Some((error.code(), error.is_malformed())),
            _ => None,
        };
        for (json, found) in [
            (
                r#"{"status_code":"429","body":{"error":{"message":"slow"}}}"#,
                (8, false),
            ),
            (r#"{"status_code":429.0,"body":null}"#, (8, false)),
            (r#"{"status_code":500,"body":"oops"}"#, (13, false)),
            (r#"{"status_code":70000,"body":{"choices":[]}}"#, (2, true)),
            (r#"{"status_code":"well","body":{"choices":[]}}"#, (2, true)),
            (r#"{"status_code":200,"body":null}"#, (2, true)),
            (r#"{"status_code":200,"body":{}}"#, (2, true)),
            (r#"{"status_code":200,"body":"oops"}"#, (2, true)),
        ] {
            assert_eq!(code(json), Some(found), "{json}");
        }
        for fine in [
            r#"{"status_code":200,"body":{"choices":[1]}}"#,
            r#"{"status_code":"200","body":"{\"choices\":[1]}"}"#,
        ] {
            let body = within_envelope(fine).unwrap().unwrap();
            assert_eq!(body, r#"{"choices":[1]}"#, "{fine}");
        }
        assert!(within_envelope(r#"{"status_code":200,"choices":[1]}"#).is_none());
    }

    #[test]
    fn a_result_lacks_metadata_where_the_row_has_no_more_than_the_key() {
        let result = |json: &str| {
            let row = read_gemini(Bytes::copy_from_slice(json.as_bytes())).unwrap();
            BatchResult::new(row, KeyMatch::Matched)
        };
        for json in [
            r#"{"key":"a","response":{}}"#,
            r#"{"key":"a","metadata":{},"response":{}}"#,
            r#"{"metadata":{"key":"a"},"response":{}}"#,
        ] {
            let mut result = result(json);
            assert_eq!(result.lacks_metadata(), Some("a"), "{json}");
            result.set_metadata(Some(br#"{"n":1}"#.to_vec()));
            assert!(result.metadata().is_some());
        }
        let has = r#"{"metadata":{"key":"a","n":1},"response":{}}"#;
        assert_eq!(result(has).lacks_metadata(), None);
    }

    proptest! {
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
