//! The calls that `object_store` makes, sent as calls of the client: with its credential, its
//! headers, its retries and its errors.
//!
//! `object_store` hears of a failure once nothing more is to be tried, and hands it on within
//! an error of its own, out of which [`convert_error`] takes it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use reqwest::header::HeaderMap;
use reqwest::{Body, Request};

use super::checksum::Crc32c;
use crate::error::{Error, Result};
use crate::http::Session;
use crate::uri::GcsUri;

/// Makes `object_store` send through a session.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    session: Session,
}

impl Transport {
    pub(super) fn new(session: Session) -> Self {
        Self { session }
    }
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        // In one piece, so that it can be sent again.
        let body = body.collect().await?.to_bytes();
        let request = Request::try_from(http::Request::from_parts(parts, body));
        let request = request.map_err(|e| failed(Error::transport(e)))?;
        let response = self
            .session
            .send_to_storage(request)
            .await
            .map_err(failed)?;
        let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
        parts.extensions.insert(Said::of(&parts.headers));
        let body = HttpResponseBody::new(body.map_err(|e| failed(Error::transport(e))));
        Ok(HttpResponse::from_parts(parts, body))
    }
}

/// What a response says of an object, for callers whom `object_store` shows no headers: it hands on
/// what stands beside them.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) crc32c: Option<Crc32c>,
}

impl Said {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            crc32c: Crc32c::of_headers(headers),
        }
    }
}

/// An error on its way up through those of `object_store`, which show it but do not give it.
#[derive(Debug)]
struct Failed(Mutex<Option<Error>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call failed")
    }
}

impl StdError for Failed {}

/// Of a kind that `object_store` does not send again.
fn failed(error: Error) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, Failed(Mutex::new(Some(error))))
}

/// The error of the call that failed, or what `object_store` itself found wrong.
pub(super) fn convert_error(error: object_store::Error) -> Error {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(Failed(within)) = current.downcast_ref()
            && let Some(error) = within.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            return error;
        }
        cause = current.source();
    }
    Error::protocol("Cloud Storage gave no valid response").with_source(error)
}

/// Adds to an outcome what was being done.
pub(super) fn map_store_error<T>(
    outcome: object_store::Result<T>,
    doing: &str,
    uri: &GcsUri,
) -> Result<T> {
    outcome.map_err(|error| convert_error(error).during(format!("{doing} {uri}")))
}
