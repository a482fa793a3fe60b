//! What the generated clients run on: their responses, their error, and the way into the
//! [`Session`]. `build.rs` points the generated code here.

use std::fmt;

use bytes::Bytes;
use http::Response as HttpResponse;
pub use progenitor_client::{ByteStream, ClientInfo};
pub(crate) use progenitor_client::{OperationInfo, RequestBuilderExt, encode_path};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Body, Method, Request, Response, StatusCode};
use serde::de::DeserializeOwned;

use super::{Kept, Session, bounds};
pub(crate) use crate::error::Error;
use crate::error::Result;
use crate::http::retry::Idempotency;
use crate::http::send::BodyMode;

/// Operations that may be repeated although they are POSTs.
const REPEATABLE: [&str; 5] = [
    "batch_prediction_jobs_cancel",
    "batches_cancel",
    "models_count_tokens",
    "operations_cancel",
    "operations_wait",
];
/// What the type of a web page starts with.
const HTML: &[u8] = b"text/html";
/// The operation whose response may be as long as it likes.
const DOWNLOAD: &str = "files_download";

/// The way of a generated client's requests into the session, which each that carries one takes.
pub(crate) trait ClientHooks<Inner>: ClientInfo<Inner> {
    /// Sends a request, as often as it takes.
    fn exec(
        &self,
        request: Request,
        operation: &OperationInfo,
    ) -> impl Future<Output = Result<Response>> + Send;

    /// Before a request: nothing.
    fn pre(&self, _: &mut Request, _: &OperationInfo) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// After a response: nothing.
    fn post(
        &self,
        _: &Result<Response>,
        _: &OperationInfo,
    ) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

impl<C: ClientInfo<Session> + Sync> ClientHooks<Session> for C {
    fn exec(
        &self,
        request: Request,
        operation: &OperationInfo,
    ) -> impl Future<Output = Result<Response>> + Send {
        // In a box, since every caller's future would hold it.
        Box::pin(exec(self.inner(), request, operation.operation_id))
    }
}

async fn exec(session: &Session, request: Request, operation: &'static str) -> Result<Response> {
    let idempotency = match *request.method() {
        Method::POST if !REPEATABLE.contains(&operation) => Idempotency::OnlyUndone,
        _ => Idempotency::Repeatable,
    };
    let mode = match operation {
        DOWNLOAD => BodyMode::Streamed,
        _ => BodyMode::Whole,
    };
    let response = session.call(request, idempotency, mode).await?;
    let kind = response.headers().get(CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(HTML));
    // A response without a body may be said to be one, too.
    let has_body = response.status() != StatusCode::NO_CONTENT;
    if mode == BodyMode::Whole && is_page && has_body {
        return Err(Error::protocol(
            "the service responded with a web page: does a proxy stand between?",
        ));
    }
    Ok(as_described(response, mode))
}

/// The generated code takes the status 200 alone. A proxy may respond to a call with another success;
/// contents that are downloaded come with no other.
fn as_described(response: Response, mode: BodyMode) -> Response {
    let is_good = mode == BodyMode::Whole && response.status().is_success();
    if response.status() == StatusCode::OK || !is_good {
        return response;
    }
    let mut response = HttpResponse::<Body>::from(response);
    *response.status_mut() = StatusCode::OK;
    response.into()
}

/// The error of a success that the API description does not know.
pub(crate) fn unexpected(response: Response) -> Error {
    let status = response.status();
    Error::protocol(format!("the service responded with the status {status}"))
}

/// The error of a request that could not be built.
pub(crate) fn unbuilt(error: reqwest::Error) -> Error {
    Error::input("the request cannot be built").with_source(error.without_url())
}

/// The response of a generated method: the message, and the headers that came with it.
pub struct ResponseValue<T> {
    inner: T,
    headers: HeaderMap,
}

impl<T> ResponseValue<T> {
    /// The message.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// The headers of the response.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

/// Without the headers, which may show a credential that a proxy sends back.
impl<T: fmt::Debug> fmt::Debug for ResponseValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T> std::ops::Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: DeserializeOwned + Default> ResponseValue<Kept<T>> {
    pub(crate) async fn from_response(mut response: Response) -> Result<Self> {
        let headers = std::mem::take(response.headers_mut());
        // Read whole by the session, so it is here already.
        let body = response.bytes().await.map_err(Error::transport)?;
        bounds::check(&body)?;
        let inner = Kept::whole(&body).map_err(|e| unreadable(&body, e))?;
        Ok(Self { inner, headers })
    }
}

fn unreadable(body: &Bytes, e: serde_json::Error) -> Error {
    let what = match body.trim_ascii() {
        [] => "an empty body",
        _ if std::str::from_utf8(body).is_err() => "a text that is not UTF-8",
        _ => "something that is not JSON",
    };
    Error::protocol(format!("the service responded with {what}")).with_source(e)
}

impl ResponseValue<ByteStream> {
    pub(crate) fn stream(response: Response) -> Self {
        Self {
            headers: response.headers().clone(),
            inner: ByteStream::new(Box::pin(response.bytes_stream())),
        }
    }
}

impl ResponseValue<()> {
    pub(crate) fn empty(response: Response) -> Self {
        Self {
            headers: response.headers().clone(),
            inner: (),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_operation_that_is_named_is_there() {
        let documents = [
            include_str!("../../openapi/gemini.json"),
            include_str!("../../openapi/vertex.json"),
        ];
        let mut ids = Vec::new();
        for document in documents {
            let document: Value = serde_json::from_str(document).unwrap();
            for item in document["paths"].as_object().unwrap().values() {
                for operation in item.as_object().unwrap().values() {
                    ids.extend(operation["operationId"].as_str().map(str::to_owned));
                }
            }
        }
        for named in REPEATABLE.iter().chain([&DOWNLOAD]) {
            assert!(ids.iter().any(|id| id == named), "{named}");
        }
    }

    #[tokio::test]
    async fn a_response_that_is_not_json_says_what_it_is() {
        for (body, what) in [
            (&b""[..], "an empty body"),
            (b"\xff", "not UTF-8"),
            (b"<html>", "not JSON"),
        ] {
            let response = HttpResponse::new(body).into();
            let read = ResponseValue::<Kept<Value>>::from_response(response).await;
            let error = read.unwrap_err();
            assert!(
                error.is_protocol() && error.to_string().contains(what),
                "{error}"
            );
        }
    }
}
