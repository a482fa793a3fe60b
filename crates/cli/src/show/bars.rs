//! Bars for what takes long, on standard error and on a terminal alone.

use std::time::Duration;

use genai_batch::BatchJob;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::json::state_word;
use super::{stderr, terminal};

/// Before it is known how much there is, and nothing has come.
const OPEN: &str = "{prefix:10} {spinner} {wide_msg}";
const BYTES: [&str; 2] = [
    "{prefix:10} [{bar:12}] {binary_bytes} of {binary_total_bytes}, {eta} left  {wide_msg}",
    "{prefix:10} {spinner} {binary_bytes} {binary_bytes_per_sec}  {wide_msg}",
];
const THINGS: [&str; 2] = [
    "{prefix:10} [{bar:12}] {human_pos} of {human_len}  {wide_msg}",
    "{prefix:10} {spinner} {human_pos}  {wide_msg}",
];

/// The bars of a command, one below the other.
#[derive(Clone, Debug)]
pub(crate) struct Bars {
    bars: MultiProgress,
    are_shown: bool,
}

impl Bars {
    /// Bars, which are not shown if this is to be quiet or there is no terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let are_shown = !quiet && terminal::is_there();
        let target = match are_shown {
            true => terminal::target(),
            false => ProgressDrawTarget::hidden(),
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            are_shown,
        }
    }

    /// Whether bars are shown.
    pub(crate) fn are_shown(&self) -> bool {
        self.are_shown
    }

    /// A bar of bytes, or a mere count of them where the total is not known.
    pub(crate) fn bytes(&self, name: &'static str, total: Option<u64>) -> Bar {
        self.bar(name, total, &BYTES)
    }

    /// A bar of things that are counted.
    pub(crate) fn things(&self, name: &'static str, total: Option<u64>) -> Bar {
        self.bar(name, total, &THINGS)
    }

    fn bar(
        &self,
        name: &'static str,
        total: Option<u64>,
        templates: &'static [&'static str; 2],
    ) -> Bar {
        if !self.are_shown {
            return Bar {
                bar: ProgressBar::hidden(),
                templates,
            };
        }
        // One that is given up, as at Ctrl-C, leaves nothing.
        let bar = ProgressBar::no_length()
            .with_prefix(name)
            .with_finish(ProgressFinish::AndClear);
        let bar = Bar {
            bar: self.bars.add(bar),
            templates,
        };
        bar.style(OPEN);
        if total.is_some() {
            bar.at(0, total);
        }
        bar.bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }

    /// Says something above the bars.
    pub(crate) fn say(&self, what: impl AsRef<str>) {
        match self.are_shown {
            true => self.bars.suspend(|| stderr::tell(what.as_ref())),
            false => stderr::tell(what.as_ref()),
        }
    }

    /// Takes the bars away.
    pub(crate) fn clear(&self) {
        // There is nothing to do about a terminal that is gone.
        let _ = self.bars.clear();
    }
}

/// A bar. Clones are the same bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    /// Where the total is known, and where it is not.
    templates: &'static [&'static str; 2],
}

impl Bar {
    /// So much of so much.
    pub(crate) fn at(&self, done: u64, total: Option<u64>) {
        let had = (self.bar.length(), self.bar.position() > 0);
        self.bar.set_position(done);
        if had == (total, done > 0) {
            return;
        }
        match total {
            Some(total) => {
                self.bar.set_length(total);
                self.style(self.templates[0]);
            }
            None if done > 0 => self.style(self.templates[1]),
            None => self.style(OPEN),
        }
    }

    /// So much of what there is.
    pub(crate) fn to(&self, done: u64) {
        self.at(done, self.bar.length());
    }

    /// So much more of it.
    pub(crate) fn add(&self, more: u64) {
        self.to(self.bar.position().saturating_add(more));
    }

    /// Says what is going on.
    pub(crate) fn message(&self, message: impl Into<String>) {
        self.bar.set_message(message.into());
    }

    /// How far a job is.
    pub(crate) fn job(&self, job: &BatchJob) {
        self.message(state_word(job.state()));
        if let Some(stats) = job.stats() {
            self.at(stats.succeeded.saturating_add(stats.failed), stats.total);
        }
    }

    fn style(&self, template: &str) {
        // The templates are constants that are right, which a test tries.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [OPEN].iter().chain(&BYTES).chain(&THINGS) {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
