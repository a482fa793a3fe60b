//! Bars for what takes long, on standard error and on a terminal alone.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use genai_batch::BatchJob;
use indicatif::{
    BinaryBytes, HumanCount, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget,
    ProgressFinish, ProgressState, ProgressStyle,
};

use super::json::state_word;
use super::wrap::width_of_stderr;
use super::{line, stderr, terminal};

/// Where the total is known, and where it is not.
const KNOWN: &str = "{prefix:10} {line}";
const OPEN: &str = "{prefix:10} {spinner} {line}";
/// As much as stands before the line.
const BEFORE: usize = "embeddings - ".len();

/// What is counted.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Bytes,
    Things,
}

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
        self.bar(name, total, Unit::Bytes)
    }

    /// A bar of things that are counted.
    pub(crate) fn things(&self, name: &'static str, total: Option<u64>) -> Bar {
        self.bar(name, total, Unit::Things)
    }

    fn bar(&self, name: &'static str, total: Option<u64>, unit: Unit) -> Bar {
        let bar = Bar {
            bar: match self.are_shown {
                // One that is given up, as at Ctrl-C, leaves nothing.
                true => ProgressBar::no_length()
                    .with_prefix(name)
                    .with_finish(ProgressFinish::AndClear),
                false => ProgressBar::hidden(),
            },
            unit,
            parts: Arc::default(),
        };
        if !self.are_shown {
            return bar;
        }
        let bar = Bar {
            bar: self.bars.add(bar.bar),
            ..bar
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
        let what = what.as_ref();
        match self.are_shown {
            true => self.bars.suspend(|| stderr::tell(what)),
            false => stderr::tell(what),
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
    unit: Unit,
    /// What is said beside, what matters most first.
    parts: Arc<Mutex<Vec<String>>>,
}

impl Bar {
    /// So much of so much.
    pub(crate) fn at(&self, done: u64, total: Option<u64>) {
        let had = self.bar.length();
        self.bar.set_position(done);
        if had == total {
            return;
        }
        match total {
            Some(total) => {
                self.style(KNOWN);
                self.bar.set_length(total);
            }
            None => {
                self.bar.unset_length();
                self.style(OPEN);
            }
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
        self.parts(vec![message.into()]);
    }

    /// Says it in parts, what matters most first: what has no room is left out from the end.
    pub(crate) fn parts(&self, parts: Vec<String>) {
        *self.parts.lock().unwrap_or_else(PoisonError::into_inner) = parts;
    }

    /// How far a job is.
    pub(crate) fn job(&self, job: &BatchJob) {
        self.message(state_word(job.state()));
        if let Some(stats) = job.stats() {
            self.at(stats.succeeded.saturating_add(stats.failed), stats.total);
        }
    }

    fn style(&self, template: &str) {
        let (unit, parts) = (self.unit, Arc::clone(&self.parts));
        let line = move |state: &ProgressState, to: &mut dyn fmt::Write| {
            let parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
            let width = width_of_stderr().saturating_sub(BEFORE);
            // It is written into memory.
            let _ = to.write_str(&unit.line(width, state, &parts));
        };
        // The templates are constants that are right, which a test tries.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.with_key("line", line));
        }
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Unit {
    /// How far a bar is, with what is said beside.
    fn line(self, width: usize, state: &ProgressState, parts: &[String]) -> String {
        let (done, total) = (state.pos(), state.len());
        let amount = |amount| match self {
            Self::Bytes => BinaryBytes(amount).to_string(),
            Self::Things => HumanCount(amount).to_string(),
        };
        let mut position = match (done, total) {
            (done, Some(total)) => format!("{} of {}", amount(done), amount(total)),
            (0, None) => String::new(),
            (done, None) => amount(done),
        };
        let mut told = Vec::new();
        match (self, total) {
            (Self::Bytes, Some(_)) if done > 0 => {
                told.push(format!("{:#} left", HumanDuration(state.eta())))
            }
            (Self::Bytes, None) if done > 0 => {
                let _ = write!(position, " {}/s", BinaryBytes(state.per_sec() as u64));
            }
            _ => {}
        }
        told.extend(parts.iter().filter(|part| !part.is_empty()).cloned());
        line::fit(width, total.map(|_| state.fraction()), &position, &told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [KNOWN, OPEN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
