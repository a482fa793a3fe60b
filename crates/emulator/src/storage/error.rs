//! Errors as Cloud Storage puts them on the wire: an XML document, Google's JSON of a REST service,
//! or plain text where content was asked for.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::document::document;
use super::route::{Api, Place};
use super::store::Unreachable;
use crate::access::Refusal;
use crate::error::rest_error;
use crate::reply;

/// An error answer of either API.
#[derive(Debug)]
pub(crate) struct StorageError {
    status: StatusCode,
    /// The name in XML.
    code: &'static str,
    /// The name in JSON.
    reason: &'static str,
    message: String,
    /// What the XML document adds.
    details: Option<String>,
}

pub(crate) type StorageResult<T = Response> = Result<T, StorageError>;

impl StorageError {
    fn new(
        status: StatusCode,
        code: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    pub(crate) fn no_such_object(place: &Place) -> Self {
        let details = format!("No such object: {}/{}", place.bucket, place.object);
        Self {
            details: Some(details),
            ..Self::new(
                StatusCode::NOT_FOUND,
                "NoSuchKey",
                "notFound",
                "The specified key does not exist.",
            )
        }
    }

    pub(crate) fn unreachable(why: Unreachable) -> Self {
        match why {
            Unreachable::Missing => Self::new(
                StatusCode::NOT_FOUND,
                "NoSuchBucket",
                "notFound",
                "The specified bucket does not exist.",
            ),
            Unreachable::Forbidden => Self::new(
                StatusCode::FORBIDDEN,
                "AccessDenied",
                "forbidden",
                "Access denied. The caller has no permission on the bucket.",
            ),
        }
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        let (code, reason, message) = match refusal {
            Refusal::Anonymous => (
                "AuthenticationRequired",
                "required",
                "Authentication required. Anonymous callers have no access here.",
            ),
            Refusal::InvalidToken => ("InvalidAuthentication", "authError", "Invalid Credentials"),
        };
        Self::new(StatusCode::UNAUTHORIZED, code, reason, message)
    }

    pub(crate) fn condition_not_met() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailed",
            "conditionNotMet",
            "At least one of the pre-conditions you specified did not hold.",
        )
    }

    pub(crate) fn not_modified() -> Self {
        Self::new(StatusCode::NOT_MODIFIED, "NotModified", "notModified", "")
    }

    pub(crate) fn invalid_range() -> Self {
        Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            "requestedRangeNotSatisfiable",
            "The requested range cannot be satisfied.",
        )
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self::new(status, "InvalidArgument", "invalid", message)
    }

    pub(crate) fn malformed_xml(error: &impl ToString) -> Self {
        Self {
            details: Some(error.to_string()),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "MalformedXML",
                "invalid",
                "The XML you provided was not well-formed or did not validate.",
            )
        }
    }

    pub(crate) fn bad_digest(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadDigest", "invalid", message)
    }

    pub(crate) fn no_such_upload() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NoSuchUpload",
            "notFound",
            "The specified upload does not exist. It may have been completed or given up.",
        )
    }

    pub(crate) fn invalid_part(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidPart", "invalid", message)
    }

    pub(crate) fn invalid_part_order() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidPartOrder",
            "invalid",
            "The parts were not listed in ascending order.",
        )
    }

    pub(crate) fn entity_too_small(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "EntityTooSmall",
            "invalid",
            message,
        )
    }

    pub(crate) fn bucket_taken() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "BucketAlreadyOwnedByYou",
            "conflict",
            "There is a bucket of this name already, and you own it.",
        )
    }

    pub(crate) fn bucket_not_empty() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "BucketNotEmpty",
            "conflict",
            "The bucket you tried to delete is not empty.",
        )
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "backendError",
            "We encountered an internal error. Please try again.",
        )
    }

    pub(crate) fn into_response(self, api: Api) -> Response {
        if self.status == StatusCode::NOT_MODIFIED {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = self.status;
            return response;
        }
        let message = self.details.as_ref().unwrap_or(&self.message);
        match api {
            Api::Json => rest_error(self.status, None, self.reason, message),
            Api::Media => reply::with_body(
                self.status,
                "text/html; charset=UTF-8",
                Body::from(message.clone()),
            ),
            Api::Xml => document(
                self.status,
                &ErrorDocument {
                    code: self.code,
                    message: &self.message,
                    details: self.details.as_deref(),
                },
            ),
        }
    }
}

#[derive(Serialize)]
#[serde(rename = "Error", rename_all = "PascalCase")]
struct ErrorDocument<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
}
