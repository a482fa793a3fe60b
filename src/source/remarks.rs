//! What a create tells of requests that it takes all the same: warnings in the log.

use crate::request::finding::Finding;

/// How many remarks of one create are logged; the rest is counted.
const LOGGED: u64 = 10;

/// Remarks of one create on their way to the log.
#[derive(Debug, Default)]
pub(super) struct Remarks(u64);

impl Remarks {
    /// Logs what is odd about a line, unless there was enough of it.
    pub(super) fn log(&mut self, remarks: &[Finding], place: impl Fn() -> String) {
        for remark in remarks {
            if self.0 < LOGGED {
                let path = remark.path.as_deref().unwrap_or_default();
                tracing::warn!(place = place(), path, "{}", remark.reason());
            }
            self.0 += 1;
        }
    }

    /// Says how many more there were.
    pub(super) fn finish(self) {
        if let Some(more) = self.0.checked_sub(LOGGED).filter(|more| *more > 0) {
            tracing::warn!(more, "more such lines; `Source::preflight` lists them");
        }
    }
}
