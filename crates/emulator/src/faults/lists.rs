//! The switches about what listings and answers say of jobs: late, under another name, with junk among
//! them, or of another job.

use std::time::Duration;

use super::switches::Faults;
use crate::sync::lock;

/// What is said of jobs.
impl Faults {
    /// Leaves jobs out of listings for this long after their creation, by the emulator's clock.
    pub fn list_late(&self, by: Duration) {
        self.job(|job| job.list_delay = by);
    }

    /// Shows display names cut off after this many characters.
    pub fn cut_display_names(&self, characters: usize) {
        self.job(|job| job.shown_name.cut = Some(characters));
    }

    /// Shows display names in capitals, with an underscore for all that is neither letter nor digit.
    pub fn fold_display_names(&self) {
        self.job(|job| job.shown_name.folded = true);
    }

    /// Keeps the labels of a job of Vertex AI to itself: neither shown, nor known to filters.
    pub fn hide_labels(&self) {
        self.job(|job| job.vertex.hide_labels = true);
    }

    /// Puts elements that are no jobs on every page of a listing: a number, an empty object, and one
    /// with a name that leads elsewhere.
    pub fn add_list_junk(&self) {
        lock(&self.inner).pages.junk = true;
    }

    /// Lets empty pages follow the last one of a listing for ever, each with a token of its own.
    pub fn endless_pages(&self) {
        lock(&self.inner).pages.endless = true;
    }

    /// Answers creates and reads with the record of another job, where there is one, until
    /// [`part_jobs`](Self::part_jobs).
    pub fn mix_up_jobs(&self) {
        lock(&self.inner).jobs_mixed_up = true;
    }

    /// Answers with the job that is meant again.
    pub fn part_jobs(&self) {
        lock(&self.inner).jobs_mixed_up = false;
    }

    pub(crate) fn mixes_up_jobs(&self) -> bool {
        lock(&self.inner).jobs_mixed_up
    }
}
