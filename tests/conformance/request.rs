//! Compares the requests that were sent with those of the recording.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::case::ExpectedRequest;
use super::diff::{Differ, Extra, shorten};
use super::server::Sent;

pub(crate) fn compare(expected: &[ExpectedRequest], sent: &[Sent], found: &mut Vec<String>) {
    for (place, expected) in expected.iter().enumerate() {
        let about = format!("request {place}");
        match sent.get(place) {
            Some(sent) => compare_one(&about, expected, sent, found),
            None => {
                let ExpectedRequest { method, path, .. } = expected;
                found.push(format!("{about}: missing, expected {method} {path}"));
            }
        }
    }
    for (place, sent) in sent.iter().enumerate().skip(expected.len()) {
        found.push(format!(
            "request {place}: extra {} {}",
            sent.method, sent.path
        ));
    }
}

fn compare_one(about: &str, expected: &ExpectedRequest, sent: &Sent, found: &mut Vec<String>) {
    let mut compare = |what: &str, expected: &Value, actual: &Value| {
        Differ::new(format!("{about} {what}"), Extra::Differs, found).compare(expected, actual);
    };
    compare(
        "method",
        &expected.method.as_str().into(),
        &sent.method.as_str().into(),
    );
    compare(
        "path",
        &expected.path.as_str().into(),
        &sent.path.as_str().into(),
    );
    compare(
        "query",
        &expected.query.clone().into(),
        &sent.query.clone().into(),
    );
    compare(
        "header",
        &headers(expected, &expected.headers),
        &headers(expected, &sent.headers),
    );
    compare_body(about, expected, &sent.body, found);
}

/// The headers that were recorded, as far as they are compared.
fn headers(expected: &ExpectedRequest, headers: &serde_json::Map<String, Value>) -> Value {
    let chunk = is_chunk(expected);
    let headers = headers.iter().filter(|(name, _)| match name.as_str() {
        "authorization"
        | "content-type"
        | "x-goog-api-key"
        | "x-goog-user-project"
        | "x-server-timeout" => true,
        "content-length" => chunk,
        name => name.starts_with("x-custom-") || name.starts_with("x-goog-upload-"),
    });
    let headers = headers.map(|(name, value)| (name.clone(), value.clone()));
    Value::Object(headers.collect())
}

/// Whether the request carries bytes of a file, so that its length says something.
fn is_chunk(request: &ExpectedRequest) -> bool {
    request.headers.contains_key("x-goog-upload-offset")
}

fn compare_body(about: &str, expected: &ExpectedRequest, sent: &[u8], found: &mut Vec<String>) {
    let about = format!("{about} body");
    let json = expected.body_canonical.as_ref().or(expected.body.as_ref());
    if let Some(json) = json {
        match serde_json::from_slice(sent) {
            Ok(sent) => Differ::new(about, Extra::Differs, found).compare(json, &sent),
            Err(e) => found.push(format!("{about}: expected JSON, got none ({e})")),
        }
    } else if let (Some(length), Some(hash)) = (expected.body_length, &expected.body_sha256) {
        if sent.len() != length {
            found.push(format!(
                "{about}: expected {length} bytes, got {}",
                sent.len()
            ));
        } else if hex(&Sha256::digest(sent)) != *hash {
            found.push(format!("{about}: other bytes than expected"));
        }
    } else {
        let text = expected.body_text.as_deref().unwrap_or_default();
        if sent != text.as_bytes() {
            let sent = shorten(&String::from_utf8_lossy(sent));
            found.push(format!(
                "{about}: expected {:?}, got {sent:?}",
                shorten(text)
            ));
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
