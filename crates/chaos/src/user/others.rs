//! Jobs beside the one that matters, made while nothing is wrong yet.

use genai_batch::{BatchJob, Request, Source};

use super::{Stop, TRIES, User};
use crate::fault::Step;
use crate::plan::Plan;

/// The model of the other jobs.
const MODEL: &str = "gemini-2.5-flash";

/// The display name of another job.
pub(super) fn name_beside(plan: &Plan, what: &str) -> String {
    plan.display_name().replacen("chaos", what, 1)
}

impl User<'_> {
    /// Makes the jobs that the round needs besides; the path of the one of a stranger comes back.
    pub(super) async fn make_others(&mut self) -> Result<String, Stop> {
        for _ in 0..self.plan.companions {
            let made = self.make_other("companion").await?;
            self.companions.push(made);
        }
        let mut path = String::new();
        if self.plan.has_stranger() {
            let stranger = self.make_other("stranger").await?;
            path = self.world.path_of(stranger.name());
        }
        if self.plan.cancels_another {
            // So that it does not end before it is cancelled.
            self.world.emulator.clock().pause();
            self.other = Some(self.make_other("other").await?);
        }
        Ok(path)
    }

    async fn make_other(&mut self, what: &str) -> Result<BatchJob, Stop> {
        let name = name_beside(self.plan, what);
        let source = match self.plan.express {
            // There is no staging with an API key.
            true => Source::cloud_storage([self.world.put_hello()]),
            false => vec![Request::text("Hello")].into(),
        };
        // What is cancelled and what is asked for by another is none of an API key's business.
        let batches = match what {
            "companion" => self.batches(),
            _ => self.batches_of_owner()?,
        };
        let created = batches.create(MODEL, source).display_name(name).await;
        created.map_err(|error| {
            self.stumble(Step::Create, &error);
            Stop::GaveUp(Step::Create)
        })
    }

    /// Cancels the other job, and lets time go on.
    pub(super) async fn finish_cancelling(&mut self) -> Result<(), Stop> {
        let Some(job) = self.other.take() else {
            return Ok(());
        };
        let batches = self.batches_of_owner()?;
        let mut cancelled = false;
        for _ in 0..TRIES {
            match batches.cancel(&job).await {
                Ok(()) => {
                    cancelled = true;
                    break;
                }
                // Done by a call before, whose response was lost.
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
        self.seen.jobs += self.world.jobs(&name_beside(self.plan, "other")).len();
        self.seen.jobs_asked += 1;
        Ok(())
    }

    fn state_of(&self, job: &BatchJob) -> String {
        let emulator = &self.world.emulator;
        let vertex = || emulator.vertex_job(job.name()).map(|job| job.state);
        let state = emulator.job(job.name()).map(|job| job.state);
        state.or_else(vertex).unwrap_or_default()
    }
}
