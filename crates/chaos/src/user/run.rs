//! All up to the results in one call.

use futures_util::TryStreamExt;
use genai_batch::batches::Run;
use genai_batch::{BatchJob, Client, Error, Report};

use super::create::configure;
use super::results::{LATE, expecting};
use super::wait::pace;
use super::{Stop, TRIES, User};
use crate::fault::Step;
use crate::observed::Row;
use crate::plan::Task;

impl User<'_> {
    /// Runs the job and reads its results. Where that fails half way, the job comes back, to be
    /// gone on with step by step.
    pub(super) async fn run(&mut self, uploaded: Option<&str>) -> Result<Option<BatchJob>, Stop> {
        self.before(Step::Run);
        let mut looks = self.plan.looks_first;
        let mut drops = self.plan.drops(Step::Run);
        let mut mark: Option<String> = None;
        for _ in 0..TRIES {
            if looks && let Some(job) = self.find(mark.as_deref()).await? {
                return Ok(Some(self.take_up(job)));
            }
            let client = match drops {
                Some(_) => self.client_to_drop()?,
                None => self.client.clone(),
            };
            let run = self.new_run(&client, uploaded);
            let before = self.world.creates();
            let ran = self.abandon(read_all(run), drops.take()).await;
            drop(client);
            if ran.is_none() {
                self.deeds.dropped.push(Step::Run);
                self.world.settle().await?;
            }
            let sent = self.world.creates() - before;
            self.note_creates(sent, 1);
            match ran {
                Some(Ok((rows, report))) => {
                    self.deeds.ran = true;
                    self.seen.rows = rows;
                    self.seen.report = Some(report);
                    return Ok(None);
                }
                Some(Err(Failed::Reading(error))) => {
                    self.stumble(Step::Results, &error);
                    mark = None;
                }
                Some(Err(Failed::Running(error))) => {
                    // That the job ended badly is told once more by the wait that follows.
                    if !error.is_job_ended() {
                        self.stumble(Step::Run, &error);
                    }
                    mark = self.mark_in(&error);
                    if let Some(job) = error.job() {
                        let job = job.clone();
                        return Ok(Some(self.take_up(job)));
                    }
                }
                None => mark = None,
            }
            looks = self.habits.looks_before_creating_again;
        }
        Err(Stop::GaveUp(Step::Run))
    }

    /// Goes on with a job of which no more is known than that it is there.
    fn take_up(&mut self, job: BatchJob) -> BatchJob {
        self.knows_keys = false;
        self.staged_it = false;
        job
    }

    fn new_run(&self, client: &Client, uploaded: Option<&str>) -> Run {
        let source = self.source(uploaded);
        let batches = client.batches();
        let run = match self.plan.task {
            Task::Generate => batches.run(self.plan.model(), source),
            Task::Embed | Task::EmbedPlain => batches.run_embeddings(self.plan.model(), source),
        };
        let (plan, knows) = (self.plan.clone(), self.knows_keys);
        run.create(|create| configure(create, self.plan, self.habits))
            .wait(|wait| wait.pace(pace()))
            .results(move |results| expecting(results.output_timeout(LATE), &plan, knows))
    }
}

/// Where a run failed.
enum Failed {
    /// Before there was a stream of results. If there is a job, the error has it.
    Running(Error),
    /// In the stream, which does not know its job.
    Reading(Error),
}

async fn read_all(run: Run) -> Result<(Vec<Row>, Report), Failed> {
    let mut results = run.await.map_err(Failed::Running)?;
    let mut rows = Vec::new();
    while let Some(result) = results.try_next().await.map_err(Failed::Reading)? {
        rows.push(Row::of(&result));
    }
    Ok((rows, results.report()))
}
