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
    /// Those in the headers that are marked as sensitive: each value, and each part of it, since
    /// a scheme or a name may stand before the secret.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter(|value| value.is_sensitive());
        let texts = values.filter_map(|value| value.to_str().ok());
        let pieces = texts.flat_map(|text| {
            let parts = text.split([' ', ';', ',', '=', '"']);
            std::iter::once(text.trim()).chain(parts)
        });
        let secrets = pieces.filter(|piece| piece.len() >= SHORTEST);
        Self(secrets.map(SecretString::from).collect())
    }

    /// A body without them. Of one that `is_cut`, what may be the start of one goes too.
    pub(super) fn censor(&self, mut body: Bytes, is_cut: bool) -> Bytes {
        for secret in &self.0 {
            let secret = secret.expose_secret().as_bytes();
            if memmem::find(&body, secret).is_some() {
                body = without(&body, secret).into();
            }
            if is_cut {
                let starts = (1..secret.len()).rev();
                let cut = starts
                    .map(|len| &secret[..len])
                    .find(|start| body.ends_with(start));
                body.truncate(body.len() - cut.map_or(0, <[u8]>::len));
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

    fn secrets() -> Secrets {
        let mut headers = HeaderMap::new();
        for (name, value, is_sensitive) in [
            (AUTHORIZATION.as_str(), "Bearer the-token", true),
            ("cookie", "a=first-secret; b=second-secret", true),
            ("x-proxy", "the-password ", true),
            ("x-mode", "on", true),
            ("x-other", "not-a-secret", false),
        ] {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(is_sensitive);
            headers.insert(name.parse::<reqwest::header::HeaderName>().unwrap(), value);
        }
        Secrets::of(&headers)
    }

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let page = "Bearer the-token; the-password (the-token) on not-a-secret second-secret";
        assert_eq!(
            secrets().censor(page.into(), false),
            "[censored]; [censored] ([censored]) on not-a-secret [censored]"
        );
    }

    #[test]
    fn the_start_of_a_secret_is_taken_off_where_a_body_was_cut() {
        for page in ["you sent the-pass", "you sent th", "you sent first-secre"] {
            assert_eq!(secrets().censor(page.into(), true), "you sent ");
            assert_eq!(secrets().censor(page.into(), false), page);
        }
    }
}
