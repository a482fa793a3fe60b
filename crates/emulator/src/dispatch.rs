//! Which service a call is for. Paths of the services differ, but for those of Cloud Storage's XML
//! API, where a bucket may be called anything: it gets what no other service has.

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;
use crate::gemini;
use crate::operation::Operation;
use crate::server::Services;

/// A call of one of the services.
pub(crate) enum Target {
    Gemini(gemini::Route),
}

impl Target {
    /// The call that a request stands for, or `None` where no service has it.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        gemini::Route::of(&head.method, head.uri.path(), &head.headers).map(Self::Gemini)
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Gemini(route) => route.operation,
        }
    }

    pub(crate) async fn serve(self, services: &Services, head: &Parts, body: Body) -> Response {
        match self {
            Self::Gemini(route) => {
                let served = services.gemini.serve(route, head, body).await;
                served.unwrap_or_else(ApiError::into_response)
            }
        }
    }
}
