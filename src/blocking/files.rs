//! The Files API.

use std::fmt;
use std::future::IntoFuture;
use std::io::{self, Read};

use bytes::Bytes;

use super::builder::{builder, callable};
use super::engine::Engine;
use super::iter::Iter;
use crate::Page;
use crate::error::Result;
use crate::files::{File, FileRef, UploadSource};

/// The files of a Gemini client; see [`crate::files::Files`].
#[derive(Clone)]
pub struct Files {
    inner: crate::files::Files,
    engine: Engine,
}

impl Files {
    pub(super) fn new(inner: crate::files::Files, engine: Engine) -> Self {
        Self { inner, engine }
    }

    /// See [`crate::files::Files::upload`].
    pub fn upload(&self, source: impl Into<UploadSource>) -> Upload {
        Upload::new(self.inner.upload(source), self.engine.clone())
    }

    /// See [`crate::files::Files::get`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn get(&self, name: &str) -> Result<File> {
        self.engine.block_on(self.inner.get(name))?
    }

    /// See [`crate::files::Files::list`].
    pub fn list(&self) -> FilesList {
        FilesList::new(self.inner.list(), self.engine.clone())
    }

    /// See [`crate::files::Files::delete`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn delete(&self, name: &str) -> Result<()> {
        self.engine.block_on(self.inner.delete(name))?
    }

    /// See [`crate::files::Files::download`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn download(&self, file: impl Into<FileRef>) -> Result<Download> {
        let download = self.engine.block_on(self.inner.download(file))??;
        Ok(Download {
            size: download.size(),
            chunks: Iter::new(self.engine.clone(), download),
            held: Bytes::new(),
        })
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

builder! {
    /// An upload.
    files::Upload {
        name(name: impl Into<String>);
        display_name(name: impl Into<String>);
        mime_type(mime_type: impl Into<String>);
        on_progress(on_progress: impl FnMut(u64, u64) + Send + 'static);
    }
}
callable!(files::Upload => File);

builder! {
    /// A list of files: all of it, or a page at a time.
    files::FilesList {
        page_size(files: i32);
        page_token(token: impl Into<String>);
    }
}

impl FilesList {
    /// See [`crate::files::FilesList::stream`].
    pub fn iter(self) -> Iter<File> {
        Iter::new(self.engine, self.inner.stream())
    }

    /// See [`crate::files::FilesList::all`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn all(self) -> Result<Vec<File>> {
        self.engine.block_on(self.inner.all())?
    }

    /// See [`crate::files::FilesList::page`].
    ///
    /// # Errors
    ///
    /// Those of the async call, and a call from within an async runtime.
    pub fn page(&self) -> Result<Page<File>> {
        self.engine.block_on(self.inner.page())?
    }
}

/// The contents of a file, to be read; see [`crate::files::Download`]. An error means that they are
/// incomplete.
#[derive(Debug)]
pub struct Download {
    size: Option<u64>,
    chunks: Iter<Bytes>,
    /// What came and was not asked for yet.
    held: Bytes,
}

impl Download {
    /// How many bytes the service announced.
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.held.is_empty() {
            match self.chunks.next() {
                Some(chunk) => self.held = chunk.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let read = self.held.split_to(buffer.len().min(self.held.len()));
        buffer[..read.len()].copy_from_slice(&read);
        Ok(read.len())
    }
}
