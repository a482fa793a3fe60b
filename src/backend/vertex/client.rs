//! The client of Vertex AI: the generated one, and where it points.

use super::name::{ProjectLocation, host};
use crate::http::Session;
use crate::raw::vertex::Client;
#[cfg(feature = "gcs")]
use crate::storage::gcs::CloudStorage;
use crate::uri::GcsUri;

/// Where the services are that a client talks to.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// The scheme, host and path before the API version, with no `/` at its end.
    pub(crate) base_url: String,
    /// Whether the caller chose it, so that it serves other locations too.
    pub(crate) base_url_is_given: bool,
    pub(crate) api_version: String,
    #[cfg_attr(not(feature = "gcs"), allow(dead_code))]
    pub(crate) storage: Option<String>,
    #[cfg_attr(not(feature = "bigquery"), allow(dead_code))]
    pub(crate) bigquery: Option<String>,
}

/// A client of Vertex AI.
#[derive(Debug, Clone)]
pub(crate) struct Vertex {
    pub(super) session: Session,
    pub(super) addresses: Addresses,
    /// `None` is the express mode.
    pub(super) place: Option<ProjectLocation>,
    raw: Client,
    #[cfg_attr(not(feature = "gcs"), expect(dead_code))]
    pub(super) staging: Option<GcsUri>,
    #[cfg(feature = "gcs")]
    pub(super) storage: CloudStorage,
}

impl Vertex {
    pub(crate) fn new(
        session: Session,
        addresses: Addresses,
        place: Option<ProjectLocation>,
        staging: Option<GcsUri>,
    ) -> Self {
        let raw = Client::new_with_client(
            &format!("{}/{}", addresses.base_url, addresses.api_version),
            session.http_client(),
            session.clone(),
        );
        Self {
            #[cfg(feature = "gcs")]
            storage: CloudStorage::new(session.clone(), addresses.storage.clone()),
            session,
            addresses,
            place,
            raw,
            staging,
        }
    }

    pub(crate) fn place(&self) -> Option<&ProjectLocation> {
        self.place.as_ref()
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.addresses.base_url
    }

    pub(crate) fn api_version(&self) -> &str {
        &self.addresses.api_version
    }

    #[cfg(feature = "gcs")]
    pub(crate) fn storage(&self) -> &CloudStorage {
        &self.storage
    }

    pub(crate) fn raw(&self) -> &Client {
        &self.raw
    }

    /// The generated client for calls about something at `place`.
    pub(super) fn raw_at(&self, place: Option<&ProjectLocation>) -> Client {
        let mut raw = self.raw.clone();
        if !self.addresses.base_url_is_given {
            let host = host(place.map(|place| &*place.location));
            raw.baseurl = format!("{host}/{}", self.addresses.api_version);
        }
        raw
    }
}
