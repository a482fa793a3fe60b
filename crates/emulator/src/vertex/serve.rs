//! Answering a call: who may, and what it is for.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::Response;

use super::route::{Call, Route};
use super::service::{SERVICE, Vertex};
use crate::body::{drain, read};
use crate::error::{ApiError, ApiResult};

impl Vertex {
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
