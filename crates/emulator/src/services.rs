//! The services of an emulator, and what they share.

use std::sync::Arc;

use crate::access::Access;
use crate::bigquery::{BigQuery, Tables};
use crate::faults::Faults;
use crate::gemini::Gemini;
use crate::log::Log;
use crate::oauth::Oauth;
use crate::storage::{Buckets, Storage};
use crate::vertex::Vertex;

/// What a connection needs to answer calls.
pub(crate) struct Services {
    pub(crate) access: Access,
    pub(crate) gemini: Arc<Gemini>,
    pub(crate) vertex: Arc<Vertex>,
    pub(crate) oauth: Arc<Oauth>,
    pub(crate) buckets: Buckets,
    pub(crate) storage: Storage,
    pub(crate) tables: Tables,
    pub(crate) bigquery: BigQuery,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    /// Held once by each connection that is open.
    pub(crate) connections: Arc<()>,
}

impl Services {
    pub(crate) fn open_connections(&self) -> usize {
        Arc::strong_count(&self.connections) - 1
    }
}
