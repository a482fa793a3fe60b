//! Downloads from the Files API, as they arrive.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use crate::backend::gemini::Gemini;
use crate::error::{Error, Result};
use crate::http::Session;
use crate::name::gemini_file_id;
use crate::results::ByteStream;
use crate::storage::resume::{self, Chunks, Remote, changed};

/// The contents of a file: a [`Stream`] of bytes in the pieces in which they arrive.
///
/// A transfer that breaks off is continued from where it stopped, as often as the client's
/// retry policy allows without any progress. An `Err` ends the stream: the contents are
/// incomplete.
pub struct Download {
    chunks: Option<ByteStream>,
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
    let response = request(backend, id, HeaderMap::new()).await?;
    let size = response.content_length();
    let file = RemoteFile {
        backend: backend.clone(),
        name: format!("files/{id}"),
        size,
        etag: response.headers().get(ETAG).cloned(),
    };
    Ok(Download {
        size,
        chunks: Some(resume::download(file, chunks(response))),
    })
}

async fn request(backend: &Gemini, id: &str, headers: HeaderMap) -> Result<Response> {
    let (raw, exchange) = backend.exchange(None);
    let exchange = exchange.with_headers(headers);
    let sent = raw.files_download(id, Some("media")).await;
    exchange.finish(sent)
}

fn chunks(response: Response) -> Chunks {
    let chunks = response.bytes_stream();
    Box::pin(chunks.map(|chunk| chunk.map_err(Error::transport)))
}

impl RemoteFile {
    /// Whether this may be the size, as far as one was told.
    fn fits(&self, size: Option<u64>) -> bool {
        self.size.is_none() || size == self.size
    }
}

/// A file, as it was when its download started.
struct RemoteFile {
    backend: Gemini,
    name: String,
    size: Option<u64>,
    etag: Option<HeaderValue>,
}

impl Remote for RemoteFile {
    fn session(&self) -> &Session {
        self.backend.session()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    fn is_resumable(&self) -> bool {
        self.size.is_some() || self.etag.is_some()
    }

    async fn open_at(&mut self, offset: u64) -> Result<Chunks> {
        let mut headers = HeaderMap::new();
        if offset > 0 {
            let range = HeaderValue::try_from(format!("bytes={offset}-"));
            headers.extend(range.ok().map(|range| (RANGE, range)));
            headers.extend(self.etag.clone().map(|etag| (IF_RANGE, etag)));
        }
        let id = gemini_file_id(&self.name)?;
        let response = request(&self.backend, id, headers).await?;
        if response.headers().get(ETAG) != self.etag.as_ref() {
            return Err(changed("its ETag"));
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = response.headers().get(CONTENT_RANGE);
            let range = range.and_then(|range| parse_range(range.to_str().ok()?));
            return match range {
                Some((start, size)) if start == offset && self.fits(size) => {
                    self.size = size.or(self.size);
                    Ok(chunks(response))
                }
                _ => Err(changed("its range")),
            };
        }
        // The service gives the whole again: what came before is passed over.
        if !self.fits(response.content_length()) {
            return Err(changed("its size"));
        }
        let mut skip = offset;
        Ok(Box::pin(chunks(response).map(move |chunk| {
            chunk.map(|mut chunk| {
                let passed = skip.min(chunk.len() as u64);
                skip -= passed;
                chunk.split_off(passed as usize)
            })
        })))
    }
}

/// The start and the whole size in `bytes START-END/SIZE`.
fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let size = match size {
        "*" => None,
        size => Some(size.parse().ok()?),
    };
    Some((start.parse().ok()?, size))
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

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn ranges_are_read() {
        assert_eq!(parse_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(parse_range("bytes 5-9/*"), Some((5, None)));
        for odd in ["", "bytes", "bytes */10", "items 1-2/3", "bytes 1-2/x"] {
            assert_eq!(parse_range(odd), None, "{odd}");
        }
    }
}
