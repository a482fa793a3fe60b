//! Taking in the bodies of calls.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::error::{ApiError, ApiResult};

/// Takes in a body, so that a response finds a client that has finished sending.
pub(crate) async fn drain(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// All of a body.
pub(crate) async fn read(body: Body) -> ApiResult<Bytes> {
    axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ApiError::invalid_argument(format!("The body broke off: {error}")))
}

/// A body as JSON.
pub(crate) fn parse_json(body: &[u8]) -> ApiResult<Value> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::invalid_argument(format!("Invalid JSON payload received. {error}"))
    })
}
