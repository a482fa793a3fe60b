//! The HTTP layer that both raw clients share: authentication, retries, limits, errors.
//!
//! A [`Session`] knows nothing of batches. The generated clients carry one as their inner
//! value and pass every request through it (`raw/hooks.rs`); uploads and downloads, which no
//! generated code covers, call [`Session::call`] themselves.

pub(crate) mod auth;
pub(crate) mod bulk;
pub(crate) mod censor;
pub(crate) mod cleartext;
pub(crate) mod client;
pub(crate) mod connections;
#[cfg(feature = "vertex")]
mod credentials_file;
mod end;
pub(crate) mod error;
#[cfg(feature = "vertex")]
pub(crate) mod google;
pub(crate) mod limits;
pub(crate) mod retry;
pub(crate) mod send;
pub(crate) mod tls;
#[cfg(feature = "vertex")]
pub(crate) mod told;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[cfg(feature = "gcs")]
use reqwest::header::ACCEPT_ENCODING;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Response};

use crate::error::{Attempts, Error, Result};
use auth::Auth;
use bulk::Bulk;
use censor::Secrets;
use connections::{Budget, Connections};
use limits::Limits;
use retry::{Idempotency, RetryPolicy};
use send::{BodyMode, Credential, Way};

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
}

struct Shared {
    http: reqwest::Client,
    /// For contents, where `http` may not be one of HTTP/1.1.
    bulk: Option<Bulk>,
    auth: Auth,
    settings: Settings,
    /// The memory for what comes before its reader asks for it, of all that the client reads.
    budget: Arc<Budget>,
    /// The secrets of the requests that were sent last.
    carried: Mutex<Arc<Secrets>>,
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
        let settings = Settings::default();
        let bulk = bulk::Options {
            user_agent: None,
            connect_timeout: None,
            timeout: settings.timeout,
        };
        let http = client::make(bulk.builder())?;
        Ok(Self::with_settings(http, Some(bulk), auth, settings))
    }

    /// The client that calls are sent with. It follows no redirects. Where all addresses of the
    /// [`Client`](crate::Client) are `http://…` and no proxy is set, it trusts no certificate.
    pub fn http_client(&self) -> reqwest::Client {
        self.shared.http.clone()
    }

    /// A session that sends calls by one client, and contents by another if there are options for it.
    pub(crate) fn with_settings(
        http: reqwest::Client,
        bulk: Option<bulk::Options>,
        auth: Auth,
        settings: Settings,
    ) -> Self {
        let budget = Arc::new(Budget::new(settings.limits.read_ahead));
        Self {
            shared: Arc::new(Shared {
                http,
                bulk: bulk.map(Bulk::new),
                auth,
                settings,
                budget,
                carried: Mutex::default(),
            }),
        }
    }

    /// An error without the secrets that requests carried, where a text of ours quotes what a service
    /// said.
    pub(crate) fn without_secrets(&self, error: Error) -> Error {
        let secrets = self.carried();
        error.cleaned(|text| secrets.found_in(text))
    }

    /// A text without the secrets that requests carried, if it has any.
    pub(crate) fn found_in(&self, text: &str) -> Option<String> {
        self.carried().found_in(text)
    }

    /// The same for a text.
    pub(crate) fn shown(&self, text: &str) -> String {
        self.carried().clean(text)
    }

    fn carried(&self) -> Arc<Secrets> {
        Arc::clone(
            &self
                .shared
                .carried
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Notes the secrets of a request.
    fn carry(&self, secrets: &Secrets) {
        let mut carried = self
            .shared
            .carried
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(all) = carried.with(secrets) {
            *carried = Arc::new(all);
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.settings.limits
    }

    /// The connections of one reading: so many, or as many as its reader is worth.
    pub(crate) fn connections(&self, count: Option<usize>) -> Connections {
        Connections::new(count, Arc::clone(&self.shared.budget))
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.shared.budget
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
        // One that is no limit is none to tell of.
        if settings.announce_timeout && self.timeout() == settings.timeout {
            let seconds = settings.timeout.as_millis().div_ceil(1000) as u64;
            headers.insert(SERVER_TIMEOUT, HeaderValue::from(seconds));
        }
    }

    /// Sends a call and returns the response if it is a success.
    pub(crate) async fn call(
        &self,
        mut request: Request,
        idempotency: Idempotency,
        mode: BodyMode,
    ) -> Result<Response> {
        self.prepare(&mut request);
        // A download may take as long as it is large.
        if mode == BodyMode::Whole {
            *request.timeout_mut() = Some(self.timeout());
        }
        // What is streamed are the contents of a file.
        let way = match mode {
            BodyMode::Whole => Way::call(mode),
            BodyMode::Streamed => Way::contents(mode),
        };
        self.run(request, idempotency, Credential::Required, way)
            .await
    }

    /// Sends a chunk to an upload address, which carries its own credential. A failure is the
    /// caller's to mend: only the service knows how much of the chunk arrived.
    pub(crate) async fn send_chunk(&self, mut request: Request) -> Result<Response> {
        self.add_settings(request.headers_mut());
        *request.timeout_mut() = Some(self.timeout());
        self.run(
            request,
            Idempotency::OnlyUnsent,
            Credential::None,
            Way::contents(BodyMode::Whole),
        )
        .await
    }

    /// Sends a call to Cloud Storage for an object, each of which may be made twice. A download
    /// may take as long as it is large.
    #[cfg(feature = "gcs")]
    pub(crate) async fn send_to_storage(&self, mut request: Request) -> Result<Response> {
        self.add_settings(request.headers_mut());
        let mode = match *request.method() {
            reqwest::Method::GET => BodyMode::Streamed,
            _ => BodyMode::Whole,
        };
        if mode == BodyMode::Streamed {
            // An object that is stored with gzip is given as it is stored; see `storage::gzip`.
            let gzip = HeaderValue::from_static("gzip");
            request.headers_mut().insert(ACCEPT_ENCODING, gzip);
        }
        if mode == BodyMode::Whole {
            *request.timeout_mut() = Some(self.timeout());
        }
        let way = Way::contents(mode);
        self.run(request, Idempotency::Repeatable, Credential::Required, way)
            .await
    }

    /// How long a call may take, as far as its response is not a stream.
    pub(crate) fn timeout(&self) -> Duration {
        client::bounded(self.shared.settings.timeout)
    }

    /// How long a transfer may stand still.
    pub(crate) fn stall_timeout(&self) -> Duration {
        self.timeout().max(client::READ_TIMEOUT)
    }

    /// The wait after this many attempts, without chance.
    pub(crate) fn pause(&self, attempts: u32) -> Duration {
        self.shared.settings.retry.backoff(attempts, 1.0)
    }

    /// The wait before a transfer that broke off is continued.
    pub(crate) fn delay_after_break(&self, attempts: Attempts) -> Option<Duration> {
        self.shared.settings.retry.delay(true, attempts, None)
    }

    /// The wait before a call that failed is made again; `None` if it should not be.
    pub(crate) fn delay_after(&self, error: &Error, attempts: Attempts) -> Option<Duration> {
        let policy = &self.shared.settings.retry;
        policy.delay(policy.applies_to(error), attempts, error.retry_after())
    }

    #[cfg(any(feature = "gcs", feature = "bigquery"))]
    pub(crate) fn auth(&self) -> &Auth {
        &self.shared.auth
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
