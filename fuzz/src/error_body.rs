//! Responses other than success, whatever stands in them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use genai_batch::internals::{PASSING_STATUSES, Secrets, delay, from_response, read_refusal};
use genai_batch::{Error, Limits, RetryPolicy};
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use super::block_on;

/// As much of a body as is read, and as much of it as a text, where each byte that is no
/// UTF-8 becomes a character of three.
const KEPT: usize = 64 * 1024;
const KEPT_AS_TEXT: usize = 3 * KEPT;
/// A message of no one's words: the name of the status and 300 characters.
const SHORT: usize = 100 + 4 * 300;

/// An error keeps its HTTP status, its size has a bound, and the wait that it asks for can be
/// reckoned with.
///
/// The data is the status in three digits, `Retry-After` up to the end of the line, and the
/// body.
pub fn error_body(data: &[u8]) {
    let Some((status, rest)) = data.split_first_chunk::<3>() else {
        return;
    };
    let digits = std::str::from_utf8(status).ok();
    let status = digits.and_then(|digits| digits.parse().ok());
    let Some(status) = status.filter(|status| (100..1000).contains(status)) else {
        return;
    };
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (header, body) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let response = || response(status, header, body);

    let error = block_on(from_response(response(), &Limits::default()));
    keeps_the_status(&error, status);
    has_bounds(&error, body);
    asks_for_a_wait_that_fits(&error);

    let no_secrets = Secrets::of(&HeaderMap::new());
    let refusal = block_on(read_refusal(
        response(),
        &Limits::default(),
        &no_secrets,
        Duration::MAX,
    ));
    assert_eq!(refusal.response.status(), status);
    assert_eq!(refusal.asked.is_some(), error.retry_after().is_some());
    assert!(!refusal.is_cut);
    let kept = block_on(refusal.response.bytes()).unwrap();
    assert!(body.starts_with(&kept));
}

/// A response whose body comes in pieces.
fn response(status: u16, retry_after: &[u8], body: &[u8]) -> reqwest::Response {
    let pieces: Vec<Result<Bytes, std::io::Error>> = body
        .chunks(1 + body.len() / 3)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let mut response = http::Response::builder().status(status);
    if let Ok(value) = HeaderValue::from_bytes(retry_after)
        && !value.is_empty()
    {
        response = response.header(RETRY_AFTER, value);
    }
    let body = reqwest::Body::wrap_stream(stream::iter(pieces));
    response.body(body).unwrap().into()
}

fn keeps_the_status(error: &Error, status: u16) {
    assert_eq!(error.status(), Some(status));
    assert_eq!(error.is_not_found(), status == 404);
    assert_eq!(error.is_client_error(), (400..500).contains(&status));
    assert_eq!(error.is_server_error(), (500..600).contains(&status));
    assert_eq!(error.is_retryable(), PASSING_STATUSES.contains(&status));
    assert!(status != 429 || error.is_quota());
    assert!(!error.is_timeout() && !error.is_job_ended() && !error.is_invalid_input());
    assert!(error.to_string().contains(&format!("HTTP {status}")));
    assert!(format!("{error:?}").contains(&status.to_string()));
}

fn has_bounds(error: &Error, body: &[u8]) {
    assert!(!error.message().is_empty() || body.len() > 2);
    assert!(error.body().len() <= KEPT_AS_TEXT);
    assert!(error.message().len() <= KEPT_AS_TEXT + SHORT);
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    if !is_json && memchr::memmem::find(body, b"<Message>").is_none() {
        assert!(error.message().len() <= SHORT, "{}", error.message());
    }
    if body.len() <= KEPT
        && let Ok(text) = std::str::from_utf8(body)
    {
        assert_eq!(error.body(), text);
    }
}

fn asks_for_a_wait_that_fits(error: &Error) {
    let endless = RetryPolicy::default().budget(Duration::MAX);
    for policy in [RetryPolicy::default(), RetryPolicy::none(), endless] {
        let delay = delay(&policy, error, 1, Duration::from_secs(3));
        assert!(delay.is_none() || error.is_retryable());
        if let (Some(delay), Some(asked)) = (delay, error.retry_after()) {
            assert_eq!(delay, asked);
        }
    }
}
