//! Two callers who draw the same by chance, as the halves of a process that forked do, or a machine
//! that was restored twice.

use std::pin::pin;

use futures_util::future::{join, poll_fn};
use genai_batch::batches::Create;
use genai_batch::{BatchJob, Request, Source};

use super::others::name_beside;
use super::{Stop, User};
use crate::fault::{Fault, Step};

impl User<'_> {
    /// Creates the job, at the same time as another caller creates one where that is to be.
    pub(super) async fn create_among_others(
        &mut self,
        create: Create,
    ) -> Result<genai_batch::Result<BatchJob>, Stop> {
        let seed = self.plan.faults.iter().find_map(|fault| match fault {
            Fault::Forked(seed) => Some(*seed),
            _ => None,
        });
        let seed = seed.filter(|_| !self.deeds.forked);
        let Some(seed) = seed else {
            return self.create_while_source_changes(create).await;
        };
        self.deeds.forked = true;
        let name = name_beside(self.plan, "twin");
        let source = match self.plan.express {
            true => Source::cloud_storage([self.world.put_hello()]),
            false => vec![Request::text("Hello")].into(),
        };
        let client = self.world.client()?;
        let twin = client.batches().create("gemini-2.5-flash", source);
        let twin = twin.display_name(&name).into_future();
        let (created, twin) = join(seeded(create.into_future(), seed), seeded(twin, seed)).await;
        self.check_twin(&name, twin);
        Ok(created)
    }

    /// The other caller has its own job, of its own requests.
    fn check_twin(&mut self, name: &str, twin: genai_batch::Result<BatchJob>) {
        let job = match twin {
            Ok(job) => job,
            Err(error) => {
                self.stumble(Step::Create, &error);
                return;
            }
        };
        if !self.world.jobs(name).iter().any(|own| own == job.name()) {
            let taken = format!("the other caller has {}, which is not its own", job.name());
            self.seen.oddities.push(taken);
        }
        if let Some((input, Some(lines))) = self.world.input_of(job.name())
            && lines.lines().count() != 1
        {
            let mixed = format!("the input {input} of the other caller is not its own");
            self.seen.oddities.push(mixed);
        }
    }
}

/// The same future, for which chance begins anew with every poll.
async fn seeded<F: Future>(future: F, seed: u64) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        fastrand::seed(seed);
        future.as_mut().poll(context)
    })
    .await
}
