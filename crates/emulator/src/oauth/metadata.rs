//! The metadata server that a virtual machine asks about itself and for tokens.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::identity::{PROJECT, PROJECT_NUMBER, SCOPE, SERVICE_ACCOUNT};
use super::service::Oauth;
use super::tokens::TokenKind;
use crate::query::query_value;
use crate::reply;

const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
const GOOGLE: HeaderValue = HeaderValue::from_static("Google");
const TEXT: &str = "application/text";

impl Oauth {
    /// Answers a call to the metadata server.
    pub(crate) fn metadata(&self, head: &Parts) -> Response {
        let mut response = self.entry(head);
        response.headers_mut().insert(FLAVOR, GOOGLE);
        response
    }

    fn entry(&self, head: &Parts) -> Response {
        let path = head.uri.path();
        if path == "/" {
            return text("computeMetadata/\n");
        }
        if head.headers.get(FLAVOR) != Some(&GOOGLE) {
            let body = Body::from("Missing Metadata-Flavor:Google header.");
            return reply::with_body(StatusCode::FORBIDDEN, TEXT, body);
        }
        // The folders of the real server lead to themselves with a slash.
        let path = path.trim_start_matches("/computeMetadata/v1");
        let path = path.trim_matches('/');
        let recursive = query_value(head.uri.query(), "recursive").as_deref() == Some("true");
        if let Some(rest) = path.strip_prefix("instance/service-accounts/") {
            let (account, entry) = rest.split_once('/').unwrap_or((rest, ""));
            if ["default", SERVICE_ACCOUNT].contains(&account) {
                return self.account_entry(entry, recursive);
            }
        }
        match path {
            "" => text("instance/\nproject/\nuniverse/\n"),
            "instance" if recursive => json_body(&json!({
                "serviceAccounts": {"default": account(), SERVICE_ACCOUNT: account()},
            })),
            "instance" => text("service-accounts/\n"),
            "instance/service-accounts" => text(&format!("default/\n{SERVICE_ACCOUNT}/\n")),
            "project" if recursive => json_body(&json!({
                "numericProjectId": PROJECT_NUMBER.parse::<u64>().unwrap_or_default(),
                "projectId": PROJECT,
            })),
            "project" => text("numeric-project-id\nproject-id\n"),
            "project/project-id" => text(PROJECT),
            "project/numeric-project-id" => text(PROJECT_NUMBER),
            "universe" => text("universe-domain\n"),
            "universe/universe-domain" => text("googleapis.com"),
            _ => not_found(),
        }
    }

    fn account_entry(&self, entry: &str, recursive: bool) -> Response {
        match entry {
            "" if recursive => json_body(&account()),
            "" => text("aliases\nemail\nscopes\ntoken\n"),
            "aliases" => text("default\n"),
            "email" => text(SERVICE_ACCOUNT),
            "scopes" => text(&format!("{SCOPE}\n")),
            "token" => {
                let now = self.clock.now();
                let lifetime = self.settings.token_lifetime;
                let token = self.tokens.issue(TokenKind::Metadata, now, lifetime);
                json_body(&json!({
                    "access_token": token,
                    "expires_in": self.lifetime_seconds(),
                    "token_type": "Bearer",
                }))
            }
            _ => not_found(),
        }
    }
}

/// What there is to say of an account.
fn account() -> Value {
    json!({
        "aliases": ["default"],
        "email": SERVICE_ACCOUNT,
        "scopes": [SCOPE],
    })
}

pub(super) fn text(text: &str) -> Response {
    reply::with_body(StatusCode::OK, TEXT, Body::from(text.to_owned()))
}

/// JSON in the plain content type that the metadata server gives it.
fn json_body(value: &Value) -> Response {
    reply::with_body(
        StatusCode::OK,
        "application/json",
        Body::from(value.to_string()),
    )
}

fn not_found() -> Response {
    reply::with_body(StatusCode::NOT_FOUND, TEXT, Body::from("Not Found"))
}
