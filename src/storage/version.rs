//! What a response says of the contents that it carries: which they are, how many bytes of them
//! come, and the checksum of the whole.
//!
//! | status | is |
//! |---|---|
//! | 200 | the whole |
//! | 206 | what was asked for, where it names that very range; an error where nothing was |
//! | any other | an error: 202, 203 and 204 do not carry the contents as they are |
//!
//! An object that is stored gzip'd comes as it is stored, or unpacked. Then its size, its range and
//! its checksum are those of what is stored, and say nothing of what comes.

use futures_util::StreamExt;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_RANGE, LAST_MODIFIED, RANGE, TRANSFER_ENCODING,
};
use reqwest::{Response, StatusCode, Version as HttpVersion};

use super::checksum::{Crc32c, goog_hashes};
use crate::error::{Error, Result};
use crate::results::ByteStream;

const GENERATION: HeaderName = HeaderName::from_static("x-goog-generation");
const STORED_ENCODING: HeaderName = HeaderName::from_static("x-goog-stored-content-encoding");
const STORED_LENGTH: HeaderName = HeaderName::from_static("x-goog-stored-content-length");

/// The contents that a response speaks of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Version {
    /// A strong one; a weak one does not tell whether bytes are the same.
    etag: Option<HeaderValue>,
    generation: Option<HeaderValue>,
    modified: Option<HeaderValue>,
    hashes: Vec<(String, String)>,
    /// How many bytes there are, if the service said.
    pub(crate) size: Option<u64>,
    /// The checksum of all of them, if the service said.
    pub(crate) crc32c: Option<Crc32c>,
}

/// Contents from some byte on, on their way.
pub(crate) struct Body {
    /// The byte that they start with.
    pub(crate) start: u64,
    /// Whether their end is told apart from a connection that closes too early.
    pub(crate) has_end: bool,
    pub(crate) chunks: ByteStream,
}

/// The error for contents that were replaced while they were read.
fn changed(what: &str) -> Error {
    Error::protocol(format!(
        "it changed while it was downloaded: {what} is another, and what came so far cannot be \
         continued"
    ))
}

/// Reads the head of the response to a request for the contents from the byte `offset` on, up to the
/// byte `end`, if one was named.
pub(crate) fn read(response: Response, offset: u64, end: Option<u64>) -> Result<(Version, Body)> {
    let headers = response.headers();
    let is_stored_packed = headers
        .get(STORED_ENCODING)
        .is_some_and(|encoding| encoding != "identity");
    let comes_as_stored = headers.get(CONTENT_ENCODING) == headers.get(STORED_ENCODING);
    if let Some(encoding) = headers.get(CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
        && !(comes_as_stored && encoding == "gzip")
    {
        return Err(Error::protocol(format!(
            "it comes in the encoding {encoding:?}, which this client does not undo: store it \
             without"
        )));
    }
    if let Some(coding) = codings(headers).find(|it| it != "chunked" && it != "identity") {
        return Err(Error::protocol(format!(
            "it is transferred as {coding:?}, which this client does not undo"
        )));
    }
    let length = number(headers, &CONTENT_LENGTH);
    // Unpacked on its way: what is said of the stored bytes is said of others.
    let is_unpacked = is_stored_packed && !comes_as_stored;
    let stored = || number(headers, &STORED_LENGTH).filter(|_| !is_unpacked);
    let (start, size) = match response.status() {
        StatusCode::OK => match (length, stored()) {
            (Some(length), Some(stored)) if length != stored => {
                return Err(Error::protocol(format!(
                    "the service announces {length} bytes of contents that have {stored}"
                )));
            }
            (length, stored) => (0, length.or(stored)),
        },
        StatusCode::PARTIAL_CONTENT if offset > 0 => {
            let range = headers
                .get(CONTENT_RANGE)
                .and_then(|range| range.to_str().ok());
            match range.and_then(parse_range) {
                Some((start, last, size))
                    if start == offset
                        && last.checked_add(1) == Some(end.map_or(size, |end| end.min(size)))
                        && start <= last
                        && length.is_none_or(|length| length == last - start + 1) =>
                {
                    (start, Some(size))
                }
                _ => return Err(changed("its range")),
            }
        }
        StatusCode::PARTIAL_CONTENT => {
            return Err(Error::protocol(
                "the service responded with the status 206, a part, where the whole was asked for",
            ));
        }
        status => {
            return Err(Error::protocol(format!(
                "the service responded with the status {status}, which does not carry the contents"
            )));
        }
    };
    let is_strong = |etag: &&HeaderValue| !etag.as_bytes().starts_with(b"W/");
    let hashes = goog_hashes(headers).map(|(name, hash)| (name.to_owned(), hash.to_owned()));
    let version = Version {
        etag: headers.get(ETAG).filter(is_strong).cloned(),
        generation: headers.get(GENERATION).cloned(),
        modified: headers.get(LAST_MODIFIED).cloned(),
        hashes: hashes.collect(),
        size,
        crc32c: Crc32c::of_headers(headers).filter(|_| !is_unpacked),
    };
    let has_end = has_end(&response);
    let chunks = response.bytes_stream();
    let chunks = Box::pin(chunks.map(|chunk| chunk.map_err(Error::transport)));
    Ok((
        version,
        Body {
            start,
            has_end,
            chunks,
        },
    ))
}

/// Whether a body has an end of its own: by its length, by its last chunk, or by the stream of HTTP/2,
/// which fails where it is reset (`http::end`). Otherwise it ends as the connection closes, for
/// whatever reason.
fn has_end(response: &Response) -> bool {
    let headers = response.headers();
    response.version() == HttpVersion::HTTP_2
        || headers.contains_key(CONTENT_LENGTH)
        || codings(headers).last().as_deref() == Some("chunked")
}

/// How a body is packed for the transfer, outermost last.
fn codings(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let values = headers.get_all(TRANSFER_ENCODING).into_iter();
    let codings = values.flat_map(|value| value.as_bytes().split(|b| *b == b','));
    codings.map(|coding| String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase())
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// The start, the last byte and the whole size in `bytes START-END/SIZE`.
fn parse_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?, size.parse().ok()?))
}

impl Version {
    /// The headers that ask for the bytes from `offset` on, up to the byte `end`.
    pub(crate) fn range(&self, offset: u64, end: Option<u64>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if offset > 0 {
            let last = end.and_then(|end| end.checked_sub(1));
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            let range = HeaderValue::try_from(format!("bytes={offset}-{last}"));
            headers.extend(range.ok().map(|range| (RANGE, range)));
            headers.extend(self.etag.clone().map(|etag| (IF_RANGE, etag)));
        }
        headers
    }

    /// The same version, of which a part is read, whose checksum nothing tells.
    pub(super) fn of_part(&self) -> Self {
        Self {
            crc32c: None,
            ..self.clone()
        }
    }

    /// Whether something tells that what comes later fits what came before.
    pub(crate) fn is_validated(&self) -> bool {
        self.etag.is_some()
            || self.generation.is_some()
            || (self.modified.is_some() && !self.hashes.is_empty())
    }

    /// Whether `later` are the same contents: the mark that validates them is there again, and
    /// nothing that both name differs.
    ///
    /// # Errors
    ///
    /// If not.
    pub(crate) fn check_same(&self, later: &Self) -> Result<()> {
        fn differs<T: PartialEq>(was: Option<&T>, is: Option<&T>) -> bool {
            matches!((was, is), (Some(was), Some(is)) if was != is)
        }
        let hash_differs = self.hashes.iter().any(|(name, hash)| {
            let mut later = later.hashes.iter();
            later.any(|(other, is)| other == name && is != hash)
        });
        let marks = [
            (
                "its generation",
                differs(self.generation.as_ref(), later.generation.as_ref()),
            ),
            ("its ETag", differs(self.etag.as_ref(), later.etag.as_ref())),
            ("its size", differs(self.size.as_ref(), later.size.as_ref())),
            ("its checksum", hash_differs),
            (
                "its Last-Modified",
                differs(self.modified.as_ref(), later.modified.as_ref()),
            ),
        ];
        if let Some((what, _)) = marks.into_iter().find(|(_, differs)| *differs) {
            return Err(changed(what));
        }
        // Of several marks, the strongest that there was.
        let is_there = match self {
            Self { etag: Some(_), .. } => later.etag.is_some(),
            Self {
                generation: Some(_),
                ..
            } => later.generation.is_some(),
            _ => {
                let same = self.hashes.iter().any(|hash| later.hashes.contains(hash));
                later.modified.is_some() && same
            }
        };
        match is_there {
            true => Ok(()),
            false => Err(changed("its ETag, generation or Last-Modified")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&str, &str)]) -> Response {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body("").unwrap().into()
    }

    fn version(headers: &[(&str, &str)]) -> Version {
        read(response(200, headers), 0, None).unwrap().0
    }

    #[test]
    fn only_what_was_asked_for_counts() {
        let range = |range: &'static str| [("content-range", range)];
        for (status, headers, offset, is_good) in [
            (200, &[][..], 0, true),
            (200, &[], 5, true),
            (206, &range("bytes 0-9/10"), 0, false),
            (206, &range("bytes 5-9/10"), 5, true),
            (
                206,
                &[("content-range", "bytes 5-9/10"), ("content-length", "5")],
                5,
                true,
            ),
            (
                206,
                &[("content-range", "bytes 5-9/10"), ("content-length", "4")],
                5,
                false,
            ),
            (206, &range("bytes 4-9/10"), 5, false),
            (206, &range("bytes 10-9/10"), 10, false),
            (206, &range("bytes 5-8/10"), 5, false),
            (206, &range("bytes 5-9/*"), 5, false),
            (206, &range("bytes */10"), 5, false),
            (206, &range("items 5-9/10"), 5, false),
            (206, &[], 5, false),
            (206, &range("bytes 5-18446744073709551615/10"), 5, false),
            (200, &[("transfer-encoding", "gzip, chunked")], 0, false),
            (201, &[], 0, false),
            (202, &[], 0, false),
            (203, &[], 0, false),
            (204, &[], 0, false),
            (204, &[], 5, false),
            (200, &[("content-encoding", "gzip")], 0, false),
            (200, &[("content-encoding", "identity")], 0, true),
            (
                200,
                &[
                    ("content-encoding", "br"),
                    ("x-goog-stored-content-encoding", "br"),
                ],
                0,
                false,
            ),
            (
                200,
                &[
                    ("content-length", "9"),
                    ("x-goog-stored-content-length", "10"),
                ],
                0,
                false,
            ),
            (
                200,
                &[
                    ("content-length", "10"),
                    ("x-goog-stored-content-length", "10"),
                ],
                0,
                true,
            ),
        ] {
            let read = read(response(status, headers), offset, None).map(|(_, body)| body.start);
            match read {
                Ok(start) => assert!(is_good && start == if status == 206 { offset } else { 0 }),
                Err(error) => assert!(!is_good && error.is_protocol(), "{status}: {error}"),
            }
        }
    }

    #[test]
    fn a_stretch_is_all_of_what_was_asked_for() {
        for (range, length, is_good) in [
            ("bytes 5-7/10", "3", true),
            ("bytes 5-6/10", "2", false),
            ("bytes 5-9/10", "5", false),
            ("bytes 5-8/10", "4", false),
            ("bytes 5-7/10", "2", false),
            ("bytes 5-6/7", "2", true),
            ("bytes 5-7/7", "3", false),
        ] {
            let headers = [("content-range", range), ("content-length", length)];
            let read = read(response(206, &headers), 5, Some(8));
            assert_eq!(read.is_ok(), is_good, "{range}");
        }
        let range = |end| Version::default().range(5, end)[RANGE].clone();
        assert_eq!(range(None), "bytes=5-");
        assert_eq!(range(Some(8)), "bytes=5-7");
    }

    #[test]
    fn an_end_is_told_by_length_chunks_or_the_protocol() {
        for (protocol, headers, is_told) in [
            (HttpVersion::HTTP_11, &[][..], false),
            (HttpVersion::HTTP_10, &[], false),
            (HttpVersion::HTTP_2, &[], true),
            (HttpVersion::HTTP_10, &[("content-length", "0")], true),
            (
                HttpVersion::HTTP_11,
                &[("transfer-encoding", "chunked")],
                true,
            ),
            (
                HttpVersion::HTTP_11,
                &[("transfer-encoding", "identity, Chunked")],
                true,
            ),
            (
                HttpVersion::HTTP_11,
                &[("transfer-encoding", "chunked, identity")],
                false,
            ),
        ] {
            let mut response = http::Response::builder().version(protocol);
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            let response = response.body("").unwrap().into();
            let (_, body) = read(response, 0, None).unwrap();
            assert_eq!(body.has_end, is_told, "{protocol:?} {headers:?}");
        }
    }

    #[test]
    fn what_is_said_of_a_stored_gzip_is_not_said_of_what_comes() {
        let hash = ("x-goog-hash", "crc32c=4waSgw==");
        let length = ("x-goog-stored-content-length", "9");
        let plain = version(&[hash, length, ("x-goog-stored-content-encoding", "identity")]);
        assert!(plain.size == Some(9) && plain.crc32c.is_some());
        let stored = ("x-goog-stored-content-encoding", "gzip");
        let unpacked = version(&[hash, length, stored]);
        assert!(unpacked.size.is_none() && unpacked.crc32c.is_none());
        let packed = version(&[hash, length, stored, ("content-encoding", "gzip")]);
        assert!(packed.size == Some(9) && packed.crc32c.is_some());
    }

    #[test]
    fn contents_are_the_same_by_a_mark_that_is_there_again() {
        let etag = ("etag", "\"a\"");
        let generation = ("x-goog-generation", "1");
        let hash = ("x-goog-hash", "crc32c=4waSgw==");
        let modified = ("last-modified", "Thu, 01 Jan 2015 00:00:00 GMT");
        let later = ("last-modified", "Thu, 01 Jan 2015 00:00:01 GMT");
        for (was, is, differs) in [
            (&[etag][..], &[etag][..], None),
            (&[etag], &[("etag", "\"b\"")], Some("its ETag")),
            (&[etag], &[], Some("its ETag")),
            (&[etag], &[generation], Some("its ETag")),
            (
                &[etag, generation],
                &[etag, ("x-goog-generation", "2")],
                Some("its generation"),
            ),
            (&[generation], &[generation], None),
            (
                &[generation],
                &[("x-goog-generation", "2")],
                Some("its generation"),
            ),
            (
                &[generation, modified],
                &[generation, later],
                Some("its Last-Modified"),
            ),
            (
                &[etag, hash],
                &[etag, ("x-goog-hash", "crc32c=AAAAAA==")],
                Some("its checksum"),
            ),
            (&[modified, hash], &[modified, hash], None),
            (&[modified, hash], &[later, hash], Some("its Last-Modified")),
            (&[modified, hash], &[modified], Some("Last-Modified")),
            (
                &[modified, ("x-goog-hash", "md5=AAAAAAAAAAAAAAAAAAAAAA==")],
                &[modified, hash],
                Some("Last-Modified"),
            ),
            (
                &[etag, ("content-length", "9")],
                &[etag, ("content-length", "8")],
                Some("its size"),
            ),
        ] {
            let was = version(was);
            assert!(was.is_validated());
            let checked = was.check_same(&version(is));
            match (checked, differs) {
                (Ok(()), None) => {}
                (Err(error), Some(what)) => assert!(error.to_string().contains(what), "{error}"),
                (checked, _) => panic!("{checked:?} in place of {differs:?}"),
            }
        }
        for unmarked in [&[][..], &[hash], &[modified], &[("etag", "W/\"a\"")]] {
            assert!(!version(unmarked).is_validated(), "{unmarked:?}");
        }
    }
}
