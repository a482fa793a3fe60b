//! The part of some content that a `Range` header asks for.

use axum::http::header::{IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName};

/// The range asked for as start and end; an error where the content does not reach that far, `None`
/// where the whole content is to be sent.
pub(crate) fn requested_range(
    headers: &HeaderMap,
    etag: &str,
    size: usize,
) -> Option<Result<(usize, usize), ()>> {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if header(IF_RANGE).is_some_and(|tag| tag != etag) {
        return None;
    }
    let (start, end) = header(RANGE)?.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = if start.is_empty() {
        let last: usize = end.parse().ok()?;
        (size.saturating_sub(last), size)
    } else {
        let end = match end {
            "" => size,
            last => last.parse::<usize>().ok()?.saturating_add(1).min(size),
        };
        (start.parse().ok()?, end)
    };
    Some(if start < end {
        Ok((start, end))
    } else {
        Err(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn range(value: &'static str) -> Option<Result<(usize, usize), ()>> {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(value))]);
        requested_range(&headers, "\"tag\"", 10)
    }

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("bytes=4-"), Some(Ok((4, 10))));
        assert_eq!(range("bytes=4-5"), Some(Ok((4, 6))));
        assert_eq!(range("bytes=4-99"), Some(Ok((4, 10))));
        assert_eq!(range("bytes=-3"), Some(Ok((7, 10))));
        assert_eq!(range("bytes=-0"), Some(Err(())));
        assert_eq!(range("bytes=10-"), Some(Err(())));
        assert_eq!(range("lines=1-"), None);
        assert_eq!(range("bytes=1-2,4-5"), None);
    }

    #[test]
    fn a_range_of_another_version_is_the_whole_content() {
        let mut headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static("bytes=4-"))]);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"other\""));
        assert_eq!(requested_range(&headers, "\"tag\"", 10), None);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"tag\""));
        assert_eq!(requested_range(&headers, "\"tag\"", 10), Some(Ok((4, 10))));
    }
}
