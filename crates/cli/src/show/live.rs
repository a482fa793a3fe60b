//! Jobs as they go on: a table on a terminal that keeps up with them, or a line for each change.

use std::collections::HashMap;

use genai_batch::BatchJob;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::cell::{Cell, Record};
use super::json::{self, state_word};
use super::{Out, terminal, time};
use crate::exit::Result;
use crate::global::Global;

/// A line of the table. Names are as long as they are; a terminal that is too narrow loses the end.
const LINE: &str = "{prefix} {bar:20} {human_pos}/{human_len} {msg}";
/// The same before it is known how many requests there are.
const LINE_WITHOUT_BAR: &str = "{prefix} {msg}";

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

fn redraw(line: &ProgressBar, job: &BatchJob) {
    let state = state_word(job.state());
    let since = Cell::in_short(&time::cell(job.create_time())).into_owned();
    line.set_message(format!("{state}, created {since}"));
    let stats = job.stats();
    let total = stats.and_then(|stats| stats.total);
    let template = match (stats, total) {
        (Some(stats), Some(total)) => {
            line.set_length(total);
            line.set_position(stats.succeeded.saturating_add(stats.failed));
            LINE
        }
        _ => LINE_WITHOUT_BAR,
    };
    // The templates are constants that are right, which a test tries.
    if let Ok(style) = ProgressStyle::with_template(template) {
        line.set_style(style);
    }
    line.tick();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [LINE, LINE_WITHOUT_BAR] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
