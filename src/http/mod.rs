//! The HTTP layer that both raw clients share: authentication, retries, limits, errors.
//!
//! A [`Session`] knows nothing of batches. The generated clients carry one as their inner
//! value and pass every request through it (see [`hooks`]); uploads and downloads, which no
//! generated code covers, call [`Session::send`] themselves.

pub(crate) mod auth;
pub(crate) mod censor;
pub(crate) mod client;
pub(crate) mod error;
pub(crate) mod exchange;
#[cfg(feature = "vertex")]
pub(crate) mod google;
pub(crate) mod hooks;
pub(crate) mod limits;
pub(crate) mod plain;
pub(crate) mod retry;
mod send;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Response};

use crate::error::{Effort, Error, Result};
use auth::Auth;
use exchange::Exchange;
use limits::Limits;
use retry::{Repeat, RetryPolicy};
use send::{Credential, Extent};

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
/// let session = Session::new("my-api-key")?;
/// let base = "https://generativelanguage.googleapis.com/v1beta";
/// let raw = gemini::Client::new_with_client(base, session.http_client(), session);
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
    pub(crate) limits: Limits,
    /// Where a credential may go without encryption, besides this machine.
    pub(crate) plain_http_hosts: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(120),
            announce_timeout: false,
            headers: HeaderMap::new(),
            retry: RetryPolicy::default(),
            limits: Limits::default(),
            plain_http_hosts: Vec::new(),
        }
    }
}

impl Session {
    /// A session that authenticates with an API key, with default timeouts and retries.
    ///
    /// # Errors
    ///
    /// If the key is empty or cannot be sent in a header, or the machine lacks what TLS needs.
    pub fn new(api_key: impl Into<String>) -> Result<Self> {
        let auth = Auth::api_key(api_key.into().into())?;
        let http = client::make(client::plain(None, None, Settings::default().timeout))?;
        Ok(Self::with_settings(http, auth, Settings::default()))
    }

    /// The client that calls are sent with. It follows no redirects. Where all addresses of the
    /// [`Client`](crate::Client) are `http://…` and no proxy is set, it trusts no certificate.
    pub fn http_client(&self) -> reqwest::Client {
        self.shared.http.clone()
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

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.settings.limits
    }

    /// Headers that every JSON call carries, apart from the credential.
    fn prepare(&self, request: &mut Request) {
        let headers = request.headers_mut();
        headers.remove(API_VERSION);
        self.add_settings(headers);
        if !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
    }

    /// The caller's own headers, and the timeout if the caller chose one.
    fn add_settings(&self, headers: &mut HeaderMap) {
        let settings = &self.shared.settings;
        for name in settings.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &settings.headers {
            headers.append(name, value.clone());
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
        self.run(request, repeat, Credential::Required, Extent::Whole)
            .await
    }

    /// Sends a chunk to an upload address, which carries its own credential. A failure is the
    /// caller's to mend: only the service knows how much of the chunk arrived.
    pub(crate) async fn send_chunk(&self, mut request: Request) -> Result<Response> {
        self.add_settings(request.headers_mut());
        *request.timeout_mut() = Some(self.shared.settings.timeout);
        self.run(request, Repeat::OnlyUnsent, Credential::None, Extent::Whole)
            .await
    }

    /// Sends a call to Cloud Storage, each of which may be made twice. A download may take as
    /// long as it is large.
    #[cfg(feature = "gcs")]
    pub(crate) async fn send_to_storage(&self, mut request: Request) -> Result<Response> {
        self.add_settings(request.headers_mut());
        let is_listing = request
            .url()
            .query_pairs()
            .any(|(name, _)| name == "list-type");
        let extent = match *request.method() {
            reqwest::Method::GET if !is_listing => Extent::Headers,
            _ => Extent::Whole,
        };
        if extent == Extent::Whole {
            *request.timeout_mut() = Some(self.shared.settings.timeout);
        }
        self.run(request, Repeat::Safe, Credential::Required, extent)
            .await
    }

    /// How long a transfer may stand still.
    pub(crate) fn stall_timeout(&self) -> Duration {
        self.shared.settings.timeout.max(client::READ_TIMEOUT)
    }

    /// The wait after this many attempts, without chance.
    pub(crate) fn pause(&self, attempts: u32) -> Duration {
        self.shared.settings.retry.backoff(attempts, 1.0)
    }

    pub(crate) fn max_attempts(&self) -> u32 {
        self.shared.settings.retry.attempts()
    }

    /// The wait before a transfer that broke off is continued.
    pub(crate) fn delay_after_break(&self, effort: Effort) -> Option<Duration> {
        self.shared.settings.retry.delay(true, effort, None)
    }

    /// The wait before a call that failed is made again; `None` if it should not be.
    pub(crate) fn delay_after(&self, error: &Error, effort: Effort) -> Option<Duration> {
        let policy = &self.shared.settings.retry;
        policy.delay(policy.applies_to(error), effort, error.retry_after())
    }

    #[cfg(any(feature = "gcs", feature = "bigquery"))]
    pub(crate) fn auth(&self) -> &Auth {
        &self.shared.auth
    }

    #[cfg(feature = "bigquery")]
    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.shared.settings.retry
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
