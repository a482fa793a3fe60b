//! What a distortion does to the response of a download.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, LAST_MODIFIED};
use axum::http::{HeaderValue, StatusCode, Version};
use axum::response::Response;
use bytes::{Bytes, BytesMut};

use crate::faults::Distortion;
use crate::reply::{BrokenOff, Pieces, Unsized};

/// Puts the contents, which start at `start` of `size` bytes, into a response that describes them.
/// They break off after `cut` bytes, where they have as many. `other` are those of another range.
pub(crate) fn fill(
    mut response: Response,
    (content, other): (Bytes, Bytes),
    (start, size): (usize, usize),
    cut: Option<u64>,
    how: Option<Distortion>,
) -> Response {
    let length = content.len();
    let first = |after: u64| {
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        content.slice(..after.min(length))
    };
    let cut = cut.filter(|after| *after < length as u64);
    let body = match (cut, &how) {
        (_, Some(Distortion::Earlier { after })) => {
            let most = (length as u64).saturating_sub(1);
            Body::new(BrokenOff::after(earlier(&first((*after).min(most)))))
        }
        (Some(after), _) => Body::new(BrokenOff::after(first(after))),
        (None, Some(Distortion::WithoutEnd { after } | Distortion::ShortEnd { after })) => {
            Body::new(Unsized(first(*after)))
        }
        (None, Some(Distortion::Spoiled)) => Body::new(Pieces(spoiled(&content))),
        (None, Some(Distortion::OtherRange)) => Body::new(Pieces(other)),
        (None, Some(Distortion::Status(204))) => Body::empty(),
        (None, Some(Distortion::Unmarked)) => Body::new(Unsized(content.clone())),
        (None, _) => Body::new(Pieces(content.clone())),
    };
    *response.body_mut() = body;
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    match how {
        None | Some(Distortion::Spoiled | Distortion::OtherRange) => {}
        Some(Distortion::UnaskedPart) => {
            let range = format!(
                "bytes {start}-{}/{size}",
                (start + length).saturating_sub(1)
            );
            if let Ok(range) = HeaderValue::try_from(range) {
                headers.insert(CONTENT_RANGE, range);
            }
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        Some(Distortion::Status(status)) => {
            if status == 204 {
                headers.remove(CONTENT_LENGTH);
            }
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::ACCEPTED);
        }
        Some(Distortion::Earlier { .. }) => {
            headers.remove("x-goog-hash");
            headers.insert(ETAG, HeaderValue::from_static("\"earlier\""));
            headers.insert("x-goog-generation", HeaderValue::from_static("1"));
        }
        Some(Distortion::WithoutEnd { .. }) => {
            headers.remove(CONTENT_LENGTH);
            headers.remove("x-goog-stored-content-length");
            *response.version_mut() = Version::HTTP_10;
        }
        Some(Distortion::ShortEnd { .. }) => {
            headers.remove(CONTENT_LENGTH);
            headers.remove("x-goog-stored-content-length");
        }
        Some(Distortion::Unmarked) => {
            for name in [ETAG, LAST_MODIFIED, CONTENT_LENGTH] {
                headers.remove(name);
            }
            for name in [
                "x-goog-generation",
                "x-goog-hash",
                "x-goog-stored-content-length",
            ] {
                headers.remove(name);
            }
        }
    }
    response
}

fn spoiled(content: &Bytes) -> Bytes {
    let mut spoiled = BytesMut::from(&content[..]);
    if let Some(last) = spoiled.last_mut() {
        *last ^= 1;
    }
    spoiled.freeze()
}

/// What stood there before: the same but for some digits, so that JSON stays JSON.
fn earlier(content: &Bytes) -> Bytes {
    let changed = |byte: &u8| if *byte == b'1' { b'2' } else { *byte };
    content.iter().map(changed).collect()
}
