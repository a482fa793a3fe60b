//! The objects that there are, by bucket and name, as every service of the emulator reads and
//! writes them. A bucket need not be made first.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::GzEncoder;

use super::checksum::{self, Md5Hash};
use crate::clock::Clock;
use crate::faults::{Faults, StorageFaults};
use crate::state::{Kept, Kind, State};
use crate::sync::lock;

/// A handle to all buckets. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    clock: Clock,
    faults: Faults,
    state: State,
    pub(super) inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) buckets: HashMap<String, Bucket>,
    pub(super) last_generation: i64,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) info: BucketInfo,
    pub(super) objects: BTreeMap<String, Object>,
}

/// What a bucket says of itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct BucketInfo {
    pub(crate) created: DateTime<Utc>,
    pub(crate) location: String,
    pub(crate) storage_class: String,
}

/// Why a bucket is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// No such bucket.
    Missing,
    /// It is there, but not for the caller.
    Forbidden,
}

/// An object and its content.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    pub(crate) content: Bytes,
    /// The content, where it is kept.
    pub(crate) kept: Kept,
    pub(crate) content_type: String,
    /// Differs between any two objects, and is the greater the later one was written.
    pub(crate) generation: i64,
    pub(crate) created: DateTime<Utc>,
    /// `None` for an object that was put together from parts.
    pub(crate) md5: Option<Md5Hash>,
    pub(crate) crc32c: u32,
    pub(crate) attributes: Attributes,
    pub(super) etag: String,
}

impl Object {
    /// The entity tag of the XML API and of downloads, in its quotation marks.
    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    pub(crate) fn size(&self) -> usize {
        self.content.len()
    }
}

/// What a caller says of an object beside its content and type.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Attributes {
    pub(crate) cache_control: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) storage_class: Option<String>,
    /// The caller's own keys and values.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// An object that is about to be written.
#[derive(Debug)]
pub(crate) struct NewObject {
    pub(crate) content: Bytes,
    /// The content, where it is kept already.
    pub(crate) kept: Kept,
    pub(crate) content_type: String,
    pub(crate) attributes: Attributes,
    /// The MD5 hashes of the parts that it was put together from, if it was.
    pub(crate) parts: Option<Vec<Md5Hash>>,
}

/// What has to hold of the present object for a call to go on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Precondition {
    /// The generation it has to have; 0 asks for there to be none.
    pub(crate) if_generation: Option<i64>,
    /// The generation it may not have; 0 asks for there to be one.
    pub(crate) if_not_generation: Option<i64>,
}

impl Precondition {
    pub(crate) fn holds(self, present: Option<&Object>) -> bool {
        let generation = present.map_or(0, |object| object.generation);
        self.if_generation.is_none_or(|wanted| wanted == generation)
            && self
                .if_not_generation
                .is_none_or(|unwanted| unwanted != generation)
    }
}

impl Buckets {
    pub(crate) fn new(clock: Clock, faults: Faults, state: State) -> Self {
        let inner = Inner {
            state: state.clone(),
            ..Inner::default()
        };
        Self {
            clock,
            faults,
            state,
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Whether callers reach the bucket; the other methods do not ask.
    pub(crate) fn reach(&self, bucket: &str) -> Result<(), Unreachable> {
        let StorageFaults { missing, forbidden } = self.faults.of_storage();
        if missing.contains(bucket) {
            return Err(Unreachable::Missing);
        }
        if forbidden.contains(bucket) {
            return Err(Unreachable::Forbidden);
        }
        Ok(())
    }

    pub(crate) fn get(&self, bucket: &str, object: &str) -> Option<Object> {
        let inner = lock(&self.inner);
        inner.buckets.get(bucket)?.objects.get(object).cloned()
    }

    /// Writes an object, in the place of one that has its name.
    pub(crate) fn put(
        &self,
        bucket: &str,
        object: &str,
        content: Bytes,
        content_type: &str,
    ) -> Object {
        let new = NewObject {
            content,
            kept: Kept::default(),
            content_type: content_type.to_owned(),
            attributes: Attributes::default(),
            parts: None,
        };
        let new = new.seal(&self.state);
        lock(&self.inner).insert(bucket, object, new, self.clock.now())
    }

    /// Packs `content` with gzip and writes an object that says so.
    pub(crate) fn put_gzipped(&self, bucket: &str, object: &str, content: &[u8]) {
        let mut packer = GzEncoder::new(content, Compression::default());
        let mut packed = Vec::new();
        // Reading from memory does not fail.
        let _ = packer.read_to_end(&mut packed);
        let new = NewObject {
            content: packed.into(),
            kept: Kept::default(),
            content_type: "application/octet-stream".to_owned(),
            attributes: Attributes {
                content_encoding: Some("gzip".to_owned()),
                ..Attributes::default()
            },
            parts: None,
        };
        lock(&self.inner).insert(bucket, object, new.seal(&self.state), self.clock.now());
    }

    /// Writes an object if `condition` holds, or answers `None`.
    pub(crate) fn put_if(
        &self,
        bucket: &str,
        object: &str,
        new: NewObject,
        condition: Precondition,
    ) -> Option<Object> {
        // Hashing and writing take their time, so they come before the lock.
        let new = new.seal(&self.state);
        let mut inner = lock(&self.inner);
        let present = inner
            .buckets
            .get(bucket)
            .and_then(|bucket| bucket.objects.get(object));
        condition
            .holds(present)
            .then(|| inner.insert(bucket, object, new, self.clock.now()))
    }

    /// Writes an object like `source` under another name if `condition` holds, or answers `None`.
    pub(crate) fn copy(
        &self,
        source: &Object,
        bucket: &str,
        object: &str,
        condition: Precondition,
    ) -> Option<Object> {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        let present = inner
            .buckets
            .get(bucket)
            .and_then(|bucket| bucket.objects.get(object));
        condition
            .holds(present)
            .then(|| inner.insert(bucket, object, source.clone(), now))
    }

    /// Deletes an object and answers whether it was there.
    pub(crate) fn delete(&self, bucket: &str, object: &str) -> bool {
        let mut inner = lock(&self.inner);
        let Some(present) = inner.buckets.get_mut(bucket) else {
            return false;
        };
        self.state.remove(Kind::Object, &object_key(bucket, object));
        present.objects.remove(object).is_some()
    }

    /// The objects whose names start with `prefix`, sorted by name.
    pub(crate) fn list(&self, bucket: &str, prefix: &str) -> Vec<(String, Object)> {
        let inner = lock(&self.inner);
        let Some(bucket) = inner.buckets.get(bucket) else {
            return Vec::new();
        };
        bucket
            .objects
            .range(prefix.to_owned()..)
            .take_while(|(name, _)| name.starts_with(prefix))
            .map(|(name, object)| (name.clone(), object.clone()))
            .collect()
    }

    /// Makes a bucket, or answers `false` where it has been made already.
    pub(crate) fn create_bucket(&self, bucket: &str, location: &str, storage_class: &str) -> bool {
        let mut inner = lock(&self.inner);
        if inner.buckets.contains_key(bucket) {
            return false;
        }
        let mut new = Bucket::new(self.clock.now());
        new.info.location = location.to_owned();
        new.info.storage_class = storage_class.to_owned();
        inner.keep_bucket(bucket, &new.info);
        inner.buckets.insert(bucket.to_owned(), new);
        true
    }

    /// What a bucket says of itself, made or not.
    pub(crate) fn bucket(&self, bucket: &str) -> BucketInfo {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        inner.bucket(bucket, now).info.clone()
    }

    /// Deletes a bucket if it is empty, and answers whether it was.
    pub(crate) fn delete_bucket(&self, bucket: &str) -> bool {
        let mut inner = lock(&self.inner);
        let empty = inner
            .buckets
            .get(bucket)
            .is_none_or(|bucket| bucket.objects.is_empty());
        if empty {
            self.state.remove(Kind::Bucket, bucket);
            inner.buckets.remove(bucket);
        }
        empty
    }

    /// The buckets that were made or written to, sorted by name.
    pub(crate) fn buckets(&self) -> Vec<(String, BucketInfo)> {
        let inner = lock(&self.inner);
        let mut buckets: Vec<_> = inner
            .buckets
            .iter()
            .map(|(name, bucket)| (name.clone(), bucket.info.clone()))
            .collect();
        buckets.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        buckets
    }
}

impl NewObject {
    /// The object with its checksums, but for its generation and time.
    fn seal(self, state: &State) -> Object {
        let (md5, etag) = match &self.parts {
            None => {
                let md5 = checksum::md5(&self.content);
                (Some(md5), format!("\"{}\"", checksum::hex(&md5)))
            }
            Some(parts) => {
                let md5 = checksum::md5(&parts.concat());
                let etag = format!("\"{}-{}\"", checksum::hex(&md5), parts.len());
                (None, etag)
            }
        };
        let kept = match self.kept.is_none() {
            true => state.keep(&self.content),
            false => self.kept,
        };
        Object {
            crc32c: checksum::crc32c(&self.content),
            kept,
            content: self.content,
            content_type: self.content_type,
            generation: 0,
            created: DateTime::<Utc>::MIN_UTC,
            md5,
            attributes: self.attributes,
            etag,
        }
    }
}

impl Bucket {
    fn new(created: DateTime<Utc>) -> Self {
        let info = BucketInfo {
            created,
            location: "US".to_owned(),
            storage_class: "STANDARD".to_owned(),
        };
        Self {
            info,
            objects: BTreeMap::new(),
        }
    }
}

impl Inner {
    pub(super) fn bucket(&mut self, bucket: &str, now: DateTime<Utc>) -> &mut Bucket {
        if !self.buckets.contains_key(bucket) {
            self.keep_bucket(bucket, &Bucket::new(now).info);
        }
        self.buckets
            .entry(bucket.to_owned())
            .or_insert_with(|| Bucket::new(now))
    }

    /// Stores an object that has no generation and time yet, or those of another.
    fn insert(
        &mut self,
        bucket: &str,
        name: &str,
        mut object: Object,
        now: DateTime<Utc>,
    ) -> Object {
        self.last_generation = now.timestamp_micros().max(self.last_generation + 1);
        object.generation = self.last_generation;
        object.created = now;
        self.keep_object(bucket, name, &object);
        let bucket = self.bucket(bucket, now);
        bucket.objects.insert(name.to_owned(), object.clone());
        object
    }
}

/// What an object is kept under.
pub(super) fn object_key(bucket: &str, object: &str) -> String {
    format!("{bucket}/{object}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets() -> Buckets {
        Buckets::new(Clock::new(), Faults::default(), State::default())
    }

    fn put(buckets: &Buckets, name: &str) -> Object {
        buckets.put("b", name, Bytes::from_static(b"x"), "text/plain")
    }

    #[test]
    fn objects_are_listed_by_name_under_a_prefix() {
        let buckets = buckets();
        for name in ["b/2", "a", "b/10", "c", "b"] {
            put(&buckets, name);
        }
        let names = |prefix| -> Vec<String> {
            let listed = buckets.list("b", prefix);
            listed.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(""), ["a", "b", "b/10", "b/2", "c"]);
        assert_eq!(names("b/"), ["b/10", "b/2"]);
        assert!(buckets.list("other", "").is_empty());
        assert!(buckets.delete("b", "b"));
        assert!(!buckets.delete("b", "b"));
    }

    #[test]
    fn generations_grow_on_a_stopped_clock() {
        let buckets = buckets();
        buckets.clock.pause();
        let (first, second) = (put(&buckets, "a"), put(&buckets, "a"));
        assert!(first.generation < second.generation);
        assert_eq!(first.etag(), second.etag());
        assert_eq!(buckets.get("b", "a"), Some(second));
    }

    #[test]
    fn conditions_look_at_the_generation() {
        let buckets = buckets();
        let generation = put(&buckets, "a").generation;
        let holds = |name: &str, is: Option<i64>, is_not: Option<i64>| {
            Precondition {
                if_generation: is,
                if_not_generation: is_not,
            }
            .holds(buckets.get("b", name).as_ref())
        };
        assert!(holds("a", None, None));
        assert!(holds("a", Some(generation), Some(0)));
        assert!(!holds("a", Some(0), None));
        assert!(!holds("a", Some(generation - 1), None));
        assert!(!holds("a", None, Some(generation)));
        assert!(holds("none", Some(0), None));
        assert!(!holds("none", None, Some(0)));
    }

    #[test]
    fn buckets_may_be_out_of_reach() {
        let buckets = buckets();
        buckets.faults.miss_bucket("gone");
        buckets.faults.forbid_bucket("private");
        assert_eq!(buckets.reach("gone"), Err(Unreachable::Missing));
        assert_eq!(buckets.reach("private"), Err(Unreachable::Forbidden));
        assert_eq!(buckets.reach("b"), Ok(()));
    }
}
