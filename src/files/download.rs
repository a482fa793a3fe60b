//! Downloads, as they arrive.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;

use crate::error::Result;
use crate::results::ByteStream;

/// The contents of a file: a [`Stream`] of bytes in the pieces in which they arrive.
///
/// A transfer that breaks off is continued from where it stopped, as often as the client's
/// retry policy allows without any progress, and only where the service marks the contents (by a
/// strong `ETag`, `x-goog-generation`, or `Last-Modified` with `x-goog-hash`) as the same. An `Err`
/// ends the stream: the contents are incomplete, or do not fit the checksum that the service
/// gives.
pub struct Download {
    chunks: Option<ByteStream>,
    size: Option<u64>,
}

impl Download {
    pub(super) fn new(size: Option<u64>, chunks: ByteStream) -> Self {
        Self {
            chunks: Some(chunks),
            size,
        }
    }

    /// How many bytes the service announced when the download started; `None` where it announced none.
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunks) = &mut self.chunks else {
            return Poll::Ready(None);
        };
        let next = chunks.poll_next_unpin(cx);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.chunks = None;
        }
        next
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
