//! Google Cloud credentials: found, turned into tokens, kept while they last.
//!
//! `google-cloud-auth` knows the kinds of credentials and refreshes tokens before they
//! expire; this module makes its object once, on first use, since that needs a runtime, and
//! makes a new one when the service rejects a token that should still be good, or when the
//! object has given up on getting one.

use std::fmt;
use std::sync::Arc;

use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_auth::credentials::{
    Builder, CacheableResource, Credentials, external_account, impersonated, service_account,
    user_account,
};
use google_cloud_auth::errors::CredentialsError;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::runtime;
use tokio::sync::Mutex;

use crate::error::{Error, Kind, Result};

/// Said where the same call may get a token later.
pub(super) const NO_TOKEN_NOW: &str = "no access token could be had just now";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

/// Where credentials come from.
pub(crate) enum Origin {
    /// Application Default Credentials: `GOOGLE_APPLICATION_CREDENTIALS`, the file that
    /// `gcloud` writes, or the metadata server.
    Default,
    /// The contents of a credentials file of any kind.
    Json(SecretString),
    /// Made by the caller.
    Given(Credentials),
    /// A token, which cannot be renewed.
    Token(SecretString),
}

/// Credentials of one client, shared by all that it calls.
pub(crate) struct GoogleCredentials {
    origin: Origin,
    quota_project: Option<HeaderValue>,
    current: Mutex<Option<Arc<Made>>>,
}

/// Credentials, and the runtime that refreshes their token.
struct Made {
    credentials: Credentials,
    runtime: runtime::Id,
}

impl GoogleCredentials {
    pub(crate) fn new(origin: Origin, quota_project: Option<String>) -> Result<Self> {
        if let Origin::Token(token) = &origin {
            bearer(token)?;
        }
        if let Origin::Json(json) = &origin {
            parse(json)?;
        }
        let quota_project = quota_project.as_deref().map(quota_header).transpose()?;
        Ok(Self {
            origin,
            quota_project,
            current: Mutex::new(None),
        })
    }

    /// The headers that authenticate a request now.
    pub(crate) async fn headers(&self) -> Result<HeaderMap> {
        let mut headers = match &self.origin {
            Origin::Token(token) => HeaderMap::from_iter([(AUTHORIZATION, bearer(token)?)]),
            Origin::Given(credentials) => ask(credentials).await?,
            Origin::Default | Origin::Json(_) => self.ask_made().await?,
        };
        // Credentials that the caller made may not say that they are secret.
        for value in headers.values_mut() {
            value.set_sensitive(true);
        }
        if let Some(project) = &self.quota_project {
            headers.insert(QUOTA_PROJECT, project.clone());
        }
        Ok(headers)
    }

    /// After the service rejected the token in `rejected`: whether there is another one now.
    pub(crate) async fn renew(&self, rejected: &HeaderMap) -> bool {
        let is_new =
            |headers: &HeaderMap| headers.get(AUTHORIZATION) != rejected.get(AUTHORIZATION);
        match &self.origin {
            Origin::Token(_) => false,
            Origin::Given(credentials) => ask(credentials).await.is_ok_and(|h| is_new(&h)),
            Origin::Default | Origin::Json(_) => {
                let mut current = self.current.lock().await;
                // Another call may have renewed it already.
                if let Some(made) = &*current
                    && made.is_of_this_runtime()
                    && ask(&made.credentials).await.is_ok_and(|h| is_new(&h))
                {
                    return true;
                }
                let made = self.make();
                made.map(|made| *current = Some(made)).is_ok()
            }
        }
    }

    /// The headers by the credentials at hand, made now if there are none.
    async fn ask_made(&self) -> Result<HeaderMap> {
        let mut current = self.current.lock().await;
        let made = match &*current {
            Some(made) if made.is_of_this_runtime() => Arc::clone(made),
            _ => Arc::clone(current.insert(self.make()?)),
        };
        drop(current);
        let headers = ask(&made.credentials).await;
        if let Err(error) = &headers
            && !error.is_retryable()
        {
            // They will not ask for a token again; what stands in the way may be gone by the
            // next call.
            let mut current = self.current.lock().await;
            current.take_if(|now| Arc::ptr_eq(now, &made));
        }
        headers
    }

    fn make(&self) -> Result<Arc<Made>> {
        let credentials = match &self.origin {
            Origin::Json(json) => from_json(parse(json)?),
            _ => Builder::default().with_scopes([SCOPE]).build(),
        }
        .map_err(|e| {
            Error::configuration(
                "no Google Cloud credentials: set GOOGLE_APPLICATION_CREDENTIALS, run \
                 `gcloud auth application-default login`, or pass credentials to the builder",
            )
            .with_source(e)
        })?;
        Ok(Arc::new(Made {
            credentials,
            runtime: runtime::Handle::current().id(),
        }))
    }
}

impl Made {
    fn is_of_this_runtime(&self) -> bool {
        self.runtime == runtime::Handle::current().id()
    }
}

fn parse(json: &SecretString) -> Result<Value> {
    // The parser's own words could quote a piece of the key.
    serde_json::from_str(json.expose_secret())
        .map_err(|_| Error::configuration("the credentials are no JSON"))
}

/// Credentials from a file of the kind that its `type` names.
fn from_json(json: Value) -> std::result::Result<Credentials, BuildError> {
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "service_account" => service_account::Builder::new(json)
            .with_access_specifier(service_account::AccessSpecifier::from_scopes([SCOPE]))
            .build(),
        "impersonated_service_account" => impersonated::Builder::new(json)
            .with_scopes([SCOPE])
            .build(),
        "external_account" => external_account::Builder::new(json)
            .with_scopes([SCOPE])
            .build(),
        // Anything else is an authorized user, or refused as none.
        _ => user_account::Builder::new(json).build(),
    }
}

fn bearer(token: &SecretString) -> Result<HeaderValue> {
    let token = token.expose_secret().trim();
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .ok()
        .filter(|_| !token.is_empty())
        .ok_or_else(|| Error::configuration("the access token is empty or cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn quota_header(project: &str) -> Result<HeaderValue> {
    let is_plain = !project.is_empty() && project.bytes().all(|b| b.is_ascii_graphic());
    HeaderValue::from_str(project)
        .ok()
        .filter(|_| is_plain)
        .ok_or_else(|| Error::configuration(format!("{project:?} cannot be a quota project")))
}

async fn ask(credentials: &Credentials) -> Result<HeaderMap> {
    match credentials.headers(http::Extensions::new()).await {
        Ok(CacheableResource::New { data, .. }) => Ok(data),
        // Only said to those who bring what they had before.
        Ok(CacheableResource::NotModified) => Ok(HeaderMap::new()),
        Err(e) => Err(no_token(e)),
    }
}

fn no_token(error: CredentialsError) -> Error {
    let (kind, message) = if error.is_transient() {
        (Kind::Transport, NO_TOKEN_NOW)
    } else {
        (
            Kind::Configuration,
            "no access token is given for these Google Cloud credentials",
        )
    };
    Error::new(kind, message).with_source(error).unsent()
}

impl fmt::Debug for GoogleCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Origin::Default => "application default",
            Origin::Json(_) => "json [censored]",
            Origin::Given(_) => "given",
            Origin::Token(_) => "token [censored]",
        };
        f.debug_struct("GoogleCredentials")
            .field("origin", &origin)
            .field("quota_project", &self.quota_project)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_project_that_cannot_be_sent_is_refused_at_once() {
        let make = |project: &str| {
            let origin = Origin::Token("token".to_owned().into());
            GoogleCredentials::new(origin, Some(project.to_owned()))
        };
        assert!(make("example.com:my-project").is_ok());
        for project in ["p\n", "a b", "", "prøject"] {
            let error = make(project).unwrap_err();
            assert!(error.is_configuration(), "{error}");
        }
    }

    /// So that a create is not looked for that never left.
    #[test]
    fn a_call_without_a_token_was_not_sent() {
        let busy = CredentialsError::from_msg(true, "the token endpoint is busy");
        let error = no_token(busy);
        assert!(error.is_retryable() && !error.was_sent(), "{error}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn renewals_at_once_take_one_token() {
        let emulator = genai_batch_emulator::Emulator::builder().start();
        let emulator = emulator.await.unwrap();
        let origin = Origin::Json(emulator.authorized_user_json().into());
        let credentials = Arc::new(GoogleCredentials::new(origin, None).unwrap());
        let rejected = credentials.headers().await.unwrap();
        let renewals = (0..50).map(|_| {
            let (credentials, rejected) = (Arc::clone(&credentials), rejected.clone());
            tokio::spawn(async move { credentials.renew(&rejected).await })
        });
        for renewed in futures_util::future::join_all(renewals).await {
            assert!(renewed.unwrap());
        }
        assert_eq!(emulator.tokens().len(), 2);
    }
}
