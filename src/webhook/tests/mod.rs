//! The verifier against webhooks that were signed elsewhere, and against forged ones.

mod dynamic;
mod with_secrets;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Event, Verifier};
use crate::error::{Error, Result};

const SENT: i64 = 1_769_083_200;
const BODY: &str = r#"{"type":"batch.succeeded","version":"v1","timestamp":"2026-01-22T12:00:00Z","data":{"id":"batches/123abc","output_file_uri":"files/out"}}"#;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        (HeaderName::from_static(name), value)
    });
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}

proptest::proptest! {
    #[test]
    fn no_bytes_crash_it_or_pass(
        signature in "\\PC{0,80}|v1,[A-Za-z0-9+/=]{0,50}|([A-Za-z0-9_-]{0,30}\\.){0,4}",
        timestamp in "[0-9]{0,20}|1769083200|\\PC{0,20}",
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..100),
    ) {
        let Ok(signature) = HeaderValue::from_bytes(signature.as_bytes()) else {
            return Ok(());
        };
        let mut headers = headers(&[("webhook-id", "msg_1")]);
        headers.insert("webhook-signature", signature);
        if let Ok(timestamp) = HeaderValue::from_bytes(timestamp.as_bytes()) {
            headers.insert("webhook-timestamp", timestamp);
        }
        let dynamic = Verifier::dynamic().keys_url("http://127.0.0.1:9/");
        let secrets = Verifier::with_secrets(["whsec_AAAA"]);
        for verifier in [dynamic.build().unwrap(), secrets.unwrap()] {
            let verdict = verifier.verify_at(at(SENT), &headers, &body);
            proptest::prop_assert!(futures_util::FutureExt::now_or_never(verdict).unwrap().is_err());
        }
        let _ = Event::from_json(&body);
    }
}

/// Expects a refusal for this reason.
fn refused(verdict: Result<Event>, reason: &str) -> Error {
    let error = verdict.unwrap_err();
    assert!(error.is_unverified(), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
    error
}
