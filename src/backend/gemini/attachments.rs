//! Local files that requests name, put into the Files API.

use std::path::Path;

use super::Gemini;
use super::files::contents::CHUNK;
use super::files::upload::NewFile;
use crate::error::{Error, Result};
use crate::source::attach::{AttachmentStore, Room, StoredFile};

impl AttachmentStore for Gemini {
    async fn upload(&self, path: &Path, mime_type: &str) -> Result<StoredFile> {
        let upload = NewFile::new(path.into()).mime_type(mime_type);
        let file = upload.send(Ok(self.clone())).await?;
        let name = file.name().to_owned();
        let uri = self.once_ready(file).await.and_then(|file| {
            let no_uri = || Error::protocol("the service gave the file no URI");
            file.uri().map(str::to_owned).ok_or_else(no_uri)
        });
        match uri {
            Ok(uri) => Ok(StoredFile { name, uri }),
            Err(error) => {
                if let Err(error) = self.delete_file(&name).await {
                    tracing::warn!(%error, file = name, "an uploaded file could not be removed");
                }
                Err(error)
            }
        }
    }

    async fn remove(&self, name: &str) -> Result<()> {
        self.delete_file(name).await
    }

    fn room(&self) -> Room {
        Room {
            all: self.session().budget().limit(),
            // One chunk is sent while the next is read.
            each: 2 * CHUNK,
        }
    }
}
