//! How answers are written: JSON in Google's content type, and bodies that are sent piece by piece
//! or break off on purpose.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use serde::Serialize;
use tokio::time::Sleep;

const PIECE: usize = 64 * 1024;

/// A response with `value` as its JSON body, indented as Google does it.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec_pretty(value) {
        Ok(body) => with_body(status, "application/json; charset=UTF-8", Body::from(body)),
        Err(error) => with_body(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=UTF-8",
            Body::from(error.to_string()),
        ),
    }
}

/// The response of a call that has nothing to say.
pub(crate) fn empty() -> Response {
    json(StatusCode::OK, &serde_json::Map::new())
}

/// The response of a call that leaves nothing to send.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(crate) fn with_body(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A body that goes out in pieces of the buffer, which it shares and never copies.
#[derive(Debug)]
pub(crate) struct Pieces(pub(crate) Bytes);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(next_piece(&mut self.0))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// The same without telling how long it is.
#[derive(Debug)]
pub(crate) struct Unsized(pub(crate) Bytes);

impl http_body::Body for Unsized {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(next_piece(&mut self.0))
    }
}

/// Takes the next piece off a buffer.
fn next_piece(rest: &mut Bytes) -> Option<Result<Frame<Bytes>, Infallible>> {
    if rest.is_empty() {
        return None;
    }
    let piece = rest.len().min(PIECE);
    Some(Ok(Frame::data(rest.split_to(piece))))
}

/// A body that sends what it was given and then breaks the connection.
#[derive(Debug)]
pub(crate) struct BrokenOff {
    rest: Bytes,
    flushed: bool,
}

impl BrokenOff {
    pub(crate) fn after(bytes: Bytes) -> Self {
        Self {
            rest: bytes,
            flushed: false,
        }
    }
}

impl http_body::Body for BrokenOff {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if !self.rest.is_empty() {
            let piece = self.rest.len().min(PIECE);
            return Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))));
        }
        if !self.flushed {
            // The connection flushes what it holds only when the body has to wait.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Cut)))
    }
}

/// A body that comes in small pieces, each a while after the one before.
#[derive(Debug)]
pub(crate) struct Drip {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    next: Pin<Box<Sleep>>,
}

impl Drip {
    pub(crate) fn new(bytes: Bytes, piece: usize, pause: Duration) -> Self {
        Self {
            rest: bytes,
            piece: piece.max(1),
            pause,
            next: Box::pin(tokio::time::sleep(pause)),
        }
    }
}

impl http_body::Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.next.as_mut().poll(context));
        self.next = Box::pin(tokio::time::sleep(self.pause));
        let piece = self.piece.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }
}

/// The error that makes the server drop a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was cut on purpose")
    }
}

impl std::error::Error for Cut {}
