//! Downloading the content of result files, whole or from a byte on.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::service::Gemini;
use crate::distort;
use crate::error::{ApiError, ApiResult};
use crate::query::query_value;
use crate::range::requested_range;
use crate::reply;

impl Gemini {
    pub(crate) async fn download(self: &Arc<Self>, id: &str, head: &Parts) -> ApiResult<Response> {
        if query_value(head.uri.query(), "alt").as_deref() != Some("media") {
            return Err(ApiError::invalid_argument("A download needs alt=media."));
        }
        if let Some(job) = id.strip_prefix("batch-").and_then(|id| self.jobs.get(id)) {
            self.settle(&job).await?;
        }
        let now = self.clock.now();
        let file = self.files.get(id, now)?;
        if !file.generated {
            return Err(ApiError::invalid_argument(
                "Only generated files can be downloaded.",
            ));
        }
        if now < file.readable {
            return Err(ApiError::not_found("Requested entity was not found."));
        }
        let etag = format!("\"{}\"", file.sha256_hash);
        let size = file.content.len();
        let range = requested_range(&head.headers, &etag, size);
        let (status, start, end) = match range {
            Some(Ok((start, end))) => (StatusCode::PARTIAL_CONTENT, start, end),
            Some(Err(())) => {
                let error = ApiError::out_of_range("The file has no such range.");
                let mut response = error.into_response();
                set(&mut response, CONTENT_RANGE, format!("bytes */{size}"));
                return Ok(response);
            }
            None => (StatusCode::OK, 0, size),
        };
        let mut response = reply::with_body(status, "application/octet-stream", Body::empty());
        set(&mut response, ETAG, etag);
        set(&mut response, ACCEPT_RANGES, "bytes".to_owned());
        if status == StatusCode::PARTIAL_CONTENT {
            let last = end.saturating_sub(1);
            set(
                &mut response,
                CONTENT_RANGE,
                format!("bytes {start}-{last}/{size}"),
            );
        }
        let content = file.content.slice(start..end);
        let beginning = file.content.slice(..content.len());
        let cut = self.faults.take_download_cut();
        let how = self
            .faults
            .take_download_distortion(status == StatusCode::PARTIAL_CONTENT);
        let contents = (content, beginning);
        Ok(distort::fill(response, contents, (start, size), cut, how))
    }
}

fn set(response: &mut Response, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}
