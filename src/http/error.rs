//! From an answer other than success to an [`Error`], whatever its body looks like.
//!
//! Bodies come as `{"error":{…}}`, as a list of one such object, with `error` a string, as
//! the XML of Cloud Storage, as HTML, cut short, or empty. None of them hides the HTTP status.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::censor::Secrets;
use super::limits::Limits;
use crate::error::{Error, HttpFailure};

/// As much of a body as is read whatever is kept of it, since JSON that is cut says nothing.
const PARSED: usize = 64 * 1024;
/// As much of a body that is no JSON as goes into a message.
const MAX_MESSAGE: usize = 300;

/// Reads the rest of an answer that is no success into an error.
pub(crate) async fn from_response(response: Response, limits: &Limits) -> Error {
    let status = response.status();
    let header_delay = retry_after_header(response.headers());
    let (body, _) = read_bounded(response, limits).await;
    let parsed = ErrorBody::parse(&body);
    let mut text = String::from_utf8_lossy(&body).into_owned();
    let message = parsed.message.or_else(|| xml_message(&text));
    let message = message.unwrap_or_else(|| {
        let reason = status.canonical_reason().unwrap_or("no reason given");
        match text.trim() {
            "" => format!("{reason} (empty answer)"),
            text => format!("{reason}: {}", shorten(text)),
        }
    });
    let retry_after = header_delay.or_else(|| retry_info(&parsed.details));
    text.truncate(text.floor_char_boundary(limits.error_body));
    let http = HttpFailure {
        status: status.as_u16(),
        code: parsed.code,
        status_name: parsed.status_name,
        details: parsed.details,
        retry_after,
        body: text,
    };
    Error::status_answer(http, message)
}

/// A refusal that has been read.
pub(crate) struct Refusal {
    /// The answer, with as much of its body as came and is kept.
    pub(crate) response: Response,
    /// The wait that it asks for.
    pub(crate) asked: Option<Duration>,
    /// Whether it broke off, so that nobody knows what else it says.
    pub(crate) is_cut: bool,
}

/// Reads an answer that is no success, without making an error of it yet, and without the
/// secrets that it shows.
pub(crate) async fn read_refusal(
    response: Response,
    limits: &Limits,
    secrets: &Secrets,
) -> Refusal {
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    *head.headers_mut() = response.headers().clone();
    head.headers_mut().remove(CONTENT_LENGTH);
    let header_delay = retry_after_header(response.headers());
    let (body, end) = read_bounded(response, limits).await;
    let asked = header_delay.or_else(|| retry_info(&ErrorBody::parse(&body).details));
    Refusal {
        response: head
            .map(|()| secrets.censor(body, end != End::Whole))
            .into(),
        asked,
        is_cut: end == End::BrokenOff,
    }
}

/// How the reading of a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    /// There is more than is read.
    Long,
    BrokenOff,
}

/// A body, as far as is needed to make sense of it and to keep.
async fn read_bounded(mut response: Response, limits: &Limits) -> (Bytes, End) {
    let max = limits.error_body.max(PARSED);
    let mut body = BytesMut::new();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return (body.freeze(), End::Whole),
            Err(_) => return (body.freeze(), End::BrokenOff),
        };
        let room = max.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return (body.freeze(), End::Long);
        }
    }
}

#[derive(Default)]
struct ErrorBody {
    code: Option<i64>,
    status_name: Option<String>,
    message: Option<String>,
    details: Vec<Value>,
}

impl ErrorBody {
    fn parse(body: &[u8]) -> Self {
        let mut value: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Value::Array(list) = &mut value {
            value = list.pop().unwrap_or_default();
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match value.get_mut("error") {
            Some(Value::Object(error)) => Self {
                code: error.get("code").and_then(Value::as_i64),
                status_name: error.get("status").and_then(text),
                message: error.get("message").and_then(text),
                details: match error.remove("details") {
                    Some(Value::Array(details)) => details,
                    _ => Vec::new(),
                },
            },
            Some(Value::String(error)) => {
                let error = std::mem::take(error);
                let more = value.get("error_description").and_then(Value::as_str);
                Self {
                    message: Some(match more {
                        Some(more) => format!("{error}: {more}"),
                        None => error,
                    }),
                    ..Self::default()
                }
            }
            _ => Self::default(),
        }
    }
}

/// What an error of Cloud Storage's XML API says.
fn xml_message(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Message>")?;
    let (message, _) = rest.split_once("</Message>")?;
    Some(message.to_owned())
}

fn retry_info(details: &[Value]) -> Option<Duration> {
    let info = details.iter().find(|detail| {
        let kind = detail.get("@type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.ends_with("google.rpc.RetryInfo"))
    })?;
    let seconds = info.get("retryDelay")?.as_str()?.strip_suffix('s')?;
    Duration::try_from_secs_f64(seconds.parse().ok()?).ok()
}

/// `Retry-After`, in seconds or as a date.
fn retry_after_header(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    let wait = date.signed_duration_since(chrono::Utc::now());
    Some(wait.to_std().unwrap_or(Duration::ZERO))
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_MESSAGE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn error(status: u16, body: &str) -> Error {
        let response = http::Response::builder().status(status);
        let response = response.body(body.to_owned()).unwrap().into();
        from_response(response, &Limits::default()).await
    }

    #[tokio::test]
    async fn google_errors_are_read_in_each_shape() {
        let object = r#"{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}"#;
        for body in [object.to_owned(), format!("[{object}]")] {
            let error = error(400, &body).await;
            assert_eq!(error.status(), Some(400));
            assert_eq!(error.code(), Some(404));
            assert_eq!(error.status_name(), Some("NOT_FOUND"));
            assert_eq!(error.message(), "gone");
        }
        let text = error(
            400,
            r#"{"error":"invalid_grant","error_description":"Bad"}"#,
        )
        .await;
        assert_eq!(text.message(), "invalid_grant: Bad");
        let xml = "<Error><Code>NoSuchKey</Code><Message>Gone.</Message></Error>";
        assert_eq!(error(404, xml).await.message(), "Gone.");
    }

    #[tokio::test]
    async fn other_bodies_keep_the_status() {
        for body in [
            "",
            "null",
            "[]",
            "<!DOCTYPE html>",
            r#"{"error": {"code": 5"#,
        ] {
            let error = error(502, body).await;
            assert_eq!(error.status(), Some(502));
            assert!(error.is_server_error() && error.is_retryable());
            assert!(error.to_string().contains("Bad Gateway"), "{error}");
            assert_eq!(error.body(), body);
        }
    }

    #[tokio::test]
    async fn a_huge_body_is_cut() {
        let max = Limits::default().error_body;
        let error = error(500, &"x".repeat(max * 3)).await;
        assert_eq!(error.body().len(), max);
        assert!(error.to_string().len() < 1000);
    }

    #[tokio::test]
    async fn the_wait_asked_for_is_found_in_header_and_body() {
        let body = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17.5s"}]}}"#;
        let error = error(429, body).await;
        assert!(error.is_quota());
        assert_eq!(error.retry_after(), Some(Duration::from_millis(17_500)));

        let response = http::Response::builder()
            .status(429)
            .header("retry-after", "18")
            .body(body)
            .unwrap();
        let secrets = Secrets::of(&HeaderMap::new());
        let refusal = read_refusal(response.into(), &Limits::default(), &secrets).await;
        assert_eq!(refusal.asked, Some(Duration::from_secs(18)));
        assert!(!refusal.is_cut);
        assert_eq!(refusal.response.text().await.unwrap(), body);
    }
}
