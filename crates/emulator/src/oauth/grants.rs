//! The token endpoints: a grant, in a form or as JSON, for a token.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::identity::{
    CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SCOPE, SERVICE_ACCOUNT, SUBJECT_TOKEN,
};
use super::jwt::Claims;
use super::service::Oauth;
use super::tokens::TokenKind;
use crate::reply;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// An error of OAuth: its name and a description.
type Refused = (&'static str, String);

impl Oauth {
    /// Answers a call to a token endpoint.
    pub(crate) fn grant(&self, body: &[u8]) -> Response {
        let form = form(body);
        let value = |name: &str| form.get(name).map_or("", String::as_str);
        let granted = match value("grant_type") {
            JWT_BEARER => self.check_assertion(value("assertion")),
            "refresh_token" => check_refresh(&form),
            TOKEN_EXCHANGE => check_subject(&form),
            "" => Err(("invalid_request", "grant_type is missing.".to_owned())),
            other => {
                let description = format!("Invalid grant_type: {other}");
                Err(("unsupported_grant_type", description))
            }
        };
        match granted {
            Err((error, description)) => {
                let body = json!({"error": error, "error_description": description});
                reply::json(StatusCode::BAD_REQUEST, &body)
            }
            Ok(kind) => {
                let now = self.clock.now();
                let token = self.tokens.issue(kind, now, self.settings.token_lifetime);
                let mut body = json!({
                    "access_token": token,
                    "expires_in": self.lifetime_seconds(),
                    "token_type": "Bearer",
                });
                match kind {
                    TokenKind::AuthorizedUser => body["scope"] = SCOPE.into(),
                    TokenKind::TokenExchange => {
                        let kind = "urn:ietf:params:oauth:token-type:access_token";
                        body["issued_token_type"] = kind.into();
                    }
                    _ => {}
                }
                reply::json(StatusCode::OK, &body)
            }
        }
    }

    fn check_assertion(&self, assertion: &str) -> Result<TokenKind, Refused> {
        let invalid = |description: String| ("invalid_grant", description);
        let claims = Claims::of(assertion, self.key.made(), Utc::now()).map_err(invalid)?;
        if claims.issuer != SERVICE_ACCOUNT {
            return Err(invalid("Invalid grant: account not found".to_owned()));
        }
        if !claims.audience.is_some_and(|to| to.ends_with("/token")) {
            let message = "Invalid JWT: Failed audience check.";
            return Err(invalid(message.to_owned()));
        }
        Ok(TokenKind::ServiceAccount)
    }
}

fn check_refresh(form: &HashMap<String, String>) -> Result<TokenKind, Refused> {
    let is = |name: &str, expected: &str| form.get(name).is_some_and(|value| value == expected);
    if !is("client_id", CLIENT_ID) || !is("client_secret", CLIENT_SECRET) {
        let message = "The OAuth client was not found.";
        return Err(("invalid_client", message.to_owned()));
    }
    if !is("refresh_token", REFRESH_TOKEN) {
        let message = "Token has been expired or revoked.";
        return Err(("invalid_grant", message.to_owned()));
    }
    Ok(TokenKind::AuthorizedUser)
}

fn check_subject(form: &HashMap<String, String>) -> Result<TokenKind, Refused> {
    for name in ["subject_token_type", "audience"] {
        if form.get(name).is_none_or(String::is_empty) {
            return Err(("invalid_request", format!("{name} is missing.")));
        }
    }
    if form
        .get("subject_token")
        .is_none_or(|token| token != SUBJECT_TOKEN)
    {
        let message = "The subject token was not issued by the identity provider.";
        return Err(("invalid_grant", message.to_owned()));
    }
    Ok(TokenKind::TokenExchange)
}

/// The fields of a form, or those of a JSON object that are text.
fn form(body: &[u8]) -> HashMap<String, String> {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        };
        return fields.into_iter().filter_map(text).collect();
    }
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    String::from_utf8_lossy(body)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_json_are_read() {
        for body in [
            &b"grant_type=refresh_token&scope=a+b%2Fc"[..],
            br#"{"grant_type": "refresh_token", "scope": "a b/c", "scopes": null}"#,
        ] {
            let form = form(body);
            assert_eq!(form["grant_type"], "refresh_token");
            assert_eq!(form["scope"], "a b/c");
        }
    }
}
