//! What happened in a run, one step after the other, as the file has it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::store::{Store, events};
use crate::error::{Error, Result};

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunEvent {
    /// Its number: each has a higher one than those before it.
    pub number: u64,
    /// When it was noted, by the clock of the machine that drove the run.
    pub time: DateTime<Utc>,
    /// What happened to the job: `cut` (its requests were chosen), `sending` (its create was about to be
    /// sent), `refused`, `unreachable` (its create did not reach the service, or polls of it or looks for it
    /// fail: the first time, and then whenever that has lasted twice as long), `looking` (it is not known
    /// what came of its create, and it is looked for), `lost` (it was not found, and its requests are sent
    /// anew), `created`, `adopted`, `state` (the service says a state that is not known here), `stopped`
    /// (the run cancels it; once more if that failed), `ended`, `read` (its results are in the file),
    /// `unreadable` (they could not be read, and are tried again or given up), `left` (what was uploaded
    /// for it could not be removed), `gone` (its requests wait for another); or, of no job, `again` (what
    /// failed waits for another attempt), `budget`. Later versions may have more.
    pub kind: String,
    /// The number of the job in the run's file.
    pub job: Option<u64>,
    /// More of it: the name of a job that was created, the state in which one ended, why a create was
    /// refused.
    pub detail: Option<String>,
}

impl From<events::Noted> for RunEvent {
    fn from(noted: events::Noted) -> Self {
        Self {
            number: noted.id.unsigned_abs(),
            time: DateTime::from_timestamp_millis(noted.time).unwrap_or_default(),
            kind: noted.kind,
            job: noted.job.map(i64::unsigned_abs),
            detail: noted.detail,
        }
    }
}

impl fmt::Display for RunEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.time.format("%Y-%m-%dT%H:%M:%S%.3fZ"))?;
        if let Some(job) = self.job {
            write!(f, " job {job}")?;
        }
        write!(f, " {}", self.kind)?;
        match &self.detail {
            Some(detail) => write!(f, ": {}", crate::shown::Shown(detail)),
            None => Ok(()),
        }
    }
}

/// What happened in a run until now, from the first event on: a [`Stream`] of [`RunEvent`], made by
/// [`Run::events`](super::Run::events).
pub struct RunEvents(Pin<Box<dyn Stream<Item = Result<RunEvent>> + Send>>);

impl RunEvents {
    pub(super) fn new(store: Store) -> Self {
        let pages = stream::try_unfold((store, 0), |(store, after)| async move {
            let page = store.call(move |it| events::after(it, after)).await?;
            let last = page.last().map(|noted| noted.id);
            Ok::<_, Error>(last.map(|last| {
                let page = page.into_iter().map(|noted| Ok(noted.into()));
                (stream::iter(page), (store, last))
            }))
        });
        Self(Box::pin(pages.try_flatten()))
    }
}

impl Stream for RunEvents {
    type Item = Result<RunEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for RunEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunEvents").finish_non_exhaustive()
    }
}
