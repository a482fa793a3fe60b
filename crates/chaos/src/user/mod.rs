//! The user of a round: sensible, and in no hurry. A step that fails is taken again; a job is looked
//! for before it is created again; what was dropped half way is taken up.
//!
//! ```text
//! cancel another → upload → look → create → wait → read or save → delete
//! ```

mod create;
mod results;
mod tidy;

use std::io;

use genai_batch::{BatchJob, Batches, Client, Error};

use crate::abandon::{for_polls, until};
use crate::fault::{Moment, Step};
use crate::inject::Deeds;
use crate::observed::{Observed, Stumble};
use crate::plan::{Knowledge, Plan};
use crate::world::World;

/// How often a step is taken before the user gives up.
const TRIES: usize = 8;

/// How a user goes about a round; the suite's own tests have worse habits than the usual.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Whether the client may look for the job of a create whose answer was lost.
    pub adopts: bool,
    /// Whether the user looks for the job before creating it again.
    pub looks_before_creating_again: bool,
    /// What becomes of what was seen before it is checked.
    pub tamper: fn(&mut Observed),
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            adopts: true,
            looks_before_creating_again: true,
            tamper: |_| {},
        }
    }
}

/// Why a round could not be played to its end.
pub(crate) enum Stop {
    /// A step failed however often it was taken.
    GaveUp(Step),
    /// The harness itself failed.
    Broken(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

pub(crate) struct User<'a> {
    plan: &'a Plan,
    world: &'a World,
    habits: Habits,
    client: Client,
    /// A job that is made to be cancelled.
    other: Option<BatchJob>,
    /// Whether the client still knows the keys that it submitted.
    knows_keys: bool,
    pub(crate) deeds: Deeds,
    pub(crate) seen: Observed,
}

impl<'a> User<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        world: &'a World,
        habits: Habits,
    ) -> genai_batch::Result<Self> {
        Ok(Self {
            plan,
            world,
            habits,
            client: world.client()?,
            other: None,
            knows_keys: plan.knowledge == Knowledge::Job,
            deeds: Deeds::default(),
            seen: Observed::default(),
        })
    }

    /// Plays the round.
    pub(crate) async fn play(&mut self) -> Result<(), Stop> {
        self.world.prepare_files(self.plan)?;
        if self.plan.cancels_another {
            self.cancel_another().await?;
        }
        crate::inject::inject(self.plan, &self.world.emulator.faults());
        if self.plan.cancels_another {
            self.finish_cancelling().await?;
        }
        let uploaded = self.provide_input().await?;
        let job = self.create(uploaded.as_deref()).await?;
        let job = self.wait(job).await?;
        self.read(&job).await?;
        self.count_jobs();
        if self.plan.deletes {
            self.delete(&job).await?;
        }
        Ok(())
    }

    fn batches(&self) -> Batches {
        self.client.batches()
    }

    /// What a step comes to, unless its future is dropped before.
    async fn abandon<F: Future>(&self, step: F, moment: Option<Moment>) -> Option<F::Output> {
        match moment {
            None => Some(step.await),
            Some(Moment::Polls(polls)) => for_polls(step, polls).await,
            Some(Moment::JobMade) => until(step, self.world.job_made(self.plan)).await,
        }
    }

    /// Notes that a step failed.
    fn stumble(&mut self, step: Step, error: &Error) {
        let error = error.to_string();
        self.seen.stumbles.push(Stumble { step, error });
    }

    /// Revokes the tokens, if that is to happen before this step.
    fn revoke_before(&mut self, step: Step) {
        let revokes = crate::fault::Fault::TokensRevoked(step);
        if self.plan.faults.contains(&revokes) && !self.deeds.revoked {
            self.deeds.revoked = !self.world.emulator.tokens().is_empty();
            self.world.emulator.revoke_tokens();
        }
    }

    fn count_jobs(&mut self) {
        let name = self.plan.display_name();
        self.seen.jobs += self.world.jobs(&name);
        self.seen.jobs_asked += 1;
    }
}
