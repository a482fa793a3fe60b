//! Which call a method and path stand for.

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::operation::Operation;

#[derive(Debug, PartialEq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) call: Call,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Call {
    Token,
    /// With the email of the account to act as.
    GenerateAccessToken(String),
    SubjectToken,
    Metadata,
}

impl Route {
    /// The call, or `None` where there is none under this path.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        let (operation, call) = match (head.method.as_str(), head.uri.path()) {
            ("POST", "/token" | "/v1/token") => (Operation::ExchangeToken, Call::Token),
            ("GET", "/subject-token") => (Operation::GetSubjectToken, Call::SubjectToken),
            // Cloud Storage has this path as well; the header tells the two apart.
            ("GET", "/") if head.headers.contains_key("metadata-flavor") => {
                (Operation::GetMetadata, Call::Metadata)
            }
            ("POST", path) => {
                let email = path
                    .strip_prefix("/v1/projects/-/serviceAccounts/")?
                    .strip_suffix(":generateAccessToken")?;
                let email = percent_decode_str(email).decode_utf8_lossy().into_owned();
                let call = Call::GenerateAccessToken(email);
                (Operation::GenerateAccessToken, call)
            }
            ("GET", path) => {
                let operation = match path.strip_prefix("/computeMetadata/v1")? {
                    path if !path.is_empty() && !path.starts_with('/') => return None,
                    path if path.ends_with("/token") => Operation::GetMetadataToken,
                    _ => Operation::GetMetadata,
                };
                (operation, Call::Metadata)
            }
            _ => return None,
        };
        Some(Self { operation, call })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn route(method: &str, path: &str) -> Option<Route> {
        let head = Request::builder().method(method).uri(path);
        let head = head.header("metadata-flavor", "Google").body(()).unwrap();
        Route::of(&head.into_parts().0)
    }

    #[test]
    fn calls_are_told_apart() {
        let call = |method, path| route(method, path).map(|route| route.call);
        assert_eq!(call("POST", "/token"), Some(Call::Token));
        assert_eq!(call("POST", "/v1/token"), Some(Call::Token));
        assert_eq!(call("GET", "/token"), None);
        assert_eq!(
            call(
                "POST",
                "/v1/projects/-/serviceAccounts/a%40b:generateAccessToken"
            ),
            Some(Call::GenerateAccessToken("a@b".to_owned()))
        );
        let token = "/computeMetadata/v1/instance/service-accounts/default/token";
        assert_eq!(
            route("GET", token).map(|route| route.operation),
            Some(Operation::GetMetadataToken)
        );
        assert_eq!(call("GET", "/"), Some(Call::Metadata));
        assert_eq!(call("GET", "/computeMetadata/v1"), Some(Call::Metadata));
        assert_eq!(call("GET", "/computeMetadata"), None);
        assert_eq!(call("GET", "/computeMetadata/v1beta1/instance"), None);
    }
}
