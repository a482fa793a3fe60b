//! Going on with the uploads that an earlier process left.

use std::collections::BTreeMap;
use std::io;

use bytes::BytesMut;
use chrono::{TimeDelta, Utc};

use super::multiparts::{Multipart, MultipartRecord, Part, PartRecord, part_key};
use super::service::Storage;
use super::sessions::{Session, SessionRecord};
use crate::state::{Growing, Kind, Loading};
use crate::sync::lock;

/// How long an upload is remembered from one process to the next, in real time.
const LIFETIME: TimeDelta = TimeDelta::days(7);

impl Storage {
    /// Takes in the uploads as they were; the objects are there already.
    pub(crate) fn restore(&self, loading: &mut Loading) -> io::Result<()> {
        for record in loading.records::<SessionRecord>(Kind::StorageUpload)? {
            let place = &record.plan.place;
            let present = self.buckets.get(&place.bucket, &place.object);
            let made = present.filter(|object| match record.done {
                Some(generation) => object.generation == generation,
                // The process may have ended just before it was noted.
                None => {
                    object.kept.name().is_some() && object.kept.name() == record.content.as_deref()
                }
            });
            let is_old = Utc::now() - record.created > LIFETIME;
            if is_old || record.done.is_some() && made.is_none() {
                self.state.remove(Kind::StorageUpload, &record.id);
                continue;
            }
            let (mut growing, mut received) = (Growing::default(), Vec::new());
            if let (None, Some(name)) = (&made, &record.content) {
                (growing, received) = loading.growing(name, None)?;
            }
            let session = Session {
                id: record.id.clone(),
                created: record.created,
                plan: record.plan,
                received: BytesMut::from(&received[..]),
                done: made,
                state: self.state.clone(),
                growing,
            };
            lock(&self.sessions.0).insert(record.id, session);
        }
        self.restore_multiparts(loading)
    }

    fn restore_multiparts(&self, loading: &mut Loading) -> io::Result<()> {
        let mut uploads = lock(&self.multiparts.0);
        for record in loading.records::<MultipartRecord>(Kind::Multipart)? {
            if Utc::now() - record.created > LIFETIME {
                self.state.remove(Kind::Multipart, &record.id);
                continue;
            }
            let upload = Multipart {
                created: record.created,
                place: record.place,
                content_type: record.content_type,
                attributes: record.attributes,
                parts: BTreeMap::new(),
            };
            uploads.insert(record.id, upload);
        }
        for record in loading.records::<PartRecord>(Kind::Part)? {
            let (Some(upload), Some(at)) = (uploads.get_mut(&record.upload), &record.content)
            else {
                // The upload is over.
                let key = part_key(&record.upload, record.number);
                self.state.remove(Kind::Part, &key);
                continue;
            };
            let (kept, content) = loading.content(at)?;
            let md5 = record.md5;
            upload
                .parts
                .insert(record.number, Part { content, kept, md5 });
        }
        Ok(())
    }
}
