//! The switches of Cloud Storage and BigQuery.

use super::state::{StorageFaults, TableFaults};
use super::switches::Faults;
use crate::sync::lock;

impl Faults {
    /// Lets this bucket not exist, whatever is in it.
    pub fn miss_bucket(&self, bucket: impl Into<String>) {
        let bucket = bucket.into();
        lock(&self.inner).stores.buckets.missing.insert(bucket);
    }

    /// Lets nobody read, write or list this bucket.
    pub fn forbid_bucket(&self, bucket: impl Into<String>) {
        let bucket = bucket.into();
        lock(&self.inner).stores.buckets.forbidden.insert(bucket);
    }

    /// Closes the connection of the next download of an object after this many bytes of content.
    pub fn cut_next_object(&self, after: u64) {
        lock(&self.inner).stores.object_cuts.push_back(after);
    }

    /// Lets nobody read or write this table, such as `project.dataset.table`.
    pub fn forbid_table(&self, table: impl Into<String>) {
        let table = table.into();
        lock(&self.inner).stores.tables.forbidden.insert(table);
    }

    /// Says of each query that is sent from now on, in this many answers, that it is not done yet.
    pub fn delay_queries(&self, answers: usize) {
        lock(&self.inner).stores.tables.unfinished_answers = answers;
    }

    /// The opposite of [`miss_bucket`](Self::miss_bucket), for a bucket that is made.
    pub(crate) fn find_bucket(&self, bucket: &str) {
        lock(&self.inner).stores.buckets.missing.remove(bucket);
    }

    pub(crate) fn of_storage(&self) -> StorageFaults {
        lock(&self.inner).stores.buckets.clone()
    }

    pub(crate) fn of_tables(&self) -> TableFaults {
        lock(&self.inner).stores.tables.clone()
    }

    pub(crate) fn take_object_cut(&self) -> Option<u64> {
        lock(&self.inner).stores.object_cuts.pop_front()
    }
}
