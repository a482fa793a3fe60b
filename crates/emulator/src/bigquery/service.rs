//! The service and all it holds.

use super::job::Jobs;
use super::store::Tables;
use crate::clock::Clock;
use crate::faults::Faults;

/// What a builder may set about the service.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) max_page_size: usize,
    pub(crate) query_page_size: usize,
}

/// The service and all it holds.
pub(crate) struct BigQuery {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
    pub(super) tables: Tables,
    pub(super) jobs: Jobs,
}

impl BigQuery {
    pub(crate) fn new(settings: Settings, clock: Clock, faults: Faults, tables: Tables) -> Self {
        Self {
            settings,
            clock,
            faults,
            tables,
            jobs: Jobs::default(),
        }
    }
}
