//! How a single call may fail.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

/// What becomes of a call that [`Faults::fail_next`](super::Faults::fail_next) has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The call has no effect and gets this response.
    Status {
        /// The HTTP status.
        code: u16,
        /// The body, sent as it is.
        body: String,
        /// Further headers; `content-type` is `application/json` unless one of them says otherwise.
        headers: Vec<(String, String)>,
    },
    /// The call has no effect, and its connection closes without a response.
    CloseBeforeAnswer,
    /// The call takes effect (a job is made, say), but its connection closes without a response.
    CloseAfterEffect,
    /// The call takes effect, and gets an error of this status, as where a proxy has sent it twice.
    StatusAfterEffect {
        /// The HTTP status.
        code: u16,
    },
    /// The call takes effect, and its response breaks off after this many bytes of the body.
    CutAnswer {
        /// How many bytes are sent.
        after: usize,
    },
    /// The call takes effect, and its response breaks off after this share of its body, in
    /// thousandths, and in any case before its end. One without a body does not come at all.
    CutAnswerAt {
        /// 0 sends the head alone; 1000 or more, all but the last byte.
        permille: u16,
    },
    /// The call takes effect, and its response comes in pieces of this size with pauses between.
    Drip {
        /// How many bytes come at once; at least 1.
        piece: usize,
        /// How long it is from one piece to the next, in real time.
        pause: Duration,
    },
    /// The connection closes when this many bytes of the call's body have come in, and the call has
    /// no effect.
    CutRequest {
        /// How many bytes are taken in at least.
        after: usize,
    },
    /// The call takes effect twice, as where a proxy repeats it, and the second answer is given.
    DeliverTwice,
    /// The call has no effect, and no response ever comes; the connection stays open.
    Hang,
    /// The call takes effect, and gets what a GET of another path gets: the record of another job,
    /// say.
    AnswerOf {
        /// The path with its query, such as `/v1beta/batches/abc`.
        path: String,
    },
    /// The call has no effect, and the error that it gets shows its headers and its body, as a page
    /// for developers does.
    Echo {
        /// The HTTP status.
        code: u16,
    },
}

impl Failure {
    /// An error answer in Google's form, such as `(404, "NOT_FOUND", "…")`.
    pub fn status(code: u16, status: &str, message: &str) -> Self {
        let body = json!({"error": {"code": code, "message": message, "status": status}});
        Self::Status {
            code,
            body: body.to_string(),
            headers: Vec::new(),
        }
    }

    /// 429 `RESOURCE_EXHAUSTED` that asks to wait for `retry_delay`, in a `google.rpc.RetryInfo`.
    pub fn too_many_requests(retry_delay: Duration) -> Self {
        let body = json!({"error": {
            "code": 429,
            "message": "You exceeded your current quota.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [{
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": format!("{}s", retry_delay.as_secs_f64()),
            }],
        }});
        Self::Status {
            code: 429,
            body: body.to_string(),
            headers: Vec::new(),
        }
    }

    /// 503 `UNAVAILABLE`.
    pub fn service_unavailable() -> Self {
        Self::status(503, "UNAVAILABLE", "The service is currently unavailable.")
    }

    /// The HTML page that a proxy in front of the service answers with.
    pub fn html(code: u16) -> Self {
        let body = format!("<!DOCTYPE html>\n<html><title>Error {code}</title></html>\n");
        let headers = vec![(
            "content-type".to_owned(),
            "text/html; charset=UTF-8".to_owned(),
        )];
        Self::Status {
            code,
            body,
            headers,
        }
    }

    /// The same failure with a further header, where it has a response that can carry one.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// The response of a [`Failure::Echo`] to a call of these headers and this body.
pub(crate) fn echo(code: u16, headers: &HeaderMap, body: &[u8]) -> Response {
    let shown = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", shown(value)));
    let body = String::from_utf8_lossy(body);
    let message = format!(
        "The call could not be served:\n{}\n\n{body}",
        headers.collect::<Vec<_>>().join("\n")
    );
    let error = json!({"error": {"code": code, "message": message, "status": "INTERNAL"}});
    canned(code, error.to_string(), &[])
}

/// The response of a [`Failure::Status`]. A code or header that HTTP does not allow is left out.
pub(crate) fn canned(code: u16, body: String, headers: &[(String, String)]) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = Body::from(body);
    let mut response = crate::reply::with_body(status, "application/json; charset=UTF-8", body);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value.as_str()),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
