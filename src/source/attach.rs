//! Local files that requests name, brought to where the service can read them while the
//! requests stream by.
//!
//! A file that is uploaded goes up once, however many requests name it: what is kept of each is
//! its path and where it went.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;

use super::{Source, SourceKind};
use crate::error::{Error, Result};
use crate::request::pending::{LocalFile, Place};
use crate::request::{Entry, EntryKind};

/// The largest file that goes into a request: what Google's documentation of file input methods
/// names for inline data.
const MAX_INLINE: u64 = 100_000_000;

/// Where a backend puts files that requests refer to.
pub(crate) trait Shelf: Send + Sync {
    fn put(&self, path: &Path, mime_type: &str) -> impl Future<Output = Result<Shelved>> + Send;

    fn take_back(&self, name: &str) -> impl Future<Output = Result<()>> + Send;
}

/// A file that was put on a shelf.
#[derive(Debug, Clone)]
pub(crate) struct Shelved {
    /// What the service knows it by, to take it back.
    pub(crate) name: String,
    /// What requests call it.
    pub(crate) uri: String,
}

/// The local files of one source.
pub(crate) struct Attachments<S> {
    shelf: S,
    shelved: Mutex<HashMap<PathBuf, Shelved>>,
}

impl Source {
    /// The same requests, with the contents of local files in them, or where the files went.
    pub(crate) fn attaching<S: Shelf + 'static>(self, shelf: S) -> (Self, Arc<Attachments<S>>) {
        let attachments = Arc::new(Attachments {
            shelf,
            shelved: Mutex::default(),
        });
        let SourceKind::Entries(entries) = self.0 else {
            return (self, attachments);
        };
        let shared = Arc::clone(&attachments);
        let entries = entries.enumerate().then(move |(place, entry)| {
            let attachments = Arc::clone(&shared);
            async move { attachments.settle(place + 1, entry?).await }
        });
        (Self(SourceKind::Entries(Box::pin(entries))), attachments)
    }
}

impl<S: Shelf> Attachments<S> {
    /// What was put on the shelf, by name.
    pub(crate) fn names(&self) -> Vec<String> {
        let shelved = self.shelved.lock().unwrap_or_else(PoisonError::into_inner);
        shelved.values().map(|file| file.name.clone()).collect()
    }

    /// Takes back what was put on the shelf, as far as that can be done, because of an error.
    pub(crate) async fn undo(&self, because: Error) -> Error {
        for name in self.names() {
            if let Err(error) = self.shelf.take_back(&name).await {
                tracing::warn!(%error, file = name, "an uploaded file could not be removed");
            }
        }
        because
    }

    async fn settle(&self, number: usize, mut entry: Entry) -> Result<Entry> {
        if let EntryKind::Built(draft) = &mut entry.0 {
            for file in std::mem::take(&mut draft.pending.files) {
                let Some(mime_type) = file.mime_type_in(draft.body.fields_mut()) else {
                    continue;
                };
                let brought = self.bring(&file, mime_type).await.map_err(|error| {
                    let path = file.path.display();
                    error.during(match &draft.key {
                        Some(key) => format!("request {number} (key {key:?}), file {path}"),
                        None => format!("request {number}, file {path}"),
                    })
                })?;
                file.settle(draft.body.fields_mut(), &brought);
            }
        }
        Ok(entry)
    }

    async fn bring(&self, file: &LocalFile, mime_type: Option<String>) -> Result<String> {
        let mime_type = mime_type.ok_or_else(|| {
            Error::input(
                "its MIME type cannot be told from its name: give it, with Part::mime_type",
            )
        })?;
        match file.place {
            Place::Inline => read_base64(file.path.clone()).await,
            Place::Uploaded => self.put_once(&file.path, &mime_type).await,
        }
    }

    async fn put_once(&self, path: &Path, mime_type: &str) -> Result<String> {
        let shelved = || self.shelved.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shelved().get(path).map(|file| file.uri.clone());
        if let Some(uri) = known {
            return Ok(uri);
        }
        let file = self.shelf.put(path, mime_type).await?;
        let uri = file.uri.clone();
        shelved().insert(path.to_owned(), file);
        Ok(uri)
    }
}

async fn read_base64(path: PathBuf) -> Result<String> {
    let read = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.take(MAX_INLINE + 1).read_to_end(&mut bytes)?;
        let fits = bytes.len() as u64 <= MAX_INLINE;
        Ok(fits.then(|| STANDARD.encode(bytes)))
    });
    let read = read.await.unwrap_or_else(|e| Err(std::io::Error::other(e)));
    let encoded = read.map_err(|e| Error::io("it cannot be read", e))?;
    encoded.ok_or_else(|| {
        Error::input(format!(
            "it has more than {MAX_INLINE} bytes, the most that a request can hold: use \
             Part::local_file"
        ))
    })
}
