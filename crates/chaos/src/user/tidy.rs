//! What a user does in the end: deletes the job.

use super::{Stop, TRIES, User};
use crate::fault::Step;

impl User<'_> {
    /// Deletes the job; that it is gone already is as good.
    pub(super) async fn delete(&mut self, job: &str) -> Result<(), Stop> {
        self.before(Step::Delete);
        let batches = self.batches_of_owner()?;
        for _ in 0..TRIES {
            match batches.delete(job).await {
                Err(error) if !error.is_not_found() => self.stumble(Step::Delete, &error),
                _ => {
                    let left = self.world.jobs(&self.plan.display_name()).len();
                    if left > 0 {
                        let there = format!("{left} jobs are there after the delete");
                        self.seen.oddities.push(there);
                    }
                    return Ok(());
                }
            }
        }
        Err(Stop::GaveUp(Step::Delete))
    }
}
