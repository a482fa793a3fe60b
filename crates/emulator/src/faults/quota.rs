//! The quota of batches: how many may be active at once, and how many tokens may wait in them.

use super::switches::Faults;
use crate::sync::lock;

/// What may be active at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    pub(crate) jobs: usize,
    pub(crate) tokens: u64,
}

impl Faults {
    /// Refuses creates of the Gemini Developer API with 429 that would have more than so many jobs, or
    /// tokens in them, active at once; a token is four bytes of requests.
    pub fn limit_active(&self, jobs: usize, tokens: u64) {
        lock(&self.inner).quota = Some(Quota { jobs, tokens });
    }

    pub(crate) fn quota(&self) -> Option<Quota> {
        lock(&self.inner).quota
    }
}
