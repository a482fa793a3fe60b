//! What the parts of a run share.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};

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
    /// Who of those that read jobs at once may have a long line in memory.
    pub(super) long_lines: Arc<Semaphore>,
    /// Held while the run is driven.
    pub(super) driving: Arc<Mutex<()>>,
}
