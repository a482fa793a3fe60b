//! Who may call the services of Google Cloud: the one place where a caller's token is judged.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::oauth::{Oauth, TokenRefusal};

/// The rule by which callers are let in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// Whether a call has to come with a token.
    pub(crate) required: bool,
    /// What knows the tokens that are live; where there is none, any token will do.
    pub(crate) tokens: Option<Arc<Oauth>>,
}

/// Why a call is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It came without a token.
    Anonymous,
    /// Its token is not known, or no longer.
    InvalidToken,
}

impl Access {
    /// Judges the credentials of a call to a service that anonymous callers may use by default.
    pub(crate) fn authorize(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if let (true, Some(tokens)) = (self.required, &self.tokens) {
            return tokens.judge(headers).map_err(|refusal| match refusal {
                TokenRefusal::Missing => Refusal::Anonymous,
                TokenRefusal::Bad(_) => Refusal::InvalidToken,
            });
        }
        let Some(value) = headers.get(AUTHORIZATION) else {
            return if self.required {
                Err(Refusal::Anonymous)
            } else {
                Ok(())
            };
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("Bearer "));
        match token.map(str::trim) {
            Some(token) if !token.is_empty() || !self.required => Ok(()),
            _ => Err(Refusal::InvalidToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn judge(required: bool, value: Option<&'static str>) -> Result<(), Refusal> {
        let value = value.map(HeaderValue::from_static);
        let headers = value.map(|value| (AUTHORIZATION, value));
        let tokens = None;
        Access { required, tokens }.authorize(&headers.into_iter().collect())
    }

    #[test]
    fn tokens_are_asked_for_only_if_required() {
        assert_eq!(judge(false, None), Ok(()));
        assert_eq!(judge(true, None), Err(Refusal::Anonymous));
        assert_eq!(judge(true, Some("Bearer t")), Ok(()));
        assert_eq!(judge(true, Some("Bearer ")), Err(Refusal::InvalidToken));
        assert_eq!(judge(false, Some("Basic t")), Err(Refusal::InvalidToken));
    }
}
