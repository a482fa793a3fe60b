//! The service and all it holds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::job::Job;
use super::jobs::Jobs;
use super::rows::Requests;
use super::stored::Files;
use super::uploads::Uploads;
use super::webhook::Webhooks;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::model::Model;
use crate::state::State;

/// What a builder may set about the service.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) api_key: Option<String>,
    pub(crate) job_duration: Duration,
    pub(crate) max_page_size: usize,
    pub(crate) chunk_granularity: u64,
}

/// The service and all it holds.
pub(crate) struct Gemini {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) model: Arc<dyn Model>,
    pub(crate) jobs: Jobs,
    pub(crate) files: Files,
    pub(super) uploads: Uploads,
    pub(crate) webhooks: Webhooks,
    pub(super) state: State,
    /// The jobs that an earlier process left unanswered.
    pub(super) unanswered: Mutex<Vec<(Arc<Job>, Requests)>>,
}

impl Gemini {
    pub(crate) fn new(
        settings: Settings,
        clock: Clock,
        faults: Faults,
        model: Arc<dyn Model>,
        webhooks: Webhooks,
        state: State,
    ) -> Self {
        Self {
            settings,
            clock,
            faults,
            model,
            jobs: Jobs::default(),
            files: Files::new(state.clone()),
            uploads: Uploads::default(),
            webhooks,
            state,
            unanswered: Mutex::default(),
        }
    }
}
