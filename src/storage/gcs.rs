//! Cloud Storage: reads, writes and deletes objects through the client's session.

use std::sync::Arc;

use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig, StaticCredentialProvider};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Response, Url};
use tokio::io::AsyncReadExt;

use super::resume::{self, Known, Remote};
use super::transport::{Transport, map_store_error};
pub(crate) use super::upload::PART;
use super::upload::{NewObject, Place};
use crate::error::{Error, Result};
use crate::http::Session;
use crate::http::auth::Auth;
use crate::http::connections::{Budget, Connections};
use crate::local::read::Opened;
use crate::results::ByteStream;
use crate::uri::GcsUri;

/// Lets a call succeed only for this version of an object.
const IF_GENERATION: HeaderName = HeaderName::from_static("x-goog-if-generation-match");

/// How much of a local file is read at a time: each goes by way of another thread.
const READ_BUFFER: usize = 1024 * 1024;

/// Cloud Storage, as one client sees it.
#[derive(Debug, Clone)]
pub(crate) struct CloudStorage {
    session: Session,
    base_url: Option<String>,
}

impl CloudStorage {
    pub(crate) fn new(session: Session, base_url: Option<String>) -> Self {
        Self { session, base_url }
    }

    /// The session, if its credentials are good for Cloud Storage.
    pub(super) fn session(&self) -> Result<&Session> {
        match self.session.auth() {
            Auth::ApiKey(_) => Err(Error::configuration(
                "Cloud Storage takes no API key: pass Google Cloud credentials",
            )),
            _ => Ok(&self.session),
        }
    }

    /// The memory for what goes on at once.
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        self.session.budget()
    }

    pub(super) fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// The bucket of an object, and the object in it.
    fn open_bucket(&self, uri: &GcsUri, doing: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
        let path = uri.to_path()?;
        let store = self.bucket(uri.bucket());
        let store = store.map_err(|error| error.during(format!("{doing} {uri}")))?;
        Ok((store, path))
    }

    fn bucket(&self, bucket: &str) -> Result<Arc<dyn ObjectStore>> {
        let session = self.session()?;
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
            .with_http_connector(Transport::new(session.clone()));
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

    /// The contents of an object, as they arrive over these connections.
    pub(crate) async fn open(&self, uri: &GcsUri, connections: Connections) -> Result<ByteStream> {
        let failed = |error: Error| error.during(format!("reading {uri}"));
        uri.to_path()?;
        let remote = RemoteObject {
            session: self.session().map_err(failed)?.clone(),
            url: self.object_url(uri)?,
            uri: uri.clone(),
        };
        let started = resume::start(remote, connections).await.map_err(failed)?;
        Ok(started.download(Known::default()))
    }

    /// The address of an object in the XML API, for what `object_store` hides: the status and the
    /// headers of a response.
    pub(super) fn object_url(&self, uri: &GcsUri) -> Result<Url> {
        let base = self.base_url().unwrap_or("https://storage.googleapis.com");
        // Each character that might mean something in an address is written as its number.
        let object = utf8_percent_encode(uri.object(), NON_ALPHANUMERIC);
        let address = format!("{base}/{}/{object}", uri.bucket());
        Url::parse(&address)
            .map_err(|e| Error::configuration("Cloud Storage has no valid address").with_source(e))
    }

    /// Writes a file into an object. One that is `opened` may be changed by others meanwhile, which
    /// is an error. `on_written` is called with the bytes that were taken so far.
    pub(crate) async fn upload(
        &self,
        uri: &GcsUri,
        mut file: tokio::fs::File,
        opened: Option<&Opened>,
        on_written: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<()> {
        // Its name is made up, so nothing can stand there.
        let mut object = self.create(uri, true).await?;
        let copied = match (copy(&mut file, &mut object, on_written).await, opened) {
            (Ok(()), Some(opened)) => opened.check().await,
            (copied, _) => copied,
        };
        match copied {
            Ok(()) => object.finish().await,
            Err(error) => {
                object.abandon().await;
                Err(error)
            }
        }
    }

    /// Starts an object, which appears whole once it is finished.
    pub(crate) async fn create(&self, uri: &GcsUri, overwrite: bool) -> Result<NewObject> {
        let (store, path) = self.open_bucket(uri, "writing")?;
        let place = Place {
            storage: self.clone(),
            uri: uri.clone(),
            store,
            path,
        };
        NewObject::start(place, overwrite).await
    }

    /// Deletes an object as it was written, and none that has taken its place.
    pub(super) async fn delete_generation(&self, uri: &GcsUri, generation: &str) -> Result<()> {
        let mut request = Request::new(Method::DELETE, self.object_url(uri)?);
        let generation = HeaderValue::from_str(generation)
            .map_err(|e| Error::protocol("the generation is not one").with_source(e))?;
        request.headers_mut().insert(IF_GENERATION, generation);
        match self.session.send_to_storage(request).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => other.map(drop),
        }
    }

    /// Deletes an object; one that is gone already is not an error.
    pub(crate) async fn delete(&self, uri: &GcsUri) -> Result<()> {
        let (store, path) = self.open_bucket(uri, "deleting")?;
        match map_store_error(store.delete(&path).await, "deleting", uri) {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }
}

/// An object that is downloaded.
struct RemoteObject {
    session: Session,
    url: Url,
    uri: GcsUri,
}

impl Remote for RemoteObject {
    fn session(&self) -> &Session {
        &self.session
    }

    fn name(&self) -> &str {
        self.uri.as_str()
    }

    async fn request(&self, headers: HeaderMap) -> Result<Response> {
        let mut request = Request::new(Method::GET, self.url.clone());
        *request.headers_mut() = headers;
        // As it is stored; what is stored packed comes unpacked.
        let as_it_is = HeaderValue::from_static("identity");
        request.headers_mut().insert(ACCEPT_ENCODING, as_it_is);
        self.session.send_to_storage(request).await
    }
}

async fn copy(
    file: &mut tokio::fs::File,
    object: &mut NewObject,
    on_written: &(dyn Fn(u64) + Send + Sync),
) -> Result<()> {
    let mut buffer = vec![0; READ_BUFFER];
    let mut written = 0;
    loop {
        let read = file.read(&mut buffer).await;
        match read.map_err(|e| Error::io("the contents could not be read", e))? {
            0 => return Ok(()),
            read => {
                object.write(&buffer[..read]).await?;
                written += read as u64;
                on_written(written);
            }
        }
    }
}
