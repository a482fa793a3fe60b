//! Which service a call is for. Paths of the services differ, but for those of Cloud Storage's XML
//! API, where a bucket may be called anything: it gets what no other service has.

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;
use crate::gemini;
use crate::operation::Operation;
use crate::server::Services;
use crate::storage;

/// A call of one of the services.
pub(crate) enum Target {
    Gemini(gemini::Route),
    Storage(storage::Route),
}

impl Target {
    /// The call that a request stands for, or `None` where no service has it.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        let gemini = gemini::Route::of(&head.method, head.uri.path(), &head.headers);
        let gemini = gemini.map(Self::Gemini);
        gemini.or_else(|| storage::Route::of(head).map(Self::Storage))
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Gemini(route) => route.operation,
            Self::Storage(route) => route.operation,
        }
    }

    pub(crate) async fn serve(self, services: &Services, head: &Parts, body: Body) -> Response {
        match self {
            Self::Gemini(route) => {
                let served = services.gemini.serve(route, head, body).await;
                served.unwrap_or_else(ApiError::into_response)
            }
            Self::Storage(route) => {
                let storage = &services.storage;
                storage.serve(&services.access, route, head, body).await
            }
        }
    }
}
