//! An object on its way into Cloud Storage: in parts, which become an object in the end or are
//! thrown away.

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::transport::told;
use crate::error::{Error, Result};
use crate::results::save::exists;

/// What is sent in one part.
const PART: usize = 8 * 1024 * 1024;
const PRECONDITION_FAILED: u16 = 412;
/// How many parts may be under way at once.
const PARTS_AT_ONCE: usize = 2;

/// Where an object is to stand.
struct Target {
    uri: String,
    store: Arc<dyn ObjectStore>,
    path: Path,
    overwrite: bool,
}

/// An object that appears whole once it is finished. Nothing is sent before a part is full; what
/// was sent is thrown away if the object is dropped.
pub(crate) struct NewObject {
    target: Target,
    part: Vec<u8>,
    /// How many bytes were written before `part`.
    sent: u64,
    upload: Option<Upload>,
}

struct Upload {
    object: Box<dyn MultipartUpload>,
    parts: JoinSet<object_store::Result<()>>,
}

impl NewObject {
    /// Starts an object, unless something stands there that must not be replaced.
    pub(super) async fn start(
        uri: &str,
        store: Arc<dyn ObjectStore>,
        path: Path,
        overwrite: bool,
    ) -> Result<Self> {
        let target = Target {
            uri: uri.to_owned(),
            store,
            path,
            overwrite,
        };
        if !overwrite {
            target.look().await?;
        }
        Ok(Self {
            target,
            part: Vec::new(),
            sent: 0,
            upload: None,
        })
    }

    /// After an error, nothing more can be written.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let room = PART - self.part.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == PART {
                let sent = self.send_part().await;
                let sent = self.target.told(sent);
                self.settle(sent).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<()> {
        let finished = self.complete().await;
        self.settle(finished).await
    }

    /// Throws away what was sent.
    pub(crate) async fn abandon(mut self) {
        if let Some(upload) = self.upload.take() {
            upload.abort().await;
        }
    }

    async fn settle(&mut self, outcome: Result<()>) -> Result<()> {
        if outcome.is_err()
            && let Some(upload) = self.upload.take()
        {
            upload.abort().await;
        }
        outcome
    }

    async fn send_part(&mut self) -> object_store::Result<()> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART));
        self.sent += part.len() as u64;
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload {
                object: self.target.store.put_multipart(&self.target.path).await?,
                parts: JoinSet::new(),
            }),
        };
        upload.wait_for_less_than(PARTS_AT_ONCE).await?;
        upload.parts.spawn(upload.object.put_part(part.into()));
        Ok(())
    }

    async fn complete(&mut self) -> Result<()> {
        if self.upload.is_none() {
            let whole = std::mem::take(&mut self.part);
            return self.target.put(whole.into()).await;
        }
        if !self.part.is_empty() {
            let sent = self.send_part().await;
            self.target.told(sent)?;
        }
        if let Some(upload) = &mut self.upload {
            let sent = upload.wait_for_less_than(1).await;
            self.target.told(sent)?;
        }
        // The last call takes no condition, so this is as late as can be asked.
        let before = self.target.look().await?;
        if let Some(upload) = &mut self.upload {
            let completed = upload.object.complete().await;
            match self.target.told(completed) {
                Err(error) if error.is_not_found() => {
                    self.target.find_completed(self.sent, before, error).await?;
                }
                other => drop(other?),
            }
        }
        self.upload = None;
        Ok(())
    }
}

impl Target {
    /// The generation of what stands there; an error if it must not be replaced.
    async fn look(&self) -> Result<Option<String>> {
        match told(self.store.head(&self.path).await, "looking for", &self.uri) {
            Ok(object) if self.overwrite => Ok(object.version),
            Ok(_) => Err(exists(&self.uri)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds to an outcome that this was being written.
    fn told<T>(&self, outcome: object_store::Result<T>) -> Result<T> {
        told(outcome, "writing", &self.uri)
    }

    /// An upload that is gone was completed, by an attempt whose answer was lost or because it
    /// was delivered twice, if another object of its size stands there now.
    async fn find_completed(&self, size: u64, before: Option<String>, error: Error) -> Result<()> {
        match self.store.head(&self.path).await {
            Ok(object) if object.size == size && object.version != before => Ok(()),
            _ => Err(error),
        }
    }

    /// Writes a small object in one call.
    async fn put(&self, whole: Bytes) -> Result<()> {
        let mode = match self.overwrite {
            true => PutMode::Overwrite,
            false => PutMode::Create,
        };
        let put = self
            .store
            .put_opts(&self.path, whole.clone().into(), mode.into())
            .await;
        match self.told(put) {
            Err(error) if error.status() == Some(PRECONDITION_FAILED) => {
                // What stands there may be what this call wrote: by an attempt whose answer was
                // lost, or because it was delivered twice on its way.
                match self.holds(&whole).await {
                    true => Ok(()),
                    false => Err(exists(&self.uri)),
                }
            }
            other => other.map(drop),
        }
    }

    async fn holds(&self, whole: &Bytes) -> bool {
        let is_as_long = |object: &object_store::GetResult| object.meta.size == whole.len() as u64;
        match self.store.get(&self.path).await {
            Ok(object) if is_as_long(&object) => {
                object.bytes().await.is_ok_and(|held| held == *whole)
            }
            _ => false,
        }
    }
}

impl Upload {
    /// Waits until fewer parts are under way; an error is that of a part that was refused.
    async fn wait_for_less_than(&mut self, count: usize) -> object_store::Result<()> {
        loop {
            let done = match self.parts.try_join_next() {
                None if self.parts.len() >= count => self.parts.join_next().await,
                done => done,
            };
            match done {
                Some(part) => {
                    part.map_err(|source| object_store::Error::JoinError { source })??
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
