//! Both generated clients, plugged into the [`Session`].
//!
//! The clients are generated with hooks mandatory, so a client without an entry here does
//! not compile.

use progenitor_client::{ClientHooks, Error, OperationInfo};
use reqwest::{Request, Response};

use super::Session;
use super::retry::Repeat;

macro_rules! through_session {
    ($client:ty) => {
        impl ClientHooks<Session> for $client {
            async fn pre<E>(
                &self,
                request: &mut Request,
                _: &OperationInfo,
            ) -> Result<(), Error<E>> {
                self.inner.prepare(request);
                Ok(())
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
    async fn exec(&self, mut request: Request, info: &OperationInfo) -> reqwest::Result<Response> {
        let repeat = Repeat::of(info.operation_id, request.method());
        // A download may take as long as it is large.
        if !info.operation_id.ends_with("_download") {
            *request.timeout_mut() = Some(self.shared.settings.timeout);
        }
        if let Some(exchange) = &self.exchange {
            return Ok(exchange.run(self, request, repeat).await);
        }
        let answer = self.attempt(request, repeat).await;
        answer
            .map(|answer| answer.response)
            .map_err(|(error, _)| error)
    }
}
