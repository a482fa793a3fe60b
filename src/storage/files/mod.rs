//! The Gemini Files API: [`Files`], what it holds, and how bytes get in and out.

mod contents;
mod download;
mod list;
mod transfer;
mod upload;

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::backend::Service;
use crate::error::{Error, Result};
use crate::job::Status;
use crate::trace;
use crate::wire;
pub use contents::UploadSource;
pub use download::Download;
pub(crate) use download::download;
pub use list::FilesList;
pub use upload::Upload;

/// The files of a Gemini client: [`Client::files`](crate::Client::files).
///
/// Uploaded files are kept for 48 hours (Gemini API documentation, Files API). Names are
/// taken as `files/ID`, as a bare `ID`, or as one of the file's URIs.
///
/// ```no_run
/// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
/// use std::path::Path;
///
/// let file = client.files().upload(Path::new("requests.jsonl")).await?;
/// let job = client.batches().create("gemini-2.5-flash", &file).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Files {
    service: Service,
}

impl Files {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    /// Uploads a path, bytes, or a stream; `.await` it, with options before.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, the service refuses it, or the connection fails for good.
    /// A chunk that fails in passing is sent again from where the service says it stopped.
    pub fn upload(&self, source: impl Into<UploadSource>) -> Upload {
        Upload::new(self.service.files().cloned(), source.into())
    }

    /// What the service knows of a file.
    ///
    /// # Errors
    ///
    /// If the service refuses. A file that is gone answers 403, and a name of more than 40
    /// characters, as output files have, 400; [`download`](Self::download) works for those.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let file = client.files().get("files/abc-123").await?;
    /// println!("{:?} bytes until {:?}", file.size_bytes(), file.expiration_time());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, name: &str) -> Result<File> {
        let call = trace::call!("get_file", self.service.backend());
        call.run(self.service.files()?.get_file(name)).await
    }

    /// Lists the project's files, newest first.
    pub fn list(&self) -> FilesList {
        FilesList::new(self.service.clone())
    }

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// If the service refuses; for a file that is gone with 403.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let call = trace::call!("delete_file", self.service.backend());
        let deleted = call.run(self.service.files()?.delete_file(name)).await;
        deleted.map_err(|error| error.during(format!("deleting {name}")))
    }

    /// Downloads a file that a job generated, as a stream of bytes.
    ///
    /// # Errors
    ///
    /// If the service refuses; files that were uploaded cannot be downloaded.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let mut chunks = client.files().download("files/batch-abc").await?;
    /// while let Some(chunk) = chunks.try_next().await? {
    ///     println!("{} bytes", chunk.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn download(&self, name: &str) -> Result<Download> {
        let call = trace::call!("download_file", self.service.backend());
        let download = call.run(download(self.service.files()?, name)).await;
        download.map_err(|error| error.during(format!("downloading {name}")))
    }
}

/// A file in the Gemini Files API.
#[derive(Clone)]
pub struct File {
    fields: Fields,
    json: Bytes,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields {
    name: String,
    display_name: Option<String>,
    mime_type: Option<String>,
    #[serde(deserialize_with = "wire::count")]
    size_bytes: Option<u64>,
    #[serde(deserialize_with = "wire::time")]
    create_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "wire::time")]
    update_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "wire::time")]
    expiration_time: Option<DateTime<Utc>>,
    sha256_hash: Option<String>,
    uri: Option<String>,
    download_uri: Option<String>,
    state: Option<String>,
    source: Option<String>,
    error: Option<Box<RawValue>>,
}

impl File {
    pub(crate) fn read(json: Bytes) -> Result<Self> {
        let text = std::str::from_utf8(&json)
            .map_err(|e| Error::protocol("the service's answer is not UTF-8").with_source(e))?;
        let fields: Fields = serde_json::from_str(text).map_err(|e| {
            Error::protocol("the service's answer is no file that this client can read")
                .with_source(e)
        })?;
        if fields.name.is_empty() {
            return Err(Error::protocol("the service's answer has no file name"));
        }
        Ok(Self { fields, json })
    }

    /// The resource name, `files/ID`.
    pub fn name(&self) -> &str {
        &self.fields.name
    }

    /// The name for people.
    pub fn display_name(&self) -> Option<&str> {
        self.fields.display_name.as_deref()
    }

    /// The MIME type, such as `application/jsonl`.
    pub fn mime_type(&self) -> Option<&str> {
        self.fields.mime_type.as_deref()
    }

    /// How many bytes the file has.
    pub fn size_bytes(&self) -> Option<u64> {
        self.fields.size_bytes
    }

    /// When the file was created.
    pub fn create_time(&self) -> Option<DateTime<Utc>> {
        self.fields.create_time
    }

    /// When the file was last changed.
    pub fn update_time(&self) -> Option<DateTime<Utc>> {
        self.fields.update_time
    }

    /// When the service will delete the file.
    pub fn expiration_time(&self) -> Option<DateTime<Utc>> {
        self.fields.expiration_time
    }

    /// The SHA-256 of the contents, in base64.
    pub fn sha256_hash(&self) -> Option<&str> {
        self.fields.sha256_hash.as_deref()
    }

    /// The URI by which requests refer to the file.
    pub fn uri(&self) -> Option<&str> {
        self.fields.uri.as_deref()
    }

    /// The URI to download a generated file from.
    pub fn download_uri(&self) -> Option<&str> {
        self.fields.download_uri.as_deref()
    }

    /// `ACTIVE` once the file can be used, `PROCESSING` before, `FAILED` if never; an open set.
    pub fn state(&self) -> Option<&str> {
        self.fields.state.as_deref()
    }

    /// Where the file comes from: `UPLOADED`, `GENERATED`; an open set.
    pub fn source(&self) -> Option<&str> {
        self.fields.source.as_deref()
    }

    /// Why the file failed.
    pub fn error(&self) -> Option<Status> {
        wire::status(self.fields.error.as_ref()?.get())
    }

    /// The service's whole answer, as it came.
    pub fn json(&self) -> &str {
        // Checked when it arrived.
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// The service's whole answer, parsed.
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("name", &self.fields.name)
            .field("mime_type", &self.fields.mime_type)
            .field("size_bytes", &self.fields.size_bytes)
            .field("state", &self.fields.state)
            .field("expiration_time", &self.fields.expiration_time)
            .finish_non_exhaustive()
    }
}
