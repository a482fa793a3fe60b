//! One row of a Gemini result, inline or a line of a file, taken apart.
//!
//! Rows come as `{"key", "response" | "error"}` in files and
//! `{"metadata", "response" | "error"}` inline; the documentation also allows a bare
//! response or status object.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::results::row::{Row, RowBody, read_key};
use crate::results::{Found, Key, Response, RowError};
use crate::scan::Scanner;
use crate::wire::{self, on_one_line};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRow<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    // The marks of a bare response …
    candidates: Option<IgnoredAny>,
    prompt_feedback: Option<IgnoredAny>,
    embedding: Option<IgnoredAny>,
    // … and of a bare status.
    code: Option<IgnoredAny>,
}

/// Reads a row; the error says why it is none.
pub(crate) fn read_row(json: Bytes) -> Result<Row, String> {
    match plain_row(&json) {
        Some(row) => Ok(row),
        None => any_row(json),
    }
}

/// Reads a row of the plain kind, a key and a response, in one pass. `None` for any other.
fn plain_row(json: &Bytes) -> Option<Row> {
    let mut scanner = Scanner::new(json)?;
    let (mut key, mut metadata, mut response) = (None, None, None);
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        let is_twice = match name {
            "key" => key.replace(Key::from(&*scanner.text()?)).is_some(),
            "metadata" => metadata.replace(scanner.skip()?).is_some(),
            "response" => response.replace(Found::read(&mut scanner)?).is_some(),
            "error" | "candidates" | "promptFeedback" | "embedding" | "code" => return None,
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
        body: RowBody::Response(Response::with_found(json.slice(place), found)),
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
pub(crate) fn any_row(json: Bytes) -> Result<Row, String> {
    let text = std::str::from_utf8(&json).map_err(|e| e.to_string())?;
    let wire: WireRow<'_> = wire::object(text).map_err(|e| on_one_line(&e))?;
    let slice = |raw: &RawValue| json.slice_ref(raw.get().as_bytes());
    let body = match (wire.response, wire.error) {
        (response, Some(error)) if !is_empty(error, response) => {
            RowBody::Error(wire::status(error.get()).map_or_else(
                || RowError::malformed("its error is no status"),
                RowError::new,
            ))
        }
        (Some(response), _) if response.get().starts_with('{') => {
            RowBody::Response(Response::new(slice(response)))
        }
        (Some(_), _) => RowBody::Error(RowError::malformed("its response is no object")),
        (None, _)
            if wire.candidates.is_some()
                || wire.prompt_feedback.is_some()
                || wire.embedding.is_some() =>
        {
            RowBody::Response(Response::new(json.clone()))
        }
        (None, _) if wire.code.is_some() => RowBody::Error(bare_status(&json).map_or_else(
            || RowError::malformed("its status cannot be read"),
            RowError::new,
        )),
        (None, _) => RowBody::Error(RowError::malformed("neither a response nor an error")),
    };
    let key = wire
        .key
        .and_then(read_key)
        .or_else(|| metadata_key(wire.metadata?));
    let metadata = wire.metadata.map(slice);
    Ok(Row {
        key,
        body,
        metadata,
        request: None,
        json,
    })
}

fn bare_status(json: &Bytes) -> Option<crate::job::Status> {
    wire::status(std::str::from_utf8(json).ok()?)
}

/// Whether what stands under `error` is none: nothing, or beside a response a code of 0.
fn is_empty(error: &RawValue, response: Option<&RawValue>) -> bool {
    let is_ok = || wire::status(error.get()).is_some_and(|status| status.code == 0);
    matches!(error.get(), "null" | "{}") || (response.is_some() && is_ok())
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

        let bare = r#"{"candidates":[],"usageMetadata":{}}"#;
        assert_eq!(read(bare).response(), bare);
        assert_eq!(read(r#"{"code":13,"message":"x"}"#).error().code(), 13);
    }

    #[test]
    fn plain_rows_are_read_in_one_pass() {
        let line = r#"{"key":"a","response":{"candidates":[{"content":{"parts":[{"text":"One\n"}]},"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":7}}}"#;
        let inline = r#"{"response":{"candidates":[]},"metadata":{"key":"m"}}"#;
        let plain = |row: &'static str| plain_row(&Bytes::from_static(row.as_bytes()));
        let Some(RowBody::Response(response)) = plain(line).map(|row| row.body) else {
            panic!("it is plain");
        };
        assert_eq!(response.found_complete_text().as_deref(), Some("One\n"));
        assert_eq!(response.found_usage().unwrap().total_tokens, 7);
        assert_eq!(plain(inline).unwrap().key.as_deref(), Some("m"));
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
            r#"{"key":"a","error":"text"}"#,
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
