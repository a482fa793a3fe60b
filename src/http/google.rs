//! Google Cloud credentials: found, turned into tokens, kept while they last.
//!
//! `google-cloud-auth` knows the kinds of credentials and refreshes tokens before they
//! expire; this module makes its object once, on first use, since that needs a runtime, and
//! makes a new one when the service rejects a token that should still be good, or when the
//! object has given up on getting one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use google_cloud_auth::credentials::{CacheableResource, Credentials, mds};
use google_cloud_auth::errors::CredentialsError;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime;
use tokio::sync::Mutex;

use super::censor::Secrets;
use super::credentials_file::{CredentialsFile, SCOPE, no_token};
use crate::error::{Error, Result};

/// Said where there is nothing but the metadata server to ask.
const NOTHING_FOUND: &str = "no Google Cloud credentials were found (GOOGLE_APPLICATION_CREDENTIALS is \
    not set, and gcloud has written none: set it, run `gcloud auth application-default login`, or \
    pass credentials to the builder), and from the metadata server";
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
    /// How long a token is waited for: `google-cloud-auth` itself would wait for ever.
    patience: Duration,
    current: Mutex<Option<Arc<Made>>>,
}

/// Credentials, and the runtime that refreshes their token.
struct Made {
    credentials: Credentials,
    /// The file that they are made from; `None` where the metadata server gives the token.
    file: Option<CredentialsFile>,
    runtime: runtime::Id,
}

impl GoogleCredentials {
    pub(crate) fn new(
        origin: Origin,
        quota_project: Option<String>,
        patience: Duration,
    ) -> Result<Self> {
        if let Origin::Token(token) = &origin {
            bearer(token)?;
        }
        if let Origin::Json(json) = &origin {
            given_file(json)?;
        }
        let quota_project = quota_project.as_deref().map(quota_header).transpose()?;
        Ok(Self {
            origin,
            quota_project,
            patience,
            current: Mutex::new(None),
        })
    }

    /// The headers that authenticate a request now.
    pub(crate) async fn headers(&self) -> Result<HeaderMap> {
        let mut headers = match &self.origin {
            Origin::Token(token) => HeaderMap::from_iter([(AUTHORIZATION, bearer(token)?)]),
            Origin::Given(credentials) => self
                .ask(credentials)
                .await
                .map_err(|error| no_token(&error, &Secrets::default()))?,
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
            Origin::Given(credentials) => self.ask(credentials).await.is_ok_and(|h| is_new(&h)),
            Origin::Default | Origin::Json(_) => {
                let mut current = self.current.lock().await;
                // Another call may have renewed it already.
                if let Some(made) = &*current
                    && made.is_of_this_runtime()
                    && self.ask(&made.credentials).await.is_ok_and(|h| is_new(&h))
                {
                    return true;
                }
                let made = self.make().await;
                made.map(|made| *current = Some(made)).is_ok()
            }
        }
    }

    /// The headers by the credentials at hand, made now if there are none.
    async fn ask_made(&self) -> Result<HeaderMap> {
        let mut current = self.current.lock().await;
        let made = match &*current {
            Some(made) if made.is_of_this_runtime() => Arc::clone(made),
            _ => Arc::clone(current.insert(self.make().await?)),
        };
        drop(current);
        let mut headers = match self.ask(&made.credentials).await {
            Ok(headers) => headers,
            Err(error) => {
                // They will not ask for a token again, or not for a while; what stands in the way
                // may be gone by the next call.
                let mut current = self.current.lock().await;
                current.take_if(|now| Arc::ptr_eq(now, &made));
                drop(current);
                return Err(match &made.file {
                    Some(file) => file.explain(&error).await,
                    None => no_token(&error, &Secrets::default()).during(NOTHING_FOUND),
                });
            }
        };
        if let Some(project) = made.file.as_ref().and_then(CredentialsFile::quota_project)
            && !headers.contains_key(QUOTA_PROJECT)
        {
            headers.insert(QUOTA_PROJECT, quota_header(project)?);
        }
        Ok(headers)
    }

    async fn ask(&self, credentials: &Credentials) -> Asked {
        let headers = credentials.headers(http::Extensions::new());
        let in_time = tokio::time::timeout(self.patience, headers).await;
        let late = |_| {
            let waited = format!("no token came within {:?}", self.patience);
            CredentialsError::from_msg(true, waited)
        };
        match in_time.map_err(late)?? {
            CacheableResource::New { data, .. } => Ok(data),
            // Only said to those who bring what they had before.
            CacheableResource::NotModified => Ok(HeaderMap::new()),
        }
    }

    async fn make(&self) -> Result<Arc<Made>> {
        let file = match &self.origin {
            Origin::Json(json) => Some(given_file(json)?),
            _ => CredentialsFile::find().await?,
        };
        let credentials = match &file {
            Some(file) => file.build()?,
            None => mds::Builder::default()
                .with_scopes([SCOPE])
                .build()
                .map_err(|e| Error::configuration(NOTHING_FOUND).with_source(e))?,
        };
        Ok(Arc::new(Made {
            credentials,
            file,
            runtime: runtime::Handle::current().id(),
        }))
    }
}

impl Made {
    fn is_of_this_runtime(&self) -> bool {
        self.runtime == runtime::Handle::current().id()
    }
}

fn given_file(json: &SecretString) -> Result<CredentialsFile> {
    CredentialsFile::parse(json.expose_secret(), "given to the builder".to_owned())
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

/// What Google's library says when it is asked for a token.
type Asked = std::result::Result<HeaderMap, CredentialsError>;

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

    const PATIENCE: Duration = Duration::from_secs(9);

    #[test]
    fn a_quota_project_that_cannot_be_sent_is_refused_at_once() {
        let make = |project: &str| {
            let origin = Origin::Token("token".to_owned().into());
            GoogleCredentials::new(origin, Some(project.to_owned()), PATIENCE)
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
        let error = no_token(&busy, &Secrets::default());
        assert!(error.is_retryable() && !error.was_sent(), "{error}");
    }

    /// Responds to nothing.
    #[derive(Debug)]
    struct Silent;

    impl google_cloud_auth::credentials::CredentialsProvider for Silent {
        async fn headers(
            &self,
            _: http::Extensions,
        ) -> std::result::Result<CacheableResource<HeaderMap>, CredentialsError> {
            std::future::pending().await
        }

        async fn universe_domain(&self) -> Option<String> {
            None
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_never_comes_is_an_error() {
        let origin = Origin::Given(Credentials::from(Silent));
        let credentials = GoogleCredentials::new(origin, None, PATIENCE).unwrap();
        let error = credentials.headers().await.unwrap_err();
        assert!(error.is_retryable() && !error.was_sent(), "{error}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("within 9s"), "{cause}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn renewals_at_once_take_one_token() {
        let emulator = genai_batch_emulator::Emulator::builder().start();
        let emulator = emulator.await.unwrap();
        let origin = Origin::Json(emulator.authorized_user_json().into());
        let credentials = Arc::new(GoogleCredentials::new(origin, None, PATIENCE).unwrap());
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
