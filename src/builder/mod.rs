//! How a client is configured: by options, then by environment variables.

pub(crate) mod check;
mod client;
mod resolve;
#[cfg(feature = "vertex")]
mod vertex;

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::client::Client;
use crate::error::Result;
use crate::http::limits::Limits;
use crate::http::retry::RetryPolicy;
use resolve::BackendChoice;

/// Configures a [`Client`]. What is not set here is read from the environment, as
/// [`Client::from_env`] describes.
///
/// ```
/// use std::time::Duration;
/// use genai_batch::{Client, RetryPolicy};
///
/// let client = Client::builder()
///     .gemini()
///     .api_key("my-api-key")
///     .api_version("v1")
///     .timeout(Duration::from_secs(60))
///     .retry_policy(RetryPolicy::default().max_attempts(8))
///     .build()?;
/// assert_eq!(client.api_version(), "v1");
/// # Ok::<(), genai_batch::Error>(())
/// ```
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Default)]
pub struct ClientBuilder {
    backend: Option<BackendChoice>,
    api_key: Option<SecretString>,
    base_url: Option<String>,
    api_version: Option<String>,
    project: Option<String>,
    location: Option<String>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    headers: Vec<(String, String)>,
    http: Option<reqwest::ClientBuilder>,
    retry: RetryPolicy,
    limits: Limits,
    plain_http_hosts: Vec<String>,
    user_agent: Option<String>,
    #[cfg(feature = "vertex")]
    google: GoogleOptions,
}

/// What only Vertex AI needs.
#[cfg(feature = "vertex")]
#[derive(Default)]
struct GoogleOptions {
    origin: Option<crate::http::google::Origin>,
    quota_project: Option<String>,
    staging: Option<String>,
    storage_base_url: Option<String>,
    bigquery_base_url: Option<String>,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Chooses the Gemini Developer API, whatever the environment says.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn gemini(mut self) -> Self {
        self.backend = Some(BackendChoice::Gemini);
        self
    }

    /// The API key; beats the environment. White space around it is dropped.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into().into());
        self
    }

    /// Where the API is: scheme, host and, for a proxy, a path before the API version.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .base_url("https://gateway.example.com/gemini")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The API version in every address; by default the one that the generated types
    /// describe, `v1beta` on Gemini and `v1beta1` on Vertex AI. Google's Python SDK uses `v1`
    /// on Gemini.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .api_version("v1")
    ///     .build()?;
    /// assert_eq!(client.api_version(), "v1");
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// How long one attempt at a request may take, from sending to the end of the response; by
    /// default two minutes. Once set, the service is told too. Downloads are not limited, and
    /// [`Duration::MAX`] limits nothing.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .timeout(Duration::from_secs(30))
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long connecting may take; by default ten seconds. Not used with
    /// [`http_client`](Self::http_client).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .connect_timeout(Duration::from_secs(3))
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Adds a header to every API request, upload chunks included. Its value is kept out of
    /// logs.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .header("x-team", "search")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The `reqwest` client to send with, for a proxy, certificates or connection limits of
    /// your own. Its policies for redirects and retries are set aside, as those of the default
    /// client are: a redirect would carry the credential to another host, and a retry of its own
    /// could make a job twice. What it
    /// logs and its default headers are yours to keep free of secrets, and so is a
    /// `read_timeout`, without which a download may wait for its first byte for ever.
    ///
    /// ```
    /// use genai_batch::external::reqwest;
    /// use genai_batch::Client;
    ///
    /// let http = reqwest::Client::builder().pool_max_idle_per_host(4);
    /// let client = Client::builder()
    ///     .api_key("my-api-key")
    ///     .http_client(http)
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    ///
    /// The default client sends calls over HTTP/2 and the contents of files over connections of HTTP/1.1,
    /// since those share no windows. A client of yours sends both: where it is to bring much, give it
    /// `http1_only()`. Of what comes by HTTP/2, a reading has two responses at once, since more of them would
    /// keep each other, and calls, waiting.
    ///
    /// Google's libraries fetch the access tokens for Vertex AI over connections of their own, to
    /// which none of this applies.
    pub fn http_client(mut self, http: reqwest::ClientBuilder) -> Self {
        self.http = Some(http);
        self
    }

    /// How often and how long calls are repeated.
    ///
    /// ```
    /// use genai_batch::{Client, RetryPolicy};
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .retry_policy(RetryPolicy::default().max_attempts(8))
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How much of what the service sends is held in memory at once.
    ///
    /// ```
    /// use genai_batch::{Client, Limits};
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .limits(Limits::default().max_response(64 * 1024 * 1024))
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Allows this host to be reached over `http`, where whoever listens on the way can read
    /// the credential. Without this it is an error, save for hosts on this machine
    /// (`localhost`, `127.0.0.1`, `::1`). May be called for several hosts.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let builder = Client::builder()
    ///     .api_key("my-api-key")
    ///     .base_url("http://gateway.internal:8080");
    /// assert!(builder.build().is_err());
    ///
    /// let builder = Client::builder()
    ///     .api_key("my-api-key")
    ///     .base_url("http://gateway.internal:8080")
    ///     .allow_plain_http("gateway.internal");
    /// assert!(builder.build().is_ok());
    /// ```
    pub fn allow_plain_http(mut self, host: impl Into<String>) -> Self {
        self.plain_http_hosts.push(host.into());
        self
    }

    /// Adds to the `User-Agent` header, which starts with `genai-batch/VERSION`. Not used
    /// with [`http_client`](Self::http_client).
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .gemini()
    ///     .api_key("my-api-key")
    ///     .user_agent_suffix("nightly-reviews/1.0")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent = Some(suffix.into());
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// If there is no credential, or an option or variable is invalid.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let built = Client::builder().gemini().api_key("").build();
    /// assert!(built.unwrap_err().is_configuration());
    /// ```
    pub fn build(self) -> Result<Client> {
        self.resolve(&|name| std::env::var(name).ok())
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A base URL that holds a secret is refused, but only later.
        let base_url = self.base_url.as_deref();
        let base_url = base_url.filter(|url| !url.contains(['@', '?', '#']));
        f.debug_struct("ClientBuilder")
            .field("backend", &self.backend)
            .field("api_key", &self.api_key.as_ref().map(|_| "[censored]"))
            .field("base_url", &base_url)
            .field("api_version", &self.api_version)
            .field("project", &self.project)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}
