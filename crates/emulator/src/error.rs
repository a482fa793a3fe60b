//! Errors as Google's services put them on the wire: `{"error":{code,message,status,details}}`.

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::reply;

/// What a caller without a good token is told to come with.
const CHALLENGE: &str = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";

/// An error answer of the emulated services.
#[derive(Debug)]
pub(crate) struct ApiError {
    http: StatusCode,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

pub(crate) type ApiResult<T = Response> = Result<T, ApiError>;

impl ApiError {
    fn new(http: StatusCode, status: &'static str, message: impl Into<String>) -> Self {
        Self {
            http,
            status,
            message: message.into(),
            details: Vec::new(),
        }
    }

    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    /// A field that breaks a rule, told both in the message and as a `google.rpc.BadRequest`.
    pub(crate) fn bad_field(field: &str, description: &str) -> Self {
        let mut error = Self::invalid_argument(format!("* {field}: {description}"));
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": field, "description": description}],
        }));
        error
    }

    pub(crate) fn failed_precondition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "FAILED_PRECONDITION", message)
    }

    pub(crate) fn out_of_range(message: impl Into<String>) -> Self {
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "OUT_OF_RANGE", message)
    }

    pub(crate) fn permission_denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
    }

    pub(crate) fn resource_exhausted(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    pub(crate) fn already_exists(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ALREADY_EXISTS", message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
    }

    /// The response to a key that the service does not know.
    pub(crate) fn api_key_invalid() -> Self {
        Self::api_key_invalid_for("generativelanguage.googleapis.com")
    }

    pub(crate) fn api_key_invalid_for(service: &str) -> Self {
        let mut error = Self::invalid_argument("API key not valid. Please pass a valid API key.");
        error.add_info(
            "API_KEY_INVALID",
            "googleapis.com",
            json!({"service": service}),
        );
        error
    }

    /// The response to a call without a token that the service accepts.
    pub(crate) fn unauthenticated(message: &str, reason: &str, service: &str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
        error.add_info(reason, "googleapis.com", json!({"service": service}));
        error
    }

    /// The response to a call for a resource that the caller has no right to.
    pub(crate) fn iam_permission_denied(permission: &str, resource: &str, service: &str) -> Self {
        let mut error = Self::permission_denied(format!(
            "Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
        ));
        let metadata = json!({"permission": permission, "resource": resource});
        error.add_info("IAM_PERMISSION_DENIED", service, metadata);
        error
    }

    fn add_info(&mut self, reason: &str, domain: &str, metadata: Value) {
        self.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": domain,
            "metadata": metadata,
        }));
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({
            "code": self.http.as_u16(),
            "message": self.message,
            "status": self.status,
        });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details);
        }
        let mut response = reply::json(self.http, &json!({ "error": error }));
        if self.http == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(CHALLENGE);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// An error in the form of the REST services that came before `google.rpc.Status`: a list with the
/// reason, and the name of the status only where the service gives one.
pub(crate) fn rest_error(
    http: StatusCode,
    status: Option<&str>,
    reason: &str,
    message: &str,
) -> Response {
    let mut error = json!({
        "code": http.as_u16(),
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
    });
    if let Some(status) = status {
        error["status"] = status.into();
    }
    reply::json(http, &json!({ "error": error }))
}
