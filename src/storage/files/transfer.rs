//! The contents of an upload on their way, chunk after chunk.

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Request, Response, Url};
use tokio::time::Instant;

use super::File;
use super::contents::{CHUNK, Reader};
use crate::backend::gemini::Gemini;
use crate::error::{Effort, Error, Result};

pub(super) type OnProgress = Box<dyn FnMut(u64, u64) + Send>;

pub(super) const COMMAND: &str = "x-goog-upload-command";
const OFFSET: &str = "x-goog-upload-offset";

/// The size of every chunk but the last is a multiple of this, wherever it starts.
const GRANULE: usize = 256 * 1024;

/// What the service says of an upload.
enum Progress {
    /// It wants more; so many bytes have arrived, where it said.
    Active(Option<u64>),
    Final(Bytes),
}

/// The contents on their way to an upload URL.
pub(super) struct Transfer {
    pub(super) backend: Gemini,
    pub(super) url: Url,
    pub(super) len: u64,
    pub(super) contents: Reader,
    pub(super) on_progress: Option<OnProgress>,
}

impl Transfer {
    pub(super) async fn run(mut self) -> Result<File> {
        let mut offset = 0;
        let mut left = Bytes::new();
        loop {
            let next = self.contents.next_chunk().await?;
            let is_short = next.len() < CHUNK;
            let chunk = join(left, next);
            let end = offset + chunk.len() as u64;
            if end > self.len || (is_short && end < self.len) {
                return Err(Error::input(format!(
                    "the contents changed while they were uploaded: {} bytes were announced",
                    self.len
                )));
            }
            // Before the last chunk, after which there would be a file.
            if end == self.len && !self.contents.is_as_announced().await? {
                return Err(Error::input(
                    "the contents changed while they were uploaded, and no file was made of them",
                ));
            }
            let (answer, sent) = self.send_chunk(offset, chunk.clone()).await?;
            left = chunk.slice(sent..);
            offset += sent as u64;
            if let Some(on_progress) = &mut self.on_progress {
                on_progress(offset, self.len);
            }
            match answer {
                Progress::Final(body) if offset == self.len => return read_file(&body),
                Progress::Final(_) => {
                    return Err(Error::protocol(format!(
                        "the service ended the upload after {offset} of {} bytes",
                        self.len
                    )));
                }
                Progress::Active(_) if offset == self.len => {
                    return Err(Error::protocol(
                        "all bytes were uploaded, but the service did not finalize the file",
                    ));
                }
                Progress::Active(_) => {}
            }
        }
    }

    /// Sends a chunk to its end, from wherever the service says it stopped; of one that is not
    /// the last, as many bytes as the service takes from there. Tells how many arrived.
    async fn send_chunk(&mut self, start: u64, chunk: Bytes) -> Result<(Progress, usize)> {
        let is_last = start + chunk.len() as u64 == self.len;
        let started = Instant::now();
        let mut before = 0;
        let mut failures = 0;
        // After a failure, only the service knows how much arrived.
        let mut unclear: Option<Error> = None;
        loop {
            let failure = if unclear.is_some() {
                match self.send("query", None, Bytes::new()).await {
                    Ok(Progress::Final(body)) => return Ok((Progress::Final(body), chunk.len())),
                    Ok(Progress::Active(received)) => {
                        before =
                            offset_within(start, &chunk, received).map_err(
                                |error| match unclear.take() {
                                    Some(failure) => error.with_source(failure),
                                    None => error,
                                },
                            )?;
                        unclear = None;
                        continue;
                    }
                    Err(error) => error,
                }
            } else {
                let rest = chunk.len() - before;
                let (command, size) = match is_last {
                    true => ("upload, finalize", rest),
                    false => ("upload", rest - rest % GRANULE),
                };
                let arrived = before + size;
                let offset = start + before as u64;
                if size == 0 && !is_last {
                    return Ok((Progress::Active(Some(offset)), before));
                }
                let rest = chunk.slice(before..arrived);
                match self.send(command, Some(offset), rest).await {
                    Ok(progress) => return Ok((progress, arrived)),
                    Err(error) => error,
                }
            };
            failures += 1;
            let effort = Effort {
                attempts: failures,
                elapsed: started.elapsed(),
                may_be_done: false,
            };
            let delay = self.backend.session().delay_after(&failure, effort);
            let failure = unclear.take().unwrap_or(failure);
            let Some(delay) = delay else {
                return Err(failure.with_effort(effort).during("uploading a file"));
            };
            unclear = Some(failure);
            tokio::time::sleep(delay).await;
        }
    }

    async fn send(
        &mut self,
        command: &'static str,
        offset: Option<u64>,
        body: Bytes,
    ) -> Result<Progress> {
        let mut request = Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(COMMAND, HeaderValue::from_static(command));
        if let Some(offset) = offset {
            headers.insert(OFFSET, offset.into());
        }
        *request.body_mut() = Some(body.into());
        let response = self.backend.session().send_chunk(request).await?;
        read_progress(response).await
    }
}

/// How many bytes of a chunk that starts at `start` the service confirms.
fn offset_within(start: u64, chunk: &Bytes, received: Option<u64>) -> Result<usize> {
    let within = received.and_then(|received| received.checked_sub(start));
    let within = within.and_then(|within| usize::try_from(within).ok());
    within
        .filter(|within| *within <= chunk.len())
        .ok_or_else(|| {
            let end = start + chunk.len() as u64;
            Error::protocol(format!(
                "the upload cannot be resumed: of {start} to {end} bytes sent the service \
                 confirms {received:?}"
            ))
        })
}

fn join(left: Bytes, next: Bytes) -> Bytes {
    if left.is_empty() {
        return next;
    }
    let mut joined = BytesMut::with_capacity(left.len() + next.len());
    joined.extend_from_slice(&left);
    joined.extend_from_slice(&next);
    joined.freeze()
}

async fn read_progress(response: Response) -> Result<Progress> {
    let header = |headers: &HeaderMap, name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let status = header(response.headers(), "x-goog-upload-status");
    match status.as_deref() {
        Some("active") => {
            let received = header(response.headers(), "x-goog-upload-size-received");
            Ok(Progress::Active(received.and_then(|n| n.parse().ok())))
        }
        Some("final") => {
            let body = response.bytes().await.map_err(Error::transport)?;
            Ok(Progress::Final(body))
        }
        Some("cancelled") => Err(Error::protocol("the service cancelled the upload")),
        other => Err(Error::protocol(format!(
            "the service gave the upload the status {:?}",
            other.unwrap_or("none")
        ))),
    }
}

fn read_file(body: &Bytes) -> Result<File> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        file: &'a serde_json::value::RawValue,
    }
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|e| {
        Error::protocol("the service's answer to the upload names no file").with_source(e)
    })?;
    File::read(body.slice_ref(answer.file.get().as_bytes()))
}
