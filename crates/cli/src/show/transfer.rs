//! A bar on standard error for one thing that takes a while; none where that is no terminal.

use std::time::Duration;

use genai_batch::BatchJob;
use indicatif::{ProgressBar, ProgressStyle};

use super::json::state_word;
use crate::global::Global;

const OPEN: &str = "{prefix:>8} {spinner} {msg}";
const BYTES: &str = "{prefix:>8} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const COUNT: &str = "{prefix:>8} [{bar:30}] {pos}/{len} {msg}";

/// A bar. Clones are the same bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(what: &'static str, global: &Global) -> Self {
        // On standard error, and hidden where that is no terminal.
        let bar = match global.quiet {
            true => ProgressBar::hidden(),
            false => ProgressBar::no_length(),
        };
        bar.set_prefix(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        let bar = Self(bar);
        bar.style(OPEN);
        bar
    }

    /// Says what is going on before it is known how much there is.
    pub(crate) fn message(&self, message: String) {
        self.style(OPEN);
        self.0.set_message(message);
    }

    /// So many bytes of so many.
    pub(crate) fn bytes(&self, done: u64, total: Option<u64>) {
        self.count(BYTES, done, total);
    }

    /// So many of so many.
    pub(crate) fn things(&self, done: u64, total: Option<u64>) {
        self.count(COUNT, done, total);
    }

    /// How far a job is.
    pub(crate) fn job(&self, job: &BatchJob) {
        self.0.set_message(state_word(job.state()));
        if let Some(stats) = job.stats() {
            self.things(stats.succeeded.saturating_add(stats.failed), stats.total);
        }
    }

    fn count(&self, template: &str, done: u64, total: Option<u64>) {
        match total {
            Some(total) => {
                self.0.set_length(total);
                self.0.set_position(done);
                self.style(template);
            }
            None => self.style(OPEN),
        }
    }

    fn style(&self, template: &str) {
        // The templates are constants that are right, which a test tries.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [OPEN, BYTES, COUNT] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
