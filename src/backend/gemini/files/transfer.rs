//! The contents of an upload on their way, chunk after chunk.

use bytes::{Bytes, BytesMut};
use futures_util::future::try_join;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Request, Response, Url};
use tokio::time::Instant;

use super::super::Gemini;
use super::contents::{CHUNK, Reader};
use crate::error::{Attempts, Error, Kind, Result};
use crate::file::File;
use crate::http::censor::Secrets;
use crate::raw::Kept;
use crate::raw::gemini::types;
use crate::storage::checksum::{Sha256, Sha256Digest};

pub(crate) type OnProgress = Box<dyn FnMut(u64, u64) + Send>;

pub(super) const COMMAND: &str = "x-goog-upload-command";
const OFFSET: &str = "x-goog-upload-offset";
const RECEIVED: &str = "x-goog-upload-size-received";

/// The size of every chunk but the last is a multiple of this, wherever it starts.
const GRANULE: usize = 256 * 1024;

/// What the service says of an upload.
enum Progress {
    /// It wants more; so many bytes have arrived, where it said.
    Active(Option<u64>),
    /// It made a file, whose record this is, of so many bytes, where it said.
    Final(Bytes, Option<u64>),
}

/// An upload URL that expects so many bytes.
pub(super) struct Target {
    pub(super) backend: Gemini,
    pub(super) url: Url,
    pub(super) len: u64,
}

/// The contents on their way to an upload URL.
pub(super) struct Transfer {
    pub(super) target: Target,
    pub(super) contents: Reader,
    pub(super) on_progress: Option<OnProgress>,
}

/// What came of a transfer: the file as the service tells it, after how many bytes it ended the
/// upload, and the checksum of what was sent.
pub(super) struct Transferred {
    pub(super) file: File,
    pub(super) taken: u64,
    pub(super) sha256: Sha256,
}

impl Transfer {
    pub(super) async fn run(self) -> Result<Transferred> {
        let Self {
            target,
            mut contents,
            mut on_progress,
        } = self;
        let len = target.len;
        let mut offset = 0;
        let mut left = Bytes::new();
        let mut digest = Sha256Digest::default();
        let mut ahead = None;
        loop {
            let next = match ahead.take() {
                Some(next) => next,
                None => contents.next_chunk().await,
            }?;
            let is_short = next.len() < CHUNK;
            let hashing = tokio::task::spawn_blocking({
                let next = next.clone();
                move || {
                    digest.update(&next);
                    digest
                }
            });
            let chunk = join(left, next);
            let end = offset + chunk.len() as u64;
            if end > len || (is_short && end < len) {
                return Err(Error::input(format!(
                    "the contents changed while they were uploaded: {len} bytes were announced"
                )));
            }
            // Before the last chunk, after which there would be a file.
            if end == len {
                let checked = contents.check().await;
                checked.map_err(|error| error.with_outcome("no file was made of it"))?;
            }
            let send = async {
                let (response, sent) = target.send_chunk(offset, chunk.clone()).await?;
                if let Some(on_progress) = &mut on_progress {
                    on_progress(offset + sent as u64, len);
                }
                Ok::<_, Error>((response, sent))
            };
            // The next one is read while this one is under way.
            let read = async {
                match end < len {
                    true => Ok(Some(contents.next_chunk().await)),
                    false => Ok(None),
                }
            };
            let (response, sent);
            ((response, sent), ahead) = try_join(send, read).await?;
            let hashed = hashing.await.map_err(std::io::Error::other);
            digest = hashed.map_err(|e| Error::io("the checksum could not be taken", e))?;
            left = chunk.slice(sent..);
            offset += sent as u64;
            match response {
                Progress::Final(body, received) => {
                    return Ok(Transferred {
                        file: read_file(&body)?,
                        taken: received.unwrap_or(offset),
                        sha256: digest.finish(),
                    });
                }
                Progress::Active(_) if offset == len => {
                    return Err(Error::protocol(
                        "all bytes were uploaded, but the service did not finalize the file",
                    ));
                }
                Progress::Active(_) => {}
            }
        }
    }
}

impl Target {
    /// Sends a chunk to its end, from wherever the service says it stopped; of one that is not
    /// the last, as many bytes as the service takes from there. Tells how many arrived.
    async fn send_chunk(&self, start: u64, chunk: Bytes) -> Result<(Progress, usize)> {
        let is_last = start + chunk.len() as u64 == self.len;
        let started = Instant::now();
        let mut before = 0;
        let mut failures = 0;
        // After a failure, only the service knows how much arrived.
        let mut unclear: Option<Error> = None;
        loop {
            let failure = if unclear.is_some() {
                match self.send("query", None, Bytes::new()).await {
                    Ok(done @ Progress::Final(..)) => return Ok((done, chunk.len())),
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
                    Ok(Progress::Active(Some(received))) if received != start + arrived as u64 => {
                        Error::new(
                            Kind::Transport,
                            format!(
                                "the service has {received} bytes of the {} that were sent",
                                start + arrived as u64
                            ),
                        )
                    }
                    Ok(progress) => return Ok((progress, arrived)),
                    Err(error) => error,
                }
            };
            failures += 1;
            let attempts = Attempts {
                count: failures,
                elapsed: started.elapsed(),
                may_be_done: false,
            };
            let delay = self.backend.session().delay_after(&failure, attempts);
            let failure = unclear.take().unwrap_or(failure);
            let Some(delay) = delay else {
                return Err(failure.with_attempts(attempts).during("uploading a file"));
            };
            unclear = Some(failure);
            tokio::time::sleep(delay).await;
        }
    }

    async fn send(
        &self,
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
    let received = |headers: &HeaderMap| header(headers, RECEIVED)?.parse().ok();
    let status = header(response.headers(), "x-goog-upload-status");
    match status.as_deref() {
        Some("active") => Ok(Progress::Active(received(response.headers()))),
        Some("final") => {
            let received = received(response.headers());
            let body = response.bytes().await.map_err(Error::transport)?;
            Ok(Progress::Final(body, received))
        }
        Some("cancelled") => Err(Error::protocol("the service cancelled the upload")),
        other => Err(Error::protocol(format!(
            "the service gave the upload the status {:?}",
            Secrets::carried_by(&response).clean(other.unwrap_or("none"))
        ))),
    }
}

fn read_file(body: &Bytes) -> Result<File> {
    let response: Kept<types::CreateFileResponse> = serde_json::from_slice(body).map_err(|e| {
        Error::protocol("the service's response to the upload is not JSON").with_source(e)
    })?;
    let file = response.into_message().file;
    file.ok_or_else(|| Error::protocol("the service's response to the upload names no file"))?
        .try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bytes_of_the_chunk_can_have_arrived() {
        let chunk = Bytes::from_static(b"0123456789");
        for (received, within) in [
            (Some(100), Some(0)),
            (Some(105), Some(5)),
            (Some(110), Some(10)),
            (Some(99), None),
            (Some(111), None),
            (Some(0), None),
            (None, None),
        ] {
            match (offset_within(100, &chunk, received), within) {
                (Ok(arrived), Some(within)) => assert_eq!(arrived, within),
                (Err(error), None) => {
                    assert!(error.is_protocol(), "{error}");
                    assert!(error.to_string().contains("100 to 110 bytes"), "{error}");
                }
                (other, _) => panic!("{received:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_was_left_goes_before_what_comes_next() {
        let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
        for (left, next, joined) in [("", "cd", "cd"), ("ab", "cd", "abcd"), ("ab", "", "ab")] {
            assert_eq!(join(bytes(left), bytes(next)), joined);
        }
    }

    #[tokio::test]
    async fn the_service_says_how_far_an_upload_is() {
        let read = async |headers: &[(&str, &str)]| {
            let mut response = http::Response::builder();
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            match read_progress(response.body("{}").unwrap().into()).await {
                Ok(Progress::Active(received)) => format!("active {received:?}"),
                Ok(Progress::Final(body, _)) => format!("final {body:?}"),
                Err(error) => error.to_string(),
            }
        };
        let active = ("x-goog-upload-status", "active");
        let size = |size| ("x-goog-upload-size-received", size);
        assert_eq!(read(&[active, size("7")]).await, "active Some(7)");
        assert_eq!(read(&[active]).await, "active None");
        assert_eq!(read(&[active, size("-7")]).await, "active None");
        let over = ("x-goog-upload-status", "final");
        assert_eq!(read(&[over, size("7")]).await, "final b\"{}\"");
        let cancelled = read(&[("x-goog-upload-status", "cancelled")]).await;
        assert!(cancelled.contains("cancelled the upload"), "{cancelled}");
        assert!(read(&[]).await.contains("\"none\""));
        assert!(
            read(&[("x-goog-upload-status", "odd")])
                .await
                .contains("\"odd\"")
        );
    }

    #[test]
    fn a_response_to_an_upload_names_a_file() {
        let read = |body: &'static str| read_file(&Bytes::from_static(body.as_bytes()));
        let file = read(r#"{"file":{"name":"files/a"}}"#).unwrap();
        assert_eq!(file.name(), "files/a");
        for odd in ["", "<html>", "{}", r#"{"file":null}"#] {
            let error = read(odd).unwrap_err();
            assert!(error.is_protocol(), "{odd}: {error}");
        }
    }
}
