//! Downloads from the Files API, as they arrive.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;

use crate::backend::gemini::Gemini;
use crate::error::{Error, Result};
use crate::name::gemini_file_id;

type Chunks = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// The contents of a file: a [`Stream`] of bytes in the pieces in which they arrive.
///
/// An `Err` ends it: the contents are incomplete.
pub struct Download {
    chunks: Option<Chunks>,
    size: Option<u64>,
}

impl Download {
    /// How many bytes the service announced.
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

/// Starts a download. The address works for names of any length, unlike a get.
pub(crate) async fn download(backend: &Gemini, name: &str) -> Result<Download> {
    let id = gemini_file_id(name)?;
    let (raw, exchange) = backend.exchange(None);
    let sent = raw.files_download(id, Some("media")).await;
    let response = exchange.finish(sent)?;
    Ok(Download {
        size: response.content_length(),
        chunks: Some(Box::pin(response.bytes_stream())),
    })
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunks) = &mut self.chunks else {
            return Poll::Ready(None);
        };
        chunks.poll_next_unpin(cx).map(|chunk| match chunk {
            Some(Ok(chunk)) => Some(Ok(chunk)),
            Some(Err(error)) => {
                self.chunks = None;
                Some(Err(Error::transport(error).during("downloading a file")))
            }
            None => {
                self.chunks = None;
                None
            }
        })
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
