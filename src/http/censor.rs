//! Keeping credentials out of what a service sends back: some pages of errors show the request.

use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

const CENSORED: &str = "[censored]";
/// Anything shorter would be found in ordinary words.
const SHORTEST: usize = 8;

/// The secrets that a request carried.
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Those in the headers that are marked as sensitive.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter(|value| value.is_sensitive());
        let texts = values.filter_map(|value| {
            let text = value.to_str().ok()?;
            // A scheme, such as `Bearer`, is none.
            let secret = text.rsplit(' ').next().unwrap_or(text);
            (secret.len() >= SHORTEST).then(|| secret.into())
        });
        Self(texts.collect())
    }

    /// The text without them.
    pub(super) fn censor(&self, mut text: String) -> String {
        for secret in &self.0 {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), CENSORED);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{AUTHORIZATION, HeaderValue};

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let mut headers = HeaderMap::new();
        for (name, value, is_sensitive) in [
            (AUTHORIZATION.as_str(), "Bearer the-token", true),
            ("x-proxy", "the-password", true),
            ("x-mode", "on", true),
            ("x-other", "not-a-secret", false),
        ] {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(is_sensitive);
            headers.insert(name.parse::<reqwest::header::HeaderName>().unwrap(), value);
        }
        let secrets = Secrets::of(&headers);
        let page = "Bearer the-token; the-password (the-token) on not-a-secret";
        assert_eq!(
            secrets.censor(page.to_owned()),
            "Bearer [censored]; [censored] ([censored]) on not-a-secret"
        );
    }
}
