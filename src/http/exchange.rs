//! One call through a generated client whose body and answer stay in our hands.
//!
//! The generated methods know the address, method and query of each operation, but their
//! typed bodies and answers drop fields that Google's documents do not describe, and hold
//! everything twice. The ergonomic layer therefore calls the generated method for the
//! address alone: an [`Exchange`] swaps in the real request body on the way out, takes the
//! real answer on the way back, and lets the generated code see an empty object.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Request, Response};

use super::Session;
use super::limits::with_body;
use super::retry::Repeat;
use super::send::{Credential, Extent};
use crate::error::{Error, Result};

/// The slot through which one call passes its body out and its answer back.
#[derive(Clone, Default)]
pub(crate) struct Exchange(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    body: Option<Bytes>,
    headers: HeaderMap,
    answer: Option<Result<Response>>,
}

impl Exchange {
    pub(crate) fn new(body: Option<Bytes>) -> Self {
        Self(Arc::new(Mutex::new(Slot {
            body,
            ..Slot::default()
        })))
    }

    /// Adds headers that the generated code does not know.
    pub(crate) fn with_headers(self, headers: HeaderMap) -> Self {
        self.slot().headers = headers;
        self
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends `request` with our body and keeps the outcome; gives the generated code `{}`.
    pub(super) async fn run(
        &self,
        session: &Session,
        mut request: Request,
        repeat: Repeat,
        extent: Extent,
    ) -> Response {
        let headers = std::mem::take(&mut self.slot().headers);
        request.headers_mut().extend(headers);
        let url = request.url().clone();
        if let Some(body) = self.slot().body.take() {
            *request.body_mut() = Some(body.into());
        }
        let answer = session
            .run(request, repeat, Credential::Required, extent)
            .await;
        self.slot().answer = Some(answer);
        with_body(url, "{}").into()
    }

    /// The answer of the service. `generated` is what the generated method returned, which
    /// matters only if it never came to sending.
    pub(crate) fn finish<T>(
        self,
        generated: std::result::Result<T, progenitor_client::Error<()>>,
    ) -> Result<Response> {
        let answer = self.slot().answer.take();
        answer.unwrap_or_else(|| {
            let reason = generated.err().map_or_else(String::new, |e| e.to_string());
            Err(Error::input(format!(
                "the request could not be built: {reason}"
            )))
        })
    }
}

impl Exchange {
    /// The body of the answer, whole.
    pub(crate) async fn json<T>(
        self,
        generated: std::result::Result<T, progenitor_client::Error<()>>,
    ) -> Result<Bytes> {
        // Read whole by `Session::attempt`, so it is here already.
        let response = self.finish(generated)?;
        response.bytes().await.map_err(Error::transport)
    }
}
