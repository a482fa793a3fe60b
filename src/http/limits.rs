//! How much of what a service sends is taken into memory, and what happens beyond that.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::{Body, Response};

const MIB: usize = 1024 * 1024;

/// How much of what a service sends is held in memory at once, in bytes.
///
/// A service that is broken, or that is not the one you meant, can send without end. Whatever
/// it sends, the client holds no more than this of any one thing. What streams, such as the
/// lines of a result file, is limited one by one and not in all.
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
    pub(crate) answer: usize,
    pub(crate) error_body: usize,
}

impl Default for Limits {
    /// 256 MiB a line, 1 GiB an answer, 64 KiB of an error.
    fn default() -> Self {
        Self {
            line: 256 * MIB,
            answer: 1024 * MIB,
            error_body: 64 * 1024,
        }
    }
}

impl Limits {
    /// The longest line of a result file. Images come as base64 within one. A longer line is
    /// booked as unreadable and stops no other.
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.line = bytes;
        self
    }

    /// The longest answer to a call, which may hold all results of a small job. A longer one
    /// is an error.
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.answer = bytes;
        self
    }

    /// How much of an error's body is kept; the rest is dropped.
    pub fn max_error_body(mut self, bytes: usize) -> Self {
        self.error_body = bytes;
        self
    }
}

/// An answer went past [`Limits::max_answer`].
#[derive(Debug)]
pub(crate) struct AnswerTooLong(usize);

impl AnswerTooLong {
    /// The one that a failure to read an answer came from.
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

impl fmt::Display for AnswerTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the answer is longer than {} bytes: raise `Limits::max_answer` if that is right",
            self.0
        )
    }
}

impl StdError for AnswerTooLong {}

/// The whole of an answer, if it keeps to the limit.
pub(super) async fn read_whole(response: Response, max: usize) -> reqwest::Result<Response> {
    let mut whole = http::Response::new(());
    *whole.status_mut() = response.status();
    *whole.headers_mut() = response.headers().clone();
    let body = match response.content_length() {
        Some(length) if length <= max as u64 => response.bytes().await?,
        _ => {
            let body = Body::wrap_stream(bounded(response, max));
            Response::from(http::Response::new(body)).bytes().await?
        }
    };
    Ok(whole.map(|()| body).into())
}

type Piece = Result<Bytes, Box<dyn StdError + Send + Sync>>;

fn bounded(response: Response, max: usize) -> impl futures_core::Stream<Item = Piece> + Send {
    let mut room = max;
    let announced = response.content_length().unwrap_or_default();
    let too_long = stream::iter((announced > max as u64).then(|| Err(AnswerTooLong(max).into())));
    too_long.chain(response.bytes_stream().map(move |piece| {
        let piece = piece?;
        room = room.checked_sub(piece.len()).ok_or(AnswerTooLong(max))?;
        Ok(piece)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streamed(pieces: usize) -> Response {
        let pieces = (0..pieces).map(|_| Ok::<_, std::io::Error>("0123456789"));
        http::Response::new(Body::wrap_stream(stream::iter(pieces))).into()
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_the_limit() {
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
            assert!(AnswerTooLong::within(&error).is_some(), "{error:?}");
            let error = crate::Error::transport(error);
            assert!(!error.is_retryable() && error.to_string().contains("`Limits::max_answer`"));
        }
    }
}
