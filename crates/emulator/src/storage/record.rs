//! Buckets and objects as they are written down, and read back after the process has ended.

use std::collections::BTreeMap;
use std::io;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::checksum::Md5Hash;
use super::store::{Attributes, Bucket, BucketInfo, Buckets, Inner, Object, object_key};
use crate::state::{KeptAt, Kind, Loading};
use crate::sync::lock;

/// A bucket as it is written down.
#[derive(Debug, Deserialize, Serialize)]
struct BucketRecord {
    name: String,
    info: BucketInfo,
}

/// An object as it is written down.
#[derive(Debug, Deserialize, Serialize)]
struct ObjectRecord {
    bucket: String,
    name: String,
    content: Option<KeptAt>,
    content_type: String,
    generation: i64,
    created: DateTime<Utc>,
    md5: Option<Md5Hash>,
    crc32c: u32,
    attributes: Attributes,
    etag: String,
}

impl Buckets {
    /// Takes in buckets and objects as they were before.
    pub(crate) fn restore(&self, loading: &mut Loading) -> io::Result<()> {
        let mut inner = lock(&self.inner);
        for BucketRecord { name, info } in loading.records(Kind::Bucket)? {
            let objects = BTreeMap::new();
            inner.buckets.insert(name, Bucket { info, objects });
        }
        for record in loading.records::<ObjectRecord>(Kind::Object)? {
            let (kept, content) = match &record.content {
                Some(at) => loading.content(at)?,
                None => Default::default(),
            };
            let object = Object {
                content,
                kept,
                content_type: record.content_type,
                generation: record.generation,
                created: record.created,
                md5: record.md5,
                crc32c: record.crc32c,
                attributes: record.attributes,
                etag: record.etag,
            };
            inner.last_generation = inner.last_generation.max(object.generation);
            let bucket = inner.bucket(&record.bucket, object.created);
            bucket.objects.insert(record.name, object);
        }
        Ok(())
    }
}

impl Inner {
    /// Writes a bucket down.
    pub(super) fn keep_bucket(&self, bucket: &str, info: &BucketInfo) {
        self.state.put(Kind::Bucket, bucket, || BucketRecord {
            name: bucket.to_owned(),
            info: info.clone(),
        });
    }

    /// Writes an object down.
    pub(super) fn keep_object(&self, bucket: &str, name: &str, object: &Object) {
        self.state
            .put(Kind::Object, &object_key(bucket, name), || ObjectRecord {
                bucket: bucket.to_owned(),
                name: name.to_owned(),
                content: object.kept.at(),
                content_type: object.content_type.clone(),
                generation: object.generation,
                created: object.created,
                md5: object.md5,
                crc32c: object.crc32c,
                attributes: object.attributes.clone(),
                etag: object.etag.clone(),
            });
    }
}
