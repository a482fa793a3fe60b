//! One call over the wire: attempts, credentials, and when to stop.

use reqwest::header::{CONTENT_LENGTH, HeaderValue};
use reqwest::{Method, Request, Response, StatusCode};
use tokio::time::Instant;
use tracing::Instrument;

use super::Session;
use super::censor::Secrets;
use super::error;
use super::limits::read_whole;
use super::retry::Repeat;
use crate::error::{Effort, Error, Result};
use crate::trace;

/// Whether a request carries the session's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// It must; renewed for later attempts where possible.
    Required,
    /// It must not.
    None,
}

/// How much of the answer is read before the call counts as answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it, so that one that breaks off is asked for again.
    Whole,
    /// The headers: the body is a stream, as long as it likes.
    Headers,
}

/// An answer, and what it took to get it.
pub(super) struct Answer {
    pub(super) response: Response,
    effort: Effort,
}

/// Why there is no answer, and what was tried for it.
pub(super) type Failure = (reqwest::Error, Effort);

impl Session {
    /// Sends a prepared request, again where that is safe, and returns a success.
    pub(super) async fn run(
        &self,
        mut request: Request,
        repeat: Repeat,
        credential: Credential,
        extent: Extent,
    ) -> Result<Response> {
        if credential == Credential::Required {
            self.check_address(request.url())?;
            self.shared.auth.apply(request.headers_mut()).await?;
        }
        match self.attempt(request, repeat, credential, extent).await {
            Ok(Answer { response, .. }) if response.status().is_success() => Ok(response),
            Ok(Answer { response, effort }) => {
                let error = error::from_response(response, self.limits()).await;
                Err(error.with_effort(effort))
            }
            Err((source, effort)) => Err(Error::transport(source).with_effort(effort)),
        }
    }

    async fn send_once(&self, request: Request, extent: Extent) -> reqwest::Result<Response> {
        let response = self.shared.http.execute(request).await?;
        match extent {
            Extent::Whole if response.status().is_success() => {
                read_whole(response, self.limits().answer).await
            }
            _ => Ok(response),
        }
    }

    /// Sends until there is an answer that a repeat would not better. A credential that the
    /// request must carry is on it already.
    pub(super) async fn attempt(
        &self,
        mut request: Request,
        repeat: Repeat,
        credential: Credential,
        extent: Extent,
    ) -> std::result::Result<Answer, Failure> {
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
            let secrets = Secrets::of(request.headers());
            let span = trace::attempt(&request, attempts);
            let sent = self.send_once(request, extent).instrument(span.clone());
            let outcome = sent.await;
            trace::end_attempt(&span, &outcome);
            let effort = Effort {
                attempts,
                elapsed: started.elapsed(),
                may_be_done,
            };
            match &outcome {
                Ok(response) => tracing::debug!(status = response.status().as_u16(), "answered"),
                Err(error) => tracing::debug!(timeout = error.is_timeout(), "no answer"),
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
                    let refusal = error::read_refusal(response, self.limits(), &secrets).await;
                    (Ok(refusal.response), refusal.asked, refusal.is_cut)
                }
                other => (other, None, false),
            };
            // A refusal that broke off may say that there is nothing left to do.
            let worth_it = policy.applies(&outcome, repeat) || (is_cut && repeat == Repeat::Safe);
            match (spare, policy.delay(worth_it, effort, asked)) {
                (Some(next), Some(delay)) => {
                    tracing::info!(attempt = attempts, ?delay, "retrying");
                    may_be_done |= leaves_open(&outcome);
                    tokio::time::sleep(delay).await;
                    request = next;
                }
                _ => {
                    return outcome
                        .map(|response| Answer { response, effort })
                        .map_err(|error| (error, effort));
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
