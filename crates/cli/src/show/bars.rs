//! Bars for what takes long, on standard error and on a terminal alone.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bars of a command, one below the other.
#[derive(Clone, Debug)]
pub(crate) struct Bars {
    bars: MultiProgress,
    are_shown: bool,
}

impl Bars {
    /// Bars, which are not shown if this is to be quiet or there is no terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let are_shown = !quiet && std::io::stderr().is_terminal();
        let target = match are_shown {
            true => ProgressDrawTarget::stderr_with_hz(10),
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
    pub(crate) fn bytes(&self, name: &'static str, total: Option<u64>) -> ProgressBar {
        self.bar(
            name,
            total,
            "{prefix:10} [{bar:12}] {binary_bytes} of {binary_total_bytes}, {eta} left  {wide_msg}",
            "{prefix:10} {spinner} {binary_bytes} {binary_bytes_per_sec}  {wide_msg}",
        )
    }

    /// A bar of things that are counted.
    pub(crate) fn count(&self, name: &'static str, total: Option<u64>) -> ProgressBar {
        self.bar(
            name,
            total,
            "{prefix:10} [{bar:12}] {human_pos} of {human_len}  {wide_msg}",
            "{prefix:10} {spinner} {human_pos}  {wide_msg}",
        )
    }

    fn bar(
        &self,
        name: &'static str,
        total: Option<u64>,
        with_total: &str,
        without: &str,
    ) -> ProgressBar {
        if !self.are_shown {
            return ProgressBar::hidden();
        }
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::no_length(),
        };
        let template = if total.is_some() { with_total } else { without };
        // The templates are those above.
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bars.add(
            bar.with_style(style.progress_chars("=> "))
                .with_prefix(name),
        );
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }

    /// Says something above the bars.
    pub(crate) fn say(&self, what: impl AsRef<str>) {
        match self.are_shown {
            true => self
                .bars
                .suspend(|| anstream::eprintln!("{}", what.as_ref())),
            false => anstream::eprintln!("{}", what.as_ref()),
        }
    }

    /// Takes the bars away.
    pub(crate) fn clear(&self) {
        // There is nothing to do about a terminal that is gone.
        let _ = self.bars.clear();
    }
}
