//! The Gemini Files API: [`Files`], what it holds, and how bytes get in and out.

mod contents;
mod download;
mod transfer;
mod upload;

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_core::Stream;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::backend::gemini::Gemini;
use crate::error::{Error, Result};
use crate::job::Status;
use crate::name::gemini_file_id;
use crate::page::{Page, paged};
use crate::wire;
pub use contents::UploadSource;
pub use download::Download;
pub(crate) use download::download;
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
    backend: Gemini,
}

impl Files {
    pub(crate) fn new(backend: Gemini) -> Self {
        Self { backend }
    }

    /// Uploads a path, bytes, or a stream; `.await` it, with options before.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, the service refuses it, or the connection fails for good.
    /// A chunk that fails in passing is sent again from where the service says it stopped.
    pub fn upload(&self, source: impl Into<UploadSource>) -> Upload {
        Upload::new(self.backend.clone(), source.into())
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
        let id = gemini_file_id(name)?;
        let (raw, exchange) = self.backend.exchange(None);
        let sent = raw.files_get(id).await;
        File::read(exchange.json(sent).await?)
    }

    /// One page of the project's files, newest first, and the token of the next.
    ///
    /// # Errors
    ///
    /// If the service refuses.
    pub async fn page(
        &self,
        page_size: Option<i32>,
        page_token: Option<&str>,
    ) -> Result<Page<File>> {
        let (raw, exchange) = self.backend.exchange(None);
        let sent = raw.files_list(page_size, page_token).await;
        read_page(&exchange.json(sent).await?)
    }

    /// All the project's files, over all pages.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let mut files = client.files().list();
    /// while let Some(file) = files.try_next().await? {
    ///     println!("{}", file.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> impl Stream<Item = Result<File>> + Send + Unpin + use<> {
        let files = self.clone();
        Box::pin(paged(None, move |token| {
            let files = files.clone();
            async move { files.page(None, token.as_deref()).await }
        }))
    }

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// If the service refuses; for a file that is gone with 403.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let id = gemini_file_id(name)?;
        let (raw, exchange) = self.backend.exchange(None);
        let sent = raw.files_delete(id).await;
        exchange.finish(sent).map(drop)
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
        download(&self.backend, name).await
    }
}

fn read_page(json: &Bytes) -> Result<Page<File>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        #[serde(borrow, default)]
        files: Vec<&'a RawValue>,
        next_page_token: Option<String>,
    }
    let page: Wire<'_> = serde_json::from_slice(json)
        .map_err(|e| Error::protocol("the service's answer is no list of files").with_source(e))?;
    let files = page.files.iter();
    Ok(Page {
        items: files
            .map(|file| File::read(json.slice_ref(file.get().as_bytes())))
            .collect::<Result<_>>()?,
        next_page_token: page.next_page_token.filter(|token| !token.is_empty()),
    })
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
        let fields: Fields = serde_json::from_slice(&json).map_err(|e| {
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

    /// The service's whole answer, parsed.
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.fmt(f)
    }
}
