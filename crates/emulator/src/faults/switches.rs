//! The handle to the switches, and those that all services share.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::failure::Failure;
use super::job::{JobEnd, JobFaults, OutputPlace};
use super::rows::Rows;
use super::state::{FileFaults, Inner, PageFaults};
use crate::operation::Operation;
use crate::sync::lock;

/// A handle to the fault switches. Clones turn the same switches.
///
/// The switches about jobs (all but [`fail_next`](Self::fail_next), [`pass_next`](Self::pass_next),
/// those on pages, files, downloads, uploads, chunks, tokens, deletions, projects, buckets, objects
/// and tables) hold for the
/// jobs that are created after they were turned, until [`clear`](Self::clear).
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub(super) inner: Arc<Mutex<Inner>>,
}

impl Faults {
    /// Turns every switch off and forgets the failures that were still to come.
    pub fn clear(&self) {
        *lock(&self.inner) = Inner::default();
    }

    /// Puts the results of jobs in an order that `seed` decides.
    pub fn shuffle_results(&self, seed: u64) {
        self.job(|job| job.shuffle = Some(seed));
    }

    /// Leaves out the `metadata` (inline) or `key` (file) of these rows; on Vertex AI, every field
    /// that came beside the request.
    pub fn drop_keys(&self, rows: Rows) {
        self.job(|job| job.drop_keys = rows);
    }

    /// Leaves these rows out of the results.
    pub fn drop_rows(&self, rows: Rows) {
        self.job(|job| job.drop_rows = rows);
    }

    /// Gives these rows twice, under the same key.
    pub fn double_rows(&self, rows: Rows) {
        self.job(|job| job.double_rows = rows);
    }

    /// Adds `count` answers under the keys `foreign-1`, `foreign-2` and so on, which nobody sent.
    pub fn add_foreign_rows(&self, count: usize) {
        self.job(|job| job.foreign_rows = count);
    }

    /// Puts a line that is not JSON into the middle of output files.
    pub fn add_garbage_line(&self) {
        self.job(|job| job.garbage_line = true);
    }

    /// Keeps the output out of a job for this long after it succeeded.
    pub fn delay_output(&self, by: Duration) {
        self.job(|job| job.output_delay = by);
    }

    /// Answers 404 to downloads of an output file for this long after its job succeeded; on Vertex
    /// AI, the objects and tables of the output are not there until then.
    pub fn delay_output_file(&self, by: Duration) {
        self.job(|job| job.file_delay = by);
    }

    /// Gives the output only in one of the two places where a job has it.
    pub fn put_output(&self, place: OutputPlace) {
        self.job(|job| job.output_place = place);
    }

    /// Lets jobs end as `BATCH_STATE_FAILED` or `JOB_STATE_FAILED`, with this error and without
    /// output.
    pub fn fail_jobs(&self, code: i32, message: impl Into<String>) {
        let message = message.into();
        self.job(|job| job.end = JobEnd::Failed { code, message });
    }

    /// Lets jobs end as `BATCH_STATE_EXPIRED`, without output; on Vertex AI as `JOB_STATE_EXPIRED`,
    /// with the first half of the rows in the output.
    pub fn expire_jobs(&self) {
        self.job(|job| job.end = JobEnd::Expired);
    }

    /// Keeps `pendingRequestCount` at `requestCount` until a job ends; on Vertex AI, the successful
    /// and failed rows at 0 and the incomplete ones at -1.
    pub fn freeze_stats(&self) {
        self.job(|job| job.freeze_stats = true);
    }

    /// Keeps `pendingRequestCount` at `requestCount` for good in listings, whatever the state.
    pub fn freeze_listed_stats(&self) {
        self.job(|job| job.freeze_listed_stats = true);
    }

    /// Puts a page that is empty but has a next token before every page of a listing.
    pub fn empty_pages(&self) {
        lock(&self.inner).pages.empty = true;
    }

    /// Answers every page of a listing with the token that led to it, so that it never ends.
    pub fn repeat_page_token(&self) {
        lock(&self.inner).pages.repeat_token = true;
    }

    /// Lets the next `times` calls of `operation` fail in this way, after the failures already
    /// lined up for it.
    pub fn fail_next(&self, operation: Operation, times: usize, failure: Failure) {
        let mut inner = lock(&self.inner);
        let queue = inner.calls.entry(operation).or_default();
        queue.extend(std::iter::repeat_n(Some(failure), times));
    }

    /// Lets the next `times` calls of `operation` succeed, so that a failure lined up afterwards
    /// meets a later one.
    pub fn pass_next(&self, operation: Operation, times: usize) {
        let mut inner = lock(&self.inner);
        let queue = inner.calls.entry(operation).or_default();
        queue.extend(std::iter::repeat_n(None, times));
    }

    /// Lets the next `times` calls fail in this way, whatever they are, before the failures that are
    /// lined up for an operation.
    pub fn fail_all_next(&self, times: usize, failure: Failure) {
        let mut inner = lock(&self.inner);
        inner.storm.extend(std::iter::repeat_n(failure, times));
    }

    /// How many of the failures for any call have not happened yet.
    pub fn failures_of_all_left(&self) -> usize {
        lock(&self.inner).storm.len()
    }

    /// How many of the failures lined up for `operation` have not happened yet.
    pub fn failures_left(&self, operation: Operation) -> usize {
        let inner = lock(&self.inner);
        let queue = inner.calls.get(&operation);
        queue.map_or(0, |queue| queue.iter().flatten().count())
    }

    /// Lets listings be as they should again, after [`repeat_page_token`](Self::repeat_page_token),
    /// [`empty_pages`](Self::empty_pages), [`endless_pages`](Self::endless_pages) or
    /// [`add_list_junk`](Self::add_list_junk).
    pub fn mend_pages(&self) {
        lock(&self.inner).pages = PageFaults::default();
    }

    /// Closes the connection of the next download after this many bytes of content.
    pub fn cut_next_download(&self, after: u64) {
        lock(&self.inner).download_cuts.push_back(after);
    }

    /// Answers 503 to the next upload chunk, having stored only this many bytes of it.
    pub fn interrupt_next_chunk(&self, stored: u64) {
        lock(&self.inner).chunk_cuts.push_back(stored);
    }

    /// How many cuts of downloads and objects were lined up and have not happened yet.
    pub fn download_cuts_left(&self) -> usize {
        let inner = lock(&self.inner);
        inner.download_cuts.len() + inner.stores.object_cuts.len()
    }

    /// How many interruptions of chunks were lined up and have not happened yet.
    pub fn chunk_cuts_left(&self) -> usize {
        lock(&self.inner).chunk_cuts.len()
    }

    /// Holds every token for expired once it was good for this many calls, as a service does whose
    /// clock is ahead of that of the client; a token that was used up already is refused at once.
    pub fn expire_tokens_after(&self, calls: usize) {
        lock(&self.inner).token_calls = Some(calls);
    }

    /// Works on files that are uploaded from now on: each says `PROCESSING` when it is made and in so
    /// many `looks` at it, and no job can be created from it until then.
    pub fn process_files(&self, looks: usize) {
        lock(&self.inner).files.looks = looks;
    }

    /// Lets files that are uploaded from now on end as `FAILED`, with this error.
    pub fn fail_files(&self, code: i32, message: impl Into<String>) {
        lock(&self.inner).files.failure = Some((code, message.into()));
    }

    pub(crate) fn of_new_file(&self) -> FileFaults {
        lock(&self.inner).files.clone()
    }

    pub(super) fn job(&self, turn: impl FnOnce(&mut JobFaults)) {
        turn(&mut lock(&self.inner).job);
    }

    pub(crate) fn of_new_job(&self) -> JobFaults {
        lock(&self.inner).job.clone()
    }

    pub(crate) fn of_pages(&self) -> PageFaults {
        lock(&self.inner).pages
    }

    pub(crate) fn take_failure(&self, operation: Operation) -> Option<Failure> {
        let mut inner = lock(&self.inner);
        if let Some(failure) = inner.storm.pop_front() {
            return Some(failure);
        }
        inner.calls.get_mut(&operation)?.pop_front()?
    }

    pub(crate) fn calls_of_a_token(&self) -> Option<usize> {
        lock(&self.inner).token_calls
    }

    pub(crate) fn take_download_cut(&self) -> Option<u64> {
        lock(&self.inner).download_cuts.pop_front()
    }

    pub(crate) fn take_chunk_cut(&self) -> Option<u64> {
        lock(&self.inner).chunk_cuts.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_come_in_order_and_run_out() {
        let faults = Faults::default();
        faults.pass_next(Operation::GetBatch, 1);
        faults.fail_next(Operation::GetBatch, 1, Failure::CloseBeforeAnswer);
        assert_eq!(faults.failures_left(Operation::GetBatch), 1);
        assert!(faults.take_failure(Operation::ListBatches).is_none());
        assert!(faults.take_failure(Operation::GetBatch).is_none());
        assert!(faults.take_failure(Operation::GetBatch).is_some());
        assert_eq!(faults.failures_left(Operation::GetBatch), 0);
        assert!(faults.take_failure(Operation::GetBatch).is_none());
    }

    #[test]
    fn cuts_are_counted_until_they_happen() {
        let faults = Faults::default();
        faults.cut_next_download(1);
        faults.cut_next_object(1);
        faults.interrupt_next_chunk(1);
        assert_eq!(
            (faults.download_cuts_left(), faults.chunk_cuts_left()),
            (2, 1)
        );
        assert!(faults.take_object_cut().is_some() && faults.take_chunk_cut().is_some());
        assert_eq!(
            (faults.download_cuts_left(), faults.chunk_cuts_left()),
            (1, 0)
        );
    }
}
