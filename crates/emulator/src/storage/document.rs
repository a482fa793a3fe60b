//! Documents of the XML API.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::reply;

/// The namespace of most of them.
pub(super) const NAMESPACE: &str = "http://doc.s3.amazonaws.com/2006-03-01";

/// A response with a document, whose root is called as the type of `content`.
pub(super) fn document(status: StatusCode, content: &impl Serialize) -> Response {
    let mut text = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    match quick_xml::se::to_writer(&mut text, content) {
        Ok(_) => reply::with_body(status, "application/xml; charset=UTF-8", Body::from(text)),
        Err(error) => reply::with_body(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=UTF-8",
            Body::from(error.to_string()),
        ),
    }
}

/// A time as documents write it.
pub(super) fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
