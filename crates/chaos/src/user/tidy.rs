//! What a user does beside the job itself: cancels another one, and deletes it in the end.

use genai_batch::BatchJob;
use genai_batch::Request;

use super::create::{MODEL, other_name};
use super::{Stop, TRIES, User};
use crate::fault::Step;

impl User<'_> {
    /// Makes another job, while nothing is wrong yet and time stands still.
    pub(super) async fn cancel_another(&mut self) -> Result<(), Stop> {
        self.world.emulator.clock().pause();
        let create = self.batches().create(MODEL, vec![Request::text("Hello")]);
        let created = create.display_name(other_name(self.plan)).await;
        match created {
            Ok(job) => {
                self.other = Some(job);
                Ok(())
            }
            Err(error) => {
                self.stumble(Step::Create, &error);
                Err(Stop::GaveUp(Step::Create))
            }
        }
    }

    /// Cancels it, and lets time go on.
    pub(super) async fn finish_cancelling(&mut self) -> Result<(), Stop> {
        let Some(job) = self.other.take() else {
            return Ok(());
        };
        let mut cancelled = false;
        for _ in 0..TRIES {
            match self.batches().cancel(&job).await {
                Ok(()) => {
                    cancelled = true;
                    break;
                }
                // Done by a call before, whose answer was lost.
                Err(error) if error.status_name() == Some("FAILED_PRECONDITION") => {
                    cancelled = true;
                    break;
                }
                Err(error) => self.stumble(Step::Cancel, &error),
            }
        }
        self.world.emulator.clock().resume();
        if !cancelled {
            return Err(Stop::GaveUp(Step::Cancel));
        }
        let state = self.state_of(&job);
        if !state.contains("CANCEL") {
            let left = format!("a job that was cancelled is {state:?}");
            self.seen.oddities.push(left);
        }
        self.seen.jobs += self.world.jobs(&other_name(self.plan));
        self.seen.jobs_asked += 1;
        Ok(())
    }

    fn state_of(&self, job: &BatchJob) -> String {
        let emulator = &self.world.emulator;
        let vertex = || emulator.vertex_job(job.name()).map(|job| job.state);
        let state = emulator.job(job.name()).map(|job| job.state);
        state.or_else(vertex).unwrap_or_default()
    }

    /// Deletes the job; that it is gone already is as good.
    pub(super) async fn delete(&mut self, job: &BatchJob) -> Result<(), Stop> {
        self.revoke_before(Step::Delete);
        for _ in 0..TRIES {
            match self.batches().delete(job).await {
                Err(error) if !error.is_not_found() => self.stumble(Step::Delete, &error),
                _ => {
                    let left = self.world.jobs(&self.plan.display_name());
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
