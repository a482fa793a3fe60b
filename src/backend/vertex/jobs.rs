//! Calls about jobs that are there.

use std::time::Duration;

use super::client::Vertex;
use super::convert::Deletion;
use super::name::{JobName, ProjectLocation, is_same_job};
use crate::error::{Error, Kind, Result};
use crate::job::BatchJob;
use crate::options::ListOptions;
use crate::page::Page;

/// How soon a delete that goes on is asked after; then after twice as long, and so on …
const FIRST_OPERATION_POLL: Duration = Duration::from_millis(250);
/// … this many times.
const OPERATION_POLLS: u32 = 9;

impl Vertex {
    /// Where a job is: where its name says, else where the client is.
    fn place_of(&self, job: &JobName) -> Option<ProjectLocation> {
        job.place.clone().or_else(|| self.place.clone())
    }

    /// As [`place_of`](Self::place_of), for calls that the express mode does not have.
    fn full_place_of(&self, job: &JobName, doing: &str) -> Result<ProjectLocation> {
        self.place_of(job).ok_or_else(|| {
            Error::input(format!(
                "Vertex AI cannot {doing} in express mode: build the client with a project and \
                 location"
            ))
        })
    }

    pub(crate) async fn get(&self, name: &str) -> Result<BatchJob> {
        let job = JobName::parse(name)?;
        let place = self.place_of(&job);
        let raw = self.raw_at(place.as_ref());
        let read = match &place {
            Some(ProjectLocation { project, location }) => {
                raw.batch_prediction_jobs_get(project, location, &job.id)
                    .await
            }
            None => raw.express_batch_prediction_jobs_get(&job.id).await,
        };
        let read: BatchJob = read?.into_inner().try_into()?;
        match is_same_job(&job.id, place.as_ref(), read.name()) {
            true => Ok(read),
            false => Err(Error::another(name, read.name())),
        }
    }

    pub(crate) async fn list_page(&self, options: &ListOptions) -> Result<Page<BatchJob>> {
        let raw = self.raw_at(self.place.as_ref());
        let filter = options.filter.as_deref();
        let (size, token) = (options.page_size, options.page_token.as_deref());
        let page = match &self.place {
            Some(ProjectLocation { project, location }) => {
                raw.batch_prediction_jobs_list(project, location, filter, size, token, None)
                    .await
            }
            None => {
                raw.express_batch_prediction_jobs_list(filter, size, token, None, None)
                    .await
            }
        };
        page?.into_inner().try_into()
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        let job = JobName::parse(name)?;
        let place = self.full_place_of(&job, "cancel a job")?;
        let cancelled = self
            .raw_at(Some(&place))
            .batch_prediction_jobs_cancel(&place.project, &place.location, &job.id)
            .await;
        match cancelled {
            Ok(_) => Ok(()),
            Err(error) => error.ok_if_already_done(),
        }
    }

    /// Deletes a job and waits for the outcome of the operation.
    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        let job = JobName::parse(name)?;
        let place = self.full_place_of(&job, "delete a job")?;
        let raw = self.raw_at(Some(&place));
        let deleted = raw
            .batch_prediction_jobs_delete(&place.project, &place.location, &job.id)
            .await;
        let mut deletion = match deleted {
            Ok(response) => Deletion::try_from(response.into_inner())?,
            Err(error) => return error.ok_if_already_done(),
        };
        let mut pause = FIRST_OPERATION_POLL;
        for _ in 0..OPERATION_POLLS {
            let id = match deletion {
                Deletion::Done => return Ok(()),
                Deletion::Failed(status) => return Err(Error::refused(status)),
                Deletion::Pending(id) => id,
            };
            tokio::time::sleep(pause).await;
            pause *= 2;
            let response = raw
                .operations_get(&place.project, &place.location, &id)
                .await?;
            deletion = response.into_inner().try_into()?;
        }
        Err(Error::new(
            Kind::Timeout,
            "the delete was accepted and is not done yet: look for the job later",
        ))
    }
}
