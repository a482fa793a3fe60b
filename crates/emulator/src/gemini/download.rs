//! Downloading the content of result files, whole or from a byte on.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::{Gemini, query_value};
use crate::error::{ApiError, ApiResult};
use crate::reply::{self, BrokenOff, Pieces};

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
        let content = file.content.slice(start..end);
        let length = content.len();
        let cut = self
            .faults
            .take_download_cut()
            .and_then(|after| usize::try_from(after).ok());
        let body = match cut.filter(|after| *after < length) {
            Some(after) => Body::new(BrokenOff::after(content.slice(..after))),
            None => Body::new(Pieces(content)),
        };
        let mut response = reply::with_body(status, "application/octet-stream", body);
        set(&mut response, CONTENT_LENGTH, length.to_string());
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
        Ok(response)
    }
}

fn set(response: &mut Response, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The range asked for as start and end; an error where the file does not reach that far, `None`
/// where the whole file is to be sent.
fn requested_range(
    headers: &HeaderMap,
    etag: &str,
    size: usize,
) -> Option<Result<(usize, usize), ()>> {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if header(IF_RANGE).is_some_and(|tag| tag != etag) {
        return None;
    }
    let (start, end) = header(RANGE)?.strip_prefix("bytes=")?.split_once('-')?;
    if start.is_empty() {
        let last: usize = end.parse().ok()?;
        return Some(if last == 0 {
            Err(())
        } else {
            Ok((size.saturating_sub(last), size))
        });
    }
    let start: usize = start.parse().ok()?;
    let end = match end {
        "" => size,
        last => last.parse::<usize>().ok()?.saturating_add(1).min(size),
    };
    Some(if start < end {
        Ok((start, end))
    } else {
        Err(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(value: &'static str) -> Option<Result<(usize, usize), ()>> {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(value))]);
        requested_range(&headers, "\"tag\"", 10)
    }

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("bytes=4-"), Some(Ok((4, 10))));
        assert_eq!(range("bytes=4-5"), Some(Ok((4, 6))));
        assert_eq!(range("bytes=4-99"), Some(Ok((4, 10))));
        assert_eq!(range("bytes=-3"), Some(Ok((7, 10))));
        assert_eq!(range("bytes=10-"), Some(Err(())));
        assert_eq!(range("lines=1-"), None);
        assert_eq!(range("bytes=1-2,4-5"), None);
    }

    #[test]
    fn a_range_of_another_version_is_the_whole_file() {
        let mut headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static("bytes=4-"))]);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"other\""));
        assert_eq!(requested_range(&headers, "\"tag\"", 10), None);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"tag\""));
        assert_eq!(requested_range(&headers, "\"tag\"", 10), Some(Ok((4, 10))));
    }
}
