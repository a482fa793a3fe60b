//! Sending a create once, although it cannot be repeated safely.
//!
//! ```text
//! send ─ response with the mark ────────────────→ the job
//!      ├ refusal ───────────────────────────────→ an error: there is no job
//!      └ anything else → look for the mark ─ found → adopt the job
//!                                          └ not there → an error that is unclear
//! ```
//!
//! Google documents creates as not idempotent. Every create therefore carries a mark that no
//! other has, by which the job can be found if the response to the create was lost. It is sent
//! again only where the caller would rather pay twice than wait.

use std::time::Duration;

use super::create::CreateJobs;
use super::look::{InVain, MAY_LIST, look};
use super::mark::{Mark, Named};
use crate::counted::Counted;
use crate::error::{Error, Result};
use crate::job::BatchJob;

/// What a caller says about a create whose response is lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct WhenLost {
    pub(super) look_for: Option<Duration>,
    /// Whether the create is sent once more if no job is found.
    pub(super) resend: bool,
}

/// Sends a create. Its job is looked for wherever the response leaves open whether there is one; if
/// that stays open, the error is unclear.
pub(super) async fn send_once<B: CreateJobs>(
    backend: &B,
    body: &B::Body,
    mark: Option<&Mark>,
    when_lost: WhenLost,
) -> Result<BatchJob> {
    let Some(mark) = mark else {
        return backend.send(body).await.map_err(|error| {
            match error.leaves_open_whether_it_was_done() {
                true => error
                    .unclear(None)
                    .during("the job may exist, and has no mark to find it by: list jobs to see"),
                false => error,
            }
        });
    };
    let mut creates = match when_lost.resend {
        true => 2,
        false => 1,
    };
    let mut is_unclear = false;
    loop {
        creates -= 1;
        let unclear = match send_marked(backend, body, mark).await {
            // It is told in the log, too.
            Err(error) if error.leaves_open_whether_it_was_done() => {
                backend.session().without_secrets(error)
            }
            Err(refusal) if is_unclear => {
                return Err(refusal.unclear(Some(mark.text())).during(format!(
                    "a create before this one may have made the job: {}",
                    how_to_find(mark)
                )));
            }
            clear => return clear,
        };
        is_unclear = true;
        tracing::warn!(
            error = %unclear, mark = mark.text(),
            "the response to a create was lost, looking for its job"
        );
        match look(backend, mark.identity(), when_lost.look_for).await {
            Ok(job) => {
                refuse_other_content(mark, &job)
                    .map_err(|error| error.unclear(Some(mark.text())))?;
                let name = backend.session().shown(job.name());
                tracing::info!(job = name, "adopting the job");
                return Ok(job);
            }
            Err(in_vain) if creates == 0 => return Err(lost(unclear, mark, in_vain)),
            Err(_) => tracing::warn!(mark = mark.text(), "no job is found, creating it once more"),
        }
    }
}

/// Sends a create and takes the response only if the job in it is its own.
async fn send_marked<B: CreateJobs>(backend: &B, body: &B::Body, mark: &Mark) -> Result<BatchJob> {
    let job = backend.send(body).await?;
    if mark.identity().is_on(&job) {
        return Ok(job);
    }
    Err(Error::protocol(format!(
        "the service responded with {:?}, a job that does not bear the mark of this create",
        backend.session().shown(job.name())
    )))
}

/// Refuses a job that was made under the same id for something else.
pub(super) fn refuse_other_content(mark: &Mark, job: &BatchJob) -> Result<()> {
    let Some((content, asked)) = mark.content() else {
        return Ok(());
    };
    match mark.identity().content_on(job) {
        Some(other) if other != content => Err(Error::input(format!(
            "the option `id` names a job that was made of something else: {}, {} (digests {other} \
             and {content}); give this create another id, or make it as the job was made",
            job.name(),
            difference(asked, job),
        ))
        .with_job(job.clone())),
        Some(_) => Ok(()),
        None => {
            tracing::warn!(
                job = job.name(),
                "the job bears the id, and the service does not show what it was made of"
            );
            Ok(())
        }
    }
}

/// What differs between what is asked and a job of other content, as far as the job shows it.
fn difference(asked: &Named, job: &BatchJob) -> String {
    let id = |model: &str| model.rsplit('/').next().unwrap_or_default().to_owned();
    if let Some(model) = job.model()
        && id(model) != id(&asked.model)
    {
        return format!(
            "which runs the model {model}, and this create names {}",
            asked.model
        );
    }
    let total = job.stats().and_then(|stats| stats.total);
    let total = total.filter(|total| *total > 0 && asked.requests > 0);
    match total {
        Some(total) if total != asked.requests => format!(
            "which has {}, and this create {}",
            Counted(total, "request"),
            asked.requests
        ),
        Some(total) => format!(
            "which has the same model and as many requests ({total}): the key or the content of \
             one differs, or the task, a default (`generation_config`, `system_instruction`), `dest` \
             or `patch`"
        ),
        None => {
            "which has the same model: the requests differ, or the source, the task, a default \
                 (`generation_config`, `system_instruction`), `dest` or `patch`"
                .to_owned()
        }
    }
}

fn lost(error: Error, mark: &Mark, in_vain: InVain) -> Error {
    let InVain {
        looks,
        took,
        failure,
    } = in_vain;
    let seen = match failure {
        Some(failure) if failure.is_permission_denied() => {
            format!("the jobs could not be listed ({failure}): {MAY_LIST}")
        }
        Some(failure) => format!("the jobs could not be listed ({failure})"),
        None => {
            let looks = Counted(looks.into(), "look");
            format!("{looks} over {took:.1?} did not find it")
        }
    };
    error.unclear(Some(mark.text())).during(format!(
        "the job may exist all the same, and {seen}: {}",
        how_to_find(mark)
    ))
}

fn how_to_find(mark: &Mark) -> String {
    format!(
        "`batches().find({:?})` finds it once it is listed",
        mark.text()
    )
}

/// Whether a response of this status says that nothing was done.
///
/// | status | of a create |
/// |---|---|
/// | 307, 308 | it is to be sent to another address, and was not carried out at this one |
/// | other 3xx | what it made may be at the other address |
/// | 406 | there is no response that the client would take, whatever was done |
/// | 408, 499 | its time was up |
/// | 409 | the same may be there already, by this create where something on the way sent it twice |
/// | other 4xx | it is refused |
/// | all others | nobody knows |
fn is_certain_refusal(status: u16) -> bool {
    match status {
        307 | 308 => true,
        406 | 408 | 409 | 499 => false,
        status => (400..500).contains(&status),
    }
}

impl Error {
    /// Whether a call may have been carried out although this came of it.
    fn leaves_open_whether_it_was_done(&self) -> bool {
        match self.status() {
            _ if self.may_be_done() => true,
            Some(status) => !is_certain_refusal(status),
            None => self.was_sent() && (self.is_retryable() || self.is_protocol()),
        }
    }
}

#[cfg(test)]
mod tests;
