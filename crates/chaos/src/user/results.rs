//! The second half of a round: the results, read one by one or saved.

use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::batches::Results;
use genai_batch::{BatchJob, Batches, Report};

use super::create::requests;
use super::{Stop, TRIES, User};
use crate::observed::Row;
use crate::plan::{Delivery, Knowledge, Plan};
use crate::world::SAVED;

/// How long an output may be late.
pub(super) const LATE: Duration = Duration::from_secs(30);

type Read = genai_batch::Result<(Vec<Row>, Report)>;

impl User<'_> {
    /// Gets at the results, if there are any.
    pub(super) async fn read(&mut self, job: &BatchJob) -> Result<(), Stop> {
        let step = self.plan.reading();
        self.before(step);
        let mut drops = self.plan.drops(step);
        let batches = self.batches_of_owner()?;
        let mut overwrite = false;
        for _ in 0..TRIES {
            let reading = self.read_once(&batches, job, overwrite);
            let read = self.abandon(reading, drops.take()).await;
            match read {
                Some(Ok((rows, report))) => {
                    self.seen.rows = rows;
                    self.seen.report = Some(report);
                    return self.collect_saved().await;
                }
                Some(Err(error)) if error.is_job_ended() => {
                    self.seen.no_results = true;
                    return Ok(());
                }
                Some(Err(error)) => self.stumble(step, &error),
                None => self.deeds.dropped.push(step),
            }
            self.look_at_what_is_left().await?;
            // A write whose response was lost may have been carried out.
            overwrite = true;
        }
        Err(Stop::GaveUp(step))
    }

    /// Reads or saves all results; the rows are those of a stream.
    async fn read_once(&self, batches: &Batches, job: &BatchJob, overwrite: bool) -> Read {
        let results = self.results_of(batches, job);
        let save = match self.plan.delivery {
            Delivery::Stream => {
                let mut results = results.await?;
                let mut rows = Vec::new();
                while let Some(result) = results.try_next().await? {
                    rows.push(Row::of(&result));
                }
                return Ok((rows, results.report()));
            }
            Delivery::LocalFile => results.save_to(self.world.target()),
            Delivery::Object => results.save_to(SAVED),
        };
        Ok((Vec::new(), save.overwrite(overwrite).await?))
    }

    fn results_of(&self, batches: &Batches, job: &BatchJob) -> Results {
        let results = match self.knows_keys {
            true => batches.results(job),
            false => batches.results(job.name()),
        };
        expecting(results.output_timeout(LATE), self.plan, self.knows_keys)
    }

    /// What stands where results are saved, if they are and anything does.
    async fn saved(&mut self) -> Result<Option<String>, Stop> {
        Ok(match self.plan.delivery {
            Delivery::Stream => None,
            Delivery::LocalFile => {
                self.world.await_clean_folder().await?;
                self.world.saved(&self.world.target())
            }
            Delivery::Object => self.world.saved_object(),
        })
    }

    /// After a save that failed or was dropped: there is nothing, or all of it.
    async fn look_at_what_is_left(&mut self) -> Result<(), Stop> {
        let saved = self.saved().await?;
        if let Some(saved) = saved
            && saved.lines().count() < self.plan.asks.len()
        {
            let half = format!(
                "half a file of results is left: {} lines",
                saved.lines().count()
            );
            self.seen.oddities.push(half);
        }
        Ok(())
    }

    /// Takes the rows from where they were saved.
    async fn collect_saved(&mut self) -> Result<(), Stop> {
        let saved = self.saved().await?;
        for line in saved.unwrap_or_default().lines() {
            match Row::of_line(line) {
                Ok(row) => self.seen.rows.push(row),
                Err(unread) => self.seen.oddities.push(unread),
            }
        }
        Ok(())
    }
}

/// Results over the connections of the round, of which the user says what is to come, where the client
/// does not know.
pub(super) fn expecting(results: Results, plan: &Plan, knows_keys: bool) -> Results {
    let results = match plan.connections {
        Some(connections) => results.connections(connections),
        None => results,
    };
    match plan.knowledge {
        _ if knows_keys => results,
        Knowledge::Requests => results.expect_requests(requests(plan)),
        Knowledge::Job | Knowledge::Keys => {
            let keys: Vec<_> = plan.asks.iter().map(|ask| ask.key.clone()).collect();
            results.expect_keys(keys)
        }
    }
}
