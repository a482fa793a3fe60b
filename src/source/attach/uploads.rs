//! Files on their way to a store, each once, several at a time.
//!
//! An upload goes on while anybody polls it: the request that waits for it, those before it, or who
//! takes everything back.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};
use tokio::sync::Semaphore;

use super::{AttachmentStore, StoredFile};
use crate::error::{Error, Result};

/// What memory is counted in.
const UNIT: usize = 64 * 1024;

/// How much memory the uploads to a store may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// All of them at once; there is always room for one.
    pub(crate) all: usize,
    /// One of a large file.
    pub(crate) each: usize,
}

/// An upload, which any number may wait for.
pub(super) type Upload = Shared<BoxFuture<'static, std::result::Result<StoredFile, Failed>>>;

/// An error that the first who asks is given.
type Failed = Arc<Mutex<Option<Error>>>;

/// The uploads of one source.
pub(super) struct Uploads<S> {
    store: Arc<S>,
    begun: Mutex<HashMap<PathBuf, Upload>>,
    room: Arc<Semaphore>,
    /// Whether nothing of the source will be sent.
    is_stopped: Arc<AtomicBool>,
}

impl<S: AttachmentStore + 'static> Uploads<S> {
    pub(super) fn new(store: S) -> Self {
        let units = (store.room().all / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            store: Arc::new(store),
            begun: Mutex::default(),
            room: Arc::new(Semaphore::new(units)),
            is_stopped: Arc::default(),
        }
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<PathBuf, Upload>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The upload of a file, which begins once it is polled and there is room.
    pub(super) fn begin(&self, path: &Path, mime_type: &str) -> Upload {
        let mut begun = self.begun();
        if let Some(upload) = begun.get(path) {
            return upload.clone();
        }
        let (store, room) = (Arc::clone(&self.store), Arc::clone(&self.room));
        let is_stopped = Arc::clone(&self.is_stopped);
        let (file, mime_type) = (path.to_owned(), mime_type.to_owned());
        let upload = async move {
            let _room = take_room(&room, &file, store.room()).await;
            let uploaded = match is_stopped.load(Ordering::Relaxed) {
                true => Err(Error::input(
                    "it was not uploaded, since nothing will be sent",
                )),
                false => store.upload(&file, &mime_type).await,
            };
            uploaded.map_err(|error| Arc::new(Mutex::new(Some(error))))
        };
        let upload = upload.boxed().shared();
        begun.insert(path.to_owned(), upload.clone());
        upload
    }

    /// Begins no more of them.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// What was put on the store, by name.
    pub(super) fn names(&self) -> Vec<String> {
        let begun = self.begun();
        let stored = begun
            .values()
            .filter_map(|upload| upload.peek()?.as_ref().ok());
        stored.map(|file| file.name.clone()).collect()
    }

    /// Takes back what was put on the store, as far as that can be done.
    pub(super) async fn undo(&self) {
        self.stop();
        // Those under way may have made a file already.
        let begun: Vec<_> = self.begun().values().cloned().collect();
        join_all(begun).await;
        for name in self.names() {
            if let Err(error) = self.store.remove(&name).await {
                tracing::warn!(%error, file = name, "an uploaded file could not be removed");
            }
        }
    }
}

/// What came of an upload.
pub(super) async fn outcome(upload: Upload) -> Result<StoredFile> {
    upload.await.map_err(|failed| {
        let error = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        error.unwrap_or_else(|| Error::input("it could not be uploaded for an earlier request"))
    })
}

/// Waits until there is memory for the upload of a file; it is given back as the permit is dropped.
async fn take_room<'a>(
    room: &'a Semaphore,
    file: &Path,
    Room { all, each }: Room,
) -> Option<tokio::sync::SemaphorePermit<'a>> {
    let len = tokio::fs::metadata(file).await;
    let len = len.map_or(each, |file| usize::try_from(file.len()).unwrap_or(each));
    let bytes = len.min(each).min(all);
    let units = u32::try_from((bytes / UNIT).max(1)).unwrap_or(1);
    // It is never closed.
    room.acquire_many(units).await.ok()
}
