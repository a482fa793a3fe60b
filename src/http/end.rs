//! The end of a body over HTTP/2, told apart from a stream that was reset.
//!
//! A server may reset a stream with `NO_ERROR` once its response is complete (RFC 9113, section 8.1),
//! and `hyper` takes every such reset for the end of the body, the one in the middle of it too. What
//! ends a body of HTTP/2 is the flag `END_STREAM` alone.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::{Body, Response, Version};

use super::limits::with_body;

/// A body that fails where it ends without its flag.
struct UpToItsEnd {
    body: Body,
    has_failed: bool,
}

/// The stream of a response was reset before its end.
#[derive(Debug)]
struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service reset the stream of HTTP/2 before the end of the response")
    }
}

impl StdError for Reset {}

impl http_body::Body for UpToItsEnd {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        Poll::Ready(match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
            Some(frame) => Some(frame.map_err(Into::into)),
            None if this.body.is_end_stream() || this.has_failed => None,
            None => {
                this.has_failed = true;
                Some(Err(Reset.into()))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The same response, whose body fails if its stream is reset before its end.
pub(super) fn with_its_end(response: Response) -> Response {
    if response.version() != Version::HTTP_2 {
        return response;
    }
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    let body = Body::wrap(UpToItsEnd {
        body,
        has_failed: false,
    });
    let (of_address, body) = with_body(url, body).into_parts();
    parts.extensions.extend(of_address.extensions);
    http::Response::from_parts(parts, body).into()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::Duration;

    use futures_util::TryStreamExt;
    use reqwest::{Method, Request};

    use crate::http::auth::Auth;
    use crate::http::retry::{Idempotency, RetryPolicy};
    use crate::http::send::BodyMode;
    use crate::http::{Session, Settings, client};

    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;

    fn frame(kind: u8, flags: u8, stream: &[u8], payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&len[1..], &[kind, flags], stream, payload].concat()
    }

    /// A server of HTTP/2 that sends the status 200, some bytes, and one more frame.
    fn ending_with(kind: u8, flags: u8, payload: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // It ends with the connection.
                let _ = serve(stream, kind, flags, payload);
            }
        });
        address
    }

    fn serve(mut stream: TcpStream, kind: u8, flags: u8, end: &[u8]) -> std::io::Result<()> {
        stream.read_exact(&mut [0; 24])?;
        stream.write_all(&frame(SETTINGS, 0, &[0; 4], &[]))?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            stream.read_exact(&mut vec![0; length as usize])?;
            match (head[3], head[4]) {
                (SETTINGS, 0) => stream.write_all(&frame(SETTINGS, 1, &[0; 4], &[]))?,
                (HEADERS, _) => {
                    // `:status: 200` by its number in the static table.
                    let id = &head[5..];
                    let mut frames = frame(HEADERS, END_HEADERS, id, &[0x88]);
                    frames.extend(frame(DATA, 0, id, b"{\"half\":1}"));
                    frames.extend(frame(kind, flags, id, end));
                    stream.write_all(&frames)?;
                }
                _ => {}
            }
        }
    }

    async fn read(address: SocketAddr, mode: BodyMode) -> crate::Result<Vec<u8>> {
        let builder = client::builder(None, None, Duration::from_secs(60));
        let builder = client::without_certificates(builder.http2_prior_knowledge());
        let settings = Settings {
            retry: RetryPolicy::none(),
            ..Settings::default()
        };
        let auth = Auth::api_key("the-secret-key".to_owned().into()).unwrap();
        let session = Session::with_settings(client::make(builder).unwrap(), None, auth, settings);
        let request = Request::new(Method::GET, format!("http://{address}/x").parse().unwrap());
        let response = session.call(request, Idempotency::Repeatable, mode).await?;
        assert_eq!(response.url().path(), "/x");
        let chunks = response.bytes_stream().map_err(crate::Error::transport);
        let chunks: Vec<_> = chunks.try_collect().await?;
        Ok(chunks.concat())
    }

    #[tokio::test]
    async fn a_stream_that_is_reset_is_not_at_its_end() {
        for mode in [BodyMode::Whole, BodyMode::Streamed] {
            let whole = read(ending_with(DATA, END_STREAM, b""), mode).await;
            assert_eq!(whole.unwrap(), b"{\"half\":1}");
            let reset = read(ending_with(RESET, 0, &[0; 4]), mode).await;
            let error = reset.unwrap_err();
            assert!(error.is_retryable() && error.status().is_none(), "{error}");
        }
    }
}
