//! The service and all it holds.

use std::sync::Arc;
use std::time::Duration;

use super::deletion::Deletions;
use super::input::Stores;
use super::jobs::Jobs;
use crate::clock::Clock;
use crate::model::Model;
use crate::oauth::Oauth;

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
}

impl Vertex {
    pub(crate) fn new(
        settings: Settings,
        clock: Clock,
        model: Arc<dyn Model>,
        oauth: Arc<Oauth>,
        stores: Stores,
    ) -> Self {
        Self {
            settings,
            clock,
            model,
            oauth,
            stores,
            jobs: Jobs::default(),
            deletions: Deletions::default(),
        }
    }
}
