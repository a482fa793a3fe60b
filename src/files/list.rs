//! Listing files.

use futures_core::Stream;
use futures_util::TryStreamExt;

use crate::backend::AnyBackend;
use crate::error::Result;
use crate::file::File;
use crate::page::{Page, paged};
use crate::trace;

/// A list of files with its options: all of it as a stream, or a page at a time.
#[must_use = "nothing is listed until a page or the stream is asked for"]
#[derive(Debug, Clone)]
pub struct FilesList {
    service: AnyBackend,
    page_size: Option<i32>,
    page_token: Option<String>,
}

impl FilesList {
    pub(super) fn new(service: AnyBackend) -> Self {
        Self {
            service,
            page_size: None,
            page_token: None,
        }
    }

    /// How many files a page holds at most: by default 10, and up to 100 (Gemini API reference,
    /// `files.list`).
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let page = client.files().list().page_size(50).page().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn page_size(mut self, files: i32) -> Self {
        self.page_size = Some(files);
        self
    }

    /// Starts at the page with this token, as [`Page::next_page_token`] gave it.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let first = client.files().list().page().await?;
    /// if let Some(token) = first.next_page_token {
    ///     let second = client.files().list().page_token(token).page().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.page_token = Some(token.into());
        self
    }

    /// All files, over all pages. An element that cannot be read is an error in its place, and the
    /// stream goes on after it.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let mut files = client.files().list().stream();
    /// while let Some(file) = files.try_next().await? {
    ///     println!("{}", file.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<File>> + Send + Unpin {
        let first = self.page_token.clone();
        Box::pin(paged(first, move |token| {
            let mut list = self.clone();
            list.page_token = token;
            async move { list.page().await }
        }))
    }

    /// All files, over all pages, in a list.
    ///
    /// # Errors
    ///
    /// If a page or an element cannot be read.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let files = client.files().list().all().await?;
    /// let bytes: u64 = files.iter().filter_map(|file| file.size_bytes()).sum();
    /// println!("{} files of {bytes} bytes", files.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn all(self) -> Result<Vec<File>> {
        self.stream().try_collect().await
    }

    /// One page, and the token of the next. What cannot be read is in [`Page::unreadable`].
    ///
    /// # Errors
    ///
    /// If the service refuses.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let page = client.files().list().page().await?;
    /// for file in &page.items {
    ///     println!("{}", file.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn page(&self) -> Result<Page<File>> {
        let backend = self.service.files()?;
        let call = trace::call!("list_files", self.service.backend());
        let page = backend.list_files(self.page_size, self.page_token.as_deref());
        let page = call.run(self.service.censored_page(page));
        page.await.map_err(|error| error.during("listing files"))
    }
}
