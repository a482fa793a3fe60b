//! Credentials, and how a request carries them.

use std::fmt;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// What proves to the service who is calling.
#[derive(Clone)]
pub(crate) enum Auth {
    ApiKey(SecretString),
}

impl Auth {
    /// An API key; white space around it is dropped.
    pub(crate) fn api_key(key: String) -> Result<Self> {
        let key = SecretString::from(key.trim());
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

    /// Puts the credential on a request.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        let Self::ApiKey(key) = self;
        if let Ok(mut value) = HeaderValue::from_str(key.expose_secret()) {
            value.set_sensitive(true);
            headers.insert(API_KEY, value);
        }
    }

    /// Renews the credential on a request that is sent again and carries one.
    pub(crate) fn refresh(&self, headers: &mut HeaderMap) {
        if headers.contains_key(API_KEY) {
            self.apply(headers);
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([censored])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_trimmed_checked_and_never_shown() {
        let auth = Auth::api_key("  secret-key\n".into()).unwrap();
        let mut headers = HeaderMap::new();
        auth.apply(&mut headers);
        assert_eq!(headers[API_KEY], "secret-key");
        assert!(!format!("{auth:?} {headers:?}").contains("secret"));

        assert!(Auth::api_key(" \n".into()).is_err());
        let error = Auth::api_key("se\u{0}cret".into()).unwrap_err();
        assert!(!format!("{error:?}").contains("cret\""));
    }
}
