//! The user of a round: sensible, and in no hurry. A step that fails is taken again; a job is looked
//! for before it is created again; what was dropped half way is taken up.
//!
//! ```text
//! make others → upload → look → create → wait ───→ read or save → delete
//!                               └──── run: all in one ────┘
//! ```

mod create;
mod find;
mod fork;
mod others;
mod results;
mod run;
mod source;
mod tidy;
mod wait;

use std::error::Error as _;
use std::io;

use genai_batch::{BatchJob, Batches, Client, Error};

use crate::abandon::{for_polls, until};
use crate::fault::{Fault, Moment, Step};
use crate::inject::{Deeds, inject, storm};
use crate::observed::{CutShort, Observed, Staged, Stumble};
use crate::plan::{Knowledge, Plan};
use crate::world::World;

/// How often a step is taken before the user gives up: oftener than all faults of a round can make
/// it fail together, which a test of the draw asks for.
pub(crate) const TRIES: usize = 32;

/// How a user goes about a round; the suite's own tests have worse habits than the usual.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Whether the client may look for the job of a create whose response was lost.
    pub adopts: bool,
    /// Whether the client may send a create again whose job it did not find.
    pub resends: bool,
    /// Whether the user looks for the job before creating it again.
    pub looks_before_creating_again: bool,
    /// What becomes of what was seen before it is checked.
    pub tamper: fn(&mut Observed),
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            adopts: true,
            resends: false,
            looks_before_creating_again: true,
            tamper: |_| {},
        }
    }
}

/// Why a round could not be played to its end.
pub(crate) enum Stop {
    /// A step failed however often it was taken.
    GaveUp(Step),
    /// There is a reason to end it.
    CutShort(CutShort),
    /// The harness itself failed.
    Broken(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Error> for Stop {
    /// Of a client that cannot be made.
    fn from(error: Error) -> Self {
        Self::Broken(io::Error::other(error.to_string()))
    }
}

pub(crate) struct User<'a> {
    plan: &'a Plan,
    world: &'a World,
    habits: Habits,
    client: Client,
    /// A job that is made to be cancelled.
    other: Option<BatchJob>,
    /// Jobs that are waited for together with the one that matters.
    companions: Vec<BatchJob>,
    /// Whether the client still knows the keys that it submitted.
    knows_keys: bool,
    /// Whether the client that waits for the job staged its input.
    staged_it: bool,
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
            companions: Vec::new(),
            knows_keys: plan.knowledge == Knowledge::Job,
            staged_it: true,
            deeds: Deeds::default(),
            seen: Observed::default(),
        })
    }

    /// Plays the round.
    pub(crate) async fn play(&mut self) -> Result<(), Stop> {
        self.world.prepare_files(self.plan)?;
        let stranger = self.make_others().await?;
        inject(self.plan, &self.world.emulator.faults(), &stranger);
        if self.plan.cancels_another {
            self.finish_cancelling().await?;
        }
        let played = self.play_job().await;
        self.count_jobs();
        let name = played?;
        self.look_at_input(&name);
        if self.plan.deletes {
            self.delete(&name).await?;
        }
        Ok(())
    }

    /// Plays all up to the results, and returns the name of the job.
    async fn play_job(&mut self) -> Result<String, Stop> {
        let uploaded = self.provide_input().await?;
        let uploaded = uploaded.as_deref();
        let made = match self.plan.runs {
            true => self.run(uploaded).await?,
            false => Some(self.create(uploaded).await?),
        };
        let Some(job) = made else {
            // All was read already.
            let names = self.world.jobs(&self.plan.display_name());
            let gone = || Stop::Broken(io::Error::other("the job that ran is gone"));
            return names.into_iter().next().ok_or_else(gone);
        };
        let job = self.wait(job).await?;
        self.read(&job).await?;
        Ok(job.name().to_owned())
    }

    fn batches(&self) -> Batches {
        self.client.batches()
    }

    /// The jobs as one may see and change them who has more than an API key.
    fn batches_of_owner(&self) -> Result<Batches, Stop> {
        match self.plan.express {
            true => Ok(self.world.owner()?.batches()),
            false => Ok(self.batches()),
        }
    }

    /// What a step comes to, unless its future is dropped before.
    async fn abandon<F: Future>(&self, step: F, moment: Option<Moment>) -> Option<F::Output> {
        match moment {
            None => Some(step.await),
            Some(Moment::Polls(polls)) => for_polls(step, polls).await,
            Some(Moment::JobMade) => until(step, self.world.job_made(self.plan)).await,
        }
    }

    /// A client whose connections end with it, which tells when the service is through; the user
    /// has another one from then on.
    fn client_to_drop(&mut self) -> Result<Client, Stop> {
        let next = self.world.client()?;
        Ok(std::mem::replace(&mut self.client, next))
    }

    /// Notes that a step failed, and looks for secrets in what is said of it.
    fn stumble(&mut self, step: Step, error: &Error) {
        let mut told = format!("{error} {error:?}");
        let mut cause = error.source();
        while let Some(current) = cause {
            told += &format!(" {current} {current:?}");
            cause = current.source();
        }
        if self
            .world
            .secrets()
            .iter()
            .any(|secret| told.contains(&**secret))
        {
            let leak = format!("an error of {step:?} shows a secret");
            self.seen.oddities.push(leak);
        }
        let error = error.to_string();
        self.seen.stumbles.push(Stumble { step, error });
    }

    /// Notes how many creates were sent for so many calls: one for each, and the rest for the last.
    fn note_creates(&mut self, mut sent: usize, calls: usize) {
        for _ in 1..calls {
            let one = sent.min(1);
            self.seen.creates.push(one);
            sent -= one;
        }
        self.seen.creates.push(sent);
    }

    /// The mark that the error of a create tells, by which its job is found. An error after which
    /// there is a job has to say that there may be one.
    fn mark_in(&mut self, error: &Error) -> Option<String> {
        let is_there = !self.world.jobs(&self.plan.display_name()).is_empty();
        if is_there && !error.is_unclear() && error.job().is_none() {
            let silent = format!("there is a job, and the create says nothing of it: {error}");
            self.seen.oddities.push(silent);
        }
        if error.is_unclear() && error.mark().is_none() && self.habits.adopts {
            let lost = format!("the error has no mark: {error}");
            self.seen.oddities.push(lost);
        }
        error.mark().map(str::to_owned)
    }

    /// Does what is to happen before this step: tokens are revoked, and a storm begins.
    fn before(&mut self, step: Step) {
        for fault in &self.plan.faults {
            match fault {
                Fault::TokensRevoked(at) if *at == step && !self.deeds.revoked => {
                    self.deeds.revoked = !self.world.emulator.tokens().is_empty();
                    self.world.emulator.revoke_tokens();
                }
                Fault::Storm(at, calls) if *at == step && !self.deeds.stormed => {
                    self.deeds.stormed = true;
                    storm(&self.world.emulator.faults(), *calls);
                }
                _ => {}
            }
        }
    }

    fn count_jobs(&mut self) {
        let name = self.plan.display_name();
        self.seen.jobs += self.world.jobs(&name).len();
        self.seen.jobs_asked += 1;
    }

    /// What became of the input that the client staged.
    fn look_at_input(&mut self, job: &str) {
        if self.plan.client_stages()
            && let Some((_, content)) = self.world.input_of(job)
        {
            self.seen.staged = Some(Staged {
                kept: content.is_some(),
                known: self.staged_it,
            });
        }
    }
}
