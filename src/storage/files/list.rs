//! Listing files.

use bytes::Bytes;
use futures_core::Stream;
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::File;
use crate::backend::Service;
use crate::error::{Error, Result};
use crate::page::{Page, paged};
use crate::trace;

/// A list of files with its options: all of it as a stream, or a page at a time.
#[must_use = "nothing is listed until a page or the stream is asked for"]
#[derive(Debug, Clone)]
pub struct FilesList {
    service: Service,
    page_size: Option<i32>,
    page_token: Option<String>,
}

impl FilesList {
    pub(super) fn new(service: Service) -> Self {
        Self {
            service,
            page_size: None,
            page_token: None,
        }
    }

    /// How many files a page holds at most.
    pub fn page_size(mut self, files: i32) -> Self {
        self.page_size = Some(files);
        self
    }

    /// Starts at the page with this token, as [`Page::next_page_token`] gave it.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.page_token = Some(token.into());
        self
    }

    /// All files, over all pages.
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
    /// If a page cannot be read.
    pub async fn all(self) -> Result<Vec<File>> {
        self.stream().try_collect().await
    }

    /// One page, and the token of the next.
    ///
    /// # Errors
    ///
    /// If the service refuses.
    pub async fn page(&self) -> Result<Page<File>> {
        let (raw, exchange) = self.service.files()?.exchange(None);
        let call = trace::call!("list_files", self.service.backend());
        let page = (self.page_size, self.page_token.as_deref());
        let answer = call.run(async { exchange.json(raw.files_list(page.0, page.1).await).await });
        let answer = answer.await;
        read_page(&answer.map_err(|error| error.during("listing files"))?)
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
