//! The services of an emulator, and what they share.

use std::io;
use std::sync::Arc;

use crate::access::Access;
use crate::bigquery::{BigQuery, Tables};
use crate::faults::Faults;
use crate::gemini::Gemini;
use crate::log::Log;
use crate::oauth::Oauth;
use crate::state::{Loading, State};
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
    pub(crate) state: State,
    /// Held once by each connection that is open.
    pub(crate) connections: Arc<()>,
}

impl Services {
    /// Takes in what an earlier process left.
    pub(crate) fn restore(&self, mut loading: Loading) -> io::Result<()> {
        self.buckets.restore(&mut loading)?;
        self.tables.restore(&mut loading)?;
        self.storage.restore(&mut loading)?;
        self.gemini.restore(&mut loading)?;
        self.vertex.restore(&mut loading)?;
        loading.sweep()
    }

    /// Goes on with what was under way. Called on the runtime of the server.
    pub(crate) fn go_on(&self) {
        self.state.serve();
        self.gemini.go_on();
        self.vertex.go_on();
    }

    pub(crate) fn open_connections(&self) -> usize {
        Arc::strong_count(&self.connections) - 1
    }
}
