//! The `status` of a row that failed: an HTTP reason and the error body behind it, as one text.

use axum::http::StatusCode;
use serde_json::json;

use crate::model::RowFailure;

/// The text for a failure, such as `Bad Request: {"error": {"code": 400, …}}`.
pub(crate) fn status_text(failure: &RowFailure) -> String {
    let (http, status) = http_of(failure.code);
    let reason = StatusCode::from_u16(http)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Client Closed Request");
    let error = json!({"error": {"code": http, "message": failure.message, "status": status}});
    format!("{reason}: {error}")
}

/// The HTTP status and the name of a `google.rpc.Code`.
pub(crate) fn http_of(code: i32) -> (u16, &'static str) {
    match code {
        1 => (499, "CANCELLED"),
        3 => (400, "INVALID_ARGUMENT"),
        4 => (504, "DEADLINE_EXCEEDED"),
        5 => (404, "NOT_FOUND"),
        6 => (409, "ALREADY_EXISTS"),
        7 => (403, "PERMISSION_DENIED"),
        8 => (429, "RESOURCE_EXHAUSTED"),
        9 => (400, "FAILED_PRECONDITION"),
        10 => (409, "ABORTED"),
        11 => (400, "OUT_OF_RANGE"),
        12 => (501, "UNIMPLEMENTED"),
        13 => (500, "INTERNAL"),
        14 => (503, "UNAVAILABLE"),
        15 => (500, "DATA_LOSS"),
        16 => (401, "UNAUTHENTICATED"),
        _ => (500, "UNKNOWN"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_in_the_words_of_http() {
        assert_eq!(
            status_text(&RowFailure::new(8, "Slow down.")),
            r#"Too Many Requests: {"error":{"code":429,"message":"Slow down.","status":"RESOURCE_EXHAUSTED"}}"#
        );
        assert!(status_text(&RowFailure::new(1, "")).starts_with("Client Closed Request: {"));
    }
}
