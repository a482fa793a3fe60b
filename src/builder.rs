//! How a client is configured: by options, then by environment variables.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::backend::gemini::Gemini;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::http::auth::Auth;
use crate::http::retry::RetryPolicy;
use crate::http::{Session, Settings};

const GEMINI_BASE_URL: &str = "https://generativelanguage.googleapis.com";
/// The version that the generated types describe.
const GEMINI_API_VERSION: &str = "v1beta";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transfer may stand still.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// Configures a [`Client`]. What is not set here is read from the environment, as
/// [`Client::from_env`] describes.
///
/// ```
/// use std::time::Duration;
/// use genai_batch::{Client, RetryPolicy};
///
/// let client = Client::builder()
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
    api_key: Option<String>,
    base_url: Option<String>,
    api_version: Option<String>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    headers: Vec<(String, String)>,
    http: Option<reqwest::Client>,
    retry: RetryPolicy,
    user_agent: Option<String>,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The API key; beats the environment. White space around it is dropped.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Where the API is: scheme, host and, for a proxy, a path before the API version.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The API version in every address; by default `v1beta`, which the generated types
    /// describe. Google's Python SDK uses `v1`.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// How long one attempt at a request may take, from sending to the end of the answer; by
    /// default two minutes. Once set, the service is told too. Downloads are not limited.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long connecting may take; by default ten seconds. Not used with
    /// [`http_client`](Self::http_client).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Adds a header to every API request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A `reqwest` client to send with, for a proxy, certificates or connection limits of
    /// your own. It should not follow redirects, since they would carry the API key along.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// How often and how long calls are repeated.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Adds to the `User-Agent` header, which starts with `genai-batch/VERSION`. Not used
    /// with [`http_client`](Self::http_client).
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent = Some(suffix.into());
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// If there is no credential, or an option or variable makes no sense.
    pub fn build(self) -> Result<Client> {
        self.build_with(&|name| std::env::var(name).ok())
    }

    /// As [`build`](Self::build), with the environment given.
    fn build_with(self, env: &dyn Fn(&str) -> Option<String>) -> Result<Client> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        if self.api_key.is_none() {
            refuse_vertex(&env)?;
        }
        let key = self
            .api_key
            .or_else(|| env("GOOGLE_API_KEY"))
            .or_else(|| env("GEMINI_API_KEY"))
            .ok_or_else(|| {
                Error::configuration(
                    "no credentials: set GOOGLE_API_KEY or GEMINI_API_KEY, or pass a key to \
                     Client::gemini (keys are made at https://aistudio.google.com/apikey)",
                )
            })?;
        let base_url = self
            .base_url
            .or_else(|| env("GOOGLE_GEMINI_BASE_URL"))
            .unwrap_or_else(|| GEMINI_BASE_URL.to_owned());
        let api_version = self
            .api_version
            .or_else(|| env("GOOGLE_GENAI_API_VERSION"))
            .map_or_else(|| GEMINI_API_VERSION.to_owned(), expand_version);
        let settings = Settings {
            timeout: self.timeout.unwrap_or(Settings::default().timeout),
            announce_timeout: self.timeout.is_some(),
            headers: parse_headers(&self.headers)?,
            retry: self.retry,
        };
        let http = match self.http {
            Some(http) => http,
            None => make_http(self.connect_timeout, self.user_agent.as_deref())?,
        };
        let session = Session::with_settings(http, Auth::api_key(key)?, settings);
        Ok(Client::new(Gemini::new(
            session,
            check_base_url(&base_url)?,
            check_version(api_version)?,
        )))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("api_key", &self.api_key.as_ref().map(|_| "[censored]"))
            .field("base_url", &self.base_url)
            .field("api_version", &self.api_version)
            .finish_non_exhaustive()
    }
}

fn refuse_vertex(env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let chooser = ["GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"]
        .into_iter()
        .find_map(|name| Some((name, env(name)?)));
    match chooser {
        Some((name, value)) if matches!(value.to_lowercase().as_str(), "true" | "1") => {
            Err(Error::configuration(format!(
                "{name} asks for Vertex AI, which this version does not support: unset it, or \
                 pass an API key to Client::gemini"
            )))
        }
        _ => Ok(()),
    }
}

/// Google's SDKs take `beta` for the version of that name.
fn expand_version(version: String) -> String {
    if version == "beta" {
        GEMINI_API_VERSION.to_owned()
    } else {
        version
    }
}

fn check_version(version: String) -> Result<String> {
    let plain = version.bytes().all(|b| b.is_ascii_alphanumeric());
    if version.is_empty() || !plain {
        return Err(Error::configuration(format!(
            "{version:?} is no API version: write `v1beta` or `v1`"
        )));
    }
    Ok(version)
}

fn check_base_url(text: &str) -> Result<String> {
    let refuse = |reason: &str| {
        Err(Error::configuration(format!(
            "{text:?} is no base URL: {reason} (it is set by the option `base_url` or by \
             GOOGLE_GEMINI_BASE_URL)"
        )))
    };
    let Ok(url) = text.parse::<reqwest::Url>() else {
        return refuse("write it as https://host or https://host/path");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("its scheme is neither https nor http");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("it has a query or fragment, which requests cannot carry");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn parse_headers(headers: &[(String, String)]) -> Result<HeaderMap> {
    headers
        .iter()
        .map(|(name, value)| {
            let header: HeaderName = name
                .parse()
                .map_err(|_| Error::configuration(format!("{name:?} is no header name")))?;
            let value = HeaderValue::from_str(value).map_err(|_| {
                Error::configuration(format!("the value of the header {name:?} cannot be sent"))
            })?;
            Ok((header, value))
        })
        .collect()
}

fn make_http(connect_timeout: Option<Duration>, suffix: Option<&str>) -> Result<reqwest::Client> {
    let mut user_agent = concat!("genai-batch/", env!("CARGO_PKG_VERSION")).to_owned();
    if let Some(suffix) = suffix {
        user_agent = format!("{user_agent} {suffix}");
    }
    reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(connect_timeout.unwrap_or(CONNECT_TIMEOUT))
        .read_timeout(READ_TIMEOUT)
        // A redirect would take the key to another host.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| Error::configuration("the HTTP client cannot be made").with_source(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(builder: ClientBuilder, env: &[(&str, &str)]) -> Result<Client> {
        builder.build_with(&|name| {
            let found = env.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn options_beat_the_environment_and_empty_counts_as_unset() {
        let env = [
            ("GOOGLE_API_KEY", ""),
            ("GEMINI_API_KEY", "k"),
            ("GOOGLE_GEMINI_BASE_URL", "https://proxy.example/gemini/"),
            ("GOOGLE_GENAI_API_VERSION", "beta"),
        ];
        let client = build(Client::builder(), &env).unwrap();
        assert_eq!(client.base_url(), "https://proxy.example/gemini");
        assert_eq!(client.api_version(), "v1beta");
        let own = Client::builder()
            .base_url("http://127.0.0.1:9")
            .api_version("v1");
        let client = build(own, &env).unwrap();
        assert_eq!(
            (client.base_url(), client.api_version()),
            ("http://127.0.0.1:9", "v1")
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (env, named) in [
            (vec![], "GOOGLE_API_KEY"),
            (vec![("GEMINI_API_KEY", " ")], "empty"),
            (
                vec![("GEMINI_API_KEY", "k"), ("GOOGLE_GEMINI_BASE_URL", "proxy")],
                "proxy",
            ),
            (
                vec![
                    ("GEMINI_API_KEY", "k"),
                    ("GOOGLE_GEMINI_BASE_URL", "ftp://h"),
                ],
                "https",
            ),
            (
                vec![
                    ("GEMINI_API_KEY", "k"),
                    ("GOOGLE_GENAI_API_VERSION", "../v1"),
                ],
                "../v1",
            ),
            (
                vec![
                    ("GEMINI_API_KEY", "k"),
                    ("GOOGLE_GENAI_USE_VERTEXAI", "true"),
                ],
                "VERTEXAI",
            ),
        ] {
            let error = build(Client::builder(), &env).unwrap_err();
            assert!(error.is_configuration(), "{error}");
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn the_key_shows_nowhere() {
        let builder = Client::builder().api_key("very-secret");
        assert!(!format!("{builder:?}").contains("secret"));
        let client = build(builder, &[]).unwrap();
        assert!(!format!("{client:?} {:?}", client.raw()).contains("secret"));
    }
}
