//! Listing jobs.

use futures_core::Stream;
use futures_util::TryStreamExt;
use futures_util::future::ready;

use crate::backend::AnyBackend;
use crate::error::Result;
use crate::job::BatchJob;
use crate::options::ListOptions;
use crate::page::{Page, paged};
use crate::trace;

/// A list of jobs with its options: all of it as a stream, or a page at a time.
///
/// Listings leave out inline results and have been seen to be behind on counts.
#[must_use = "nothing is listed until a page or the stream is asked for"]
#[derive(Debug, Clone)]
pub struct List {
    pub(super) service: AnyBackend,
    pub(super) options: ListOptions,
    pub(super) active: bool,
}

impl List {
    /// How many jobs a page holds at most; by default, and at most, as many as the service says.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let page = client.batches().list().page_size(20).page().await?;
    /// assert!(page.items.len() <= 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn page_size(mut self, jobs: i32) -> Self {
        self.options.page_size = Some(jobs);
        self
    }

    /// Starts at the page with this token, as [`Page::next_page_token`] gave it.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let first = client.batches().list().page().await?;
    /// if let Some(token) = first.next_page_token {
    ///     let second = client.batches().list().page_token(token).page().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.options.page_token = Some(token.into());
        self
    }

    /// Only jobs that this expression of Vertex AI selects, such as
    /// `state="JOB_STATE_RUNNING"` or `displayName="nightly"`. The Gemini Developer API refuses
    /// it.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let filter = r#"state="JOB_STATE_RUNNING""#;
    /// let running = client.batches().list().filter(filter).all().await?; // on Vertex AI
    /// # Ok(())
    /// # }
    /// ```
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        self.options.filter = Some(expression.into());
        self
    }

    /// Only jobs that have not ended. The client filters, so pages may be shorter
    /// than asked for.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// for job in client.batches().list().active().all().await? {
    ///     println!("{} {}", job.name(), job.state());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn active(mut self) -> Self {
        self.active = true;
        self
    }

    /// All jobs, over all pages.
    ///
    /// An element that is not a job, or that cannot be read, is an error in its place, and the stream
    /// goes on after it. Any other error ends it: a page that cannot be read, pages that lead back to
    /// an earlier one, or a thousand empty ones in a row.
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
        let active = self.active;
        let jobs = paged(first, move |token| {
            let mut list = self.clone();
            list.options.page_token = token;
            async move { list.whole_page().await }
        });
        Box::pin(jobs.try_filter(move |job| ready(!active || job.is_active())))
    }

    /// All jobs, over all pages, in a list.
    ///
    /// # Errors
    ///
    /// If a page or an element cannot be read; [`stream`](Self::stream) and [`page`](Self::page) give
    /// the others.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = client.batches().list().all().await?;
    /// println!("{} jobs", jobs.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn all(self) -> Result<Vec<BatchJob>> {
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
    /// let page = client.batches().list().page().await?;
    /// for job in &page.items {
    ///     println!("{}", job.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn page(&self) -> Result<Page<BatchJob>> {
        let mut page = self.whole_page().await?;
        if self.active {
            page.items.retain(BatchJob::is_active);
        }
        Ok(page)
    }

    /// The page as the service gave it.
    async fn whole_page(&self) -> Result<Page<BatchJob>> {
        let call = trace::call!("list_batches", self.service.backend());
        let page = call.run(self.service.list_page(&self.options)).await;
        page.map_err(|error| error.during("listing batch jobs"))
    }
}
