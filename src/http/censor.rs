//! Keeping credentials out of what a service sends back: some pages of errors show the request.

use bytes::Bytes;
use memchr::memmem;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

const CENSORED: &[u8] = b"[censored]";
/// Anything shorter would be found in ordinary words.
const SHORTEST: usize = 8;

/// The secrets that a request carried.
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Those in the headers that are marked as sensitive.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter(|value| value.is_sensitive());
        let texts = values.filter_map(|value| {
            let text = value.to_str().ok()?;
            // A scheme, such as `Bearer`, is none.
            let secret = text.rsplit(' ').next().unwrap_or(text);
            (secret.len() >= SHORTEST).then(|| secret.into())
        });
        Self(texts.collect())
    }

    /// A body without them.
    pub(super) fn censor(&self, mut body: Bytes) -> Bytes {
        for secret in &self.0 {
            let secret = secret.expose_secret().as_bytes();
            if memmem::find(&body, secret).is_some() {
                body = without(&body, secret).into();
            }
        }
        body
    }
}

fn without(body: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut rest = body;
    let mut left = Vec::with_capacity(body.len());
    while let Some(start) = memmem::find(rest, secret) {
        left.extend_from_slice(&rest[..start]);
        left.extend_from_slice(CENSORED);
        rest = &rest[start + secret.len()..];
    }
    left.extend_from_slice(rest);
    left
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
            secrets.censor(page.into()),
            "Bearer [censored]; [censored] ([censored]) on not-a-secret"
        );
    }
}
