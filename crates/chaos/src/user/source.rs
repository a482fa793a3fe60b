//! A file of requests that changes while a create reads it.

use std::io::{self, Write as _};

use genai_batch::BatchJob;
use genai_batch::batches::Create;

use super::{Stop, User};
use crate::abandon::after_polls;
use crate::fault::{Change, Fault};
use crate::observed::CutShort;
use crate::world::lines;

/// What stands in the requests that are written over the old ones.
const OTHER: &str = "+ 2000?";
const OWN: &str = "+ 1000?";

impl User<'_> {
    /// Creates the job, and changes the file once where that is to be.
    pub(super) async fn create_while_source_changes(
        &mut self,
        create: Create,
    ) -> Result<genai_batch::Result<BatchJob>, Stop> {
        let change = self.plan.faults.iter().find_map(|fault| match fault {
            Fault::SourceChanged(change, polls) => Some((*change, *polls)),
            _ => None,
        });
        let Some((change, polls)) = change.filter(|_| !self.deeds.changed) else {
            return Ok(create.await);
        };
        let mut changed = None;
        let act = || changed = Some(self.change_source(change));
        let created = after_polls(create.into_future(), polls, act).await;
        if let Some(changed) = changed {
            changed?;
            self.deeds.changed = true;
        }
        Ok(created)
    }

    fn change_source(&self, change: Change) -> io::Result<()> {
        let path = self.world.input();
        let file = std::fs::File::options().write(true).open(&path)?;
        let modified = file.metadata()?.modified()?;
        match change {
            Change::Truncated => file.set_len(self.half().len() as u64)?,
            Change::Rewritten => {
                (&file).write_all(lines(self.plan).replace(OWN, OTHER).as_bytes())?;
                file.set_modified(modified)?;
            }
        }
        Ok(())
    }

    /// The first half of the lines.
    fn half(&self) -> String {
        let all = lines(self.plan);
        let half = all.lines().count() / 2;
        all.split_inclusive('\n').take(half).collect()
    }

    /// Puts the file back as it was, if it was changed.
    pub(super) fn restore_source(&self) -> Result<(), Stop> {
        if self.deeds.changed {
            std::fs::write(self.world.input(), lines(self.plan))?;
        }
        Ok(())
    }

    /// After a create during which the file changed: the job is of the one content or of the other.
    pub(super) fn of_one_source(&mut self, job: BatchJob) -> Result<BatchJob, Stop> {
        if !self.deeds.changed {
            return Ok(job);
        }
        let Some((_, Some(input))) = self.world.input_of(job.name()) else {
            return Ok(job);
        };
        let count = |text: &str, what: &str| text.matches(what).count();
        let old = lines(self.plan);
        let (all, half) = (old.lines().count(), self.half().lines().count());
        let (own, other) = (count(&old, OWN), count(&input, OTHER));
        let lines = input.lines().count();
        if lines == all && count(&input, OWN) == own {
            return Ok(job);
        }
        let is_other = (lines == all && other == own) || (lines == half && other == 0);
        if !is_other {
            let mixed = format!("a job of mixed lines: {lines} of {all}, {other} of them new");
            self.seen.oddities.push(mixed);
        }
        Err(Stop::CutShort(CutShort::OtherSource))
    }
}
