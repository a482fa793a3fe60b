//! One row of a Vertex AI result, a line of a file or a record of a table, taken apart.
//!
//! Rows come as `{"status", "request", "response", …}` with every further field of the input
//! echoed, the key among them, which is `custom_id` for Claude and open models; these have the
//! response in an envelope of OpenAI's, or as it is (Google tells the columns alone); the older embedding models respond
//! `{"status", "instance", "predictions"}`. A status that is not empty is the error. Every other
//! name may be a column of the caller's own, `error` among them.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::job::Status;
use crate::results::row::{Row, RowBody, error_within, one_key, within_envelope};
use crate::results::{FastFields, Key, Response, RowError};
use crate::scan::{Scanner, whole_characters};
use crate::wire::{self, on_one_line};

#[derive(Deserialize)]
struct WireRow<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    custom_id: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    instance: Option<&'a RawValue>,
    #[serde(borrow)]
    predictions: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    prediction: Option<IgnoredAny>,
}

/// What models write that have a container of their own.
const CLASSIC: &str = "it has the classic layout of predictions, `instance` and `prediction`, of \
    models whose results this client does not read: the row is kept as it is";
/// What such models write beside, a line for each kind of error.
const STATISTICS: &str = "it is a count of errors in the classic layout of predictions, which names \
    no request";

#[derive(Default, Deserialize)]
struct Instance<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// Reads a row; the error says why it is none.
pub fn read_row(json: Bytes) -> Result<Row, String> {
    match fast_row(&json) {
        Some(row) => Ok(row),
        None => any_row(json),
    }
}

/// Reads a row of the plain kind, a key with a request and a response, in one pass. `None` for
/// any other.
fn fast_row(json: &Bytes) -> Option<Row> {
    let mut scanner = Scanner::new(json)?;
    let (mut key, mut status, mut request, mut response) = (None, None, None, None);
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        let is_twice = match name {
            "key" => key.replace(Key::from(&*scanner.text()?)).is_some(),
            "status" => status.replace(scanner.skip()?).is_some(),
            "request" => request.replace(scanner.skip()?).is_some(),
            "response" => response.replace(FastFields::read(&mut scanner)?).is_some(),
            "instance" | "predictions" | "error" | "metadata" | "custom_id" => return None,
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
    if !matches!(status, None | Some("\"\"" | "null")) {
        return None;
    }
    let (place, found) = response.filter(|(_, found)| found.is_something())?;
    let request = request.filter(|request| request.starts_with('{'))?;
    Some(Row {
        key: Some(key?),
        has_two_keys: false,
        body: RowBody::Response(Response::with_fast_fields(json.slice(place), found)),
        metadata: None,
        request: Some(json.slice_ref(request.as_bytes())),
        json: json.clone(),
    })
}

/// Reads a row of any kind.
pub fn any_row(json: Bytes) -> Result<Row, String> {
    let text = std::str::from_utf8(&json).map_err(|e| e.to_string())?;
    let wire: WireRow<'_> = match wire::object(text) {
        Ok(wire) => wire,
        Err(_) if text.trim_start().starts_with('(') => return Err(STATISTICS.to_owned()),
        Err(error) => {
            // The name of a field may have half a character, which no reader of names takes.
            let whole = whole_characters(text.as_bytes()).ok_or_else(|| on_one_line(&error))?;
            let row = any_row(Bytes::from(whole))?;
            return Ok(Row { json, ..row });
        }
    };
    let failure = wire.status.and_then(|status| wire::failure(status.get()));
    let failure = failure.map(RowError::new);
    let response = match (wire.response, wire.predictions) {
        (Some(response), _) => object(response, &json),
        (None, Some(predictions)) => first_of(predictions, &json),
        (None, None) => None,
    };
    let (failure, response) = match response.map(out_of_envelope) {
        Some(Ok(response)) => (failure, Some(response)),
        Some(Err(error)) => (failure.or(Some(error)), None),
        None => (failure, None),
    };
    let body = match (failure, response) {
        (Some(error), _) => RowBody::Error(error),
        (None, Some(response)) => {
            match std::str::from_utf8(&response).ok().and_then(error_within) {
                Some(status) => RowBody::Error(RowError::new(status)),
                None => RowBody::Response(Response::new(response)),
            }
        }
        (None, None) => RowBody::Error(match wire.error.and_then(own_error) {
            Some(status) => RowError::new(status),
            None if wire.prediction.is_some() => RowError::malformed(CLASSIC),
            None => RowError::malformed("neither a response nor an error"),
        }),
    };
    let request = wire.request.or(wire.instance);
    let request = request.and_then(|raw| value(raw, &json));
    // What was part of an older request comes back within the instance.
    let instance: Instance<'_> = match (wire.instance, &request) {
        (Some(_), Some(instance)) => std::str::from_utf8(instance)
            .ok()
            .and_then(|instance| wire::object(instance).ok())
            .unwrap_or_default(),
        _ => Instance::default(),
    };
    let (key, has_two_keys) = one_key(wire.key.or(instance.key), wire.custom_id);
    let metadata = wire.metadata.or(instance.metadata);
    Ok(Row {
        key,
        has_two_keys,
        body,
        metadata: metadata.map(|raw| Bytes::copy_from_slice(raw.get().as_bytes())),
        request,
        json: json.clone(),
    })
}

/// A value, or what the text of one says, as tables may hold it.
fn value(raw: &RawValue, json: &Bytes) -> Option<Bytes> {
    let text = raw.get();
    if !text.starts_with('"') {
        return Some(json.slice_ref(text.as_bytes()));
    }
    let inner = wire::text(raw)?;
    let is_json = serde_json::from_str::<IgnoredAny>(&inner).is_ok();
    is_json.then(|| Bytes::from(inner.trim().to_owned()))
}

/// A response: an object that is not empty.
fn object(raw: &RawValue, json: &Bytes) -> Option<Bytes> {
    value(raw, json).filter(|object| {
        let rest = object.strip_prefix(b"{");
        rest.is_some_and(|rest| !rest.trim_ascii_start().starts_with(b"}"))
    })
}

/// The response of an open model, out of what the service puts around it.
fn out_of_envelope(response: Bytes) -> Result<Bytes, RowError> {
    let text = std::str::from_utf8(&response).unwrap_or_default();
    match within_envelope(text) {
        None => Ok(response),
        Some(body) => body.map(|body| match body {
            Cow::Borrowed(body) => response.slice_ref(body.as_bytes()),
            Cow::Owned(body) => body.into(),
        }),
    }
}

fn first_of(predictions: &RawValue, json: &Bytes) -> Option<Bytes> {
    let list = value(predictions, json)?;
    let items: Vec<&RawValue> = serde_json::from_slice(&list).ok()?;
    object(items.first()?, &list)
}

/// The error in a field of that name, which counts only where there is nothing else, and looks like
/// one.
fn own_error(error: &RawValue) -> Option<Status> {
    #[derive(Deserialize)]
    struct Marks {
        code: Option<IgnoredAny>,
        message: Option<IgnoredAny>,
        error: Option<IgnoredAny>,
    }
    let is_error = match wire::object::<Marks>(error.get()) {
        Ok(marks) => marks.code.is_some() || marks.message.is_some() || marks.error.is_some(),
        Err(_) => error.get().starts_with('"'),
    };
    wire::failure(error.get()).filter(|_| is_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Row {
        read_row(Bytes::copy_from_slice(json.as_bytes())).unwrap()
    }

    #[test]
    fn a_line_is_a_response_or_the_status_is_its_error() {
        let row = read(
            r#"{"key":"a","status":"","processed_time":"t","request":{"contents":[]},
                "response":{"candidates":[]},"custom":1}"#,
        );
        assert_eq!(row.key.as_deref(), Some("a"));
        assert_eq!(row.response(), r#"{"candidates":[]}"#);
        assert_eq!(row.request.as_deref(), Some(&br#"{"contents":[]}"#[..]));

        let row = read(r#"{"key":"a","status":"Bad Request: empty","response":{}}"#);
        assert_eq!(
            (row.error().code(), row.error().message()),
            (2, "Bad Request: empty")
        );
        let row = read(r#"{"status":"failed: {\"error\":{\"code\":3,\"message\":\"bad\"}}"}"#);
        assert_eq!((row.error().code(), row.error().message()), (3, "bad"));
        let row = read(r#"{"status":"{\"error\":{\"code\":429,\"message\":\"later\"}}"}"#);
        assert_eq!(row.error().status().status(), "RESOURCE_EXHAUSTED");
        let row = read(r#"{"key":"a","status":"","response":{}}"#);
        assert!(row.error().is_malformed());
        assert!(row.error().message().contains("neither a response"));
    }

    #[test]
    fn only_response_and_status_are_the_services_own() {
        for own in [
            r#"{"retries":1}"#,
            "{}",
            "null",
            r#""none""#,
            r#"{"code":7,"message":"mine"}"#,
        ] {
            let row = read(&format!(
                r#"{{"key":"a","status":"","request":{{}},"error":{own},"response":{{"candidates":[]}}}}"#
            ));
            assert_eq!(row.response(), r#"{"candidates":[]}"#, "{own}");
            assert!(std::str::from_utf8(&row.json).unwrap().contains(own));
        }
        let row = read(r#"{"key":"a","error":{"code":7,"message":"no"}}"#);
        assert_eq!(row.error().status().status(), "PERMISSION_DENIED");
        for lone in [
            r#"{"code":7}"#,
            r#"{"message":"no"}"#,
            r#"{"error":{"code":7}}"#,
        ] {
            let row = read(&format!(r#"{{"key":"a","error":{lone}}}"#));
            assert!(!row.error().is_malformed(), "{lone}");
        }
        for nothing in [r#"{"retries":1}"#, "{}", "7", r#"{"code":0}"#] {
            let row = read(&format!(
                r#"{{"key":"a","status":"","response":{{}},"error":{nothing}}}"#
            ));
            assert!(row.error().is_malformed(), "{nothing}");
        }
        let row = read(r#"{"key":"a","status":"","response":{"error":{"code":429}}}"#);
        assert!(row.error().is_quota());
    }

    #[test]
    fn a_table_may_hold_half_a_character() {
        let row = read(
            r#"{"key":"\ud83d","status":"","request":"{}","response":"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\\ud83d\"}]}}],\"x\":\"\ude00\"}"}"#,
        );
        assert_eq!(row.key.as_deref(), Some("\u{fffd}"));
        let RowBody::Response(response) = row.body else {
            panic!("a response");
        };
        assert_eq!(response.text().unwrap(), "a\u{fffd}");
        let row = read(r#"{"k\ud83d":1,"key":"a","status":"","response":{"candidates":[1]}}"#);
        assert_eq!(row.key.as_deref(), Some("a"));
        assert!(row.json.starts_with(br#"{"k\ud83d""#));
    }

    #[test]
    fn the_classic_layout_is_named() {
        let row = read(r#"{"instance":{"key":"m1","prompt":"Hello"},"prediction":"Hi there"}"#);
        assert_eq!(row.key.as_deref(), Some("m1"));
        assert!(row.error().is_malformed());
        assert!(
            row.error().to_string().contains("classic layout"),
            "{}",
            row.error()
        );
        let line = Bytes::from_static(b"('Post request fails. Cannot get predictions.', 3)");
        assert!(read_row(line).unwrap_err().contains("classic layout"));
    }

    #[test]
    fn plain_rows_are_read_in_one_pass() {
        let row = r#"{"status":"","request":{"contents":[]},"response":{"candidates":[{"content":{"parts":[{"text":"One\n"}]},"finishReason":"STOP"}]},"key":"a"}"#;
        let Some(row) = fast_row(&Bytes::from_static(row.as_bytes())) else {
            panic!("it is plain");
        };
        let RowBody::Response(response) = row.body else {
            panic!("a response");
        };
        assert_eq!(response.fast_complete_text().as_deref(), Some("One\n"));
        let plain = r#"{"key":"a","request":{},"response":{"candidates":[1]}"#;
        let beside = format!(r#"{plain},"metadata":{{"n":1}}}}"#);
        assert_eq!(read(&beside).metadata.as_deref(), Some(&br#"{"n":1}"#[..]));
        let further = format!("{plain}}} {{}}");
        assert!(read_row(Bytes::from(further)).is_err());
    }

    #[test]
    fn a_status_beside_a_response_is_the_outcome_unless_all_is_well() {
        let row = |status: &str| {
            let json = format!(
                r#"{{"key":"a","status":{status},"request":{{"contents":[]}},"response":{{"candidates":[{{"content":{{"parts":[{{"text":"One"}}]}},"finishReason":"STOP"}}]}}}}"#
            );
            let json = Bytes::from(json);
            (
                fast_row(&json).is_some(),
                [read_row(json.clone()).unwrap(), any_row(json).unwrap()],
            )
        };
        for status in [
            r#""Internal error""#,
            r#""OKAY""#,
            r#""{\"error\":{\"code\":13}}""#,
            r#"{"code":13,"message":"x"}"#,
            "3",
            "503",
            "false",
            r#"[{"code":13}]"#,
            r#"["Internal error"]"#,
            r#"{"error":{"code":13}}"#,
        ] {
            let (is_plain, rows) = row(status);
            assert!(!is_plain, "{status}");
            for row in rows {
                assert!(!row.error().is_malformed(), "{status}");
                assert_ne!(row.error().code(), 0, "{status}");
            }
        }
        for fine in [
            r#""""#,
            "null",
            r#""OK""#,
            r#""ok""#,
            r#"{"code":0}"#,
            "0",
            "200",
            "[]",
        ] {
            for row in row(fine).1 {
                assert!(row.response().contains("One"), "{fine}");
            }
        }
    }

    #[test]
    fn an_error_within_a_response_is_the_outcome() {
        for response in [
            r#"{"candidates":[{"content":{"parts":[{"text":"One"}]}}],"error":{"code":13}}"#,
            r#"{"error":"INTERNAL","embedding":{"values":[1.0]}}"#,
        ] {
            let json = format!(r#"{{"key":"a","status":"","request":{{}},"response":{response}}}"#);
            let json = Bytes::from(json);
            for row in [read_row(json.clone()).unwrap(), any_row(json).unwrap()] {
                assert_eq!(row.error().code(), 13, "{response}");
            }
        }
    }

    #[test]
    fn older_embeddings_and_table_records_are_read_alike() {
        let row = read(
            r#"{"instance":{"key":"e","content":"hi"},"status":"",
                "predictions":[{"embeddings":{"values":[1.0],"statistics":{"token_count":1}}}]}"#,
        );
        assert_eq!(row.key.as_deref(), Some("e"));
        assert!(row.response().contains("embeddings"));
        let row = read(
            r#"{"instance":{"key":"e","metadata":{"n":1},"content":"hi"},"status":"",
                "predictions":"[{\"embeddings\":{\"values\":[1.0]}}]"}"#,
        );
        assert_eq!(row.response(), r#"{"embeddings":{"values":[1.0]}}"#);
        assert_eq!(row.metadata.as_deref(), Some(&br#"{"n":1}"#[..]));
        let row = read(
            r#"{"key":"row","metadata":{"n":2},"status":"",
                "instance":{"key":"e","metadata":{"n":1},"content":"hi"},
                "predictions":[{"embeddings":{"values":[1.0]}}]}"#,
        );
        assert_eq!(row.key.as_deref(), Some("row"));
        assert_eq!(row.metadata.as_deref(), Some(&br#"{"n":2}"#[..]));
        let row = read(
            r#"{"key":"t","status":null,"request":"{\"contents\":[]}",
                "response":"{\"candidates\":[]}"}"#,
        );
        assert_eq!(row.response(), r#"{"candidates":[]}"#);
        assert_eq!(row.request.as_deref(), Some(&br#"{"contents":[]}"#[..]));
    }

    #[test]
    fn a_list_is_neither_a_row_nor_an_instance() {
        let row = read(r#"{"instance":["a",{"n":1}],"status":""}"#);
        assert!(row.key.is_none() && row.metadata.is_none());
        let list = br#"["a","",null,{"candidates":[1]},null,null,null,null]"#;
        assert!(read_row(Bytes::from_static(list)).is_err());
    }
}
