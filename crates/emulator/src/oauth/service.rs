//! The endpoints and all they hold.

use std::time::Duration;

use super::keys::LazyKey;
use super::tokens::Tokens;
use crate::clock::Clock;
use crate::faults::Faults;

/// What a builder may set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) api_key: Option<String>,
    /// Whether calls of Google Cloud have to come with a live token.
    pub(crate) required: bool,
    pub(crate) token_lifetime: Duration,
}

/// The endpoints and all they hold.
#[derive(Debug)]
pub(crate) struct Oauth {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(super) faults: Faults,
    pub(crate) tokens: Tokens,
    pub(super) key: LazyKey,
}

impl Oauth {
    pub(crate) fn new(settings: Settings, clock: Clock, faults: Faults) -> Self {
        Self {
            settings,
            clock,
            faults,
            tokens: Tokens::default(),
            key: LazyKey::default(),
        }
    }

    pub(super) fn lifetime_seconds(&self) -> u64 {
        self.settings.token_lifetime.as_secs()
    }
}
