//! The HTTP layer that both raw clients share: authentication, retries, limits, errors.
//!
//! A [`Session`] knows nothing of batches. The generated clients carry one as their inner
//! value and pass every request through it (see [`hooks`]); uploads and downloads, which no
//! generated code covers, call [`Session::send`] themselves.

pub(crate) mod auth;
pub(crate) mod error;
pub(crate) mod exchange;
mod hooks;
pub(crate) mod retry;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Response};
use tokio::time::Instant;

use crate::error::{Effort, Error, Result};
use auth::Auth;
use exchange::Exchange;
use retry::{Repeat, RetryPolicy};

/// The header that tells the service how long the client will wait.
const SERVER_TIMEOUT: HeaderName = HeaderName::from_static("x-server-timeout");
/// The generated code adds this header, which Google's services do not know.
const API_VERSION: &str = "api-version";

/// What every request of a client goes through: credentials, timeouts, retries, tracing.
///
/// The raw clients hold one. [`Client::raw`](crate::Client::raw) hands out raw clients that
/// share the session of the client; [`Session::new`] makes one for a raw client on its own:
///
/// ```
/// use genai_batch::raw::{gemini, Session};
///
/// let session = Session::new(reqwest::Client::new(), "my-api-key")?;
/// let base = "https://generativelanguage.googleapis.com/v1beta";
/// let raw = gemini::Client::new_with_client(base, reqwest::Client::new(), session);
/// # Ok::<(), genai_batch::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    exchange: Option<Exchange>,
}

struct Shared {
    http: reqwest::Client,
    auth: Auth,
    settings: Settings,
}

/// How a session behaves, apart from its credentials.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) timeout: Duration,
    /// Whether the caller chose the timeout, so that the service hears of it too.
    pub(crate) announce_timeout: bool,
    pub(crate) headers: HeaderMap,
    pub(crate) retry: RetryPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(120),
            announce_timeout: false,
            headers: HeaderMap::new(),
            retry: RetryPolicy::default(),
        }
    }
}

/// An answer, and what it took to get it.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) effort: Effort,
}

impl Session {
    /// A session that authenticates with an API key, with default timeouts and retries.
    ///
    /// # Errors
    ///
    /// If the key is empty or cannot be sent in a header.
    pub fn new(http: reqwest::Client, api_key: impl Into<String>) -> Result<Self> {
        let auth = Auth::api_key(api_key.into())?;
        Ok(Self::with_settings(http, auth, Settings::default()))
    }

    pub(crate) fn with_settings(http: reqwest::Client, auth: Auth, settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared {
                http,
                auth,
                settings,
            }),
            exchange: None,
        }
    }

    /// The same session, for one call whose body and answer go through `exchange`.
    pub(crate) fn with_exchange(&self, exchange: Exchange) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            exchange: Some(exchange),
        }
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.shared.http
    }

    /// Headers that every JSON call carries, the credential included.
    fn prepare(&self, request: &mut Request) {
        let headers = request.headers_mut();
        headers.remove(API_VERSION);
        self.add_settings(headers);
        if !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.shared.auth.apply(headers);
    }

    /// The caller's own headers, and the timeout if the caller chose one.
    fn add_settings(&self, headers: &mut HeaderMap) {
        let settings = &self.shared.settings;
        for (name, value) in &settings.headers {
            headers.insert(name, value.clone());
        }
        if settings.announce_timeout {
            let seconds = settings.timeout.as_millis().div_ceil(1000) as u64;
            headers.insert(SERVER_TIMEOUT, HeaderValue::from(seconds));
        }
    }

    /// Sends a JSON call and returns the answer if it is a success.
    pub(crate) async fn send(&self, mut request: Request, repeat: Repeat) -> Result<Response> {
        self.prepare(&mut request);
        *request.timeout_mut() = Some(self.shared.settings.timeout);
        self.run(request, repeat).await
    }

    /// Sends a chunk to an upload address, which carries its own credential. A failure is the
    /// caller's to mend: only the service knows how much of the chunk arrived.
    pub(crate) async fn send_chunk(&self, mut request: Request) -> Result<Response> {
        self.add_settings(request.headers_mut());
        *request.timeout_mut() = Some(self.shared.settings.timeout);
        self.run(request, Repeat::OnlyUnsent).await
    }

    /// The wait before a call that failed is made again; `None` if it should not be.
    pub(crate) fn delay_after(&self, error: &Error, effort: Effort) -> Option<Duration> {
        let policy = &self.shared.settings.retry;
        policy.delay(error.is_retryable(), effort, error.retry_after())
    }

    /// Sends a prepared request, again where that is safe, and returns a success.
    async fn run(&self, request: Request, repeat: Repeat) -> Result<Response> {
        let started = Instant::now();
        match self.attempt(request, repeat).await {
            Ok(Answer { response, .. }) if response.status().is_success() => Ok(response),
            Ok(Answer { response, effort }) => {
                Err(error::from_response(response).await.with_effort(effort))
            }
            Err((source, attempts)) => Err(Error::transport(source).with_effort(Effort {
                attempts,
                elapsed: started.elapsed(),
            })),
        }
    }

    /// Sends until there is an answer that a repeat would not better.
    async fn attempt(
        &self,
        mut request: Request,
        repeat: Repeat,
    ) -> std::result::Result<Answer, (reqwest::Error, u32)> {
        let policy = &self.shared.settings.retry;
        let started = Instant::now();
        announce_empty_body(&mut request);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let spare = request.try_clone();
            tracing::debug!(
                method = %request.method(), path = request.url().path(), attempt = attempts,
                "sending request"
            );
            let mut outcome = self.shared.http.execute(request).await;
            let effort = Effort {
                attempts,
                elapsed: started.elapsed(),
            };
            match &outcome {
                Ok(response) => tracing::debug!(status = response.status().as_u16(), "answered"),
                Err(error) => tracing::debug!(timeout = error.is_timeout(), "no answer"),
            }
            let asked = match outcome {
                Ok(response) if policy.covers(response.status().as_u16()) => {
                    let (response, asked) = error::read_retry_delay(response).await;
                    outcome = Ok(response);
                    asked
                }
                other => {
                    outcome = other;
                    None
                }
            };
            let worth_it = policy.applies(&outcome, repeat);
            match (spare, policy.delay(worth_it, effort, asked)) {
                (Some(next), Some(delay)) => {
                    tracing::info!(attempt = attempts, ?delay, "retrying");
                    tokio::time::sleep(delay).await;
                    request = next;
                    self.shared.auth.refresh(request.headers_mut());
                }
                _ => {
                    return outcome
                        .map(|response| Answer { response, effort })
                        .map_err(|error| (error, attempts));
                }
            }
        }
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

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("auth", &self.shared.auth)
            .field("timeout", &self.shared.settings.timeout)
            .field("retry", &self.shared.settings.retry)
            .finish_non_exhaustive()
    }
}
