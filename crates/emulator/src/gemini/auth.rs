//! Who may call: anyone who shows an API key or a token, and nobody with the wrong key.

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::error::{ApiError, ApiResult};
use crate::query::query_value;

/// Checks the credentials of a call; `expected` is the only key let in, where there is one.
pub(crate) fn check(head: &Parts, expected: Option<&str>) -> ApiResult<()> {
    let header = head
        .headers
        .get("x-goog-api-key")
        .map(|key| key.to_str().unwrap_or_default());
    let key = header
        .map(str::to_owned)
        .or_else(|| query_value(head.uri.query(), "key"));
    match (key.filter(|key| !key.is_empty()), expected) {
        (Some(key), Some(expected)) if key != expected => Err(ApiError::api_key_invalid()),
        (Some(_), _) => Ok(()),
        (None, _) if head.headers.contains_key(AUTHORIZATION) => Ok(()),
        (None, _) => Err(ApiError::permission_denied(
            "The call has no established identity. Send an API key in x-goog-api-key.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(uri: &str, header: Option<(&str, &str)>) -> Parts {
        let mut request = Request::builder().uri(uri);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn any_credential_will_do_where_no_key_is_expected() {
        assert!(check(&parts("/", Some(("x-goog-api-key", "k"))), None).is_ok());
        assert!(check(&parts("/?key=k", None), None).is_ok());
        assert!(check(&parts("/", Some(("authorization", "Bearer t"))), None).is_ok());
        assert!(check(&parts("/", None), None).is_err());
        assert!(check(&parts("/", Some(("x-goog-api-key", ""))), None).is_err());
    }

    #[test]
    fn only_the_expected_key_is_let_in() {
        assert!(check(&parts("/?key=k", None), Some("k")).is_ok());
        assert!(check(&parts("/?key=other", None), Some("k")).is_err());
    }
}
