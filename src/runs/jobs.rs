//! The jobs of a run, one after the other, as the file has them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::store::{Store, listed};
use crate::error::{Error, Result};

/// A job of a run, as its file has it. Times are by the clock of the machine that drove the run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunJob {
    /// Its number in the run's file.
    pub number: u64,
    /// The generation that it belongs to, from 1.
    pub generation: u64,
    /// How far the run is with it: `cut` (its requests are chosen), `sending`, `looking` (it is not known
    /// whether the service has it), `active`, `ended`, `read` (its results are in the file), `done`, `gone`
    /// (it was never made, or is no longer there). Later versions may have more.
    pub state: String,
    /// The name under which the service has it.
    pub name: Option<String>,
    /// Its state, as the service last said it.
    pub service_state: Option<String>,
    /// Why it failed or could not be made, where that is known.
    pub error: Option<String>,
    /// Whether another program made it.
    pub adopted: bool,
    /// How many requests are in it.
    pub requests: u64,
    /// Those that ended with a response.
    pub responses: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// Those that ended without either.
    pub missing: u64,
    /// Those that were left to the next generation.
    pub retried: u64,
    /// Tokens in the requests that were served.
    pub input_tokens: u64,
    /// Tokens in the responses, thinking included.
    pub output_tokens: u64,
    /// When its requests were chosen.
    pub cut_time: DateTime<Utc>,
    /// When its create was last about to be sent.
    pub sent_time: Option<DateTime<Utc>>,
    /// When it was known to be created.
    pub created_time: Option<DateTime<Utc>>,
    /// When it was seen to have ended.
    pub ended_time: Option<DateTime<Utc>>,
    /// When its results were in the file.
    pub read_time: Option<DateTime<Utc>>,
}

impl From<listed::Listed> for RunJob {
    fn from(listed: listed::Listed) -> Self {
        let time = |millis: Option<i64>| millis.and_then(DateTime::from_timestamp_millis);
        let [
            requests,
            responses,
            errors,
            missing,
            retried,
            input_tokens,
            output_tokens,
        ] = listed.counts.map(i64::unsigned_abs);
        let [sent_time, created_time, ended_time, read_time] = listed.times.map(time);
        Self {
            number: listed.id.unsigned_abs(),
            generation: listed.generation.unsigned_abs(),
            state: listed.state,
            name: listed.name,
            service_state: listed.service_state,
            error: listed.error,
            adopted: listed.adopted,
            requests,
            responses,
            errors,
            missing,
            retried,
            input_tokens,
            output_tokens,
            cut_time: time(Some(listed.cut_time)).unwrap_or_default(),
            sent_time,
            created_time,
            ended_time,
            read_time,
        }
    }
}

/// The jobs of a run, in the order in which they were cut: a [`Stream`] of [`RunJob`], made by
/// [`Run::jobs`](super::Run::jobs).
pub struct RunJobs(Pin<Box<dyn Stream<Item = Result<RunJob>> + Send>>);

impl RunJobs {
    pub(super) fn new(store: Store) -> Self {
        let pages = stream::try_unfold((store, 0), |(store, after)| async move {
            let page = store.call(move |it| listed::after(it, after)).await?;
            let last = page.last().map(|listed| listed.id);
            Ok::<_, Error>(last.map(|last| {
                let page = page.into_iter().map(|listed| Ok(listed.into()));
                (stream::iter(page), (store, last))
            }))
        });
        Self(Box::pin(pages.try_flatten()))
    }
}

impl Stream for RunJobs {
    type Item = Result<RunJob>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for RunJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunJobs").finish_non_exhaustive()
    }
}
