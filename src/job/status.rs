//! Why something failed: a `google.rpc.Status`, in each of the spellings that services have for one.
//!
//! ```text
//! {code, message, details}          google.rpc, by its number
//! {code, message, status}           an HTTP error: the name says more than the number
//! "Bad Request: {\"error\": {…}}"    either of them, within words
//! "RESOURCE_EXHAUSTED: …"           words that begin with the name
//! ```
//!
//! A name that the service gives wins over what its number would mean.

use std::fmt;
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::codes::{
    NAMES, RESOURCE_EXHAUSTED, UNKNOWN, code_of_name, code_of_type, name_within, rpc_code,
};
use super::status_fields::{Fields, text};
use crate::scan::whole_characters;
use crate::shown::Shown;

/// Why a job or one request in it failed: a `google.rpc.Status`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Status {
    /// The `google.rpc.Code`, such as 8 for `RESOURCE_EXHAUSTED`. Where the service gives an HTTP
    /// status, the code of the name that stands beside it, or else the one that fits it best.
    pub code: i64,
    /// What happened, in the service's words; may be empty.
    pub message: String,
    /// A list in JSON, which may be larger than all else that a row has: it is read when it is asked for.
    details: Option<Box<RawValue>>,
}

/// By what the details say, however they are spelled.
impl PartialEq for Status {
    fn eq(&self, other: &Self) -> bool {
        (self.code, &self.message) == (other.code, &other.message)
            && self.details() == other.details()
    }
}

/// How deep an error may lie in others.
const DEPTH: usize = 8;

impl Status {
    /// A status of which only the code may be there, or not even that.
    pub(crate) fn new(
        code: Option<i64>,
        message: Option<String>,
        details: Vec<Map<String, Value>>,
    ) -> Self {
        let details = match details.is_empty() {
            true => None,
            false => serde_json::value::to_raw_value(&details).ok(),
        };
        Self::of_parts(code, None, message.unwrap_or_default(), details)
    }

    #[cfg(test)]
    pub(crate) fn of(code: i64, message: &str, details: &[Value]) -> Self {
        Self {
            code,
            message: message.to_owned(),
            details: serde_json::value::to_raw_value(details).ok(),
        }
    }

    /// One of the client's own making, of which nothing but words is known.
    pub(crate) fn unknown(message: String) -> Self {
        Self {
            code: UNKNOWN,
            message,
            details: None,
        }
    }

    fn of_parts(
        code: Option<i64>,
        name: Option<&str>,
        message: String,
        details: Option<Box<RawValue>>,
    ) -> Self {
        let named = name.and_then(code_of_name);
        let code = named.unwrap_or_else(|| match code.map(rpc_code) {
            Some(RESOURCE_EXHAUSTED) => RESOURCE_EXHAUSTED,
            // The words tell the cause, the number perhaps only where it was noticed.
            code => named_in_words(&message).or(code).unwrap_or(UNKNOWN),
        });
        Self {
            code,
            message,
            details,
        }
    }

    /// Reads a status from JSON: an object, one within `error`, or words. `None` for any other value.
    pub(crate) fn of_json(json: &str) -> Option<Self> {
        Self::within(json, DEPTH)
    }

    fn within(json: &str, depth: usize) -> Option<Self> {
        match json.trim_ascii_start().as_bytes().first()? {
            b'"' => text(json).map(Self::of_words),
            b'{' => match Fields::read(json) {
                Some(fields) => Some(Self::of_fields(&fields, depth)),
                // The name of a field may have half a character, which no reader of names takes.
                None => {
                    let whole = String::from_utf8(whole_characters(json.as_bytes())?).ok()?;
                    Fields::read(&whole).map(|fields| Self::of_fields(&fields, depth))
                }
            },
            _ => None,
        }
    }

    fn of_fields(fields: &Fields<'_>, depth: usize) -> Self {
        if let Some(inner) = fields.error.filter(|_| fields.code.is_none() && depth > 0)
            && let Some(status) = Self::within(inner.get(), depth - 1)
        {
            return status;
        }
        let text = |field: Option<&RawValue>| text(field?.get());
        let named = || {
            let kind = text(fields.kind).as_deref().and_then(code_of_type);
            kind.or_else(|| text(fields.code).as_deref().and_then(code_of_type))
        };
        let is_list = |raw: &&RawValue| raw.get().starts_with('[') && raw.get() != "[]";
        let details = fields.details.filter(is_list);
        Self::of_parts(
            fields.code.and_then(number).or_else(named),
            text(fields.status).as_deref(),
            text(fields.message).unwrap_or_default(),
            details.map(ToOwned::to_owned),
        )
    }

    /// What words say: the status as JSON within them, or by a name, or unknown.
    fn of_words(words: String) -> Self {
        match Fields::within(&words).map(|fields| Self::of_fields(&fields, DEPTH)) {
            Some(status) if status.message.is_empty() => Self {
                message: words,
                ..status
            },
            Some(status) => status,
            None => Self {
                code: name_within(&words).unwrap_or(UNKNOWN),
                ..Self::unknown(words)
            },
        }
    }

    /// Whether words say more than that something went wrong: a code, or the name of one.
    pub(crate) fn is_named_by(words: &str) -> bool {
        Fields::within(words).is_some() || name_within(words).is_some()
    }

    /// More about it, in whatever types the service chose; none where it says no more.
    ///
    /// They are kept as JSON and read by each call.
    ///
    /// ```
    /// # fn example(status: genai_batch::job::Status) {
    /// for detail in status.details() {
    ///     println!("{}: {detail}", detail["@type"]);
    /// }
    /// # }
    /// ```
    pub fn details(&self) -> Vec<Value> {
        let json = self.details.as_deref().map_or("[]", RawValue::get);
        let whole = whole_characters(json.as_bytes());
        let list = serde_json::from_slice(whole.as_deref().unwrap_or(json.as_bytes()));
        let list: Vec<&RawValue> = list.unwrap_or_default();
        // One that no value can hold, such as `1e999`, costs no other.
        let details = list.into_iter().map(|raw| serde_json::from_str(raw.get()));
        details.filter_map(Result::ok).collect()
    }

    /// How long the service asks to wait before another attempt, by a `google.rpc.RetryInfo` among the
    /// details; `None` where it has none.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_info(&self.details())
    }

    /// What a status of HTTP says by itself.
    pub(crate) fn of_http(status: u16) -> Self {
        Self::new(Some(i64::from(status)), None, Vec::new())
    }

    /// The same; one that says no code has that of a status of HTTP.
    pub(crate) fn or_http(mut self, status: u16) -> Self {
        if self.code == UNKNOWN {
            self.code = rpc_code(i64::from(status));
        }
        self
    }

    /// Takes out of what it says what `clean` finds there, and tells whether that was anything.
    pub(crate) fn clean(&mut self, clean: impl Fn(&str) -> Option<String>) -> bool {
        let message = clean(&self.message);
        let details = self.details.as_deref().map(RawValue::get).and_then(clean);
        let is_any = message.is_some() || details.is_some();
        if let Some(message) = message {
            self.message = message;
        }
        if let Some(details) = details {
            // What is no JSON any more is not kept.
            self.details = RawValue::from_string(details).ok();
        }
        is_any
    }

    /// Whether it says the same, to the letter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let details = self.details.as_deref().map(RawValue::get);
        (self.code, &self.message) == (other.code, &other.message)
            && details == other.details.as_deref().map(RawValue::get)
    }

    /// The name of the code, such as `RESOURCE_EXHAUSTED`; `UNKNOWN` for one with no name.
    pub fn status(&self) -> &'static str {
        let code = usize::try_from(self.code).ok();
        let name = code.and_then(|code| NAMES.get(code));
        name.copied().unwrap_or("UNKNOWN")
    }
}

/// The wait that a `google.rpc.RetryInfo` among the details of a failure asks for.
pub(crate) fn retry_info(details: &[Value]) -> Option<Duration> {
    let info = details.iter().find(|detail| {
        let kind = detail.get("@type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.ends_with("google.rpc.RetryInfo"))
    })?;
    let seconds = info.get("retryDelay")?.as_str()?.strip_suffix('s')?;
    Duration::try_from_secs_f64(seconds.parse().ok()?).ok()
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", self.status(), self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", Shown(&self.message))?;
        }
        Ok(())
    }
}

/// A code, which may come as a text.
fn number(raw: &RawValue) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0).then_some(number as i64);
    let json = raw.get();
    match text(json) {
        Some(text) => text.parse().ok(),
        None => (json.parse().ok()).or_else(|| whole(json.parse().ok()?)),
    }
}

/// The code that words give a name to, where a number stands beside them.
fn named_in_words(words: &str) -> Option<i64> {
    let within = Fields::within(words);
    let name = within.and_then(|fields| {
        let inner = fields.error.and_then(|error| Fields::read(error.get()));
        text(inner.unwrap_or(fields).status?.get())
    });
    name.as_deref()
        .and_then(code_of_name)
        .or_else(|| name_within(words))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> (&'static str, String) {
        let status = Status::of_json(&value.to_string()).unwrap();
        (status.status(), status.message)
    }

    #[test]
    fn the_name_wins_over_the_number() {
        for (value, name, message) in [
            (json!({"code": 3, "message": "m"}), "INVALID_ARGUMENT", "m"),
            (
                json!({"code": 400, "message": "m"}),
                "INVALID_ARGUMENT",
                "m",
            ),
            (
                json!({"code": 400, "status": "FAILED_PRECONDITION"}),
                "FAILED_PRECONDITION",
                "",
            ),
            (
                json!({"code": 400, "status": "OUT_OF_RANGE", "message": "m"}),
                "OUT_OF_RANGE",
                "m",
            ),
            (
                json!({"code": 409, "status": "ALREADY_EXISTS"}),
                "ALREADY_EXISTS",
                "",
            ),
            (json!({"code": 409}), "ABORTED", ""),
            (json!({"code": "429"}), "RESOURCE_EXHAUSTED", ""),
            (json!({"code": 5.0}), "NOT_FOUND", ""),
            (
                json!({"code": 400, "status": "OF_TOMORROW"}),
                "INVALID_ARGUMENT",
                "",
            ),
            (
                json!({"error": {"error": {"code": 8}}}),
                "RESOURCE_EXHAUSTED",
                "",
            ),
            (
                json!({"error": "FAILED_PRECONDITION"}),
                "FAILED_PRECONDITION",
                "FAILED_PRECONDITION",
            ),
            (json!({}), "UNKNOWN", ""),
        ] {
            assert_eq!(read(value.clone()), (name, message.to_owned()), "{value}");
        }
        assert!(Status::of_json("7").is_none() && Status::of_json("[3]").is_none());
    }

    #[test]
    fn words_are_read_for_what_they_name() {
        let error = r#"{"error": {"code": 400, "message": "m", "status": "FAILED_PRECONDITION"}}"#;
        for (words, name, message) in [
            (format!("Bad Request: {error}"), "FAILED_PRECONDITION", "m"),
            (
                format!("Bad Request: {error} (retried)"),
                "FAILED_PRECONDITION",
                "m",
            ),
            (format!("[{error}]"), "FAILED_PRECONDITION", "m"),
            (format!("{{of model}} {error}"), "FAILED_PRECONDITION", "m"),
            (
                r#"{"code": 429}"#.into(),
                "RESOURCE_EXHAUSTED",
                r#"{"code": 429}"#,
            ),
            ("INTERNAL".into(), "INTERNAL", "INTERNAL"),
            (
                "NOT_FOUND: no such thing".into(),
                "NOT_FOUND",
                "NOT_FOUND: no such thing",
            ),
            (
                "429 RESOURCE_EXHAUSTED.".into(),
                "RESOURCE_EXHAUSTED",
                "429 RESOURCE_EXHAUSTED.",
            ),
            ("an INTERNAL matter".into(), "UNKNOWN", "an INTERNAL matter"),
            (
                "Bad Request: {of sorts}".into(),
                "UNKNOWN",
                "Bad Request: {of sorts}",
            ),
            (
                r#"{"error":{"code":3,"message":"\ud83d"}}"#.into(),
                "INVALID_ARGUMENT",
                "\u{fffd}",
            ),
        ] {
            assert_eq!(read(json!(words)), (name, message.to_owned()), "{words}");
        }
    }

    #[test]
    fn details_are_read_when_they_are_asked_for() {
        let json = r#"{"details":[{"a":"\ud83d"},7],"code":3,"code":8,"x":1e999}"#;
        let status = Status::of_json(json).unwrap();
        assert_eq!(status.code, 8);
        assert_eq!(status.details(), [json!({ "a": "\u{fffd}" }), json!(7)]);
        assert!(
            Status::of_json(r#"{"code":3,"details":{}}"#)
                .unwrap()
                .details()
                .is_empty()
        );
        let typed = json!({ "@type": "t" }).as_object().cloned().unwrap();
        let status = Status::new(Some(3), None, vec![typed.clone()]);
        assert_eq!(status.details(), [Value::Object(typed)]);
        // Nothing is made of them before.
        let tiny = vec!["{}"; 1_000_000].join(",");
        let status = Status::of_json(&format!(r#"{{"code":3,"details":[{tiny}]}}"#)).unwrap();
        assert_eq!(status.details.unwrap().get().len(), tiny.len() + 2);
    }

    #[test]
    fn words_beside_a_number_tell_the_cause() {
        let words = r#"RESOURCE_EXHAUSTED error occurred: {"error": {"code": 429,
            "message": "quota", "status": "RESOURCE_EXHAUSTED"}}"#;
        let code = |code, words: &str| Status::new(code, Some(words.to_owned()), Vec::new()).code;
        assert_eq!((code(Some(3), words), code(Some(8), words)), (8, 8));
        assert_eq!(
            Status::new(Some(3), Some(words.to_owned()), Vec::new()).message,
            words
        );
        assert_eq!(code(Some(3), "the field NOT is OK"), 3);
        assert_eq!(code(Some(8), "INTERNAL: hidden"), 8);
        assert_eq!(code(Some(13), "it ended"), 13);
        assert_eq!(code(None, "it ended"), 2);
    }
}
