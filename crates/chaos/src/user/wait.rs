//! Waiting for the end of the job, alone or with others.

use std::time::Duration;

use genai_batch::BatchJob;
use genai_batch::wait::Pace;

use super::{Stop, TRIES, User};
use crate::fault::Step;

/// How long a wait may take that is not disturbed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a user of a round asks for a job.
pub(super) fn pace() -> Pace {
    Pace::default()
        .interval(Duration::from_millis(3))
        .max_interval(Duration::from_millis(10))
        .timeout(PATIENCE)
}

impl User<'_> {
    /// Waits for the end of the job, good or bad.
    pub(super) async fn wait(&mut self, job: BatchJob) -> Result<BatchJob, Stop> {
        self.before(Step::Wait);
        let mut drops = self.plan.drops(Step::Wait);
        for _ in 0..TRIES {
            let ended = match self.companions.is_empty() {
                true => {
                    let wait = self.batches().wait(&job).pace(pace());
                    let ended = self.abandon(wait.into_future(), drops.take()).await;
                    ended.map(|ended| vec![ended])
                }
                false => {
                    let jobs = self.companions.iter().chain([&job]);
                    let wait = self.batches().wait_all(jobs).pace(pace());
                    self.abandon(wait.into_future(), drops.take()).await
                }
            };
            match ended {
                None => self.deeds.dropped.push(Step::Wait),
                Some(outcomes) => {
                    if let Some(ended) = self.ends_of(&job, outcomes) {
                        self.deeds.waited_for_all = !self.companions.is_empty();
                        return Ok(ended);
                    }
                }
            }
        }
        Err(Stop::GaveUp(Step::Wait))
    }

    /// The job as it ended, if all that were waited for did.
    fn ends_of(
        &mut self,
        job: &BatchJob,
        outcomes: Vec<genai_batch::Result<BatchJob>>,
    ) -> Option<BatchJob> {
        let names = self.companions.iter().chain([job]).map(BatchJob::name);
        let names: Vec<_> = names.map(str::to_owned).collect();
        if names.len() != outcomes.len() {
            let count = format!("{} jobs ended of {}", outcomes.len(), names.len());
            self.seen.oddities.push(count);
            return None;
        }
        let (mut ended, mut bad_end) = (None, None);
        let mut all_ended = true;
        for (name, outcome) in names.iter().zip(outcomes) {
            let is_mine = name == job.name();
            match outcome {
                Ok(other) if other.name() != name => {
                    let swapped = format!("{name} was waited for, and {} ended", other.name());
                    self.seen.oddities.push(swapped);
                }
                Ok(mine) if is_mine => ended = Some(mine),
                Ok(_) => {}
                Err(error) if error.is_job_ended() && is_mine => {
                    bad_end = Some(error.to_string());
                    ended = Some(error.job().unwrap_or(job).clone());
                }
                Err(error) => {
                    all_ended = false;
                    self.stumble(Step::Wait, &error);
                }
            }
        }
        let ended = ended.filter(|_| all_ended)?;
        self.seen.bad_end = bad_end;
        Some(ended)
    }
}
