//! Listing jobs.

use futures_core::Stream;
use futures_util::TryStreamExt;

use crate::backend::{ListOptions, Service};
use crate::error::Result;
use crate::job::BatchJob;
use crate::page::{Page, paged};
use crate::trace;

/// A list of jobs with its options: all of it as a stream, or a page at a time.
///
/// Listings leave out inline results and have been seen to be behind on counts.
#[must_use = "nothing is listed until a page or the stream is asked for"]
#[derive(Debug, Clone)]
pub struct List {
    pub(super) service: Service,
    pub(super) options: ListOptions,
    pub(super) active: bool,
}

impl List {
    /// How many jobs a page holds at most.
    pub fn page_size(mut self, jobs: i32) -> Self {
        self.options.page_size = Some(jobs);
        self
    }

    /// Starts at the page with this token, as [`Page::next_page_token`] gave it.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.options.page_token = Some(token.into());
        self
    }

    /// Only jobs that this expression of Vertex AI selects, such as
    /// `state="JOB_STATE_RUNNING"` or `displayName="nightly"`. The Gemini Developer API refuses
    /// it.
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        self.options.filter = Some(expression.into());
        self
    }

    /// Only jobs that have not ended. The client filters, so pages may be shorter
    /// than asked for.
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
        let first = self.options.page_token.clone();
        Box::pin(paged(first, move |token| {
            let mut list = self.clone();
            list.options.page_token = token;
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
        let call = trace::call!("list_batches", self.service.backend());
        let page = call.run(self.service.list_page(&self.options)).await;
        let mut page = page.map_err(|error| error.during("listing batch jobs"))?;
        if self.active {
            page.items.retain(BatchJob::is_active);
        }
        Ok(page)
    }
}
