//! One row of a Vertex AI result, a line of a file or a record of a table, taken apart.
//!
//! Rows come as `{"status", "request", "response", …}` with every further field of the input
//! echoed, the key among them; the older embedding models answer
//! `{"status", "instance", "predictions"}`. A status that is not empty is the error.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::job::Status;
use crate::results::row::{Row, RowBody, read_key};
use crate::results::{Found, Key, Response, RowError};
use crate::scan::Scanner;
use crate::wire::{self, on_one_line};

#[derive(Deserialize)]
struct WireRow<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
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
}

#[derive(Default, Deserialize)]
struct Instance<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// Reads a row; the error says why it is none.
pub(crate) fn read_row(json: Bytes) -> Result<Row, String> {
    match plain_row(&json) {
        Some(row) => Ok(row),
        None => any_row(json),
    }
}

/// Reads a row of the plain kind, a key with a request and a response, in one pass. `None` for
/// any other.
fn plain_row(json: &Bytes) -> Option<Row> {
    let mut scanner = Scanner::new(json)?;
    let (mut key, mut status, mut request, mut response) = (None, None, None, None);
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        let is_twice = match name {
            "key" => key.replace(Key::from(&*scanner.text()?)).is_some(),
            "status" => status.replace(scanner.skip()?).is_some(),
            "request" => request.replace(scanner.skip()?).is_some(),
            "response" => response.replace(Found::read(&mut scanner)?).is_some(),
            "instance" | "predictions" | "error" | "metadata" => return None,
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
        body: RowBody::Response(Response::with_found(json.slice(place), found)),
        metadata: None,
        request: Some(json.slice_ref(request.as_bytes())),
        json: json.clone(),
    })
}

/// Reads a row of any kind.
pub(crate) fn any_row(json: Bytes) -> Result<Row, String> {
    let text = std::str::from_utf8(&json).map_err(|e| e.to_string())?;
    let wire: WireRow<'_> = wire::object(text).map_err(|e| on_one_line(&e))?;
    let failure = wire
        .status
        .and_then(status_error)
        .or_else(|| wire.error.and_then(|error| wire::status(error.get())));
    let response = match (wire.response, wire.predictions) {
        (Some(response), _) => object(response, &json),
        (None, Some(predictions)) => first_of(predictions, &json),
        (None, None) => None,
    };
    let body = match (failure, response) {
        (Some(status), _) => RowBody::Error(RowError::new(status)),
        (None, Some(response)) => RowBody::Response(Response::new(response)),
        (None, None) => RowBody::Error(RowError::malformed("neither a response nor an error")),
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
    let key = wire.key.or(instance.key).and_then(read_key);
    let metadata = wire.metadata.or(instance.metadata);
    Ok(Row {
        key,
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
    let inner: String = serde_json::from_str(text).ok()?;
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&inner).is_ok();
    is_json.then(|| Bytes::from(inner.trim().to_owned()))
}

/// A response: an object that is not empty.
fn object(raw: &RawValue, json: &Bytes) -> Option<Bytes> {
    value(raw, json).filter(|object| {
        let rest = object.strip_prefix(b"{");
        rest.is_some_and(|rest| !rest.trim_ascii_start().starts_with(b"}"))
    })
}

fn first_of(predictions: &RawValue, json: &Bytes) -> Option<Bytes> {
    let list = value(predictions, json)?;
    let items: Vec<&RawValue> = serde_json::from_slice(&list).ok()?;
    object(items.first()?, &list)
}

/// The error in a status: none if it is empty or says that all is well.
fn status_error(raw: &RawValue) -> Option<Status> {
    let Ok(Value::String(text)) = serde_json::from_str(raw.get()) else {
        // An object is a status of the usual kind, a null is none.
        return wire::status(raw.get()).filter(|status| status.code != 0);
    };
    if text.is_empty() || text.eq_ignore_ascii_case("ok") {
        return None;
    }
    // The text may hold the service's own error as JSON.
    let within = text.find('{').and_then(|start| {
        let value: Value = serde_json::from_str(&text[start..]).ok()?;
        let status = value.get("error").unwrap_or(&value);
        status.get("code")?;
        let mut status = wire::status(&status.to_string())?;
        status.code = rpc_code(status.code);
        Some(status)
    });
    Some(within.unwrap_or(Status {
        // `google.rpc.Code` 2 is UNKNOWN.
        code: 2,
        message: text,
        details: Vec::new(),
    }))
}

/// The `google.rpc.Code` of a code that may be an HTTP status.
fn rpc_code(code: i64) -> i64 {
    match code {
        400 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        409 => 10,
        429 => 8,
        499 => 1,
        501 => 12,
        503 => 14,
        504 => 4,
        500..600 => 13,
        other => other,
    }
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
    }

    #[test]
    fn plain_rows_are_read_in_one_pass() {
        let row = r#"{"status":"","request":{"contents":[]},"response":{"candidates":[{"content":{"parts":[{"text":"One\n"}]},"finishReason":"STOP"}]},"key":"a"}"#;
        let Some(row) = plain_row(&Bytes::from_static(row.as_bytes())) else {
            panic!("it is plain");
        };
        let RowBody::Response(response) = row.body else {
            panic!("a response");
        };
        assert_eq!(response.found_complete_text().as_deref(), Some("One\n"));
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
