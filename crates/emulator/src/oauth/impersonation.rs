//! Acting as a service account: a token for another token.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::identity::{IMPERSONATED, SERVICE_ACCOUNT};
use super::service::Oauth;
use super::tokens::TokenKind;
use crate::body::parse_json;
use crate::clock::later;
use crate::error::{ApiError, ApiResult};
use crate::reply;

/// The service in the words of its own errors.
const SERVICE: &str = "iamcredentials.googleapis.com";
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

impl Oauth {
    /// A token of the account `email` for a caller who has a live one of another.
    pub(crate) fn generate_access_token(
        &self,
        email: &str,
        head: &Parts,
        body: &[u8],
    ) -> ApiResult<Response> {
        self.check_bearer(head, SERVICE)?;
        if ![IMPERSONATED, SERVICE_ACCOUNT].contains(&email) {
            let message = format!("Not found; Gaia id not found for email {email}");
            return Err(ApiError::not_found(message));
        }
        let body = parse_json(body)?;
        let scopes = body.get("scope").and_then(Value::as_array);
        if scopes.is_none_or(Vec::is_empty) {
            return Err(ApiError::bad_field(
                "scope",
                "At least one scope is required.",
            ));
        }
        let lifetime = match body.get("lifetime").and_then(Value::as_str) {
            None => self.settings.token_lifetime,
            Some(text) => lifetime(text)
                .ok_or_else(|| ApiError::bad_field("lifetime", "not a duration of up to 12 h"))?
                .min(self.settings.token_lifetime),
        };
        let now = self.clock.now();
        let token = self.tokens.issue(TokenKind::Impersonation, now, lifetime);
        let expires = later(now, lifetime).to_rfc3339_opts(SecondsFormat::Secs, true);
        let body = json!({"accessToken": token, "expireTime": expires});
        Ok(reply::json(StatusCode::OK, &body))
    }
}

fn lifetime(text: &str) -> Option<Duration> {
    let seconds = text.strip_suffix('s')?.parse().ok()?;
    let lifetime = Duration::try_from_secs_f64(seconds).ok()?;
    (lifetime > Duration::ZERO && lifetime <= LONGEST).then_some(lifetime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read() {
        assert_eq!(lifetime("3600s"), Some(Duration::from_secs(3600)));
        for text in ["3600", "0s", "-1s", "43201s", "s"] {
            assert_eq!(lifetime(text), None, "{text}");
        }
    }
}
