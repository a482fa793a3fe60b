//! How much of what a service sends is taken into memory, and what happens beyond that.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use reqwest::{Body, Response, ResponseBuilderExt, Url};

const MIB: usize = 1024 * 1024;
/// How much memory is taken on the word of a response's length alone.
const TRUSTED: usize = 64 * MIB;

/// How much of what a service sends is held in memory at once, in bytes.
///
/// A service that is broken, or that is not the one you meant, can send without end. Whatever
/// it sends, the client holds no more than this of any one thing. What streams, such as the
/// lines of a result file, is limited one by one. How much of it is read in all depends on how many
/// requests the job has: see [`ResultStream`](crate::ResultStream).
///
/// What is read of a response takes some four times its length: one is refused, unread, that has over
/// 10,000 elements on a page of a list, more rows of results than one for each 16 bytes, or more other
/// values than one for each 32, beyond some hundred thousand.
///
/// ```
/// use genai_batch::{Client, Limits};
///
/// let client = Client::builder()
///     .api_key("my-api-key")
///     .limits(Limits::default().max_line(16 * 1024 * 1024))
///     .build()?;
/// # Ok::<(), genai_batch::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub(crate) line: usize,
    pub(crate) response: usize,
    pub(crate) error_body: usize,
    pub(crate) read_ahead: usize,
}

impl Default for Limits {
    /// 256 MiB a line, 1 GiB a response, 64 KiB of an error, 32 MiB ahead of readers.
    fn default() -> Self {
        Self {
            line: 256 * MIB,
            response: 1024 * MIB,
            error_body: 64 * 1024,
            read_ahead: 32 * MIB,
        }
    }
}

impl Limits {
    /// The longest line of a result file. Images come as base64 within one. A longer line is
    /// booked as unreadable and stops no other.
    ///
    /// ```
    /// use genai_batch::Limits;
    ///
    /// let limits = Limits::default().max_line(16 * 1024 * 1024);
    /// ```
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.line = bytes;
        self
    }

    /// The longest response to a call, which may hold all results of a small job. A longer one
    /// is an error.
    ///
    /// ```
    /// use genai_batch::Limits;
    ///
    /// let limits = Limits::default().max_response(64 * 1024 * 1024);
    /// ```
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.response = bytes;
        self
    }

    /// How much of an error's body is kept; the rest is dropped. Its details are read where it has no
    /// more than 10,000 values.
    ///
    /// ```
    /// use genai_batch::Limits;
    ///
    /// let limits = Limits::default().max_error_body(4096);
    /// ```
    pub fn max_error_body(mut self, bytes: usize) -> Self {
        self.error_body = bytes;
        self
    }

    /// How much memory the client spends on speed, over all that it reads and writes at once: on what
    /// several connections bring before their reader asks for it, their own buffers among it, and on the
    /// parts of an object that are on their way to Cloud Storage together. What comes next is read without
    /// it, so that any number is enough to get on, and 0 means one connection a file and one part an
    /// object. Where a round trip takes long, more of it makes one large file come faster.
    ///
    /// ```
    /// use genai_batch::Limits;
    ///
    /// let limits = Limits::default().max_read_ahead(128 * 1024 * 1024);
    /// ```
    pub fn max_read_ahead(mut self, bytes: usize) -> Self {
        self.read_ahead = bytes;
        self
    }
}

/// A response went past [`Limits::max_response`].
#[derive(Debug)]
pub(crate) struct ResponseTooLarge(usize);

impl ResponseTooLarge {
    /// The one that a failure to read a response came from.
    pub(crate) fn within(error: &reqwest::Error) -> Option<&Self> {
        let mut cause = error.source();
        while let Some(current) = cause {
            if let Some(found) = current.downcast_ref() {
                return Some(found);
            }
            cause = current.source();
        }
        None
    }
}

impl fmt::Display for ResponseTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the response is longer than {} bytes: raise `Limits::max_response` if that is right",
            self.0
        )
    }
}

impl StdError for ResponseTooLarge {}

/// Responses up to this size are copied out of the buffer that the connection read them into: that one
/// is larger than most of them, and what keeps the response would keep all of it.
const SMALL: usize = 16 * 1024;

/// The whole of a response, if it keeps to the limit.
pub(super) async fn read_whole(mut response: Response, max: usize) -> reqwest::Result<Response> {
    let body = collect(&mut response, max).await?;
    let mut whole = with_body(response.url().clone(), body);
    *whole.status_mut() = response.status();
    *whole.headers_mut() = std::mem::take(response.headers_mut());
    Ok(whole.into())
}

/// A response with this body, to a request that went to this address. Without one, `reqwest` would
/// parse a text that stands for none.
#[expect(
    clippy::expect_used,
    reason = "only headers and statuses are refused, and none is given"
)]
pub(super) fn with_body<T>(url: Url, body: T) -> http::Response<T> {
    let response = http::Response::builder().url(url).body(body);
    response.expect("an address and a body make a response")
}

/// The body, in memory that is taken as it comes.
async fn collect(response: &mut Response, max: usize) -> reqwest::Result<Bytes> {
    let announced = response.content_length().unwrap_or_default();
    // A response to HEAD may announce what it does not have.
    let Some(first) = response.chunk().await? else {
        return Ok(Bytes::new());
    };
    if announced > max as u64 {
        return too_long(max).await;
    }
    let mut next = response.chunk().await?;
    if next.is_none() && first.len() <= max {
        // What came at once needs to be put together with nothing else.
        return Ok(match first.len() {
            ..=SMALL => Bytes::copy_from_slice(&first),
            _ => first,
        });
    }
    let mut body = BytesMut::with_capacity((announced as usize).min(TRUSTED));
    body.extend_from_slice(&first);
    while let Some(chunk) = next {
        body.extend_from_slice(&chunk);
        if body.len() > max {
            break;
        }
        next = response.chunk().await?;
    }
    match body.len() <= max {
        true => Ok(body.freeze()),
        false => too_long(max).await,
    }
}

async fn too_long(max: usize) -> reqwest::Result<Bytes> {
    failing(ResponseTooLarge(max)).bytes().await
}

/// A response whose head came too late: reading it is the error, one of time.
pub(super) fn too_late() -> Response {
    failing(io::Error::from(io::ErrorKind::TimedOut))
}

/// `reqwest` makes its errors of those of a body.
fn failing(error: impl StdError + Send + Sync + 'static) -> Response {
    let error = stream::iter([Err::<Bytes, _>(error)]);
    http::Response::new(Body::wrap_stream(error)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streamed(pieces: usize) -> Response {
        let pieces = (0..pieces).map(|_| Ok::<_, std::io::Error>("0123456789"));
        http::Response::new(Body::wrap_stream(stream::iter(pieces))).into()
    }

    #[tokio::test]
    async fn a_small_response_does_not_keep_the_buffer_that_it_came_in() {
        let buffer = Bytes::from(vec![b'x'; 100_000]);
        let of_size = async |size| {
            let body = http::Response::new(Body::from(buffer.slice(..size)));
            let whole = read_whole(body.into(), 100_000).await.unwrap();
            (whole.bytes().await.unwrap(), buffer.is_unique())
        };
        assert!(of_size(1000).await.1);
        assert!(!of_size(SMALL + 1).await.1);
    }

    /// A body that announces a length and has nothing, as HTTP/2 gives one for HEAD.
    struct OnlyAnnounced(u64);

    impl http_body::Body for OnlyAnnounced {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(None)
        }

        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(self.0)
        }
    }

    #[tokio::test]
    async fn a_response_without_a_body_may_announce_any_length() {
        let body = http::Response::new(Body::wrap(OnlyAnnounced(1 << 40)));
        let response = Response::from(body);
        assert_eq!(response.content_length(), Some(1 << 40));
        let whole = read_whole(response, 100).await.unwrap();
        assert!(whole.bytes().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error() {
        let pieces = [Ok("0123456789"), Err(std::io::Error::other("cut"))];
        let broken = http::Response::new(Body::wrap_stream(stream::iter(pieces)));
        assert!(read_whole(broken.into(), 100).await.is_err());
        let long = stream::iter([Ok::<_, std::io::Error>("0123456789")]);
        let long = http::Response::new(Body::wrap_stream(long));
        let error = read_whole(long.into(), 9).await.unwrap_err();
        assert!(ResponseTooLarge::within(&error).is_some());
    }

    #[tokio::test]
    async fn a_response_is_read_up_to_the_limit() {
        let whole = read_whole(streamed(10), 100).await.unwrap();
        assert_eq!(whole.bytes().await.unwrap().len(), 100);
        let announced = || Response::from(http::Response::new("0123456789"));
        let whole = read_whole(announced(), 10).await.unwrap();
        assert_eq!(whole.bytes().await.unwrap(), "0123456789");

        for long in [streamed(11), streamed(1_000_000_000), announced()] {
            let max = if long.content_length().is_some() {
                9
            } else {
                100
            };
            let error = read_whole(long, max).await.unwrap_err();
            assert!(ResponseTooLarge::within(&error).is_some(), "{error:?}");
            let error = crate::Error::transport(error);
            assert!(!error.is_retryable() && error.to_string().contains("`Limits::max_response`"));
        }
    }
}
