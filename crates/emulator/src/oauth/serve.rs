//! Answering a call.

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::identity::SUBJECT_TOKEN;
use super::metadata;
use super::route::{Call, Route};
use super::service::Oauth;
use crate::body::{drain, read};
use crate::error::ApiError;

impl Oauth {
    pub(crate) async fn serve(&self, route: Route, head: &Parts, body: Body) -> Response {
        match route.call {
            Call::Token => match read(body).await {
                Ok(body) => self.grant(&body),
                Err(error) => error.into_response(),
            },
            Call::GenerateAccessToken(email) => match read(body).await {
                Ok(body) => self
                    .generate_access_token(&email, head, &body)
                    .unwrap_or_else(ApiError::into_response),
                Err(error) => error.into_response(),
            },
            Call::SubjectToken => {
                drain(body).await;
                metadata::text(SUBJECT_TOKEN)
            }
            Call::Metadata => {
                drain(body).await;
                self.metadata(head)
            }
        }
    }
}
