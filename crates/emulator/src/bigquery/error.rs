//! Errors as BigQuery words them.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::name::{DatasetName, TableName};
use crate::access::Refusal;
use crate::error::rest_error;

/// An error of a call, or of the job that a call started.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QueryError {
    http: StatusCode,
    status: &'static str,
    reason: &'static str,
    message: String,
}

pub(crate) type QueryResult<T = Response> = Result<T, QueryError>;

impl QueryError {
    fn new(
        http: StatusCode,
        status: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            http,
            status,
            reason,
            message: message.into(),
        }
    }

    fn not_found(what: &str) -> Self {
        let message = format!("Not found: {what}");
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "notFound", message)
    }

    pub(crate) fn no_such_dataset(name: &DatasetName) -> Self {
        Self::not_found(&format!("Dataset {name}"))
    }

    pub(crate) fn no_such_table(name: &TableName) -> Self {
        Self::not_found(&format!("Table {name}"))
    }

    pub(crate) fn dataset_not_in(name: &DatasetName, location: &str) -> Self {
        Self::not_found(&format!(
            "Dataset {name} was not found in location {location}"
        ))
    }

    pub(crate) fn table_not_in(name: &TableName, location: &str) -> Self {
        Self::not_found(&format!(
            "Table {name} was not found in location {location}"
        ))
    }

    pub(crate) fn no_such_job(project: &str, location: Option<&str>, id: &str) -> Self {
        let place = location
            .map(|location| format!("{location}."))
            .unwrap_or_default();
        Self::not_found(&format!("Job {project}:{place}{id}"))
    }

    pub(crate) fn already_exists(what: &str) -> Self {
        let message = format!("Already Exists: {what}");
        Self::new(StatusCode::CONFLICT, "ALREADY_EXISTS", "duplicate", message)
    }

    pub(crate) fn access_denied(name: &TableName) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "PERMISSION_DENIED",
            "accessDenied",
            format!(
                "Access Denied: Table {name}: User does not have permission to query table {name}, \
                 or perhaps it does not exist."
            ),
        )
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        let (reason, message) = match refusal {
            Refusal::Anonymous => ("required", "The call has no authentication credential."),
            Refusal::InvalidToken => ("authError", "Invalid Credentials"),
        };
        let http = StatusCode::UNAUTHORIZED;
        Self::new(http, "UNAUTHENTICATED", reason, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        let http = StatusCode::BAD_REQUEST;
        Self::new(http, "INVALID_ARGUMENT", "invalid", message)
    }

    pub(crate) fn invalid_query(message: impl Into<String>) -> Self {
        let http = StatusCode::BAD_REQUEST;
        Self::new(http, "INVALID_ARGUMENT", "invalidQuery", message)
    }

    /// The error as the status of a job has it.
    pub(crate) fn to_json(&self) -> Value {
        json!({"reason": self.reason, "message": self.message})
    }
}

impl IntoResponse for QueryError {
    fn into_response(self) -> Response {
        rest_error(self.http, Some(self.status), self.reason, &self.message)
    }
}
