//! Cloud Storage: lists, reads, writes and deletes objects through the client's session.

use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
    StaticCredentialProvider,
};
use tokio::io::AsyncReadExt;

use super::NewObject;
use super::resume::{self, Chunks, Remote, changed};
use super::transport::{Transport, convert_error, told};
use crate::error::{Error, Result};
use crate::http::Session;
use crate::http::auth::Auth;
use crate::results::ByteStream;

/// Cloud Storage, as one client sees it.
#[derive(Debug, Clone)]
pub(crate) struct CloudStorage {
    session: Session,
    base_url: Option<String>,
}

/// An object or prefix, from its URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) bucket: String,
    pub(crate) path: Path,
}

impl Location {
    pub(crate) fn parse(uri: &str) -> Result<Self> {
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
        if matches!(self.session.auth(), Auth::ApiKey(_)) {
            return Err(Error::configuration(
                "Cloud Storage takes no API key: pass Google Cloud credentials",
            ));
        }
        // The session repeats calls, and `resume` continues what breaks off.
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        // The session puts the real one in its place.
        let no_credential = GcpCredential {
            bearer: String::new(),
        };
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_bucket_name(bucket)
            .with_credentials(Arc::new(StaticCredentialProvider::new(no_credential)))
            .with_retry(retry)
            .with_http_connector(Transport::new(self.session.clone()));
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

    /// Does something in a bucket.
    async fn with_bucket<T, F, Fut>(&self, uri: &str, doing: &str, act: F) -> Result<T>
    where
        F: FnOnce(Arc<dyn ObjectStore>, Path) -> Fut,
        Fut: Future<Output = object_store::Result<T>>,
    {
        let Location { bucket, path } = Location::parse(uri)?;
        let store = self.bucket(&bucket);
        let store = store.map_err(|error| error.during(format!("{doing} {uri}")))?;
        told(act(store, path).await, doing, uri)
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
        let Location { bucket, path } = Location::parse(uri)?;
        let store = self.bucket(&bucket);
        let store = store.map_err(|error| error.during(format!("reading {uri}")))?;
        let object = told(store.get(&path).await, "reading", uri)?;
        let remote = RemoteObject {
            session: self.session.clone(),
            store,
            path,
            uri: uri.to_owned(),
            meta: object.meta.clone(),
        };
        Ok(resume::download(remote, chunks(object)))
    }

    /// Writes a file into an object.
    pub(crate) async fn upload(&self, uri: &str, mut file: tokio::fs::File) -> Result<()> {
        // Its name is made up, so nothing can stand there.
        let mut object = self.create(uri, true).await?;
        match copy(&mut file, &mut object).await {
            Ok(()) => object.finish().await,
            Err(error) => {
                object.abandon().await;
                Err(error)
            }
        }
    }

    /// Starts an object, which appears whole once it is finished.
    pub(crate) async fn create(&self, uri: &str, overwrite: bool) -> Result<NewObject> {
        let Location { bucket, path } = Location::parse(uri)?;
        if uri.ends_with('/') || path.as_ref().is_empty() {
            return Err(Error::input(format!(
                "{uri:?} names no object: write gs://bucket/path/name"
            )));
        }
        let store = self.bucket(&bucket);
        let store = store.map_err(|error| error.during(format!("writing {uri}")))?;
        NewObject::start(uri, store, path, overwrite).await
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

/// An object, as it was when its download started.
struct RemoteObject {
    session: Session,
    store: Arc<dyn ObjectStore>,
    path: Path,
    uri: String,
    meta: ObjectMeta,
}

impl Remote for RemoteObject {
    fn session(&self) -> &Session {
        &self.session
    }

    fn name(&self) -> &str {
        &self.uri
    }

    fn size(&self) -> Option<u64> {
        Some(self.meta.size)
    }

    fn is_resumable(&self) -> bool {
        true
    }

    async fn open_at(&mut self, offset: u64) -> Result<Chunks> {
        let range = (offset > 0).then_some(GetRange::Offset(offset));
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let object = self.store.get_opts(&self.path, options).await;
        let object = object.map_err(convert_error)?;
        let (was, is) = (&self.meta, &object.meta);
        if is.version != was.version {
            return Err(changed("its generation"));
        }
        if is.e_tag != was.e_tag {
            return Err(changed("its ETag"));
        }
        if is.size != was.size {
            return Err(changed("its size"));
        }
        Ok(chunks(object))
    }
}

fn chunks(object: GetResult) -> Chunks {
    Box::pin(object.into_stream().map_err(convert_error))
}

async fn copy(file: &mut tokio::fs::File, object: &mut NewObject) -> Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer).await;
        match read.map_err(|e| Error::io("the contents could not be read", e))? {
            0 => return Ok(()),
            read => object.write(&buffer[..read]).await?,
        }
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
