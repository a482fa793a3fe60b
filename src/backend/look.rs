//! Looking for a job by its mark, among all that the service lists.

use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::time::Instant;

use super::create::CreateJobs;
use super::mark::Identity;
use crate::error::{Error, Result};
use crate::http::Session;
use crate::job::BatchJob;
use crate::page::pages;

/// How often a job is looked for whose create had no clear response, unless the caller says for how
/// long. The pauses between grow like those of retries, by default to five minutes in all.
const LOOKS: u32 = 14;
/// How much longer than the pauses the looks themselves may take.
const GRACE: Duration = Duration::from_secs(30);
/// The shortest pause between looks for as long as the caller says.
const SHORTEST: Duration = Duration::from_millis(1);
/// How many pages of a list are read before it counts as endless: of a hundred jobs each, where the
/// client chooses.
const MOST_PAGES: usize = 2000;

/// What to do where the service refuses to list jobs.
pub(super) const MAY_LIST: &str = "allow these credentials to list jobs (on Vertex AI, \
                                   `aiplatform.batchPredictionJobs.list`)";

/// How carefully a job is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Where the service finds it by its label, that is enough.
    ByLabel,
    /// Also among all jobs: the label may be lost, or not known to the filter yet.
    Everywhere,
}

/// The job that bears this mark; `None` if none is listed.
pub(super) async fn find<B: CreateJobs>(
    backend: &B,
    identity: &Identity,
    care: Care,
) -> Result<Option<BatchJob>> {
    if B::FINDS_LABELS {
        match find_among(backend, identity, true).await {
            Ok(None) if care == Care::Everywhere => {}
            // It cannot filter by labels after all.
            Err(error) if error.is_client_error() => {}
            found => return found,
        }
    }
    find_among(backend, identity, false).await
}

/// Pages may be empty and come in any order, so that only the end of them says that there is none.
async fn find_among<B: CreateJobs>(
    backend: &B,
    identity: &Identity,
    by_label: bool,
) -> Result<Option<BatchJob>> {
    let list = |token| backend.list_marked(identity, by_label, token);
    let mut pages = pin!(pages(None, list));
    let mut read = 0;
    while let Some(page) = pages.try_next().await? {
        if let Some(job) = page.items.into_iter().find(|job| identity.is_on(job)) {
            return Ok(Some(job));
        }
        read += 1;
        if read == MOST_PAGES && page.next_page_token.is_some() {
            return Err(Error::protocol(format!(
                "the job is not on the first {MOST_PAGES} pages of the list, which goes on"
            )));
        }
    }
    Ok(None)
}

/// How long a job is looked for in vain.
#[derive(Debug)]
pub(super) struct InVain {
    pub(super) looks: u32,
    pub(super) took: Duration,
    /// Why the jobs could not be listed the last time.
    pub(super) failure: Option<Error>,
}

/// Looks for a job that may be listed late: for as long as `look_for` says, or some minutes.
pub(super) async fn look<B: CreateJobs>(
    backend: &B,
    identity: &Identity,
    look_for: Option<Duration>,
) -> Result<BatchJob, InVain> {
    let started = Instant::now();
    let pauses = Pauses::new(backend.session(), look_for);
    let limit = pauses.in_all().and_then(|all| all.checked_add(GRACE));
    // A limit beyond what the clock can tell is none.
    let deadline = limit.and_then(|limit| started.checked_add(limit));
    let mut vain = InVain {
        looks: 0,
        took: Duration::ZERO,
        failure: None,
    };
    for (pause, is_last) in pauses {
        tokio::time::sleep(pause).await;
        vain.looks += 1;
        // Each other look is as good as it can be.
        let care = match is_last || vain.looks.is_multiple_of(2) {
            true => Care::Everywhere,
            false => Care::ByLabel,
        };
        let found = find(backend, identity, care);
        let found = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, found).await,
            None => Ok(found.await),
        };
        vain.took = started.elapsed();
        match found {
            Ok(Ok(Some(job))) => return Ok(job),
            Ok(Ok(None)) => vain.failure = None,
            Ok(Err(error)) => {
                let error = backend.session().without_secrets(error);
                tracing::warn!(%error, "the jobs cannot be listed");
                let is_refusal = error.status().is_some_and(|status| status < 500);
                let is_final = is_refusal && !error.is_retryable();
                vain.failure = Some(error);
                if is_final {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    Err(vain)
}

/// The pauses before looks, and which is the last.
struct Pauses {
    /// The wait after so many retries.
    backoff: Box<dyn Fn(u32) -> Duration + Send + Sync>,
    count: u32,
    /// What is left of the time that the caller gave; `None` for a number of looks.
    left: Option<Duration>,
    given: Option<Duration>,
    is_over: bool,
}

impl Pauses {
    fn new(session: &Session, given: Option<Duration>) -> Self {
        let session = session.clone();
        Self {
            backoff: Box::new(move |attempts| session.pause(attempts)),
            count: 0,
            left: given,
            given,
            is_over: false,
        }
    }

    /// How long they are together; `None` if that is beyond counting.
    fn in_all(&self) -> Option<Duration> {
        match self.given {
            Some(given) => Some(given),
            None => (1..=LOOKS)
                .map(|look| (self.backoff)(look))
                .try_fold(Duration::ZERO, Duration::checked_add)?
                .checked_mul(2),
        }
    }
}

impl Iterator for Pauses {
    type Item = (Duration, bool);

    fn next(&mut self) -> Option<(Duration, bool)> {
        if self.is_over {
            return None;
        }
        self.count = self.count.saturating_add(1);
        let pause = (self.backoff)(self.count);
        let pause = match &mut self.left {
            None => {
                self.is_over = self.count == LOOKS;
                pause
            }
            Some(left) => {
                let pause = pause.max(SHORTEST).min(*left);
                *left -= pause;
                self.is_over = left.is_zero();
                pause
            }
        };
        Some((pause, self.is_over))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::retry::RetryPolicy;

    fn pauses(given: Option<Duration>, policy: RetryPolicy) -> Pauses {
        Pauses {
            backoff: Box::new(move |attempts| policy.backoff(attempts, 1.0)),
            count: 0,
            left: given,
            given,
            is_over: false,
        }
    }

    #[test]
    fn looks_go_on_for_minutes_or_as_long_as_is_said() {
        let seconds = |given| -> Vec<_> {
            let pauses = pauses(given, RetryPolicy::default());
            pauses.map(|(pause, _)| pause.as_secs()).collect()
        };
        let sum: u64 = seconds(None).iter().sum();
        assert_eq!((seconds(None).len(), sum), (LOOKS as usize, 301));
        let given = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(seconds(given(10)), [1, 2, 4, 3]);
        assert_eq!(seconds(given(0)), [0]);
        let last: Vec<_> = pauses(given(3), RetryPolicy::default()).collect();
        assert_eq!(last.iter().filter(|(_, is_last)| *is_last).count(), 1);
        assert!(last.last().unwrap().1);
    }

    #[test]
    fn looks_end_and_the_longest_time_is_no_trouble() {
        let none = RetryPolicy::default().initial_backoff(Duration::ZERO);
        let count = pauses(Some(Duration::from_millis(20)), none).count();
        assert_eq!(count, 20);
        let long = pauses(Some(Duration::MAX), RetryPolicy::default());
        assert_eq!(long.in_all(), Some(Duration::MAX));
        assert_eq!(long.take(100).count(), 100);
    }
}
