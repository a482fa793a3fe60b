//! Credentials, and how a request carries them.

use std::fmt;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};
#[cfg(feature = "vertex")]
use crate::http::google::GoogleCredentials;

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// What proves to the service who is calling.
#[derive(Clone)]
pub(crate) enum Auth {
    ApiKey(SecretString),
    #[cfg(feature = "vertex")]
    Google(std::sync::Arc<GoogleCredentials>),
}

impl Auth {
    /// An API key; white space around it is dropped.
    pub(crate) fn api_key(key: SecretString) -> Result<Self> {
        let key = SecretString::from(key.expose_secret().trim());
        let secret = key.expose_secret();
        if secret.is_empty() {
            return Err(Error::configuration(
                "the API key is empty: pass one, or set GOOGLE_API_KEY or GEMINI_API_KEY",
            ));
        }
        if HeaderValue::from_str(secret).is_err() {
            return Err(Error::configuration(
                "the API key holds characters that no key has: check how it was copied",
            ));
        }
        Ok(Self::ApiKey(key))
    }

    /// Puts the credential on a request, getting or refreshing a token where that is needed.
    pub(crate) async fn apply(&self, headers: &mut HeaderMap) -> Result<()> {
        match self {
            Self::ApiKey(key) => {
                let value = HeaderValue::from_str(key.expose_secret());
                // Checked when the key was taken.
                if let Ok(mut value) = value {
                    value.set_sensitive(true);
                    headers.insert(API_KEY, value);
                }
            }
            #[cfg(feature = "vertex")]
            Self::Google(credentials) => headers.extend(credentials.headers().await?),
        }
        Ok(())
    }

    /// After a response of 401: whether there is another credential to try in place of the one
    /// on the request.
    #[cfg_attr(not(feature = "vertex"), expect(clippy::unused_async))]
    pub(crate) async fn renew(&self, rejected: &HeaderMap) -> bool {
        match self {
            Self::ApiKey(_) => {
                let _ = rejected;
                false
            }
            #[cfg(feature = "vertex")]
            Self::Google(credentials) => credentials.renew(rejected).await,
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey(_) => f.write_str("ApiKey([censored])"),
            #[cfg(feature = "vertex")]
            Self::Google(credentials) => credentials.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_are_trimmed_checked_and_never_shown() {
        let auth = Auth::api_key("  secret-key\n".into()).unwrap();
        let mut headers = HeaderMap::new();
        auth.apply(&mut headers).await.unwrap();
        assert_eq!(headers[API_KEY], "secret-key");
        assert!(!format!("{auth:?} {headers:?}").contains("secret"));
        assert!(!auth.renew(&headers).await);

        assert!(Auth::api_key(" \n".into()).is_err());
        let error = Auth::api_key("se\u{0}cret".into()).unwrap_err();
        assert!(!format!("{error:?}").contains("cret\""));
    }
}
