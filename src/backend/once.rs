//! Creating a job once, although a create cannot be repeated safely.
//!
//! ```text
//! send ─ answer ───────────────────────────────→ job, or a refusal
//!      └ no clear answer → look for the mark ─ found → adopt the job
//!                                            └ not there, several times → send again
//! ```
//!
//! Google documents creates as not idempotent. Every create therefore carries a mark that no
//! other has, by which the job can be found if the answer to the create was lost.

use std::pin::pin;

use futures_util::TryStreamExt;

use crate::error::{Error, Result};
use crate::http::Session;
use crate::job::BatchJob;
use crate::page::{Page, paged};

/// How often the service is asked for the job before it counts as not created, where it
/// answered that it failed. The pauses between grow like those of retries, by default to 15
/// seconds in all.
const LOOKS: u32 = 4;
/// The same where it gave no answer, and may still be at it: by default over a minute.
const LOOKS_WITHOUT_ANSWER: u32 = 6;

/// What no other create carries: 12 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark(String);

impl Mark {
    pub(crate) fn new() -> Self {
        Self(format!("{:012x}", fastrand::u64(..1 << 48)))
    }

    #[cfg(feature = "vertex")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// A display name that bears the mark, for a service that has no other place for it.
    pub(crate) fn put_on(&self, display_name: &str) -> String {
        format!("{display_name} #{}", self.0)
    }

    pub(crate) fn is_on(&self, display_name: &str) -> bool {
        split(display_name).is_some_and(|(_, mark)| mark == self.0)
    }
}

/// A display name without its mark.
pub(crate) fn without_mark(display_name: String) -> String {
    match split(&display_name) {
        Some((name, _)) => name.to_owned(),
        None => display_name,
    }
}

fn split(display_name: &str) -> Option<(&str, &str)> {
    let (name, mark) = display_name.rsplit_once(" #")?;
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    (mark.len() == 12 && mark.bytes().all(is_hex)).then_some((name, mark))
}

/// A create of a backend, ready to be sent.
pub(super) trait Creation: Sync {
    fn session(&self) -> &Session;

    /// What the job would be found by; `None` if it is not to be looked for.
    fn mark(&self) -> Option<&Mark>;

    fn send(&self) -> impl Future<Output = Result<BatchJob>> + Send;

    /// A page of the jobs among which one that bears the mark would be.
    fn list(
        &self,
        mark: &Mark,
        page_token: Option<String>,
    ) -> impl Future<Output = Result<Page<BatchJob>>> + Send;

    fn is_marked(job: &BatchJob, mark: &Mark) -> bool;
}

/// The job that bears the mark. Pages may be empty and come in any order, so that only the end
/// of them says that there is none.
async fn find<C: Creation>(creation: &C, mark: &Mark) -> Result<Option<BatchJob>> {
    let mut jobs = pin!(paged(None, |token| creation.list(mark, token)));
    while let Some(job) = jobs.try_next().await? {
        if C::is_marked(&job, mark) {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

/// Sends a create, looking for its job wherever the answer leaves open whether there is one.
pub(super) async fn create_once<C: Creation>(creation: &C) -> Result<BatchJob> {
    let session = creation.session();
    let Some(mark) = creation.mark() else {
        return creation.send().await;
    };
    let mut sent = 0;
    loop {
        sent += 1;
        let unclear = match creation.send().await {
            Err(error) if error.leaves_open_whether_it_was_done() => error,
            clear => return clear,
        };
        tracing::warn!(error = %unclear, "the answer to a create was lost, looking for its job");
        let mut looked = false;
        let looks = match unclear.status() {
            Some(_) => LOOKS,
            None => LOOKS_WITHOUT_ANSWER,
        };
        for look in 1..=looks {
            tokio::time::sleep(session.pause(look)).await;
            match find(creation, mark).await {
                Ok(Some(job)) => {
                    tracing::info!(job = job.name(), "adopting the job");
                    return Ok(job);
                }
                Ok(None) => looked = true,
                Err(error) => {
                    tracing::warn!(%error, "the jobs cannot be listed");
                    looked = false;
                }
            }
        }
        if !looked {
            return Err(unclear.during("the job may exist all the same: list jobs to see"));
        }
        if sent >= session.max_attempts() {
            return Err(unclear.during(format!("no job came of {sent} creates")));
        }
    }
}

impl Error {
    /// Whether a call may have been carried out although this came of it.
    pub(super) fn leaves_open_whether_it_was_done(&self) -> bool {
        match self.status() {
            Some(408 | 500..600) => true,
            Some(_) => false,
            None => self.was_sent() && (self.is_retryable() || self.is_protocol()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_put_on_and_taken_off() {
        let (mark, other) = (Mark("00ff00ff00ff".into()), Mark::new());
        let name = mark.put_on("nightly #3");
        assert_eq!(name, "nightly #3 #00ff00ff00ff");
        assert!(mark.is_on(&name) && !other.is_on(&name) && !mark.is_on("nightly #3"));
        assert_eq!(without_mark(name), "nightly #3");
        for plain in [
            "nightly",
            "x #00ff00ff00fg",
            "x #00FF00FF00FF",
            "#00ff00ff00ff",
        ] {
            assert_eq!(without_mark(plain.to_owned()), plain);
        }
        assert_ne!(Mark::new(), Mark::new());
    }

    proptest::proptest! {
        #[test]
        fn any_display_name_is_the_same_without_its_mark(
            name in ".*|.* #[0-9a-f]{12}", twice in proptest::prelude::any::<bool>()
        ) {
            let (mark, other) = (Mark::new(), Mark::new());
            let name = match twice {
                true => other.put_on(&name),
                false => name,
            };
            let marked = mark.put_on(&name);
            assert!(mark.is_on(&marked) && !other.is_on(&marked));
            assert_eq!(without_mark(marked), name);
        }
    }
}
