//! Whether a call is let in: with a live token, with an API key where the service takes one, and
//! with anything at all unless authentication is required.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::Utc;

use super::identity::SERVICE_ACCOUNT;
use super::jwt::Claims;
use super::service::Oauth;
use super::tokens::{Problem, TokenKind};
use crate::error::{ApiError, ApiResult};
use crate::query::query_value;

/// Why the token of a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    Missing,
    Bad(Problem),
}

impl Oauth {
    /// Judges a call of Google Cloud that may also come with an API key.
    pub(crate) fn authorize_with_key(&self, head: &Parts, service: &str) -> ApiResult<()> {
        if !self.settings.required {
            return Ok(());
        }
        let header = head.headers.get("x-goog-api-key");
        let key = header
            .and_then(|key| key.to_str().ok())
            .map(str::to_owned)
            .or_else(|| query_value(head.uri.query(), "key"));
        match (key.filter(|key| !key.is_empty()), &self.settings.api_key) {
            (Some(key), Some(expected)) if key != *expected => {
                Err(ApiError::api_key_invalid_for(service))
            }
            (Some(_), _) => Ok(()),
            (None, _) => self.check_bearer(head, service),
        }
    }

    /// Fails unless the call comes with a live token.
    pub(crate) fn check_bearer(&self, head: &Parts, service: &str) -> ApiResult<()> {
        self.judge(&head.headers).map_err(|refusal| {
            let (message, reason) = match refusal {
                TokenRefusal::Missing => (
                    "Request is missing required authentication credential.",
                    "CREDENTIALS_MISSING",
                ),
                TokenRefusal::Bad(Problem::Unknown) => (
                    "Request had invalid authentication credentials.",
                    "ACCESS_TOKEN_TYPE_UNSUPPORTED",
                ),
                TokenRefusal::Bad(Problem::Expired | Problem::Revoked) => (
                    "Request had invalid authentication credentials.",
                    "ACCESS_TOKEN_EXPIRED",
                ),
            };
            ApiError::unauthenticated(message, reason, service)
        })
    }

    /// Whether the token of a call is live.
    pub(crate) fn judge(&self, headers: &HeaderMap) -> Result<(), TokenRefusal> {
        let header = headers.get(AUTHORIZATION).ok_or(TokenRefusal::Missing)?;
        let token = header
            .to_str()
            .ok()
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .unwrap_or_default();
        let now = self.clock.now();
        if token.matches('.').count() == 2 {
            self.take_in(token);
        }
        let limit = self.faults.calls_of_a_token();
        let checked = self.tokens.check(token, now, limit);
        checked.map_err(TokenRefusal::Bad)
    }

    /// Takes in a token that a client signed with the key of the service account. It lives as long
    /// as any other, from when it is first seen.
    fn take_in(&self, token: &str) {
        let real = Utc::now();
        let Ok(claims) = Claims::of(token, self.key.made(), real) else {
            return;
        };
        if claims.issuer == SERVICE_ACCOUNT && claims.expires > real.timestamp() {
            let lifetime = self.settings.token_lifetime;
            let now = self.clock.now();
            self.tokens
                .add(token.to_owned(), TokenKind::SelfSigned, now, lifetime);
        }
    }
}
