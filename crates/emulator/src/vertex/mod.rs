//! Vertex AI: batch prediction jobs in projects and locations, which read from Cloud Storage,
//! BigQuery and datasets, and write there.
//!
//! A call comes in through [`route`] and is answered by [`create`], [`jobs`] or [`deletion`]. A job
//! is [`life`] (when it does what), [`input`] (its requests), [`rows`] (the answers, made once on a
//! thread of their own), [`output`] (what is written where) and [`status`] (what it shows of all
//! that), and [`resource`] writes it down.
//! [`names`] and [`uri`] read the names of models, objects and tables, [`filter`] the filters of a
//! listing.

mod create;
mod dataset;
mod deletion;
mod filter;
mod input;
mod job;
mod jobs;
mod life;
mod names;
mod output;
mod resource;
mod route;
mod rows;
mod snapshot;
mod status;
mod status_text;
mod uri;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::Response;

pub(crate) use dataset::Datasets;
pub(crate) use deletion::{Deletion, Deletions};
pub(crate) use input::Stores;
pub(crate) use job::Job;
pub(crate) use jobs::Jobs;
pub(crate) use route::{Call, Place, Route};
pub use snapshot::VertexJobSnapshot;

use crate::clock::Clock;
use crate::error::{ApiError, ApiResult};
use crate::gemini::read;
use crate::model::Model;
use crate::oauth::Oauth;
use crate::server::drain;

/// The service in the words of its own errors.
const SERVICE: &str = "aiplatform.googleapis.com";

/// What a builder may set about the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) job_duration: Duration,
    pub(crate) max_page_size: usize,
}

/// The service and all it holds.
pub(crate) struct Vertex {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) model: Arc<dyn Model>,
    pub(crate) oauth: Arc<Oauth>,
    pub(crate) stores: Stores,
    pub(crate) jobs: Jobs,
    deletions: Deletions,
}

impl Vertex {
    pub(crate) fn new(
        settings: Settings,
        clock: Clock,
        model: Arc<dyn Model>,
        oauth: Arc<Oauth>,
        stores: Stores,
    ) -> Self {
        Self {
            settings,
            clock,
            model,
            oauth,
            stores,
            jobs: Jobs::default(),
            deletions: Deletions::default(),
        }
    }

    pub(crate) async fn serve(
        self: &Arc<Self>,
        route: Route,
        head: &Parts,
        body: Body,
    ) -> ApiResult<Response> {
        let allowed = self
            .oauth
            .authorize_with_key(head, SERVICE)
            .and_then(|()| self.check_project(&route));
        if let Err(error) = allowed {
            drain(body).await;
            return Err(error);
        }
        let place = route.place.as_ref();
        let query = head.uri.query();
        match route.call {
            Call::Create => self.create(place, read(body).await?),
            Call::List => self.list(place, query).await,
            Call::Get(id) => self.get(place, &id).await,
            Call::Cancel(id) => self.cancel(place, &id),
            Call::Delete(id) => self.delete(place, &id, version(head)).await,
            Call::GetOperation(id) => self.operation(&id, version(head)),
            Call::WaitOperation(id) => {
                let body = read(body).await?;
                self.wait_for_operation(&id, version(head), query, &body)
                    .await
            }
        }
    }

    /// Fails where the project is one that the caller may not use.
    fn check_project(&self, route: &Route) -> ApiResult<()> {
        let denied = self.stores.faults.of_vertex().denied_projects;
        match &route.place {
            Some(place) if denied.contains(&place.project) => {
                let permission = format!("aiplatform.{}", route.operation);
                let resource = format!("//{SERVICE}/{}", place.name());
                Err(ApiError::iam_permission_denied(
                    &permission,
                    &resource,
                    SERVICE,
                ))
            }
            _ => Ok(()),
        }
    }
}

/// The API version of a call, as in `v1beta1`.
fn version(head: &Parts) -> &str {
    head.uri.path().split('/').nth(1).unwrap_or_default()
}
