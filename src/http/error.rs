//! From a response other than success to an [`Error`], whatever its body looks like.
//!
//! Bodies come as `{"error":{…}}`, as a list of one such object, with `error` a string, as
//! the XML of Cloud Storage, as HTML, cut short, or empty. None of them hides the HTTP status.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::censor::Secrets;
use super::limits::{Limits, ResponseTooLarge};
use crate::error::{Error, HttpFailure, Kind};
use crate::job::retry_info;
use crate::scan::weight::has_few_values;

/// As much of a body as is read whatever is kept of it, since JSON that is cut says nothing.
const PARSED: usize = 64 * 1024;
/// As much of a body that is not JSON as goes into a message.
const MAX_MESSAGE: usize = 300;
/// A body with more values than this says nothing that anybody would read.
const MAX_VALUES: usize = 10_000;
/// How long a body is read at most, where the caller gives a call longer: some come byte by byte.
const LONGEST: Duration = Duration::from_secs(20);

impl Error {
    /// A transport failure. Of the URL, host and port are told; the rest may carry a secret.
    pub(crate) fn transport(source: reqwest::Error) -> Self {
        let host = source.url().and_then(host_of);
        let host = host.unwrap_or_else(|| "the service".to_owned());
        let source = source.without_url();
        let unsent = source.is_connect() || source.is_builder();
        if let Some(too_long) = ResponseTooLarge::within(&source) {
            return Self::protocol(too_long.to_string());
        }
        let (kind, message) = if source.is_timeout() {
            (Kind::Timeout, format!("{host} did not respond in time"))
        } else if source.is_connect() {
            (Kind::Transport, format!("no connection to {host}"))
        } else {
            (
                Kind::Transport,
                format!("the connection to {host} failed before the response was complete"),
            )
        };
        let error = Self::new(kind, message).with_source(source);
        if unsent { error.unsent() } else { error }
    }
}

/// Who an address leads to: host, and port where it is given.
fn host_of(url: &reqwest::Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Reads the rest of a response other than a success into an error.
pub async fn from_response(response: Response, limits: &Limits) -> Error {
    let status = response.status();
    let header_delay = retry_after_header(response.headers());
    let (body, _) = read_bounded(response, limits, LONGEST).await;
    let parsed = ErrorBody::parse(&body);
    let mut text = String::from_utf8_lossy(&body).into_owned();
    let message = parsed.message.or_else(|| xml_message(&text));
    let message = message.unwrap_or_else(|| {
        let reason = status.canonical_reason().unwrap_or("no reason given");
        match text.trim() {
            "" => format!("{reason} (empty response)"),
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
    Error::status_response(http, message)
}

/// A refusal that has been read.
#[derive(Debug)]
pub struct Refusal {
    /// The response, with as much of its body as came and is kept.
    pub response: Response,
    /// The wait that it asks for.
    pub asked: Option<Duration>,
    /// Whether it broke off, so that nobody knows what else it says.
    pub is_cut: bool,
}

/// Reads a response other than a success, without making an error of it yet, and without the
/// secrets that it shows. What has not come `within` this time is left.
pub async fn read_refusal(
    response: Response,
    limits: &Limits,
    secrets: &Secrets,
    within: Duration,
) -> Refusal {
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    *head.headers_mut() = response.headers().clone();
    head.headers_mut().remove(CONTENT_LENGTH);
    let header_delay = retry_after_header(response.headers());
    let (body, end) = read_bounded(response, limits, within.min(LONGEST)).await;
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

/// A body, as far as is needed to make sense of it and to keep, and as far as it comes in time.
async fn read_bounded(mut response: Response, limits: &Limits, within: Duration) -> (Bytes, End) {
    let max = limits.error_body.max(PARSED);
    let mut body = BytesMut::new();
    let end = async {
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return End::Whole,
                Err(_) => return End::BrokenOff,
            };
            let room = max.saturating_sub(body.len());
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return End::Long;
            }
        }
    };
    let end = tokio::time::timeout(within, end).await;
    (body.freeze(), end.unwrap_or(End::BrokenOff))
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
        if !has_few_values(body, MAX_VALUES) {
            return Self::default();
        }
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

/// What the body of an error says.
#[cfg(feature = "vertex")]
pub(super) fn message_in(body: &[u8]) -> Option<String> {
    ErrorBody::parse(body).message
}

/// What an error of Cloud Storage's XML API says.
fn xml_message(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Message>")?;
    let (message, _) = rest.split_once("</Message>")?;
    Some(message.to_owned())
}

/// `Retry-After`, in seconds or as a date.
fn retry_after_header(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    let wait = date.signed_duration_since(crate::clock::now());
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
    async fn who_was_not_reached_is_named_and_nothing_else_of_the_address() {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        // Nobody listens at the port that was let go again.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let url = format!("http://user:the-secret@127.0.0.1:{port}/path?key=the-secret");
        let failed = client.get(url).send().await.unwrap_err();
        let error = Error::transport(failed);
        let text = format!("{error} {error:?}");
        assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
        assert!(
            !text.contains("the-secret") && !text.contains("/path"),
            "{text}"
        );
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
    async fn a_secret_at_the_cut_of_a_long_body_goes_with_it() {
        let mut secrets = Secrets::default();
        secrets.add("the-secret-key");
        for (pad, kept) in [
            (PARSED - 4, PARSED - 4),
            (PARSED - 14, PARSED - 14 + 10),
            (PARSED, PARSED),
        ] {
            let body = "x".repeat(pad) + "the-secret-key" + &"y".repeat(PARSED);
            let response = http::Response::builder().status(500).body(body).unwrap();
            let refusal =
                read_refusal(response.into(), &Limits::default(), &secrets, Duration::MAX).await;
            let text = refusal.response.text().await.unwrap();
            assert_eq!(text.len(), kept);
            assert!(!text.contains("the-"), "{pad}");
        }
    }

    #[tokio::test]
    async fn details_by_the_thousand_are_not_read() {
        let list = vec!["{}"; MAX_VALUES].join(",");
        let body = format!(r#"{{"error":{{"code":400,"message":"no","details":[{list}]}}}}"#);
        let error = error(400, &body).await;
        assert!(error.details().is_empty() && error.status() == Some(400));
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
        let refusal =
            read_refusal(response.into(), &Limits::default(), &secrets, Duration::MAX).await;
        assert_eq!(refusal.asked, Some(Duration::from_secs(18)));
        assert!(!refusal.is_cut);
        assert_eq!(refusal.response.text().await.unwrap(), body);
    }
}
