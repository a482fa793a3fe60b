//! What a fault does to a call and its response on their way: broken off, given in drips, taken in only
//! in part.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;

use crate::reply::{BrokenOff, Cut, Drip};

/// The same answer, broken off after as many bytes as `after` says for the length of its body. An
/// answer without a body cannot be broken off, so it does not come at all.
pub(crate) async fn cut(
    response: Response,
    after: impl FnOnce(usize) -> usize,
) -> Result<Response, Cut> {
    let (mut head, body) = response.into_parts();
    let body = whole(body).await.ok_or(Cut)?;
    if body.is_empty() {
        return Err(Cut);
    }
    let after = after(body.len()).min(body.len());
    head.headers.insert(CONTENT_LENGTH, length(&body));
    Ok(Response::from_parts(
        head,
        Body::new(BrokenOff::after(body.slice(..after))),
    ))
}

/// How much of a body of `len` bytes, which is not empty, so many thousandths are: never all of it.
pub(crate) fn share(len: usize, permille: u16) -> usize {
    let share = len.saturating_mul(permille.into()) / 1000;
    share.min(len.saturating_sub(1))
}

/// The same answer, a piece at a time.
pub(crate) async fn drip(
    response: Response,
    piece: usize,
    pause: Duration,
) -> Result<Response, Cut> {
    let (mut head, body) = response.into_parts();
    let body = whole(body).await.ok_or(Cut)?;
    head.headers.insert(CONTENT_LENGTH, length(&body));
    let drip = Drip::new(body, piece, pause);
    Ok(Response::from_parts(head, Body::new(drip)))
}

fn length(body: &Bytes) -> HeaderValue {
    body.len().into()
}

/// All of a body; `None` for one that breaks off by itself.
pub(crate) async fn whole(body: Body) -> Option<Bytes> {
    axum::body::to_bytes(body, usize::MAX).await.ok()
}

/// Takes in at least so many bytes of a body, where it has as many.
pub(crate) async fn take_in(mut body: Body, bytes: usize) {
    let mut taken = 0;
    while taken < bytes
        && let Some(Ok(frame)) = body.frame().await
    {
        taken += frame.data_ref().map_or(0, Bytes::len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_the_whole() {
        for (len, permille, expected) in [(10, 0, 0), (10, 500, 5), (10, 1000, 9), (1, 999, 0)] {
            assert_eq!(share(len, permille), expected, "{permille} of {len}");
        }
        assert_eq!(share(3, u16::MAX), 2);
    }
}
