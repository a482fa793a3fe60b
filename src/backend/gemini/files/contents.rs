//! What is uploaded, and how it is read: in chunks, whatever it comes from.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt};

use crate::error::{Error, Result};
use crate::local::read::{self, Opened};
use crate::spool::Spool;

/// What is sent in one request; the service's granularity divides it.
pub(crate) const CHUNK: usize = 8 * 1024 * 1024;
/// What to do about a path that leads to something else than a file.
const NOT_A_FILE: &str = "upload what it holds as a stream, with UploadSource::stream, or write it \
                          to a file first";
const SPOOL_IN_MEMORY: usize = 1024 * 1024;

type Contents = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// What to upload: made from a path, bytes, or a stream.
pub struct UploadSource(pub(super) Kind);

pub(super) enum Kind {
    Path(PathBuf),
    Bytes(Bytes),
    Stream(Contents, Option<u64>),
    Spooled(tokio::fs::File, u64),
}

impl UploadSource {
    /// A stream of bytes. Its length is found by writing it to a temporary file first.
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use futures_util::stream;
    /// use genai_batch::files::UploadSource;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let pieces = stream::iter(["one ", "two"].map(Ok::<_, io::Error>));
    /// let upload = client.files().upload(UploadSource::stream(pieces));
    /// let file = upload.mime_type("text/plain").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream<S, B, E>(contents: S) -> Self
    where
        S: Stream<Item = std::result::Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self(Kind::Stream(boxed(contents), None))
    }

    /// A stream of exactly `len` bytes, sent as it comes.
    ///
    /// ```no_run
    /// use std::io;
    ///
    /// use futures_util::stream;
    /// use genai_batch::files::UploadSource;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let pieces = stream::iter(["one ", "two"].map(Ok::<_, io::Error>));
    /// let upload = client.files().upload(UploadSource::sized_stream(7, pieces));
    /// let file = upload.mime_type("text/plain").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sized_stream<S, B, E>(len: u64, contents: S) -> Self
    where
        S: Stream<Item = std::result::Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self(Kind::Stream(boxed(contents), Some(len)))
    }
}

fn boxed<S, B, E>(contents: S) -> Contents
where
    S: Stream<Item = std::result::Result<B, E>> + Send + 'static,
    B: Into<Bytes>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    Box::pin(contents.map(|chunk| {
        chunk
            .map(Into::into)
            .map_err(|e| Error::input("the stream to upload failed").with_source(e))
    }))
}

impl From<PathBuf> for UploadSource {
    fn from(path: PathBuf) -> Self {
        Self(Kind::Path(path))
    }
}

impl From<&Path> for UploadSource {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&str> for UploadSource {
    /// The path of a file.
    fn from(path: &str) -> Self {
        Path::new(path).into()
    }
}

impl From<Bytes> for UploadSource {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Bytes(bytes))
    }
}

impl From<Vec<u8>> for UploadSource {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for UploadSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Kind::Bytes(bytes) => f.debug_tuple("Bytes").field(&bytes.len()).finish(),
            Kind::Stream(_, len) => f.debug_tuple("Stream").field(len).finish(),
            Kind::Spooled(_, len) => f.debug_tuple("Spooled").field(len).finish(),
        }
    }
}

/// The contents, in chunks of [`CHUNK`] bytes.
pub(super) enum Reader {
    /// With what it was when it was opened, where others may change it.
    File(Arc<std::fs::File>, Option<Opened>),
    Bytes(Bytes),
    Stream(Contents, BytesMut),
}

impl Reader {
    /// Opens the contents and finds their length.
    pub(super) async fn open(source: Kind) -> Result<(Self, u64)> {
        match source {
            Kind::Path(path) => {
                let (file, opened) = read::open(&path, NOT_A_FILE).await?;
                let len = opened.len();
                Ok((Self::File(file.into(), Some(opened)), len))
            }
            Kind::Spooled(file, len) => Ok((Self::File(file.into_std().await.into(), None), len)),
            Kind::Bytes(bytes) => {
                let len = bytes.len() as u64;
                Ok((Self::Bytes(bytes), len))
            }
            Kind::Stream(contents, Some(len)) => Ok((Self::Stream(contents, BytesMut::new()), len)),
            Kind::Stream(mut contents, None) => {
                let failed =
                    |e| Error::io("the contents could not be written to a temporary file", e);
                let mut spool = Spool::in_memory_up_to(SPOOL_IN_MEMORY);
                while let Some(chunk) = contents.try_next().await? {
                    spool.write(&chunk).await.map_err(failed)?;
                }
                let (file, len) = spool.into_file().await.map_err(failed)?;
                Ok((Self::File(file.into_std().await.into(), None), len))
            }
        }
    }

    /// The next chunk; shorter than [`CHUNK`] only at the end.
    pub(super) async fn next_chunk(&mut self) -> Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.split_to(bytes.len().min(CHUNK))),
            Self::File(file, _) => {
                let file = Arc::clone(file);
                // Made here, since memory is given back to the thread that it came from.
                let mut chunk = Vec::with_capacity(CHUNK);
                let read = move || {
                    let mut file = file.take(CHUNK as u64);
                    file.read_to_end(&mut chunk).map(|_| chunk)
                };
                let chunk = tokio::task::spawn_blocking(read).await;
                let chunk = chunk.map_err(std::io::Error::other).flatten();
                chunk.map(Bytes::from).map_err(unreadable)
            }
            Self::Stream(contents, held) => {
                while held.len() < CHUNK {
                    match contents.try_next().await? {
                        Some(more) => held.extend_from_slice(&more),
                        None => break,
                    }
                }
                Ok(held.split_to(held.len().min(CHUNK)).freeze())
            }
        }
    }
}

impl Reader {
    /// Makes sure that what was read is all there is, and still what is there, as far as can be
    /// told.
    pub(super) async fn check(&mut self) -> Result<()> {
        match self {
            Self::File(_, Some(opened)) => opened.check().await,
            Self::Stream(contents, held) => {
                while held.is_empty() {
                    match contents.try_next().await? {
                        Some(more) => held.extend_from_slice(&more),
                        None => return Ok(()),
                    }
                }
                Err(Error::input(
                    "the contents changed while they were uploaded: there are more than were \
                     announced",
                ))
            }
            _ => Ok(()),
        }
    }
}

fn unreadable(error: std::io::Error) -> Error {
    Error::io("the contents could not be read", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_is_cut_into_whole_chunks() {
        let piece = Bytes::from(vec![7; 3 * 1024 * 1024]);
        let pieces = vec![Ok::<_, std::convert::Infallible>(piece); 6];
        let source = UploadSource::stream(futures_util::stream::iter(pieces.clone()));
        let sized = UploadSource::sized_stream(1, futures_util::stream::iter(pieces));
        for source in [source, sized] {
            let (mut reader, _) = Reader::open(source.0).await.unwrap();
            let mut sizes = Vec::new();
            for _ in 0..3 {
                sizes.push(reader.next_chunk().await.unwrap().len());
            }
            assert_eq!(sizes, [CHUNK, CHUNK, 2 * 1024 * 1024]);
        }
    }
}
