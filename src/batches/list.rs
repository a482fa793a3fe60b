//! Listing jobs.

use std::sync::Arc;

use futures_core::Stream;
use futures_util::TryStreamExt;

use crate::backend::gemini::Gemini;
use crate::error::Result;
use crate::job::BatchJob;
use crate::page::{Page, paged};

/// A list of jobs with its options: all of it as a stream, or a page at a time.
///
/// Listings leave out inline results and have been seen to be behind on counts.
#[must_use = "nothing is listed until a page or the stream is asked for"]
#[derive(Debug, Clone)]
pub struct List {
    pub(super) backend: Arc<Gemini>,
    pub(super) page_size: Option<i32>,
    pub(super) page_token: Option<String>,
    pub(super) active: bool,
}

impl List {
    /// How many jobs a page holds at most.
    pub fn page_size(mut self, jobs: i32) -> Self {
        self.page_size = Some(jobs);
        self
    }

    /// Starts at the page with this token, as [`Page::next_page_token`] gave it.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.page_token = Some(token.into());
        self
    }

    /// Only jobs that have not ended. The Gemini Developer API cannot filter, so the client
    /// does, and pages may be shorter than asked for.
    pub fn active(mut self) -> Self {
        self.active = true;
        self
    }

    /// All jobs, over all pages.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let mut jobs = client.batches().list().active().stream();
    /// while let Some(job) = jobs.try_next().await? {
    ///     println!("{} {}", job.name(), job.state());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<BatchJob>> + Send + Unpin {
        let first = self.page_token.clone();
        Box::pin(paged(first, move |token| {
            let mut list = self.clone();
            list.page_token = token;
            async move { list.page().await }
        }))
    }

    /// All jobs, over all pages, in a list.
    ///
    /// # Errors
    ///
    /// If a page cannot be read.
    pub async fn all(self) -> Result<Vec<BatchJob>> {
        self.stream().try_collect().await
    }

    /// One page, and the token of the next.
    ///
    /// # Errors
    ///
    /// If the service refuses.
    pub async fn page(&self) -> Result<Page<BatchJob>> {
        let (mut items, next_page_token) = self
            .backend
            .list_page(self.page_size, self.page_token.as_deref())
            .await
            .map_err(|error| error.during("listing batch jobs"))?;
        if self.active {
            items.retain(BatchJob::is_active);
        }
        Ok(Page {
            items,
            next_page_token,
        })
    }
}
