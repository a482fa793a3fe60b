//! The calls that read, list and cancel jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::filter::{Filter, Subject};
use super::job::Job;
use super::resource::{self, View};
use super::route::Place;
use super::service::Vertex;
use crate::clock::later;
use crate::error::{ApiError, ApiResult};
use crate::paging::PageRequest;
use crate::query::query_value;
use crate::reply;

const DEFAULT_PAGE: usize = 100;

impl Vertex {
    pub(crate) async fn get(
        self: &Arc<Self>,
        place: Option<&Place>,
        id: &str,
    ) -> ApiResult<Response> {
        let job = self.shown_for(self.job(place, id)?);
        self.settle(&job).await?;
        let status = job.status(self.clock.now());
        Ok(reply::json(
            StatusCode::OK,
            &resource::job(&job, &status, View::Full),
        ))
    }

    pub(crate) async fn list(
        self: &Arc<Self>,
        place: Option<&Place>,
        query: Option<&str>,
    ) -> ApiResult<Response> {
        let page = PageRequest::of(query, DEFAULT_PAGE, self.settings.max_page_size)?;
        let filter = query_value(query, "filter").unwrap_or_default();
        let filter = Filter::parse(&filter)?;
        let express = Place::express();
        let place = place.unwrap_or(&express);
        let mut jobs = self.present_jobs();
        let now = self.clock.now();
        jobs.retain(|job| {
            let listed = later(job.schedule.created, job.faults.list_delay);
            job.new.place == *place && now >= listed
        });
        if filter.asks_for_state() {
            for job in &jobs {
                self.settle(job).await?;
            }
        }
        let (now, none) = (self.clock.now(), BTreeMap::new());
        jobs.retain(|job| {
            filter.lets_through(&Subject {
                display_name: &job.new.display_name,
                state: &job.status(now).state,
                labels: match job.faults.vertex.hide_labels {
                    true => &none,
                    false => &job.new.labels,
                },
            })
        });
        let page = page.select(jobs, |job| job.serial, self.stores.faults.of_pages());
        let mut listed = Vec::with_capacity(page.items.len());
        for job in &page.items {
            self.settle(job).await?;
            let status = job.status(self.clock.now());
            listed.push(resource::job(job, &status, View::Listed));
        }
        Ok(page.reply("batchPredictionJobs", &listed))
    }

    pub(crate) fn cancel(&self, place: Option<&Place>, id: &str) -> ApiResult<Response> {
        if self.job(place, id)?.cancel(self.clock.now()) {
            return Ok(reply::empty());
        }
        Err(ApiError::failed_precondition(
            "The job has ended and cannot be cancelled.",
        ))
    }

    /// The job that an answer about `job` shows: it itself, unless jobs are mixed up.
    pub(super) fn shown_for(&self, job: Arc<Job>) -> Arc<Job> {
        let mixed_up = self.stores.faults.mixes_up_jobs();
        let others = mixed_up.then(|| self.jobs.all());
        let mut others = others.into_iter().flatten();
        others
            .find(|other| other.new.id != job.new.id)
            .unwrap_or(job)
    }

    /// The job of this id, in this place; without one, wherever it is.
    pub(super) fn job(&self, place: Option<&Place>, id: &str) -> ApiResult<Arc<Job>> {
        let jobs = self.present_jobs();
        let is_it =
            |job: &Arc<Job>| job.new.id == id && place.is_none_or(|place| job.new.place == *place);
        jobs.into_iter()
            .find(is_it)
            .ok_or_else(|| ApiError::not_found("The BatchPredictionJob does not exist."))
    }

    /// All jobs that have not been deleted, the newest first.
    pub(crate) fn present_jobs(&self) -> Vec<Arc<Job>> {
        self.carry_out_deletions();
        self.jobs.all()
    }

    /// Lets a job that is over by the clock have its responses and its output.
    pub(super) async fn settle(self: &Arc<Self>, job: &Arc<Job>) -> ApiResult<()> {
        let now = self.clock.now();
        job.wait_for_answers(now).await;
        if job.is_due(now) {
            let (vertex, job) = (Arc::clone(self), Arc::clone(job));
            tokio::task::spawn_blocking(move || job.finish(now, &vertex.stores))
                .await
                .map_err(|error| ApiError::internal(error.to_string()))?;
        }
        job.wait_for_output().await;
        Ok(())
    }

    /// Lets all jobs that are over and answered have their output, for whoever is about to look at
    /// the places that it is written to.
    pub(crate) fn finish_due(&self) {
        let now = self.clock.now();
        for job in self.jobs.all().iter().filter(|job| job.is_due(now)) {
            job.finish(now, &self.stores);
        }
    }

    /// The same as [`finish_due`](Self::finish_due), for a call to another service.
    pub(crate) async fn settle_due(self: &Arc<Self>) {
        let now = self.clock.now();
        if self.jobs.all().iter().any(|job| job.is_due(now)) {
            let vertex = Arc::clone(self);
            // It fails only if the server stops, and then nobody looks any more.
            let _ = tokio::task::spawn_blocking(move || vertex.finish_due()).await;
        }
    }
}
