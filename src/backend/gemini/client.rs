//! The client of the Gemini Developer API: the generated one, and where it points.

use crate::http::Session;
use crate::raw::gemini::Client;

/// A client of the Gemini Developer API.
#[derive(Debug, Clone)]
pub(crate) struct Gemini {
    session: Session,
    base_url: String,
    api_version: String,
    raw: Client,
}

impl Gemini {
    /// `base_url` is the scheme, host and path before the API version, with no `/` at its end.
    pub(crate) fn new(session: Session, base_url: String, api_version: String) -> Self {
        let raw = Client::new_with_client(
            &format!("{base_url}/{api_version}"),
            session.http_client(),
            session.clone(),
        );
        Self {
            session,
            base_url,
            api_version,
            raw,
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn api_version(&self) -> &str {
        &self.api_version
    }

    pub(crate) fn raw(&self) -> &Client {
        &self.raw
    }
}
