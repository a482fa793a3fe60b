//! Downloads from the Files API, as they arrive, picked up again where they break off.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use tokio::time::Instant;

use crate::backend::gemini::Gemini;
use crate::error::{Effort, Error, Result};
use crate::name::gemini_file_id;
use crate::results::ByteStream;

type Chunks = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

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
    let id = gemini_file_id(name)?.to_owned();
    let response = request(backend, &id, HeaderMap::new()).await?;
    let size = response.content_length();
    let transfer = Transfer {
        backend: backend.clone(),
        id,
        size,
        etag: response.headers().get(ETAG).cloned(),
        offset: 0,
        chunks: Some(Box::pin(response.bytes_stream())),
        failures: 0,
        failing_since: None,
    };
    let chunks = stream::try_unfold(transfer, |mut transfer| async {
        let chunk = transfer.next().await?;
        Ok(chunk.map(|chunk| (chunk, transfer)))
    });
    Ok(Download {
        size,
        chunks: Some(Box::pin(chunks)),
    })
}

async fn request(backend: &Gemini, id: &str, headers: HeaderMap) -> Result<Response> {
    let (raw, exchange) = backend.exchange(None);
    let exchange = exchange.with_headers(headers);
    let sent = raw.files_download(id, Some("media")).await;
    exchange.finish(sent)
}

/// A download under way, over as many answers as it takes.
struct Transfer {
    backend: Gemini,
    id: String,
    size: Option<u64>,
    etag: Option<HeaderValue>,
    /// How many bytes have been passed on.
    offset: u64,
    chunks: Option<Chunks>,
    /// How often in a row it broke off without a byte.
    failures: u32,
    failing_since: Option<Instant>,
}

impl Transfer {
    /// The next piece; `None` at the end, never before the announced size.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let failure = match &mut self.chunks {
                None => match self.resume().await {
                    Ok(chunks) => {
                        self.chunks = Some(chunks);
                        continue;
                    }
                    Err(error) => error,
                },
                Some(chunks) => match chunks.next().await {
                    Some(Ok(chunk)) => {
                        self.offset += chunk.len() as u64;
                        self.failures = 0;
                        self.failing_since = None;
                        return Ok(Some(chunk));
                    }
                    None if self.size.is_none_or(|size| size == self.offset) => return Ok(None),
                    None => Error::protocol(format!(
                        "the download ended after {} of {} bytes",
                        self.offset,
                        self.size.unwrap_or_default()
                    )),
                    Some(Err(error)) => Error::transport(error),
                },
            };
            // Without a size or mark nothing tells that what comes next fits what came before.
            let resumable = self.size.is_some() || self.etag.is_some();
            let broke_off = self.chunks.take().is_some();
            self.failures += 1;
            let effort = Effort {
                attempts: self.failures,
                elapsed: self
                    .failing_since
                    .get_or_insert_with(Instant::now)
                    .elapsed(),
                may_be_done: false,
            };
            let pause = match broke_off && resumable {
                true => self.backend.session().delay_after_break(effort),
                false => self.backend.session().delay_after(&failure, effort),
            };
            match pause {
                Some(pause) if resumable => tokio::time::sleep(pause).await,
                _ => {
                    let doing = format!("downloading files/{}", self.id);
                    return Err(failure.with_effort(effort).during(doing));
                }
            }
        }
    }

    /// Asks for the rest.
    async fn resume(&mut self) -> Result<Chunks> {
        let mut headers = HeaderMap::new();
        if self.offset > 0 {
            let range = HeaderValue::try_from(format!("bytes={}-", self.offset));
            headers.extend(range.ok().map(|range| (RANGE, range)));
            headers.extend(self.etag.clone().map(|etag| (IF_RANGE, etag)));
        }
        let response = request(&self.backend, &self.id, headers).await?;
        let changed = |what: &str| {
            Error::protocol(format!(
                "the file changed while it was downloaded: {what} is another, and what came so \
                 far cannot be continued"
            ))
        };
        if response.headers().get(ETAG) != self.etag.as_ref() {
            return Err(changed("its ETag"));
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = response.headers().get(CONTENT_RANGE);
            let range = range.and_then(|range| parse_range(range.to_str().ok()?));
            return match range {
                Some((start, size)) if start == self.offset && size == self.size => {
                    Ok(Box::pin(response.bytes_stream()))
                }
                _ => Err(changed("its range")),
            };
        }
        // The service gives the whole again: what came before is passed over.
        if response.content_length() != self.size {
            return Err(changed("its size"));
        }
        let mut skip = self.offset;
        let rest = response.bytes_stream().map(move |chunk| {
            chunk.map(|mut chunk| {
                let passed = skip.min(chunk.len() as u64);
                skip -= passed;
                chunk.split_off(passed as usize)
            })
        });
        Ok(Box::pin(rest))
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
