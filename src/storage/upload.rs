//! An object on its way into Cloud Storage: in parts, which become an object in the end or are
//! thrown away.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::transport::told;
use crate::error::Result;

/// What is sent in one part.
const PART: usize = 8 * 1024 * 1024;
/// How many parts may be under way at once.
const PARTS_AT_ONCE: usize = 2;

/// An object that appears whole once it is finished. Nothing is sent before a part is full; what
/// was sent is thrown away if the object is dropped.
pub(crate) struct NewObject {
    uri: String,
    store: Arc<dyn ObjectStore>,
    path: Path,
    part: Vec<u8>,
    upload: Option<Upload>,
}

struct Upload {
    object: Box<dyn MultipartUpload>,
    parts: JoinSet<object_store::Result<()>>,
}

impl NewObject {
    pub(super) fn new(uri: &str, store: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self {
            uri: uri.to_owned(),
            store,
            path,
            part: Vec::new(),
            upload: None,
        }
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

    async fn settle(&mut self, outcome: object_store::Result<()>) -> Result<()> {
        if outcome.is_err()
            && let Some(upload) = self.upload.take()
        {
            upload.abort().await;
        }
        told(outcome, "writing", &self.uri)
    }

    async fn send_part(&mut self) -> object_store::Result<()> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART));
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload {
                object: self.store.put_multipart(&self.path).await?,
                parts: JoinSet::new(),
            }),
        };
        upload.wait_for_less_than(PARTS_AT_ONCE).await?;
        upload.parts.spawn(upload.object.put_part(part.into()));
        Ok(())
    }

    async fn complete(&mut self) -> object_store::Result<()> {
        if self.upload.is_none() {
            let whole = std::mem::take(&mut self.part);
            return self.store.put(&self.path, whole.into()).await.map(drop);
        }
        if !self.part.is_empty() {
            self.send_part().await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.wait_for_less_than(1).await?;
            upload.object.complete().await?;
        }
        self.upload = None;
        Ok(())
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
