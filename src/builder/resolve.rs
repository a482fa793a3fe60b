//! From options and environment to one backend: the precedence that Google's SDKs have. What Vertex AI
//! takes beyond an API key is in `vertex`.

#[cfg(feature = "vertex")]
mod vertex;

use secrecy::SecretString;

use super::{ClientBuilder, check};
use crate::backend::AnyBackend;
use crate::backend::gemini::Gemini;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::http::auth::Auth;
use crate::http::{Session, Settings, bulk, client};

const GEMINI_BASE_URL: &str = "https://generativelanguage.googleapis.com";
/// The versions that the generated types describe.
const GEMINI_API_VERSION: &str = "v1beta";

const NO_KEY: &str = "no credentials: set GOOGLE_API_KEY or GEMINI_API_KEY, or pass a key to \
    Client::gemini (keys are made at https://aistudio.google.com/apikey)";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BackendChoice {
    Gemini,
    Vertex,
}

/// Where `reqwest` finds a proxy for plain HTTP, besides the settings of Windows and macOS.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

impl ClientBuilder {
    /// Makes the client from the options and this environment, in which an empty variable
    /// counts as unset.
    pub(super) fn resolve(self, env: Env<'_>) -> Result<Client> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        match self.backend.map_or_else(|| chosen_by_env(&env), Ok)? {
            BackendChoice::Gemini => self.resolve_gemini(&env),
            BackendChoice::Vertex => self.resolve_vertex(&env),
        }
    }

    /// An option that only Vertex AI has, if one is set.
    fn vertex_option(&self) -> Option<&'static str> {
        let options = [
            ("project", self.project.is_some()),
            ("location", self.location.is_some()),
        ];
        #[cfg(feature = "vertex")]
        let options = {
            use crate::http::google::Origin;

            let google = &self.google;
            let origin = match &google.origin {
                Some(Origin::Token(_)) => "access_token",
                Some(Origin::Json(_)) => "credentials_json",
                _ => "credentials",
            };
            options.into_iter().chain([
                (origin, google.origin.is_some()),
                ("quota_project", google.quota_project.is_some()),
                ("staging", google.staging.is_some()),
                ("storage_base_url", google.storage_base_url.is_some()),
                ("bigquery_base_url", google.bigquery_base_url.is_some()),
            ])
        };
        let found = options.into_iter().find(|(_, is_set)| *is_set);
        found.map(|(option, _)| option)
    }

    fn resolve_gemini(self, env: Env<'_>) -> Result<Client> {
        if let Some(option) = self.vertex_option() {
            return Err(Error::configuration(format!(
                "the option `{option}` is of Vertex AI: choose it with `vertex()`, or leave the \
                 option out"
            )));
        }
        let key = self
            .api_key
            .clone()
            .or_else(|| secret(env("GOOGLE_API_KEY")))
            .or_else(|| secret(env("GEMINI_API_KEY")))
            .ok_or_else(|| Error::configuration(NO_KEY))?;
        let variable = "GOOGLE_GEMINI_BASE_URL";
        let base_url = self.base_url.clone().or_else(|| env(variable));
        let base_url = base_url.unwrap_or_else(|| GEMINI_BASE_URL.to_owned());
        let base_url = self.checked_url(&base_url, "base_url", variable)?;
        let version = self.version(env, GEMINI_API_VERSION)?;
        let session = self.session(env, [&base_url], Auth::api_key(key)?)?;
        Ok(Client::new(AnyBackend::gemini(Gemini::new(
            session, base_url, version,
        ))))
    }

    #[cfg(not(feature = "vertex"))]
    #[expect(clippy::unused_self)]
    fn resolve_vertex(self, _: Env<'_>) -> Result<Client> {
        Err(Error::configuration(
            "Vertex AI is asked for, and this build is without it: enable the feature `vertex`",
        ))
    }

    pub(super) fn checked_url(&self, url: &str, option: &str, variable: &str) -> Result<String> {
        check::base_url(url, option, variable, &self.plain_http_hosts)
    }

    /// Google's SDKs take `beta` for the version of that name.
    pub(super) fn version(&self, env: Env<'_>, default: &str) -> Result<String> {
        let version = self
            .api_version
            .clone()
            .or_else(|| env("GOOGLE_GENAI_API_VERSION"))
            .filter(|version| version != "beta");
        check::version(version.unwrap_or_else(|| default.to_owned()))
    }

    /// A session for services at these addresses.
    pub(super) fn session<const N: usize>(
        self,
        env: Env<'_>,
        addresses: [&str; N],
        auth: Auth,
    ) -> Result<Session> {
        let settings = Settings {
            timeout: self.timeout.unwrap_or(Settings::default().timeout),
            announce_timeout: self.timeout.is_some(),
            headers: check::headers(&self.headers)?,
            retry: self.retry,
            limits: self.limits,
            plain_http_hosts: self.plain_http_hosts,
        };
        let (http, bulk) = match self.http {
            // Of which there is no second one to be made.
            Some(http) => (http, None),
            None => {
                let options = bulk::Options {
                    user_agent: self.user_agent,
                    connect_timeout: self.connect_timeout,
                    timeout: settings.timeout,
                };
                match needs_certificates(addresses, env) {
                    true => (options.builder(), Some(options)),
                    // Without TLS, it is HTTP/1.1 for calls too.
                    false => (client::without_certificates(options.builder()), None),
                }
            }
        };
        let http = client::make(http)?;
        Ok(Session::with_settings(http, bulk, auth, settings))
    }
}

/// Whether anything at these addresses, or a proxy on the way, may be reached over TLS.
fn needs_certificates<const N: usize>(addresses: [&str; N], env: Env<'_>) -> bool {
    let is_plain = addresses.iter().all(|url| url.starts_with("http://"));
    let is_direct = PROXIES.iter().all(|variable| env(variable).is_none());
    cfg!(any(windows, target_os = "macos")) || !is_plain || !is_direct
}

pub(super) fn secret(variable: Option<String>) -> Option<SecretString> {
    variable.map(SecretString::from)
}

fn chosen_by_env(env: Env<'_>) -> Result<BackendChoice> {
    let chooser = ["GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"]
        .into_iter()
        .find_map(env);
    let vertex = chooser.is_some_and(|value| matches!(&*value.to_lowercase(), "true" | "1"));
    Ok(match vertex {
        true => BackendChoice::Vertex,
        false => BackendChoice::Gemini,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(builder: ClientBuilder, env: &[(&str, &str)]) -> Result<Client> {
        builder.resolve(&|name| {
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

    #[cfg(feature = "gcs")]
    #[tokio::test]
    async fn of_two_variables_the_first_in_order_is_taken() {
        let key_of = async |env: &[(&str, &str)]| {
            let client = build(Client::builder(), env).unwrap();
            let mut headers = reqwest::header::HeaderMap::new();
            let session = client.service().files().unwrap().session().clone();
            session.auth().apply(&mut headers).await.unwrap();
            headers["x-goog-api-key"].to_str().unwrap().to_owned()
        };
        let (google, gemini) = (("GOOGLE_API_KEY", "google"), ("GEMINI_API_KEY", "gemini"));
        assert_eq!(key_of(&[google, gemini]).await, "google");
        assert_eq!(key_of(&[gemini]).await, "gemini");

        let enterprise = |value| ("GOOGLE_GENAI_USE_ENTERPRISE", value);
        let vertex = |value| ("GOOGLE_GENAI_USE_VERTEXAI", value);
        for (env, is_vertex) in [
            (vec![enterprise("true"), vertex("false")], true),
            (vec![vertex("true"), enterprise("false")], false),
            (vec![enterprise(""), vertex("1")], true),
            (vec![vertex("yes")], false),
            (vec![], false),
        ] {
            let choice = chosen_by_env(&|name| {
                let found = env.iter().find(|(known, _)| *known == name);
                found
                    .map(|(_, value)| (*value).to_owned())
                    .filter(|value| !value.is_empty())
            });
            assert_eq!(
                choice.unwrap() == BackendChoice::Vertex,
                is_vertex,
                "{env:?}"
            );
        }
    }

    #[cfg(not(any(windows, target_os = "macos")))]
    #[test]
    fn certificates_are_read_unless_all_is_reached_without() {
        let direct = |_: &str| None;
        let proxied = |name: &str| (name == "ALL_PROXY").then(|| "https://proxy".to_owned());
        let (plain, tls) = ("http://127.0.0.1:1", "https://host");
        assert!(!needs_certificates([plain, plain], &direct));
        assert!(needs_certificates([plain, tls], &direct));
        assert!(needs_certificates([tls, plain], &direct));
        assert!(needs_certificates([plain, ""], &direct));
        assert!(needs_certificates([plain], &proxied));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let key = ("GEMINI_API_KEY", "k");
        let url = |url| vec![key, ("GOOGLE_GEMINI_BASE_URL", url)];
        for (env, named) in [
            (vec![], "GOOGLE_API_KEY"),
            (vec![("GEMINI_API_KEY", " ")], "empty"),
            (url("proxy"), "proxy"),
            (url("ftp://h"), "https"),
            (url("https://h/v1beta/"), "`api_version`"),
            (vec![key, ("GOOGLE_GENAI_API_VERSION", "../v1")], "../v1"),
            (vec![("GOOGLE_GENAI_USE_VERTEXAI", "true")], "ertex"),
        ] {
            let error = build(Client::builder(), &env).unwrap_err();
            assert!(error.is_configuration(), "{error}");
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[cfg(feature = "vertex")]
    #[test]
    fn options_of_the_other_backend_are_refused_by_name() {
        let gemini = || Client::builder().gemini().api_key("k");
        let given = google_cloud_auth::credentials::anonymous::Builder::new().build();
        for (builder, named) in [
            (gemini().project("p"), "`project`"),
            (gemini().access_token("t"), "`access_token`"),
            (gemini().credentials_json("{}"), "`credentials_json`"),
            (gemini().credentials(given), "`credentials`"),
            (gemini().quota_project("p"), "`quota_project`"),
            (gemini().staging("gs://bucket"), "`staging`"),
            (gemini().storage_base_url("http://h"), "`storage_base_url`"),
            (
                gemini().bigquery_base_url("http://h"),
                "`bigquery_base_url`",
            ),
        ] {
            let error = build(builder, &[]).unwrap_err();
            assert!(error.is_configuration(), "{error}");
            assert!(error.to_string().contains(named), "{error}");
        }
        let variables = ["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_QUOTA_PROJECT"];
        assert!(build(gemini(), &variables.map(|name| (name, "p"))).is_ok());
    }

    #[cfg(feature = "gcs")]
    #[test]
    fn the_staging_prefix_may_stand_in_the_environment() {
        let env = |prefix| {
            [
                ("GOOGLE_CLOUD_PROJECT", "p"),
                ("GENAI_BATCH_STAGING", prefix),
            ]
        };
        let vertex = || Client::builder().vertex();
        assert!(build(vertex(), &env("gs://bucket/prefix")).is_ok());
        let error = build(vertex(), &env("bucket")).unwrap_err();
        assert!(error.to_string().contains("GENAI_BATCH_STAGING"), "{error}");
    }

    #[cfg(feature = "vertex")]
    #[test]
    fn the_express_mode_has_no_location() {
        let express = || Client::builder().vertex().api_key("k");
        let error = build(express().location("europe-west4"), &[]).unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("`location`"), "{error}");
        let error = build(express().quota_project("p"), &[]).unwrap_err();
        assert!(error.to_string().contains("`quota_project`"), "{error}");
        let tolerated = [("GOOGLE_CLOUD_LOCATION", "europe-west4")];
        assert!(build(express(), &tolerated).is_ok());
        let placed = express().project("p").location("europe-west4");
        assert!(
            build(placed, &[])
                .unwrap()
                .base_url()
                .contains("europe-west4")
        );
    }

    #[test]
    fn secrets_show_nowhere() {
        let builder = Client::builder()
            .api_key("very-secret")
            .header("x-proxy", "secret-2");
        assert!(!format!("{builder:?}").contains("secret"));
        let client = build(builder, &[]).unwrap();
        assert!(!format!("{client:?} {:?}", client.raw()).contains("secret"));

        let url = "https://user:secret@proxy.example";
        let builder = Client::builder().api_key("k").base_url(url);
        assert!(!format!("{builder:?}").contains("secret"));
        let error = build(builder, &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    /// `reqwest` would panic.
    #[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
    #[test]
    fn a_client_without_cryptography_is_refused() {
        let error = Client::gemini("key").unwrap_err().to_string();
        for part in ["rustls-aws-lc", "rustls-ring", "CryptoProvider"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
