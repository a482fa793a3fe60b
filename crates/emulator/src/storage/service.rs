//! The service and all it holds, and what both APIs do to it.

use super::error::{StorageError, StorageResult};
use super::multiparts::Multiparts;
use super::route::Place;
use super::sessions::Sessions;
use super::store::{Buckets, NewObject, Object, Precondition};
use crate::faults::Faults;
use crate::reply;
use crate::state::State;

/// What a builder may set about the service.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) max_page_size: usize,
    pub(crate) min_part_size: usize,
    pub(crate) chunk_granularity: u64,
}

/// The service and all it holds.
pub(crate) struct Storage {
    pub(super) settings: Settings,
    pub(super) buckets: Buckets,
    pub(super) faults: Faults,
    pub(super) multiparts: Multiparts,
    pub(super) sessions: Sessions,
    pub(super) state: State,
}

impl Storage {
    pub(crate) fn new(settings: Settings, buckets: Buckets, faults: Faults, state: State) -> Self {
        Self {
            settings,
            buckets,
            faults,
            multiparts: Multiparts::default(),
            sessions: Sessions::default(),
            state,
        }
    }

    /// The object, of the generation asked for where one is.
    pub(super) fn find(&self, place: &Place, generation: Option<i64>) -> StorageResult<Object> {
        self.buckets
            .get(&place.bucket, &place.object)
            .filter(|object| generation.is_none_or(|wanted| wanted == object.generation))
            .ok_or_else(|| StorageError::no_such_object(place))
    }

    pub(super) fn write(
        &self,
        place: &Place,
        new: NewObject,
        condition: Precondition,
    ) -> StorageResult<Object> {
        self.buckets
            .put_if(&place.bucket, &place.object, new, condition)
            .ok_or_else(StorageError::condition_not_met)
    }

    pub(super) fn copy(
        &self,
        from: &Place,
        to: &Place,
        condition: Precondition,
    ) -> StorageResult<Object> {
        let source = self.find(from, None)?;
        self.buckets
            .copy(&source, &to.bucket, &to.object, condition)
            .ok_or_else(StorageError::condition_not_met)
    }

    pub(super) fn delete(&self, place: &Place, condition: Precondition) -> StorageResult {
        let object = self.find(place, None)?;
        if !condition.holds(Some(&object)) {
            return Err(StorageError::condition_not_met());
        }
        if !self.buckets.delete(&place.bucket, &place.object) {
            return Err(StorageError::no_such_object(place));
        }
        Ok(reply::no_content())
    }

    pub(super) fn create_bucket(
        &self,
        bucket: &str,
        location: &str,
        class: &str,
    ) -> StorageResult<()> {
        self.faults.find_bucket(bucket);
        let reached = self.buckets.reach(bucket);
        reached.map_err(StorageError::unreachable)?;
        self.buckets
            .create_bucket(bucket, location, class)
            .then_some(())
            .ok_or_else(StorageError::bucket_taken)
    }

    pub(super) fn delete_bucket(&self, bucket: &str) -> StorageResult {
        if self.buckets.delete_bucket(bucket) {
            Ok(reply::no_content())
        } else {
            Err(StorageError::bucket_not_empty())
        }
    }
}
