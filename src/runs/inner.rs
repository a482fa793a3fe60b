//! What the parts of a run share.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::intake::Intake;
use super::store::Store;
use crate::backend::AnyBackend;
use crate::options::{CreateOptions, Task};

/// What the parts of a run share.
pub(super) struct Inner {
    pub(super) service: AnyBackend,
    pub(super) store: Store,
    pub(super) model: String,
    pub(super) task: Task,
    pub(super) options: CreateOptions,
    pub(super) intake: Option<Intake>,
    /// Whether the service holds its requests.
    pub(super) is_of_parts: bool,
    /// Held by who takes the rows of a job into the file: mixed, they take a fifth more
    /// time, and one long line is in memory at a time.
    pub(super) rows: Mutex<()>,
    /// Held while the run is driven.
    pub(super) driving: Arc<Mutex<()>>,
}
