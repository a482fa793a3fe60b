//! One row of a Gemini result, inline or a line of a file, taken apart.
//!
//! Rows come as `{"key", "response" | "error"}` in files and
//! `{"metadata", "response" | "error"}` inline; the documentation also allows a bare
//! response or status object. The error has been seen under `status` and within `response` too, and
//! in words.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::results::row::{Row, RowBody, error_within, one_key, read_key, within_envelope};
use crate::results::{FastFields, Key, Response, RowError};
use crate::scan::{Scanner, whole_characters};
use crate::wire::{self, on_one_line};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRow<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    // In lines of OpenAI's form.
    #[serde(borrow, rename = "custom_id")]
    custom_id: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    // The marks of a bare response …
    candidates: Option<IgnoredAny>,
    #[serde(alias = "prompt_feedback")]
    prompt_feedback: Option<IgnoredAny>,
    #[serde(alias = "embeddings")]
    embedding: Option<IgnoredAny>,
    // … and of a bare status.
    code: Option<IgnoredAny>,
}

/// Reads a row; the error says why it is none.
pub fn read_row(json: Bytes) -> Result<Row, String> {
    match fast_row(&json) {
        Some(row) => Ok(row),
        None => any_row(json),
    }
}

/// Reads a row of the plain kind, a key and a response, in one pass. `None` for any other.
fn fast_row(json: &Bytes) -> Option<Row> {
    let mut scanner = Scanner::new(json)?;
    let (mut key, mut metadata, mut response) = (None, None, None);
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        let is_twice = match name {
            "key" => key.replace(Key::from(&*scanner.text()?)).is_some(),
            "metadata" => metadata.replace(scanner.skip()?).is_some(),
            "response" => response.replace(FastFields::read(&mut scanner)?).is_some(),
            "error" | "status" | "candidates" | "promptFeedback" | "embedding" | "code"
            | "custom_id" => {
                return None;
            }
            _ => {
                scanner.skip()?;
                false
            }
        };
        if is_twice {
            return None;
        }
    }
    scanner.end()?;
    let (place, found) = response?;
    let key = match (key, metadata) {
        (Some(key), _) => key,
        (None, metadata) => plain_metadata_key(metadata?)?,
    };
    let metadata = metadata.filter(|metadata| *metadata != "null");
    Some(Row {
        key: Some(key),
        has_two_keys: false,
        body: RowBody::Response(Response::with_fast_fields(json.slice(place), found)),
        metadata: metadata.map(|metadata| json.slice_ref(metadata.as_bytes())),
        request: None,
        json: json.clone(),
    })
}

fn plain_metadata_key(metadata: &str) -> Option<Key> {
    let mut scanner = Scanner::new(metadata.as_bytes())?;
    let mut key = None;
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        if name != "key" {
            scanner.skip()?;
        } else if key.replace(scanner.text()?).is_some() {
            return None;
        }
    }
    key.map(|key| Key::from(&*key))
}

/// Reads a row of any kind.
pub fn any_row(json: Bytes) -> Result<Row, String> {
    let text = std::str::from_utf8(&json).map_err(|e| e.to_string())?;
    let whole = whole_characters(text.as_bytes());
    let wire: WireRow<'_> = wire::object(text)
        // The name of a field may have half a character, which no reader of names takes.
        .or_else(|e| whole.as_deref().map_or(Err(e), serde_json::from_slice))
        .map_err(|e| on_one_line(&e))?;
    let body = body(&wire, &json);
    let (key, has_two_keys) = one_key(wire.key, wire.custom_id);
    let inner = || metadata_key(wire.metadata.filter(|_| !has_two_keys)?);
    let key = key.or_else(inner);
    let metadata = wire.metadata.map(|raw| part(raw.get(), &json));
    Ok(Row {
        key,
        has_two_keys,
        body,
        metadata,
        request: None,
        json: json.clone(),
    })
}

fn body(wire: &WireRow<'_>, json: &Bytes) -> RowBody {
    let failed = |status| RowBody::Error(RowError::new(status));
    let malformed = |reason: &str| RowBody::Error(RowError::malformed(reason));
    if let Some(error) = wire.error.filter(|error| !is_empty(error, wire.response)) {
        return match wire::status(error.get()) {
            Some(status) => failed(status),
            None => malformed("its error is not a status"),
        };
    }
    let is_bare = wire.candidates.is_some() || wire.prompt_feedback.is_some();
    let response = match wire.response {
        None if is_bare || wire.embedding.is_some() => return bare_response(json),
        None if wire.code.is_some() => {
            let status = std::str::from_utf8(json).ok().and_then(wire::status);
            return status.map_or_else(|| malformed("its status cannot be read"), failed);
        }
        response => response,
    };
    let response = match response.map(|response| (response, within_envelope(response.get()))) {
        Some((_, Some(Ok(body)))) => Some(body),
        Some((_, Some(Err(error)))) => return RowBody::Error(error),
        Some((response, None)) => Some(Cow::Borrowed(response.get())),
        None => None,
    };
    let response_error = response.as_deref().and_then(error_within);
    let is_object = |response: &&str| response.starts_with('{');
    let is_empty = |response: &str| response[1..].trim_ascii_start().starts_with('}');
    let status = || wire.status.and_then(|status| wire::failure(status.get()));
    let marked_status = || {
        wire.status
            .and_then(|status| wire::marked_failure(status.get()))
    };
    match (response_error, response.as_deref().filter(is_object)) {
        (Some(error), _) => failed(error),
        (None, Some(response)) => {
            let status = match is_empty(response) {
                true => status(),
                // It may tell how far the request is.
                false => marked_status(),
            };
            match status {
                Some(status) => failed(status),
                None => RowBody::Response(Response::new(part(response, json))),
            }
        }
        (None, None) => match status() {
            Some(status) => failed(status),
            None if response.is_some() => malformed("its response is not an object"),
            None => malformed("neither a response nor an error"),
        },
    }
}

fn bare_response(json: &Bytes) -> RowBody {
    RowBody::Response(Response::new(json.clone()))
}

/// A value of a row as it stands there; a copy, if that is of the row with whole characters.
fn part(value: &str, row: &Bytes) -> Bytes {
    let text = value.as_bytes();
    let range = row.as_ptr_range();
    let is_within = range.contains(&text.as_ptr()) && text.as_ptr_range().end <= range.end;
    match is_within {
        true => row.slice_ref(text),
        false => Bytes::copy_from_slice(text),
    }
}

/// Whether what stands under `error` is none: nothing, or beside a response a code of 0.
fn is_empty(error: &RawValue, response: Option<&RawValue>) -> bool {
    let is_ok = || wire::status(error.get()).is_some_and(|status| status.code == 0);
    matches!(error.get(), "null" | "{}" | "\"\"") || (response.is_some() && is_ok())
}

fn metadata_key(metadata: &RawValue) -> Option<Key> {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        key: Option<&'a RawValue>,
    }
    let metadata: Metadata<'_> = wire::object(metadata.get()).ok()?;
    read_key(metadata.key?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Row {
        read_row(Bytes::copy_from_slice(json.as_bytes())).unwrap()
    }

    #[test]
    fn every_documented_form_is_read() {
        let row = read(r#"{"key":"a\n\"1\"","response":{"candidates":[]},"new":1}"#);
        assert_eq!(row.key.as_deref(), Some("a\n\"1\""));
        assert_eq!(row.response(), r#"{"candidates":[]}"#);

        let row = read(r#"{"response":{},"metadata":{"key":"m","shard":"7"}}"#);
        assert_eq!(row.key.as_deref(), Some("m"));
        assert!(row.metadata.is_some());

        let row = read(r#"{"key":"e","error":{"code":3,"message":"bad"}}"#);
        assert_eq!((row.error().code(), row.error().message()), (3, "bad"));

        let row = read(r#"{"key":"o","response":{"candidates":[]},"error":{"code":0}}"#);
        assert_eq!(row.response(), r#"{"candidates":[]}"#);

        let row = read(r#"{"error":{"code":1},"metadata":{"key":"c"}}"#);
        assert_eq!((row.error().code(), row.error().message()), (1, ""));
        assert_eq!(row.key.as_deref(), Some("c"));

        let further = r#"{"key":"a","response":{"candidates":[]}} {}"#;
        assert!(read_row(Bytes::from(further)).is_err());

        let bare = r#"{"candidates":[],"usageMetadata":{}}"#;
        assert_eq!(read(bare).response(), bare);
        assert_eq!(read(r#"{"code":13,"message":"x"}"#).error().code(), 13);
    }

    #[test]
    fn errors_are_read_wherever_they_stand() {
        for (row, status, message) in [
            (
                r#""status":{"code":3,"message":"bad"}"#,
                "INVALID_ARGUMENT",
                "bad",
            ),
            (
                r#""status":"NOT_FOUND: gone","response":{ }"#,
                "NOT_FOUND",
                "NOT_FOUND: gone",
            ),
            (r#""status":{"code":5},"response":"text""#, "NOT_FOUND", ""),
            (
                r#""error":{"code":400,"status":"FAILED_PRECONDITION"}"#,
                "FAILED_PRECONDITION",
                "",
            ),
            (
                r#""error":{"error":{"code":400,"message":"bad"}}"#,
                "INVALID_ARGUMENT",
                "bad",
            ),
            (r#""error":"Bad Request: no""#, "UNKNOWN", "Bad Request: no"),
            (
                r#""response":{"error":{"code":429}}"#,
                "RESOURCE_EXHAUSTED",
                "",
            ),
            (
                r#""response":{"error":{"code":1,"message":"\ud83d"}}"#,
                "CANCELLED",
                "\u{fffd}",
            ),
            (
                r#""code":400,"status":"OUT_OF_RANGE","message":"far""#,
                "OUT_OF_RANGE",
                "far",
            ),
        ] {
            let row = read(&format!(r#"{{"key":"a",{row}}}"#));
            let error = row.error();
            assert_eq!(
                (error.status().status(), error.message()),
                (status, message),
                "{row:?}"
            );
            assert!(!error.is_malformed() && row.key.as_deref() == Some("a"));
        }
        for response in [
            r#""status":"done","response":{"candidates":[]}"#,
            r#""status":{"code":0},"response":{"candidates":[]}"#,
            r#""error":"","response":{"candidates":[]}"#,
            r#""response":{"candidates":[],"error":null}"#,
            r#""response":{"candidates":[],"error":{"code":0}}"#,
            r#""status":"","response":{"candidates":[]}"#,
            r#""status":"SUCCEEDED","response":{"candidates":[]}"#,
            r#""status":{"state":"DONE"},"response":{"candidates":[]}"#,
            r#""status":200,"response":{"candidates":[]}"#,
        ] {
            let row = read(&format!(r#"{{"key":"a",{response}}}"#));
            assert!(row.response().contains("candidates"), "{response}");
        }
    }

    #[test]
    fn half_a_character_costs_nothing_but_itself() {
        let line = r#"{"key":"k\ud83d","\udc00":1,"response":{"candidates":[{"content":{"parts":[
            {"text":"t\ude00","thought":true},{"text":"a\ud83d!"},
            {"functionCall":{"name":"f","args":{"q":"\ud83d"}}}]}}]},"metadata":{"m":"\ud83d"}}"#;
        let row = read(line);
        assert_eq!(row.key.as_deref(), Some("k\u{fffd}"));
        assert_eq!(row.json, line);
        let RowBody::Response(response) = row.body else {
            panic!("a response");
        };
        assert_eq!(response.text().unwrap(), "a\u{fffd}!");
        assert_eq!(response.thoughts().unwrap(), "t\u{fffd}");
        let call = response.function_calls().next().unwrap();
        let args: std::collections::BTreeMap<String, String> = call.args().unwrap();
        assert_eq!(args["q"], "\u{fffd}");
        assert_eq!(
            response.to_value()["candidates"][0]["content"]["parts"][1]["text"],
            "a\u{fffd}!"
        );
        // In a part that the fast reader passes over.
        let plain = fast_row(&Bytes::from_static(
            br#"{"key":"a","response":{"candidates":[{"content":{"parts":[
                {"functionCall":{"name":"\ud83d"}},{"text":"t"}]}}]}}"#,
        ));
        let Some(RowBody::Response(response)) = plain.map(|row| row.body) else {
            panic!("it is plain");
        };
        assert_eq!(response.function_calls().next().unwrap().name(), "\u{fffd}");
        assert!(response.json().contains(r"\ud83d"));
    }

    #[test]
    fn plain_rows_are_read_in_one_pass() {
        let line = r#"{"key":"a","response":{"candidates":[{"content":{"parts":[{"text":"One\n"}]},"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":7}}}"#;
        let inline = r#"{"response":{"candidates":[]},"metadata":{"key":"m"}}"#;
        let plain = |row: &'static str| fast_row(&Bytes::from_static(row.as_bytes()));
        let Some(RowBody::Response(response)) = plain(line).map(|row| row.body) else {
            panic!("it is plain");
        };
        assert_eq!(response.fast_complete_text().as_deref(), Some("One\n"));
        assert_eq!(response.fast_usage().unwrap().total_tokens, 7);
        assert_eq!(plain(inline).unwrap().key.as_deref(), Some("m"));
    }

    const BOTH: fn(&str) -> [Row; 2] = |json| {
        let json = Bytes::copy_from_slice(json.as_bytes());
        [read_row(json.clone()).unwrap(), any_row(json).unwrap()]
    };

    #[test]
    fn an_error_beside_a_response_is_the_outcome() {
        let response = r#""response":{"candidates":[{"content":{"parts":[{"text":"One"}]},"finishReason":"STOP"}]}"#;
        let error = r#""error":{"code":13,"message":"cut off"}"#;
        for fields in [format!("{response},{error}"), format!("{error},{response}")] {
            let json = format!(r#"{{"key":"a",{fields}}}"#);
            assert!(fast_row(&Bytes::from(json.clone())).is_none());
            for row in BOTH(&json) {
                assert_eq!((row.error().code(), row.error().message()), (13, "cut off"));
                assert_eq!(row.key.as_deref(), Some("a"));
            }
        }
        let within = |error: &str| format!(r#""response":{{"candidates":[1],{error}}}"#);
        for (fields, code) in [
            (within(r#""error":{"code":13}"#), 13),
            (within(r#""error":{"code":13},"\ud83d":1"#), 13),
            (within(r#""error":{"code":13},"error":null"#), 2),
            (format!(r#"{response},"status":{{"code":13}}"#), 13),
            (format!(r#"{response},"status":"INTERNAL""#), 13),
            (
                format!(r#"{response},"status":"13 RESOURCE_EXHAUSTED.""#),
                8,
            ),
            (format!(r#"{response},"status":3"#), 3),
            (format!(r#"{response},"status":[{{"code":7}}]"#), 7),
            (
                format!(r#"{response},"status":{{"error":{{"code":429}}}}"#),
                8,
            ),
            (format!(r#"{response},"error":[{{"code":7}}]"#), 2),
        ] {
            for row in BOTH(&format!(r#"{{"key":"a",{fields}}}"#)) {
                assert_eq!(row.error().code(), code, "{fields}");
            }
        }
        for fine in [r#""error":{"code":0}"#, r#""error":{}"#, r#""error":null"#] {
            for row in BOTH(&format!(r#"{{"key":"a",{response},{fine}}}"#)) {
                assert!(matches!(row.body, RowBody::Response(_)), "{fine}");
            }
        }
    }

    #[test]
    fn the_key_of_the_row_comes_before_that_of_its_metadata() {
        for json in [
            r#"{"key":"row","metadata":{"key":"inner"},"response":{"candidates":[]}}"#,
            r#"{"metadata":{"key":"inner"},"response":{"candidates":[]},"key":"row"}"#,
        ] {
            assert!(fast_row(&Bytes::from_static(json.as_bytes())).is_some());
            for row in BOTH(json) {
                assert_eq!(row.key.as_deref(), Some("row"), "{json}");
            }
        }
    }

    #[test]
    fn keys_are_not_made_up() {
        assert!(read(r#"{"response":{}}"#).key.is_none());
        assert!(
            read(r#"{"response":{},"metadata":{"custom_id":"0"}}"#)
                .key
                .is_none()
        );
        assert!(read(r#"{"key":null,"response":{}}"#).key.is_none());
        let list = r#"{"response":{},"metadata":["a"]}"#;
        assert!(read(list).key.is_none());
        assert_eq!(
            read(r#"{"key":17,"response":{}}"#).key.as_deref(),
            Some("17")
        );
    }

    #[test]
    fn a_row_that_says_nothing_is_an_error_under_its_key() {
        for json in [
            r#"{"key":"a"}"#,
            r#"{"key":"a","response":"text"}"#,
            r#"{"key":"a","error":7}"#,
        ] {
            let row = read(json);
            assert!(row.error().is_malformed(), "{json}");
            assert_eq!(row.key.as_deref(), Some("a"));
        }
        let list = r#"["a",{"candidates":[]},null,null,null,null,null,null]"#;
        for json in ["{", "7", "[]", list, "", r#"{"key":"a","response":{"#] {
            assert!(read_row(Bytes::copy_from_slice(json.as_bytes())).is_err());
        }
    }
}
