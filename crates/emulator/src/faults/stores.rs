//! The switches of Cloud Storage and BigQuery.

use std::collections::{BTreeSet, VecDeque};

use super::Faults;
use crate::sync::lock;

#[derive(Debug, Default)]
pub(super) struct StoreFaults {
    buckets: StorageFaults,
    object_cuts: VecDeque<u64>,
    tables: TableFaults,
}

impl StoreFaults {
    pub(super) fn object_cuts_left(&self) -> usize {
        self.object_cuts.len()
    }
}

/// The buckets that are out of reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct StorageFaults {
    pub(crate) missing: BTreeSet<String>,
    pub(crate) forbidden: BTreeSet<String>,
}

/// What is wrong with tables and queries.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableFaults {
    /// As in `project.dataset.table`.
    pub(crate) forbidden: BTreeSet<String>,
    /// How many answers about a query say that it is not done yet.
    pub(crate) unfinished_answers: usize,
}

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
