//! The Gemini Files API: [`Files`], the options of its calls, and the [`File`] they are about.
//!
//! A create uploads what it needs by itself. These calls are for files that outlive one job, and for
//! those of other programs.
//!
//! | call | its options |
//! |---|---|
//! | [`upload`](Files::upload) | [`Upload`], of an [`UploadSource`] |
//! | [`list`](Files::list) | [`FilesList`] |
//! | [`download`](Files::download) | [`Download`], of a file that a [`FileRef`] names |
//!
//! ```no_run
//! use genai_batch::files::File;
//!
//! # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
//! let photo: File = client.files().upload("meal.jpg").await?;
//! println!("{}", photo.name());
//! # Ok(())
//! # }
//! ```

mod download;
mod list;
mod upload;

use crate::backend::AnyBackend;
pub use crate::backend::gemini::files::contents::UploadSource;
use crate::error::Result;
pub use crate::file::{File, FileRef};
use crate::trace;
pub use download::Download;
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
    service: AnyBackend,
}

impl Files {
    pub(crate) fn new(service: AnyBackend) -> Self {
        Self { service }
    }

    /// Uploads a path, bytes, or a stream; `.await` it, with options before.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, changes meanwhile or is not a regular file, the service refuses
    /// it or cannot use it, or the connection fails for good. A chunk that fails in passing is sent
    /// again from where the service says it stopped.
    ///
    /// If the service then names another size, SHA-256 or name than what was sent. The file is
    /// removed where its name, display name or contents show that it is this upload's; the error
    /// says whether it was.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let file = client.files().upload(Path::new("manual.pdf")).await?;
    /// println!("{}", file.name()); // files/…, for Part::file
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, source: impl Into<UploadSource>) -> Upload {
        Upload::new(self.service.files().cloned(), source.into())
    }

    /// What the service knows of a file.
    ///
    /// # Errors
    ///
    /// If the service refuses. A file that is gone returns 403, and a name of more than 40
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
        let file = self.service.files()?.get_file(name);
        let file = call.run(self.service.censored(file)).await;
        file.map_err(|error| error.about_file(name))
    }

    /// Lists the project's files, newest first.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// for file in client.files().list().all().await? {
    ///     println!("{} until {:?}", file.name(), file.expiration_time());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> FilesList {
        FilesList::new(self.service.clone())
    }

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// If the service refuses; for a file that is gone with 403.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// client.files().delete("files/abc-123").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete(&self, name: &str) -> Result<()> {
        let call = trace::call!("delete_file", self.service.backend());
        let deleted = self.service.files()?.delete_file(name);
        let deleted = call.run(self.service.censored(deleted)).await;
        deleted.map_err(|error| error.about_file(name).during(format!("deleting {name}")))
    }

    /// Downloads a file that a job generated, as a stream of bytes. Takes its name, or its
    /// [`File`], to whose size and SHA-256 the contents are then held.
    ///
    /// # Errors
    ///
    /// If the service refuses, or responds with something other than the whole contents; files
    /// that were uploaded cannot be downloaded. What goes wrong later, the stream tells.
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
    pub async fn download(&self, file: impl Into<FileRef>) -> Result<Download> {
        let file = file.into();
        let call = trace::call!("download_file", self.service.backend());
        let started = self.service.files()?.download(&file);
        let started = call.run(self.service.censored(started)).await;
        let started = started.map(|(size, chunks)| Download::new(size, chunks));
        started.map_err(|error| {
            let error = error.about_file(file.name());
            error.during(format!("downloading {}", file.name()))
        })
    }
}
