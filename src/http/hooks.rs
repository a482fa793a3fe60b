//! Both generated clients, plugged into the [`Session`].
//!
//! The clients are generated with hooks mandatory, so a client without an entry here does
//! not compile.

use progenitor_client::{ClientHooks, Error, OperationInfo};
use reqwest::{Request, Response};

use super::Session;
use super::retry::Repeat;
use super::send::{Credential, Extent};

macro_rules! through_session {
    ($client:ty) => {
        impl ClientHooks<Session> for $client {
            async fn pre<E>(
                &self,
                request: &mut Request,
                _: &OperationInfo,
            ) -> Result<(), Error<E>> {
                self.inner.prepare_for_hooks(request).await
            }

            async fn exec(
                &self,
                request: Request,
                info: &OperationInfo,
            ) -> reqwest::Result<Response> {
                self.inner.exec(request, info).await
            }
        }
    };
}

through_session!(crate::raw::gemini::Client);
#[cfg(feature = "vertex")]
through_session!(crate::raw::vertex::Client);

impl Session {
    /// A credential that cannot be had must fail here: `exec` has no error to say so.
    async fn prepare_for_hooks<E>(&self, request: &mut Request) -> Result<(), Error<E>> {
        self.prepare(request);
        let checked = self.check_address(request.url());
        checked.map_err(|error| Error::Custom(error.to_string()))?;
        if self.exchange.is_none() {
            let applied = self.shared.auth.apply(request.headers_mut()).await;
            applied.map_err(|error| Error::Custom(error.to_string()))?;
        }
        Ok(())
    }

    async fn exec(&self, mut request: Request, info: &OperationInfo) -> reqwest::Result<Response> {
        let repeat = Repeat::of(info.operation_id, request.method());
        // A download may take as long as it is large.
        let extent = match info.operation_id.ends_with("_download") {
            true => Extent::Headers,
            false => Extent::Whole,
        };
        if extent == Extent::Whole {
            *request.timeout_mut() = Some(self.shared.settings.timeout);
        }
        if let Some(exchange) = &self.exchange {
            return Ok(exchange.run(self, request, repeat, extent).await);
        }
        let sent = self.attempt(request, repeat, Credential::Required, extent);
        match sent.await {
            Ok(answer) => Ok(answer.response),
            Err((error, _)) => Err(error),
        }
    }
}

/// The error that a text of [`Session::prepare_for_hooks`] stands for.
pub(crate) fn credential_error(reason: String) -> crate::Error {
    #[cfg(feature = "vertex")]
    if reason == super::google::NO_TOKEN_NOW {
        return crate::Error::new(crate::error::Kind::Transport, reason);
    }
    crate::Error::configuration(reason)
}

#[cfg(all(test, feature = "vertex"))]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_may_come_later_is_worth_another_try() {
        let error = credential_error(crate::http::google::NO_TOKEN_NOW.to_owned());
        assert!(error.is_retryable() && !error.is_configuration(), "{error}");
        let error = credential_error("the credentials are no JSON".to_owned());
        assert!(!error.is_retryable() && error.is_configuration(), "{error}");
    }
}
