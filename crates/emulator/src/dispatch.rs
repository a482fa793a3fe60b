//! Which service a call is for. Paths of the services differ, but for those of Cloud Storage's XML
//! API, where a bucket may be called anything: it gets what no other service has.

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use crate::bigquery;
use crate::error::ApiError;
use crate::gemini;
use crate::oauth;
use crate::operation::Operation;
use crate::services::Services;
use crate::storage;
use crate::vertex;

/// A call of one of the services.
pub(crate) enum Target {
    Gemini(gemini::Route),
    Vertex(vertex::Route),
    Oauth(oauth::Route),
    BigQuery(bigquery::Route),
    Storage(storage::Route),
}

impl Target {
    /// The call that a request stands for, or `None` where no service has it.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        let gemini = gemini::Route::of(&head.method, head.uri.path(), &head.headers);
        let gemini = gemini.map(Self::Gemini);
        let vertex = || vertex::Route::of(&head.method, head.uri.path()).map(Self::Vertex);
        let oauth = || oauth::Route::of(head).map(Self::Oauth);
        let bigquery = || bigquery::Route::of(head).map(Self::BigQuery);
        let own = gemini.or_else(vertex).or_else(oauth).or_else(bigquery);
        own.or_else(|| storage::Route::of(head).map(Self::Storage))
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Gemini(route) => route.operation,
            Self::Vertex(route) => route.operation,
            Self::Oauth(route) => route.operation,
            Self::BigQuery(route) => route.operation,
            Self::Storage(route) => route.operation,
        }
    }

    pub(crate) async fn serve(self, services: &Services, head: &Parts, body: Body) -> Response {
        match self {
            Self::Gemini(route) => {
                let served = services.gemini.serve(route, head, body).await;
                served.unwrap_or_else(ApiError::into_response)
            }
            Self::Vertex(route) => {
                let served = services.vertex.serve(route, head, body).await;
                served.unwrap_or_else(ApiError::into_response)
            }
            Self::Oauth(route) => services.oauth.serve(route, head, body).await,
            Self::BigQuery(route) => {
                services.vertex.settle_due().await;
                let bigquery = &services.bigquery;
                bigquery.serve(&services.access, route, head, body).await
            }
            Self::Storage(route) => {
                services.vertex.settle_due().await;
                let storage = &services.storage;
                storage.serve(&services.access, route, head, body).await
            }
        }
    }
}
