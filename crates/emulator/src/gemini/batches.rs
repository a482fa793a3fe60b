//! The calls that read, list, cancel, delete and change batches.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::create::BATCH;
use super::job::Job;
use super::kind::Kind;
use super::resource::{self, View};
use super::service::Gemini;
use crate::body::parse_json;
use crate::clock::later;
use crate::error::{ApiError, ApiResult};
use crate::json::snake_case;
use crate::message::Message;
use crate::paging::PageRequest;
use crate::query::query_value;
use crate::reply;

const DEFAULT_PAGE: usize = 50;

impl Gemini {
    pub(crate) async fn get_batch(self: &Arc<Self>, id: &str) -> ApiResult<Response> {
        let job = self.shown_for(self.batch(id)?);
        self.settle(&job).await?;
        let status = job.status(self.clock.now());
        Ok(reply::json(
            StatusCode::OK,
            &resource::operation(&job, &status, View::Full),
        ))
    }

    pub(crate) async fn list_batches(self: &Arc<Self>, query: Option<&str>) -> ApiResult<Response> {
        let page = PageRequest::of(query, DEFAULT_PAGE, self.settings.max_page_size)?;
        let now = self.clock.now();
        let mut jobs = self.jobs.all();
        jobs.retain(|job| now >= later(job.schedule.created, job.faults.list_delay));
        let page = page.select(jobs, |job| job.serial, self.faults.of_pages());
        let mut statuses = Vec::with_capacity(page.items.len());
        for job in &page.items {
            self.settle(job).await?;
            statuses.push(job.status(self.clock.now()));
        }
        let operations: Vec<_> = page
            .items
            .iter()
            .zip(&statuses)
            .map(|(job, status)| resource::operation(job, status, View::Listed))
            .collect();
        Ok(page.reply("operations", &operations))
    }

    pub(crate) fn cancel_batch(&self, id: &str) -> ApiResult<Response> {
        if self.batch(id)?.cancel(self.clock.now()) {
            return Ok(reply::empty());
        }
        Err(ApiError::failed_precondition(
            "The batch has ended and cannot be cancelled.",
        ))
    }

    pub(crate) fn delete_batch(&self, id: &str) -> ApiResult<Response> {
        self.jobs.remove(self.batch(id)?.serial);
        Ok(reply::empty())
    }

    pub(crate) async fn update_batch(
        self: &Arc<Self>,
        kind: Kind,
        id: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> ApiResult<Response> {
        let job = self.batch(id)?;
        if job.kind != kind {
            return Err(ApiError::invalid_argument(
                "The batch is of the other kind.",
            ));
        }
        let mut batch = Message::of(parse_json(body)?, "batch", BATCH)?;
        let mask = match query_value(query, "updateMask").or(query_value(query, "update_mask")) {
            Some(mask) => mask,
            None => ["displayName", "priority"]
                .into_iter()
                .filter(|name| batch.has(name))
                .collect::<Vec<_>>()
                .join(","),
        };
        let display_name = batch.string("displayName")?;
        let priority = batch.int64("priority")?;
        let paths: Vec<String> = mask
            .split(',')
            .map(|path| snake_case(path.trim()))
            .collect();
        let changeable = ["display_name", "priority", "*", ""];
        if let Some(path) = paths
            .iter()
            .find(|path| !changeable.contains(&path.as_str()))
        {
            return Err(ApiError::bad_field(
                "update_mask",
                &format!("{path} cannot be changed"),
            ));
        }
        let masked = |name: &str| paths.iter().any(|path| path == name || path == "*");
        let now = self.clock.now();
        job.change(|settings| {
            if masked("display_name") {
                settings.display_name = display_name;
            }
            if masked("priority") {
                settings.priority = priority;
            }
            settings.updated = now;
        });
        self.settle(&job).await?;
        let status = job.status(self.clock.now());
        Ok(reply::json(
            StatusCode::OK,
            &resource::batch(&job, &status, View::Full),
        ))
    }

    /// The job that an answer about `job` shows: it itself, unless jobs are mixed up.
    pub(super) fn shown_for(&self, job: Arc<Job>) -> Arc<Job> {
        let others = self.faults.mixes_up_jobs().then(|| self.jobs.all());
        let mut others = others.into_iter().flatten();
        others.find(|other| other.id != job.id).unwrap_or(job)
    }

    fn batch(&self, id: &str) -> ApiResult<Arc<Job>> {
        self.jobs
            .get(id)
            .ok_or_else(|| ApiError::not_found("Requested entity was not found."))
    }

    /// Lets a job that is over by the clock have its responses and its output.
    pub(super) async fn settle(self: &Arc<Self>, job: &Arc<Job>) -> ApiResult<()> {
        let now = self.clock.now();
        job.wait_for_answers(now).await;
        if job.is_due(now) {
            let (gemini, job) = (Arc::clone(self), Arc::clone(job));
            tokio::task::spawn_blocking(move || gemini.finish(&job))
                .await
                .map_err(|error| ApiError::internal(error.to_string()))?;
        }
        Ok(())
    }

    pub(crate) fn finish(&self, job: &Job) {
        let prefix = format!("{}/v1beta/files/", self.settings.base_url);
        job.finish(self.clock.now(), &self.files, &prefix);
    }

    /// Lets all jobs that are over and answered have their output.
    pub(crate) fn finish_due(&self) {
        let now = self.clock.now();
        for job in self.jobs.all().iter().filter(|job| job.is_due(now)) {
            self.finish(job);
        }
    }
}
