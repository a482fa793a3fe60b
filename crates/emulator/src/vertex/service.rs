//! The service and all it holds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::deletion::Deletions;
use super::input::{Input, Stores};
use super::job::Job;
use super::jobs::Jobs;
use crate::clock::Clock;
use crate::model::Model;
use crate::oauth::Oauth;
use crate::state::State;

/// The service in the words of its own errors.
pub(super) const SERVICE: &str = "aiplatform.googleapis.com";

/// What a builder may set about the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) job_duration: Duration,
    pub(crate) max_page_size: usize,
}

/// The service and all it holds.
pub(crate) struct Vertex {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) model: Arc<dyn Model>,
    pub(crate) oauth: Arc<Oauth>,
    pub(crate) stores: Stores,
    pub(crate) jobs: Jobs,
    pub(super) deletions: Deletions,
    pub(super) state: State,
    /// The jobs that an earlier process left unanswered.
    pub(super) unanswered: Mutex<Vec<(Arc<Job>, Input)>>,
}

impl Vertex {
    pub(crate) fn new(
        settings: Settings,
        clock: Clock,
        model: Arc<dyn Model>,
        oauth: Arc<Oauth>,
        stores: Stores,
        state: State,
    ) -> Self {
        Self {
            settings,
            clock,
            model,
            oauth,
            stores,
            jobs: Jobs::default(),
            deletions: Deletions::default(),
            state,
            unanswered: Mutex::default(),
        }
    }
}
