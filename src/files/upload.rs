//! The options of an upload.

use std::fmt;
use std::future::IntoFuture;

use futures_util::future::BoxFuture;

use crate::backend::gemini::Gemini;
use crate::backend::gemini::files::contents::UploadSource;
use crate::backend::gemini::files::upload::NewFile;
use crate::error::Result;
use crate::file::File;

/// An upload, made by [`Files::upload`](super::Files::upload); `.await` it for the [`File`].
///
/// Two chunks of 8 MiB are in memory at most, besides the pieces of a stream. Dropping the future ends the upload; what was
/// sent never becomes a file.
///
/// ```no_run
/// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
/// let file = client
///     .files()
///     .upload(std::fs::read("requests.jsonl").unwrap_or_default())
///     .mime_type("application/jsonl")
///     .display_name("my requests")
///     .on_progress(|sent, total| eprintln!("{sent} of {total} bytes"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an upload does nothing until it is awaited"]
pub struct Upload {
    backend: Result<Gemini>,
    file: NewFile,
}

impl Upload {
    pub(super) fn new(backend: Result<Gemini>, source: UploadSource) -> Self {
        Self {
            backend,
            file: NewFile::new(source),
        }
    }

    /// The name of the file, `files/ID`; by default the service makes one up.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let file = client.files().upload(Path::new("manual.pdf")).name("files/manual").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.file.name = Some(name.into());
        self
    }

    /// The name for people, by which nothing is found; by default there is none.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let upload = client.files().upload(Path::new("manual.pdf"));
    /// let file = upload.display_name("The manual").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.file.display_name = Some(name.into());
        self
    }

    /// The MIME type; by default that of the path's ending, `application/jsonl` for `.jsonl`.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let file = client.files().upload("Plain text.").mime_type("text/plain").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.file.mime_type = Some(mime_type.into());
        self
    }

    /// Is called after each chunk with the bytes sent and the bytes in all.
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let upload = client.files().upload(Path::new("film.mp4"));
    /// let upload = upload.on_progress(|sent, total| eprintln!("{sent} of {total} bytes"));
    /// let file = upload.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, on_progress: impl FnMut(u64, u64) + Send + 'static) -> Self {
        self.file.on_progress = Some(Box::new(on_progress));
        self
    }
}

impl IntoFuture for Upload {
    type Output = Result<File>;
    type IntoFuture = BoxFuture<'static, Result<File>>;

    /// # Errors
    ///
    /// Those of [`Files::upload`](super::Files::upload).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.file.send(self.backend))
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("source", &self.file.source)
            .field("name", &self.file.name)
            .field("mime_type", &self.file.mime_type)
            .finish_non_exhaustive()
    }
}
