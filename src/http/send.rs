//! One call over the wire: attempts, credentials, and when to stop.

use std::sync::Arc;

use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Response, StatusCode};
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::Session;
use super::censor::Secrets;
use super::end::with_its_end;
use super::error;
use super::limits::{read_whole, too_late};
use super::retry::Idempotency;
use crate::error::{Attempts, Error, Result};
use crate::trace;

/// Whether a request carries the session's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// It must; renewed for later attempts where possible.
    Required,
    /// It must not.
    None,
}

/// How much of the response is read before the call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyMode {
    /// All of it, so that one that breaks off is asked for again.
    Whole,
    /// The headers: the body is a stream, as long as it likes.
    Streamed,
}

/// Over which connections a request goes, and how its response comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    mode: BodyMode,
    /// Whether it carries the contents of a file; see `bulk`.
    is_for_contents: bool,
}

impl Way {
    pub(super) fn call(mode: BodyMode) -> Self {
        Self {
            mode,
            is_for_contents: false,
        }
    }

    pub(super) fn contents(mode: BodyMode) -> Self {
        Self {
            mode,
            is_for_contents: true,
        }
    }
}

/// A response, and what it took to get it.
pub(super) struct Sent {
    pub(super) response: Response,
    made: Attempts,
}

/// Why there is no response, and what was tried for it.
pub(super) type Failure = (reqwest::Error, Attempts);

impl Session {
    /// Sends a prepared request, again where that is safe, and returns a success.
    pub(super) async fn run(
        &self,
        mut request: Request,
        idempotency: Idempotency,
        credential: Credential,
        way: Way,
    ) -> Result<Response> {
        if credential == Credential::Required {
            self.check_address(request.url())?;
            self.authenticate(request.headers_mut()).await?;
        }
        let http = match &self.shared.bulk {
            Some(bulk) if way.is_for_contents => bulk.client().await?,
            _ => &self.shared.http,
        };
        let sent = self.attempt(http, request, idempotency, credential, way.mode);
        match sent.await {
            Ok(Sent { response, .. }) if response.status().is_success() => Ok(response),
            Ok(Sent { response, made }) => {
                let error = error::from_response(response, self.limits()).await;
                Err(error.with_attempts(made))
            }
            Err((source, made)) => Err(Error::transport(source).with_attempts(made)),
        }
    }

    /// Puts the credential on a request. Where none is available just now, it is asked for again as
    /// a call would be made again: nothing was sent.
    async fn authenticate(&self, headers: &mut HeaderMap) -> Result<()> {
        let started = Instant::now();
        let mut count = 0;
        loop {
            let Err(error) = self.shared.auth.apply(headers).await else {
                return Ok(());
            };
            count += 1;
            let made = Attempts {
                count,
                elapsed: started.elapsed(),
                may_be_done: false,
            };
            let Some(delay) = self.delay_after(&error, made) else {
                return Err(error.with_attempts(made));
            };
            tracing::info!(attempt = count, ?delay, %error, "no credential, asking again");
            tokio::time::sleep(delay).await;
        }
    }

    async fn send_once(
        &self,
        http: &reqwest::Client,
        request: Request,
        mode: BodyMode,
    ) -> reqwest::Result<Response> {
        let max = self.limits().response;
        let sent = http.execute(request);
        let response = match mode {
            BodyMode::Whole => sent.await?,
            // The time of a request would be that of its contents too, however many there are.
            BodyMode::Streamed => match timeout(self.timeout(), sent).await {
                Ok(response) => response?,
                Err(_) => return read_whole(too_late(), max).await,
            },
        };
        let response = with_its_end(response);
        match mode {
            BodyMode::Whole if response.status().is_success() => read_whole(response, max).await,
            _ => Ok(response),
        }
    }

    /// Sends until there is a response that a repeat would not better. A credential that the
    /// request must carry is on it already.
    pub(super) async fn attempt(
        &self,
        http: &reqwest::Client,
        mut request: Request,
        idempotency: Idempotency,
        credential: Credential,
        mode: BodyMode,
    ) -> std::result::Result<Sent, Failure> {
        let policy = &self.shared.settings.retry;
        let auth = &self.shared.auth;
        let started = Instant::now();
        announce_empty_body(&mut request);
        let mut attempts = 0;
        let mut renewed = false;
        let mut may_be_done = false;
        loop {
            if attempts > 0
                && credential == Credential::Required
                && let Err(error) = auth.apply(request.headers_mut()).await
            {
                tracing::warn!(%error, "no fresh credential, going on with the one there is");
            }
            attempts += 1;
            let spare = request.try_clone();
            tracing::debug!(
                method = %request.method(), path = request.url().path(), attempt = attempts,
                "sending request"
            );
            let secrets = Secrets::of(request.headers()).and_of(request.url());
            self.carry(&secrets);
            let span = trace::attempt(&request, attempts);
            let sent = self.send_once(http, request, mode).instrument(span.clone());
            let outcome = sent.await;
            trace::end_attempt(&span, &outcome);
            let made = Attempts {
                count: attempts,
                elapsed: started.elapsed(),
                may_be_done,
            };
            match &outcome {
                Ok(response) => {
                    tracing::debug!(status = response.status().as_u16(), "response received")
                }
                Err(error) => tracing::debug!(timeout = error.is_timeout(), "no response"),
            }
            // A token may be revoked before it expires. A request that was refused for that
            // did nothing, whatever it was for.
            if let (Ok(response), Some(next)) = (&outcome, &spare)
                && response.status() == StatusCode::UNAUTHORIZED
                && credential == Credential::Required
                && !std::mem::replace(&mut renewed, true)
                && auth.renew(next.headers()).await
                && let Some(next) = next.try_clone()
            {
                tracing::info!("the credential was refused, trying a new one");
                request = next;
                continue;
            }
            // It was good for this attempt; what a later one is refused for is another matter.
            renewed &= is_refusal(&outcome);
            let (outcome, asked, is_cut) = match outcome {
                Ok(response) if !response.status().is_success() => {
                    let within = self.shared.settings.timeout;
                    let refusal = error::read_refusal(response, self.limits(), &secrets, within);
                    let refusal = refusal.await;
                    (Ok(refusal.response), refusal.asked, refusal.is_cut)
                }
                Ok(mut response) => {
                    // For whoever quotes it.
                    response.extensions_mut().insert(Arc::new(secrets));
                    (Ok(response), None, false)
                }
                other => (other, None, false),
            };
            // A refusal that broke off may say that there is nothing left to do.
            let worth_it = policy.applies(&outcome, idempotency)
                || (is_cut && idempotency == Idempotency::Repeatable);
            match (spare, policy.delay(worth_it, made, asked)) {
                (Some(next), Some(delay)) => {
                    tracing::info!(attempt = attempts, ?delay, "retrying");
                    may_be_done |= leaves_open(&outcome);
                    tokio::time::sleep(delay).await;
                    request = next;
                }
                _ => {
                    return outcome
                        .map(|response| Sent { response, made })
                        .map_err(|error| (error, made));
                }
            }
        }
    }
}

/// Whether the credential was refused.
fn is_refusal(outcome: &reqwest::Result<Response>) -> bool {
    matches!(outcome, Ok(response) if response.status() == StatusCode::UNAUTHORIZED)
}

/// Whether a call may have been carried out although this came of it.
fn leaves_open(outcome: &reqwest::Result<Response>) -> bool {
    match outcome {
        Ok(response) => matches!(response.status().as_u16(), 408 | 500..600),
        Err(error) => !error.is_connect(),
    }
}

/// Google's front ends refuse a POST whose length is not told, an empty one too.
fn announce_empty_body(request: &mut Request) {
    let is_empty = request
        .body()
        .is_none_or(|body| body.as_bytes().is_some_and(<[u8]>::is_empty));
    if request.method() == Method::POST && is_empty {
        let zero = HeaderValue::from_static("0");
        request.headers_mut().insert(CONTENT_LENGTH, zero);
    }
}
