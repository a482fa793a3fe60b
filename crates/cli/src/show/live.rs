//! Jobs as they go on: a table on a terminal that keeps up with them, or a line for each change.

use std::collections::HashMap;
use std::fmt;

use console::measure_text_width;
use genai_batch::BatchJob;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::cell::{Cell, Record};
use super::counted::grouped;
use super::json::{self, state_word};
use super::wrap::width_of_stderr;
use super::{Out, line, terminal, time};
use crate::exit::Result;
use crate::global::Global;

/// A line of the table, with the name in full.
const LINE: &str = "{prefix} {line}";

/// Shows jobs as they go on.
pub(crate) struct Live {
    out: Out,
    /// The lines of the table, by the names of the jobs; empty where there is no terminal.
    lines: HashMap<String, ProgressBar>,
    /// What was last said of each job, elsewhere.
    said: HashMap<String, Vec<String>>,
}

impl Live {
    pub(crate) fn new(out: Out, global: &Global, jobs: &[BatchJob]) -> Self {
        let mut lines = HashMap::new();
        if out.is_for_people() && !global.quiet {
            let table = MultiProgress::with_draw_target(terminal::target());
            for job in jobs {
                let line = table.add(ProgressBar::no_length());
                line.set_prefix(job.name().to_owned());
                lines.insert(job.name().to_owned(), line);
            }
        }
        Self {
            out,
            lines,
            said: HashMap::new(),
        }
    }

    /// Shows what a job is now.
    pub(crate) fn see(&mut self, job: &BatchJob) -> Result<()> {
        match self.lines.get(job.name()) {
            Some(line) => {
                redraw(line, job);
                Ok(())
            }
            None if self.is_by_line() => self.say(job),
            None => Ok(()),
        }
    }

    /// Writes a line if the job has changed.
    fn say(&mut self, job: &BatchJob) -> Result<()> {
        let shown = json::Job::from(job);
        let now: Vec<String> = shown.cells().into_iter().map(|cell| cell.full).collect();
        if self.said.get(job.name()) == Some(&now) {
            return Ok(());
        }
        self.said.insert(job.name().to_owned(), now);
        self.out.line(&shown)
    }

    /// Shows what became of all of them.
    pub(crate) fn end(&mut self, jobs: &[BatchJob]) -> Result<()> {
        for (_, line) in self.lines.drain() {
            line.finish_and_clear();
        }
        if self.is_by_line() {
            return jobs.iter().try_for_each(|job| self.say(job));
        }
        let jobs: Vec<_> = jobs.iter().map(json::Job::from).collect();
        self.out.records(&jobs)
    }

    fn is_by_line(&self) -> bool {
        self.out.is_by_line()
    }
}

fn redraw(shown: &ProgressBar, job: &BatchJob) {
    let state = state_word(job.state());
    let since = Cell::in_short(&time::cell(job.create_time())).into_owned();
    let told = vec![state.to_owned(), format!("created {since}")];
    let mut position = String::new();
    let stats = job.stats();
    let total = stats.and_then(|stats| stats.total);
    let fraction = stats.zip(total).map(|(stats, total)| {
        let done = stats.succeeded.saturating_add(stats.failed);
        position = format!("{}/{}", grouped(done), grouped(total));
        done as f32 / total.max(1) as f32
    });
    let before = measure_text_width(job.name()) + 1;
    let rest = move |_: &ProgressState, to: &mut dyn fmt::Write| {
        let width = width_of_stderr().saturating_sub(before);
        // It is written into memory.
        let _ = to.write_str(&line::fit(width, fraction, &position, &told));
    };
    // The template is a constant that is right, which a test tries.
    if let Ok(style) = ProgressStyle::with_template(LINE) {
        shown.set_style(style.with_key("line", rest));
    }
    shown.tick();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_right() {
        assert!(ProgressStyle::with_template(LINE).is_ok());
    }
}
