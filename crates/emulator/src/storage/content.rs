//! Handing out the content of an object: the conditions a caller sets, the range it asks for, and
//! the headers that describe the object.

use std::io::Read as _;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING,
    CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED, WARNING,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;

use super::checksum::{self, Md5Hash};
use super::error::{StorageError, StorageResult};
use super::store::{Object, Precondition};
use crate::distort;
use crate::faults::Faults;
use crate::range::requested_range;
use crate::reply::Unsized;

/// The response to a call that reads an object, under the tag that the API gives it.
pub(crate) fn respond(
    object: &Object,
    etag: &str,
    method: &Method,
    headers: &HeaderMap,
    faults: &Faults,
) -> StorageResult {
    check_headers(object, etag, headers)?;
    if let Some(content) = unpacked(object, headers) {
        return Ok(respond_unpacked(object, etag, method, content));
    }
    let size = object.size();
    let (status, start, end) = match requested_range(headers, etag, size) {
        Some(Ok((start, end))) => (StatusCode::PARTIAL_CONTENT, start, end),
        Some(Err(())) => return Err(StorageError::invalid_range()),
        None => (StatusCode::OK, 0, size),
    };
    let content = object.content.slice(start..end);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(object, headers);
    set(headers, ETAG, etag);
    if status == StatusCode::PARTIAL_CONTENT {
        let last = end - 1;
        set(
            headers,
            CONTENT_RANGE,
            &format!("bytes {start}-{last}/{size}"),
        );
    }
    if *method == Method::HEAD {
        set(headers, CONTENT_LENGTH, &content.len().to_string());
        return Ok(response);
    }
    let is_range = status == StatusCode::PARTIAL_CONTENT;
    let how = faults.take_object_distortion(is_range);
    let cut = faults.take_object_cut();
    let contents = (content, object.content.slice(..end - start));
    Ok(distort::fill(response, contents, (start, size), cut, how))
}

/// What is in an object that is stored with gzip, for who does not take it as it is stored.
fn unpacked(object: &Object, headers: &HeaderMap) -> Option<Vec<u8>> {
    let taken = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let takes_gzip = taken.is_some_and(|taken| taken.contains("gzip"));
    let is_packed = object.attributes.content_encoding.as_deref() == Some("gzip");
    if takes_gzip || !is_packed {
        return None;
    }
    let mut content = Vec::new();
    let mut decoder = MultiGzDecoder::new(&object.content[..]);
    decoder.read_to_end(&mut content).ok().map(|_| content)
}

/// Such a response is always of the whole, and says neither its length nor its encoding.
fn respond_unpacked(object: &Object, etag: &str, method: &Method, content: Vec<u8>) -> Response {
    let body = match *method == Method::HEAD {
        true => Body::empty(),
        false => Body::new(Unsized(content.into())),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    describe(object, headers);
    headers.remove(CONTENT_ENCODING);
    headers.remove(ACCEPT_RANGES);
    set(headers, ETAG, etag);
    set(headers, WARNING, "214 UploadServer gunzipped");
    response
}

/// The headers that both APIs give an object, but for its tag and length.
fn describe(object: &Object, headers: &mut HeaderMap) {
    set(headers, CONTENT_TYPE, &object.content_type);
    set(headers, LAST_MODIFIED, &http_date(object.created));
    set(headers, ACCEPT_RANGES, "bytes");
    generation(object, headers);
    let attributes = &object.attributes;
    for (name, value) in [
        (CACHE_CONTROL, &attributes.cache_control),
        (CONTENT_DISPOSITION, &attributes.content_disposition),
        (CONTENT_ENCODING, &attributes.content_encoding),
        (CONTENT_LANGUAGE, &attributes.content_language),
    ] {
        if let Some(value) = value {
            set(headers, name, value);
        }
    }
    let class = attributes.storage_class.as_deref().unwrap_or("STANDARD");
    let encoding = attributes.content_encoding.as_deref().unwrap_or("identity");
    set_named(headers, "x-goog-storage-class", class);
    set_named(headers, "x-goog-stored-content-encoding", encoding);
    let size = object.size().to_string();
    set_named(headers, "x-goog-stored-content-length", &size);
    for (key, value) in &attributes.metadata {
        set_named(headers, &format!("x-goog-meta-{key}"), value);
    }
}

/// The headers that tell which version of an object it is.
pub(crate) fn generation(object: &Object, headers: &mut HeaderMap) {
    let generation = object.generation.to_string();
    set_named(headers, "x-goog-generation", &generation);
    set_named(headers, "x-goog-metageneration", "1");
    hashes(object.crc32c, object.md5, headers);
}

/// The headers that tell checksums.
pub(crate) fn hashes(crc32c: u32, md5: Option<Md5Hash>, headers: &mut HeaderMap) {
    let crc32c = checksum::base64_of_crc32c(crc32c);
    let md5 = md5.map(|md5| format!("md5={}", checksum::base64(&md5)));
    for hash in [Some(format!("crc32c={crc32c}")), md5]
        .into_iter()
        .flatten()
    {
        if let Ok(hash) = HeaderValue::try_from(hash) {
            headers.append("x-goog-hash", hash);
        }
    }
}

/// Sets a header, unless the value cannot be one.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn set_named(headers: &mut HeaderMap, name: &str, value: &str) {
    if let Ok(name) = HeaderName::try_from(name) {
        set(headers, name, value);
    }
}

/// A time as HTTP headers write it, which is to the second.
pub(crate) fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Refuses a reader whose condition on the generation does not hold.
pub(crate) fn check_generation(object: &Object, condition: Precondition) -> StorageResult<()> {
    if condition.holds(Some(object)) {
        return Ok(());
    }
    Err(if condition.if_not_generation == Some(object.generation) {
        StorageError::not_modified()
    } else {
        StorageError::condition_not_met()
    })
}

fn check_headers(object: &Object, etag: &str, headers: &HeaderMap) -> StorageResult<()> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let date = |name| {
        let date = DateTime::parse_from_rfc2822(text(name)?).ok()?;
        Some(date.timestamp())
    };
    let modified = object.created.timestamp();
    // A condition on the tag takes the place of one on the time.
    match text(IF_MATCH) {
        Some(tags) if !names(tags, etag) => return Err(StorageError::condition_not_met()),
        None if date(IF_UNMODIFIED_SINCE).is_some_and(|date| modified > date) => {
            return Err(StorageError::condition_not_met());
        }
        _ => {}
    }
    match text(IF_NONE_MATCH) {
        Some(tags) if names(tags, etag) => Err(StorageError::not_modified()),
        None if date(IF_MODIFIED_SINCE).is_some_and(|date| modified <= date) => {
            Err(StorageError::not_modified())
        }
        _ => Ok(()),
    }
}

/// Whether a list of tags names this one.
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag.trim_matches('"')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::state::State;
    use crate::storage::Buckets;

    fn status(name: HeaderName, value: &str) -> u16 {
        let clock = Clock::new();
        clock.pause();
        let faults = Faults::default();
        let buckets = Buckets::new(clock.clone(), faults.clone(), State::default());
        let object = buckets.put("b", "o", "content".into(), "text/plain");
        let tag = object.etag().to_owned();
        let now = http_date(clock.now());
        let value = value.replace("TAG", &tag).replace("NOW", &now);
        let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
        match respond(&object, &tag, &Method::GET, &headers, &faults) {
            Ok(response) => response.status().as_u16(),
            Err(error) => error
                .into_response(super::super::route::Api::Xml)
                .status()
                .as_u16(),
        }
    }

    #[test]
    fn conditions_are_kept() {
        let past = "Thu, 01 Jan 2015 00:00:00 GMT";
        for (name, value, expected) in [
            (IF_MATCH, "TAG", 200),
            (IF_MATCH, "\"other\", TAG", 200),
            (IF_MATCH, "\"other\"", 412),
            (IF_NONE_MATCH, "TAG", 304),
            (IF_NONE_MATCH, "*", 304),
            (IF_NONE_MATCH, "\"other\"", 200),
            (IF_MODIFIED_SINCE, "NOW", 304),
            (IF_MODIFIED_SINCE, past, 200),
            (IF_UNMODIFIED_SINCE, "NOW", 200),
            (IF_UNMODIFIED_SINCE, past, 412),
        ] {
            assert_eq!(status(name.clone(), value), expected, "{name}: {value}");
        }
    }
}
