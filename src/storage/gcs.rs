//! Cloud Storage, with the credentials and retries of the client.

use std::fmt;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, CredentialProvider, ObjectStore, ObjectStoreExt, RetryConfig,
    WriteMultipart,
};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use tokio::io::AsyncReadExt;

use crate::error::{Error, HttpFailure, Kind, Result};
use crate::http::Session;
use crate::http::auth::Auth;
use crate::results::ByteStream;

/// What is sent in one part of an upload.
const PART: usize = 8 * 1024 * 1024;
/// How many parts may be under way at once.
const PARTS_AT_ONCE: usize = 2;

/// Cloud Storage, as one client sees it.
#[derive(Debug, Clone)]
pub(crate) struct CloudStorage {
    session: Session,
    base_url: Option<String>,
}

/// An object or prefix, from its URI.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Location {
    bucket: String,
    path: Path,
}

impl Location {
    fn parse(uri: &str) -> Result<Self> {
        let refuse =
            |hint: String| Error::input(format!("{uri:?} is not in Cloud Storage: {hint}"));
        let rest = uri.strip_prefix("gs://");
        let (bucket, path) = rest
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
            .filter(|(bucket, _)| is_bucket_name(bucket))
            .ok_or_else(|| refuse("write gs://bucket/path".to_owned()))?;
        let path = Path::parse(path.trim_end_matches('/')).map_err(|e| refuse(e.to_string()))?;
        Ok(Self {
            bucket: bucket.to_owned(),
            path,
        })
    }
}

fn is_bucket_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    name.len() >= 3 && name.bytes().all(plain) && !name.starts_with('.')
}

/// Checks that a text is a prefix under which objects can be put.
pub(crate) fn check_prefix(uri: &str) -> Result<()> {
    Location::parse(uri).map(drop)
}

impl CloudStorage {
    pub(crate) fn new(session: Session, base_url: Option<String>) -> Self {
        Self { session, base_url }
    }

    fn bucket(&self, bucket: &str) -> Result<Arc<dyn ObjectStore>> {
        let policy = self.session.retry_policy();
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: policy.first_backoff(),
                max_backoff: policy.longest_backoff(),
                base: 2.0,
            },
            max_retries: policy.attempts().saturating_sub(1) as usize,
            retry_timeout: policy.time_budget(),
        };
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_bucket_name(bucket)
            .with_credentials(Arc::new(Tokens(self.session.auth().clone())))
            .with_retry(retry)
            .with_http_connector(Connector(self.session.http().clone()));
        if let Some(url) = &self.base_url {
            builder = builder.with_base_url(url);
        }
        let store = builder.build();
        let store = store.map_err(|e| {
            Error::configuration("Cloud Storage cannot be reached with these options")
                .with_source(e)
        })?;
        Ok(Arc::new(store))
    }

    /// Does something in a bucket; once more with a new token if the one it had was refused.
    async fn with_bucket<T, F, Fut>(&self, uri: &str, doing: &str, act: F) -> Result<T>
    where
        F: Fn(Arc<dyn ObjectStore>, Path) -> Fut,
        Fut: Future<Output = object_store::Result<T>>,
    {
        let Location { bucket, path } = Location::parse(uri)?;
        let store = self.bucket(&bucket)?;
        let mut rejected = HeaderMap::new();
        self.session.auth().apply(&mut rejected).await?;
        let mut outcome = act(Arc::clone(&store), path.clone()).await;
        if let Err(object_store::Error::Unauthenticated { .. }) = &outcome
            && self.session.auth().renew(&rejected).await
        {
            outcome = act(store, path).await;
        }
        outcome.map_err(|error| convert_error(error).during(format!("{doing} {uri}")))
    }

    /// The URIs of all objects under a prefix, sorted.
    pub(crate) async fn list(&self, uri: &str) -> Result<Vec<String>> {
        let bucket = Location::parse(uri)?.bucket;
        let listed = self.with_bucket(uri, "listing", |store, path| async move {
            let objects = store.list(Some(&path)).map_ok(|object| object.location);
            objects.try_collect::<Vec<_>>().await
        });
        let mut uris: Vec<_> = listed
            .await?
            .into_iter()
            .map(|path| format!("gs://{bucket}/{path}"))
            .collect();
        uris.sort_unstable();
        Ok(uris)
    }

    /// The contents of an object, as they arrive.
    pub(crate) async fn open(&self, uri: &str) -> Result<ByteStream> {
        let object = self.with_bucket(uri, "reading", |store, path| async move {
            store.get(&path).await
        });
        let name = uri.to_owned();
        Ok(Box::pin(object.await?.into_stream().map_err(
            move |error| convert_error(error).during(format!("reading {name}")),
        )))
    }

    /// Writes a file into an object.
    pub(crate) async fn upload(&self, uri: &str, mut file: tokio::fs::File) -> Result<()> {
        // Its name is made up, so nothing can stand there.
        let mut object = self.create(uri, true).await?;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut buffer).await;
            let read = read.map_err(|e| Error::io("the requests could not be read", e))?;
            if read == 0 {
                return object.finish().await;
            }
            object.write(&buffer[..read]).await?;
        }
    }

    /// Starts an object, which appears whole once it is finished.
    pub(crate) async fn create(&self, uri: &str, overwrite: bool) -> Result<NewObject> {
        if !overwrite {
            let head = self.with_bucket(uri, "looking for", |store, path| async move {
                store.head(&path).await
            });
            match head.await {
                Ok(_) => return Err(crate::results::save::exists(uri)),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        let upload = self.with_bucket(uri, "writing", |store, path| async move {
            store.put_multipart(&path).await
        });
        Ok(NewObject {
            uri: uri.to_owned(),
            write: WriteMultipart::new_with_chunk_size(upload.await?, PART),
        })
    }

    /// Deletes an object; one that is gone already is no error.
    pub(crate) async fn delete(&self, uri: &str) -> Result<()> {
        let deleted = self.with_bucket(uri, "deleting", |store, path| async move {
            store.delete(&path).await
        });
        match deleted.await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }
}

/// An object on its way, a part at a time.
pub(crate) struct NewObject {
    uri: String,
    write: WriteMultipart,
}

impl NewObject {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let room = self.write.wait_for_capacity(PARTS_AT_ONCE).await;
        room.map_err(|e| convert_error(e).during(format!("writing {}", self.uri)))?;
        self.write.write(bytes);
        Ok(())
    }

    pub(crate) async fn finish(self) -> Result<()> {
        let finished = self.write.finish().await;
        finished
            .map(drop)
            .map_err(|e| convert_error(e).during(format!("writing {}", self.uri)))
    }
}

fn convert_error(error: object_store::Error) -> Error {
    use object_store::Error as Store;
    let status = match &error {
        Store::NotFound { .. } => Some((404, "the object or bucket does not exist")),
        Store::Unauthenticated { .. } => Some((401, "Cloud Storage refused the credentials")),
        Store::PermissionDenied { .. } => {
            Some((403, "the credentials may not do this in the bucket"))
        }
        _ => None,
    };
    match status {
        Some((status, message)) => {
            let failure = HttpFailure {
                status,
                ..HttpFailure::default()
            };
            Error::status_answer(failure, message.to_owned()).with_source(error)
        }
        None => Error::new(Kind::Transport, "Cloud Storage did not do it").with_source(error),
    }
}

/// The client's tokens, as object_store asks for them.
struct Tokens(Auth);

#[async_trait::async_trait]
impl CredentialProvider for Tokens {
    type Credential = GcpCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<GcpCredential>> {
        let fail =
            |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
                store: "GCS",
                source,
            };
        let mut headers = HeaderMap::new();
        self.0
            .apply(&mut headers)
            .await
            .map_err(|e| fail(e.into()))?;
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .ok_or_else(|| {
                fail("Cloud Storage takes no API key: pass Google Cloud credentials".into())
            })?;
        Ok(Arc::new(GcpCredential {
            bearer: bearer.to_owned(),
        }))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens([censored])")
    }
}

/// Hands out the client's own connections.
#[derive(Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_taken_apart_and_hostile_ones_refused() {
        let location = Location::parse("gs://my-bucket/a/b c/d.jsonl").unwrap();
        assert_eq!(
            (&*location.bucket, location.path.as_ref()),
            ("my-bucket", "a/b c/d.jsonl")
        );
        assert!(
            check_prefix("gs://my-bucket").is_ok() && check_prefix("gs://my-bucket/p/").is_ok()
        );
        for uri in [
            "",
            "my-bucket/a",
            "gs://",
            "gs:///a",
            "gs://b?x/a",
            "gs://my-bucket/../a",
            "s3://b/a",
        ] {
            assert!(
                Location::parse(uri).unwrap_err().is_invalid_input(),
                "{uri}"
            );
        }
    }
}
