//! Calls about jobs that are there.

use super::client::Gemini;
use super::convert::check_answer;
use super::name::gemini_job_id;
use super::request::Change;
use crate::backend::mark::Mark;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobRef};
use crate::options::ListOptions;
use crate::page::Page;

impl Gemini {
    pub(crate) async fn get(&self, name: &str) -> Result<BatchJob> {
        let id = gemini_job_id(name)?;
        let read = self.raw().batches_get(id).await?;
        check_answer(read.into_inner().try_into()?, id)
    }

    pub(crate) async fn list_page(&self, options: &ListOptions) -> Result<Page<BatchJob>> {
        if options.filter.is_some() {
            return Err(Error::input(
                "the option `filter` is not supported by the Gemini Developer API: use \
                 `active`, or filter the stream",
            ));
        }
        let token = options.page_token.as_deref();
        let page = self
            .raw()
            .batches_list(None, options.page_size, token, None);
        page.await?.into_inner().try_into()
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        match self.raw().batches_cancel(gemini_job_id(name)?).await {
            Ok(_) => Ok(()),
            Err(error) => error.ok_if_already_done(),
        }
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        match self.raw().batches_delete(gemini_job_id(name)?).await {
            Ok(_) => Ok(()),
            Err(error) => error.ok_if_already_done(),
        }
    }

    /// Changes a job's display name or priority, and reads the job again. A new name takes over the
    /// mark of the old one.
    pub(crate) async fn update(
        &self,
        job: &JobRef,
        display_name: Option<String>,
        priority: Option<i64>,
    ) -> Result<BatchJob> {
        let id = gemini_job_id(&job.name)?;
        let mut change = Change {
            display_name,
            priority,
        };
        let mask = change.mask()?;
        let known = match &job.job {
            Some(job) => job.clone(),
            None => self.get(&job.name).await?,
        };
        if let (Some(name), Some(mark)) = (&mut change.display_name, Mark::of(&known)) {
            *name = mark.put_on(name);
        }
        let (raw, mask) = (self.raw(), Some(&*mask));
        let answered = if known.record.details.embeds {
            let change = change.of_embeddings();
            let changed = raw.batches_update_embed_content_batch(id, mask, &change);
            changed.await?.into_inner().name.clone()
        } else {
            let change = change.of_content();
            let changed = raw.batches_update_generate_content_batch(id, mask, &change);
            changed.await?.into_inner().name.clone()
        };
        if let Some(other) = answered.filter(|answered| *answered != job.name) {
            return Err(Error::another(&job.name, &other));
        }
        Ok(self.get(&job.name).await?.remembering(known.submission))
    }
}
