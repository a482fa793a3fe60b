//! Looking for the job.

use std::time::Duration;

use futures_util::StreamExt;
use genai_batch::BatchJob;

use super::{Stop, TRIES, User};
use crate::fault::{Fault, Listing, Step};
use crate::observed::CutShort;

/// How long the user waits before looking once more: over all tries, longer than any job is listed
/// late.
const PAUSE: Duration = Duration::from_millis(5);

impl User<'_> {
    /// The job, if there is one: by its mark, where an error told it, or by its name. What a list
    /// shows late is looked for until it is there; that there is one which is never listed, the user
    /// learns elsewhere.
    pub(super) async fn find(&mut self, mark: Option<&str>) -> Result<Option<BatchJob>, Stop> {
        for _ in 0..TRIES {
            let found = match mark {
                Some(mark) => self.look_for_mark(mark).await?,
                None => self.look_for_name().await?,
            };
            if found.is_some() {
                return Ok(found);
            }
            if self.world.jobs(&self.plan.display_name()).is_empty() {
                return Ok(None);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Stop::CutShort(CutShort::Unclear))
    }

    async fn look_for_mark(&mut self, mark: &str) -> Result<Option<BatchJob>, Stop> {
        for at in 0..TRIES {
            match self.batches().find(mark).await {
                Ok(found) => return Ok(found),
                Err(error) => self.stumble(Step::List, &error),
            }
            self.mend_pages_after(at);
        }
        Err(Stop::GaveUp(Step::List))
    }

    async fn look_for_name(&mut self) -> Result<Option<BatchJob>, Stop> {
        let name = self.plan.display_name();
        for at in 0..TRIES {
            // Pages of one job, so that there are several.
            let mut listed = self.batches().list().page_size(1).stream();
            let mut errors = Vec::new();
            let mut found = None;
            while let Some(job) = listed.next().await {
                match job {
                    Ok(job)
                        if job
                            .display_name()
                            .is_some_and(|shown| self.is_it(&name, shown)) =>
                    {
                        found = Some(job);
                        break;
                    }
                    Ok(_) => {}
                    // The list goes on after what is not a job.
                    Err(error)
                        if self.has(Listing::Junk)
                            && error.status().is_none()
                            && !error.is_retryable() => {}
                    Err(error) => errors.push(error),
                }
            }
            if found.is_some() || errors.is_empty() {
                return Ok(found);
            }
            for error in errors {
                self.stumble(Step::List, &error);
            }
            self.mend_pages_after(at);
        }
        Err(Stop::GaveUp(Step::List))
    }

    /// Nobody could find anything for as long as listings lead nowhere.
    fn mend_pages_after(&self, tries: usize) {
        if tries > 0 {
            self.world.emulator.faults().mend_pages();
        }
    }

    /// Whether a display name that is shown is this one, or what is left of it.
    fn is_it(&self, name: &str, shown: &str) -> bool {
        let is_cut = |fault: &Fault| matches!(fault, Fault::Unlisted(Listing::NamesCut(_)));
        let is_cut = self.plan.faults.iter().any(is_cut);
        shown == name || (is_cut && !shown.is_empty() && name.starts_with(shown))
    }

    fn has(&self, listing: Listing) -> bool {
        self.plan.faults.contains(&Fault::Unlisted(listing))
    }
}
