//! An object on its way into Cloud Storage: in parts, which become an object in the end or are
//! thrown away.

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    GetOptions, GetResult, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutResult,
};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::checksum::Crc32c;
use super::gcs::CloudStorage;
use super::transport::{Said, map_store_error};
use crate::error::{Error, Result};
use crate::http::connections::{Held, MOST};
use crate::local::exists;
use crate::uri::GcsUri;

/// What is sent in one part: the least that Cloud Storage takes for one that is not the last ("XML API
/// multipart uploads", Requirements), so that many fit into the budget of the client …
pub(crate) const PART: usize = 5 * 1024 * 1024;
/// … and of a long object more, since it may have 10,000 parts.
const LATER_PART: usize = 16 * 1024 * 1024;
const EARLY_PARTS: usize = 4000;
const PRECONDITION_FAILED: u16 = 412;

/// Where an object is to stand.
pub(super) struct Place {
    pub(super) storage: CloudStorage,
    pub(super) uri: GcsUri,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
}

struct Target {
    place: Place,
    overwrite: bool,
}

/// What an object is made of.
#[derive(Clone, Copy, Default)]
struct Written {
    size: u64,
    crc32c: Crc32c,
}

/// An object that appears whole once it is finished. Nothing is sent before a part is full; what
/// was sent is thrown away if the object is dropped.
pub(crate) struct NewObject {
    target: Target,
    part: Vec<u8>,
    written: Written,
    upload: Option<Upload>,
}

struct Upload {
    object: Box<dyn MultipartUpload>,
    /// Those under way; each gives its length.
    parts: JoinSet<object_store::Result<usize>>,
    /// How many there have been.
    started: usize,
    /// What the parts under way have of the client's budget, and the one that is written now.
    held: Held,
    reserved: usize,
}

impl NewObject {
    /// Starts an object, unless something stands there that must not be replaced.
    pub(super) async fn start(place: Place, overwrite: bool) -> Result<Self> {
        let target = Target { place, overwrite };
        if !overwrite {
            let looked = target.look().await;
            looked.map_err(|error| target.place.storage.explain(error))?;
        }
        Ok(Self {
            target,
            part: Vec::new(),
            written: Written::default(),
            upload: None,
        })
    }

    /// After an error, nothing more can be written.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.written.size += bytes.len() as u64;
        self.written.crc32c.update(bytes);
        while !bytes.is_empty() {
            if self.part.is_empty() {
                let started = self.start_part().await;
                let started = self.target.map_store_error(started);
                self.abort_if_failed(started).await?;
            }
            let full = self.part_size();
            let room = full - self.part.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == full {
                let sent = self.send_part().await;
                let sent = self.target.map_store_error(sent);
                self.abort_if_failed(sent).await?;
            }
        }
        Ok(())
    }

    /// How long the part is to be that is written now.
    fn part_size(&self) -> usize {
        let started = self.upload.as_ref().map_or(0, |upload| upload.started);
        match started < EARLY_PARTS {
            true => PART,
            false => LATER_PART,
        }
    }

    pub(crate) async fn finish(mut self) -> Result<()> {
        let finished = self.complete().await;
        self.abort_if_failed(finished).await
    }

    /// Throws away what was sent.
    pub(crate) async fn abandon(mut self) {
        if let Some(upload) = self.upload.take() {
            upload.abort().await;
        }
    }

    async fn abort_if_failed(&mut self, outcome: Result<()>) -> Result<()> {
        if outcome.is_err()
            && let Some(upload) = self.upload.take()
        {
            upload.abort().await;
        }
        outcome.map_err(|error| self.target.place.storage.explain(error))
    }

    /// Waits for the memory of a part, where others are under way.
    async fn start_part(&mut self) -> object_store::Result<()> {
        let full = self.part_size();
        if let Some(upload) = &mut self.upload {
            let has_room = |upload: &Upload| upload.has_room_for(full);
            upload.wait_until(has_room).await?;
            upload.held.add(full);
            upload.reserved = full;
            // Not as it grows, which would take twice as much. The first may be all, and short.
            self.part.reserve_exact(full);
        }
        Ok(())
    }

    async fn send_part(&mut self) -> object_store::Result<()> {
        let part = std::mem::take(&mut self.part);
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload {
                object: self.target.place.start_parts().await?,
                parts: JoinSet::new(),
                started: 0,
                held: Held::of(self.target.place.storage.budget()),
                reserved: 0,
            }),
        };
        let len = part.len();
        let put = upload.object.put_part(part.into());
        let put = async move { put.await.map(|()| len) };
        upload.parts.spawn(put.in_current_span());
        let reserved = std::mem::take(&mut upload.reserved);
        upload.held.give_back(reserved);
        upload.held.add(len);
        upload.started += 1;
        Ok(())
    }

    async fn complete(&mut self) -> Result<()> {
        if self.upload.is_none() {
            let whole = std::mem::take(&mut self.part);
            return self.target.put(whole.into(), self.written).await;
        }
        if !self.part.is_empty() {
            let sent = self.send_part().await;
            self.target.map_store_error(sent)?;
        }
        if let Some(upload) = &mut self.upload {
            let sent = upload.wait_until(|upload| upload.parts.is_empty()).await;
            self.target.map_store_error(sent)?;
        }
        // The last call takes no condition, so this is as late as can be asked.
        let before = self.target.look().await?;
        if let Some(upload) = &mut self.upload {
            let completed = upload.object.complete().await;
            match self.target.map_store_error(completed) {
                Err(error) if error.is_not_found() => {
                    let target = &self.target;
                    target.find_completed(self.written, before, error).await?;
                }
                Ok(object) => {
                    // There is nothing left to abort.
                    self.upload = None;
                    self.target.check(&object, self.written).await?;
                }
                Err(error) => return Err(error),
            }
        }
        self.upload = None;
        Ok(())
    }
}

impl Place {
    async fn start_parts(&self) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart(&self.path).await
    }

    /// What stands there: its size and generation, and what else the response says.
    async fn head(&self) -> object_store::Result<GetResult> {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        self.store.get_opts(&self.path, options).await
    }

    async fn holds(&self, whole: &Bytes) -> bool {
        let is_as_long = |object: &GetResult| object.meta.size == whole.len() as u64;
        match self.store.get(&self.path).await {
            Ok(object) if is_as_long(&object) => {
                object.bytes().await.is_ok_and(|held| held == *whole)
            }
            _ => false,
        }
    }
}

impl Target {
    /// The generation of what stands there; an error if it must not be replaced.
    async fn look(&self) -> Result<Option<String>> {
        let Place { uri, .. } = &self.place;
        match map_store_error(self.place.head().await, "looking for", uri) {
            Ok(object) if self.overwrite => Ok(object.meta.version),
            Ok(_) => Err(exists(uri.as_str())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds to an outcome that this was being written.
    fn map_store_error<T>(&self, outcome: object_store::Result<T>) -> Result<T> {
        map_store_error(outcome, "writing", &self.place.uri)
    }

    /// An upload that is gone was completed, by an attempt whose response was lost or because it
    /// was delivered twice, if another object of its size and checksum stands there now.
    async fn find_completed(
        &self,
        written: Written,
        before: Option<String>,
        error: Error,
    ) -> Result<()> {
        match self.place.head().await {
            Ok(object) if object.meta.version != before && written.is(&object) => Ok(()),
            _ => Err(error),
        }
    }

    /// Holds what the service says of a new object to what was written. An object that differs is
    /// removed.
    async fn check(&self, object: &PutResult, written: Written) -> Result<()> {
        let said = object.extensions.get::<Said>().and_then(|said| said.crc32c);
        let wrong = match said {
            Some(said) if said == written.crc32c => return Ok(()),
            Some(said) => format!("it has the {said}, not the {}", written.crc32c),
            // A service that says nothing is asked.
            None => {
                let there = self.map_store_error(self.place.head().await)?;
                let is_same = object.version.is_none() || there.meta.version == object.version;
                match written.is(&there) {
                    // Another writer's object says nothing of this one, and is left.
                    _ if !is_same => {
                        let error = Error::protocol(
                            "another object stands where it was written, so that nothing shows \
                             whether it arrived whole",
                        );
                        return Err(error.during(format!("writing {}", self.place.uri)));
                    }
                    true => return Ok(()),
                    false => format!("it has {} bytes, not {}", there.meta.size, written.size),
                }
            }
        };
        let removed = match &object.version {
            Some(generation) => {
                let Place { storage, uri, .. } = &self.place;
                storage.delete_generation(uri, generation).await
            }
            None => Err(Error::protocol("the service named no generation")),
        };
        let error = Error::protocol(format!("what arrived is not what was written: {wrong}"));
        let error = match removed {
            Ok(()) => error.with_outcome("the object was removed"),
            Err(because) => {
                error.with_outcome(&format!("the object could not be removed: {because}"))
            }
        };
        Err(error.during(format!("writing {}", self.place.uri)))
    }

    /// Writes a small object in one call.
    async fn put(&self, whole: Bytes, written: Written) -> Result<()> {
        let mode = match self.overwrite {
            true => PutMode::Overwrite,
            false => PutMode::Create,
        };
        let Place {
            store, path, uri, ..
        } = &self.place;
        let put = store
            .put_opts(path, whole.clone().into(), mode.into())
            .await;
        match self.map_store_error(put) {
            Err(error) if error.status() == Some(PRECONDITION_FAILED) => {
                // What stands there may be what this call wrote: by an attempt whose response was
                // lost, or because it was delivered twice on its way.
                match self.place.holds(&whole).await {
                    true => Ok(()),
                    false => Err(exists(uri.as_str())),
                }
            }
            Ok(object) => self.check(&object, written).await,
            Err(error) => Err(error),
        }
    }
}

impl Written {
    /// Whether an object that stands somewhere may be what was written, as far as is said of it.
    fn is(self, object: &GetResult) -> bool {
        let said = object.extensions.get::<Said>().and_then(|said| said.crc32c);
        object.meta.size == self.size && said.is_none_or(|said| said == self.crc32c)
    }
}

impl Upload {
    /// Whether a part of this length may go beside those under way; one may in any case.
    fn has_room_for(&self, len: usize) -> bool {
        self.parts.is_empty() || (self.parts.len() < MOST && self.held.has_room_for(len))
    }

    /// Waits until enough parts have arrived; an error is that of a part that was refused.
    async fn wait_until(&mut self, enough: impl Fn(&Self) -> bool) -> object_store::Result<()> {
        loop {
            let done = match self.parts.try_join_next() {
                None if !enough(self) => self.parts.join_next().await,
                done => done,
            };
            match done {
                Some(part) => {
                    let len =
                        part.map_err(|source| object_store::Error::JoinError { source })??;
                    self.held.give_back(len);
                }
                None => return Ok(()),
            }
        }
    }

    async fn abort(mut self) {
        self.parts.shutdown().await;
        if let Err(error) = self.object.abort().await {
            tracing::warn!(%error, "parts of an upload are left behind");
        }
    }
}

impl Drop for NewObject {
    fn drop(&mut self) {
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) {
            runtime.spawn(upload.abort());
        }
    }
}
