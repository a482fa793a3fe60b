//! Uploads of the JSON API: content alone, content behind its metadata in one multipart body, and
//! resumable uploads that take content in chunks.

use axum::body::Body;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use chrono::Utc;
use memchr::memmem;
use serde_json::Value;

use super::params::condition;
use super::resource;
use crate::query::Query;
use crate::state::{Kept, Kind};
use crate::storage::content::set;
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::hashes::{check_hashes, goog_hash};
use crate::storage::received::Received;
use crate::storage::route::Place;
use crate::storage::service::Storage;
use crate::storage::sessions::{Plan, Session};
use crate::storage::store::{NewObject, Object};
use crate::sync::lock;
use crate::{ids, reply};

const DEFAULT_TYPE: &str = "application/octet-stream";

impl Storage {
    /// An upload in one call.
    pub(crate) fn insert(
        &self,
        bucket: &str,
        query: &Query,
        headers: &HeaderMap,
        body: Bytes,
    ) -> StorageResult {
        let content_type = text(headers, CONTENT_TYPE.as_str());
        let (plan, content) = if query.get("uploadType") == Some("multipart") {
            let (resource, content_type, content) = split(content_type, &body)?;
            let plan = plan(bucket, query, resource, content_type.as_deref())?;
            (plan, content)
        } else {
            (plan(bucket, query, Value::Null, content_type)?, body)
        };
        let (place, object) = self.carry_out(plan, content, Kept::default())?;
        Ok(self.object_reply(&place, &object))
    }

    /// Opens a resumable upload and answers its URL.
    pub(crate) fn start_upload(
        &self,
        bucket: &str,
        query: &Query,
        headers: &HeaderMap,
        body: &[u8],
    ) -> StorageResult {
        let resource = match body {
            [] => Value::Null,
            body => parse(body)?,
        };
        let content_type = text(headers, "x-upload-content-type");
        let plan = plan(bucket, query, resource, content_type)?;
        let present = self.buckets.get(bucket, &plan.place.object);
        if !plan.condition.holds(present.as_ref()) {
            return Err(StorageError::condition_not_met());
        }
        let id = ids::upload();
        let location = format!(
            "{}/upload/storage/v1/b/{}/o?uploadType=resumable&name={}&upload_id={id}",
            self.settings.base_url,
            resource::encode(bucket),
            resource::encode(&plan.place.object),
        );
        let session = Session {
            id: id.clone(),
            created: Utc::now(),
            plan,
            received: BytesMut::new(),
            done: None,
            state: self.state.clone(),
            growing: self.state.grow(),
        };
        session.note();
        lock(&self.sessions.0).insert(id.clone(), session);
        let mut response = Response::new(Body::empty());
        set(response.headers_mut(), LOCATION, &location);
        if let Ok(id) = id.parse() {
            response.headers_mut().insert("x-guploader-uploadid", id);
        }
        Ok(response)
    }

    /// Takes a chunk, or tells how much has arrived.
    pub(crate) fn continue_upload(
        &self,
        query: &Query,
        headers: &HeaderMap,
        body: Received,
    ) -> StorageResult {
        let range = ChunkRange::of(headers, body.bytes.len())?;
        let mut sessions = lock(&self.sessions.0);
        let session = query
            .get("upload_id")
            .and_then(|id| sessions.get_mut(id))
            .ok_or_else(StorageError::no_such_upload)?;
        if let Some(object) = &session.done {
            return Ok(self.object_reply(&session.plan.place, object));
        }
        if let Some(start) = range.start {
            let cut = self.faults.take_chunk_cut();
            let broken = body.broke_off.is_some() || cut.is_some();
            let most = cut.and_then(|cut| usize::try_from(cut).ok());
            let chunk = &body.bytes[..body.bytes.len().min(most.unwrap_or(usize::MAX))];
            session.take(start, chunk)?;
            if broken {
                return Err(StorageError::unavailable());
            }
            let last = range
                .total
                .is_some_and(|total| session.received.len() >= total);
            let granularity = usize::try_from(self.settings.chunk_granularity).unwrap_or(1);
            if !last && !body.bytes.len().is_multiple_of(granularity) {
                return Err(StorageError::invalid(format!(
                    "Every chunk but the last must be a multiple of {granularity} bytes."
                )));
            }
        }
        if range.total != Some(session.received.len()) {
            return Ok(session.incomplete());
        }
        let content = std::mem::take(&mut session.received).freeze();
        let kept = std::mem::take(&mut session.growing).whole(&content);
        let md5 = goog_hash(headers, "md5");
        let made = check_hashes(&content, md5, goog_hash(headers, "crc32c"))
            .and_then(|()| self.carry_out(session.plan.clone(), content, kept.clone()));
        match &made {
            Ok((_, object)) => session.done = Some(object.clone()),
            Err(_) => session.growing = self.state.grow(),
        }
        // What was received is let go of only when the record no longer names it.
        session.note();
        drop(kept);
        let (place, object) = made?;
        Ok(self.object_reply(&place, &object))
    }

    pub(crate) fn cancel_upload(&self, query: &Query) -> StorageResult {
        let id = query.get("upload_id").unwrap_or_default();
        self.state.remove(Kind::StorageUpload, id);
        let removed = lock(&self.sessions.0).remove(id);
        removed.ok_or_else(StorageError::no_such_upload)?;
        let mut response = reply::no_content();
        // The service's own status for what the client has closed.
        *response.status_mut() = StatusCode::from_u16(499).unwrap_or(StatusCode::NO_CONTENT);
        Ok(response)
    }

    /// Writes the object that an upload was to make.
    fn carry_out(&self, plan: Plan, content: Bytes, kept: Kept) -> StorageResult<(Place, Object)> {
        let md5 = resource::text(&plan.resource, "md5Hash");
        let crc32c = resource::text(&plan.resource, "crc32c");
        check_hashes(&content, md5.as_deref(), crc32c.as_deref())?;
        let new = NewObject {
            content,
            kept,
            content_type: plan.content_type,
            attributes: resource::attributes(&plan.resource),
            parts: None,
        };
        let object = self.write(&plan.place, new, plan.condition)?;
        Ok((plan.place, object))
    }
}

/// What the query and the resource say; the content type of the resource comes first.
fn plan(
    bucket: &str,
    query: &Query,
    resource: Value,
    content_type: Option<&str>,
) -> StorageResult<Plan> {
    let name = query.get("name").map(str::to_owned);
    let name = name
        .or_else(|| resource::text(&resource, "name"))
        .filter(|name| !name.is_empty())
        .ok_or_else(|| StorageError::invalid("Required object name is missing."))?;
    let told = resource::text(&resource, "contentType");
    let content_type = told.or_else(|| content_type.map(str::to_owned));
    Ok(Plan {
        place: Place {
            bucket: bucket.to_owned(),
            object: name,
        },
        content_type: content_type.unwrap_or_else(|| DEFAULT_TYPE.to_owned()),
        condition: condition(query)?,
        resource,
    })
}

/// What `Content-Range` says of a chunk.
#[derive(Debug, PartialEq)]
struct ChunkRange {
    /// `None` for a call that only asks.
    start: Option<usize>,
    /// The size of the whole, where it is known.
    total: Option<usize>,
}

impl ChunkRange {
    fn of(headers: &HeaderMap, length: usize) -> StorageResult<Self> {
        let Some(range) = text(headers, CONTENT_RANGE.as_str()) else {
            // Without one, the body is the whole.
            return Ok(Self {
                start: Some(0),
                total: Some(length),
            });
        };
        Self::parse(range, length)
            .ok_or_else(|| StorageError::invalid(format!("Content-Range {range} is not valid.")))
    }

    fn parse(range: &str, length: usize) -> Option<Self> {
        let (range, total) = range.strip_prefix("bytes ")?.split_once('/')?;
        let total: Option<usize> = match total {
            "*" => None,
            total => Some(total.parse().ok()?),
        };
        let start = match range {
            "*" if length == 0 => None,
            // The rest of an upload of any length.
            "*" => Some(total?.checked_sub(length)?),
            range => Some(range.split_once('-')?.0.parse().ok()?),
        };
        Some(Self { start, total })
    }
}

/// The resource, the content type and the content of a `multipart/related` body.
fn split(
    content_type: Option<&str>,
    body: &Bytes,
) -> StorageResult<(Value, Option<String>, Bytes)> {
    let malformed = || StorageError::invalid("The body is not multipart/related with two parts.");
    let boundary = content_type.and_then(boundary).ok_or_else(malformed)?;
    let delimiter = format!("--{boundary}");
    let inner = format!("\r\n{delimiter}");
    let start = memmem::find(body, delimiter.as_bytes()).ok_or_else(malformed)? + delimiter.len();
    let middle = start + memmem::find(&body[start..], inner.as_bytes()).ok_or_else(malformed)?;
    let second = middle + inner.len();
    // The last delimiter is the end, whatever the content may hold.
    let end = memmem::rfind(&body[second..], inner.as_bytes()).ok_or_else(malformed)?;
    let (_, resource) = part(&body.slice(start..middle)).ok_or_else(malformed)?;
    let (head, content) = part(&body.slice(second..second + end)).ok_or_else(malformed)?;
    let header = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_type = name.trim().eq_ignore_ascii_case("content-type");
        is_type.then(|| value.trim().to_owned())
    });
    Ok((parse(&resource)?, header, content))
}

fn boundary(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    let boundary = parameters
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    Some(boundary?.1.trim_matches(['"', '\'']))
}

/// The head and the content of what stands between two delimiters.
fn part(part: &Bytes) -> Option<(String, Bytes)> {
    let end = memmem::find(part, b"\r\n\r\n")?;
    let head = String::from_utf8(part[..end].to_vec()).ok()?;
    Some((head, part.slice(end + 4..)))
}

fn parse(body: &[u8]) -> StorageResult<Value> {
    serde_json::from_slice(body)
        .map_err(|error| StorageError::invalid(format!("Invalid JSON: {error}")))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipart_bodies_are_split() {
        let body = "--x y\r\ncontent-type: application/json\r\n\r\n{\"name\": \"o\"}\r\n\
            --x y\r\nContent-Type: text/plain\r\n\r\none\r\n--x\r\ntwo\r\n\r\n--x y--";
        let content_type = Some("multipart/related; boundary=\"x y\"");
        let (resource, kind, content) = split(content_type, &Bytes::from(body)).unwrap();
        assert_eq!(resource["name"], "o");
        assert_eq!(kind.as_deref(), Some("text/plain"));
        assert_eq!(content, "one\r\n--x\r\ntwo\r\n");
        assert!(split(content_type, &Bytes::from("--x y\r\n\r\n{}")).is_err());
        assert!(split(Some("multipart/related"), &Bytes::from(body)).is_err());
    }

    #[test]
    fn chunk_ranges_are_read() {
        let range = |text, length| {
            let range = ChunkRange::parse(text, length)?;
            Some((range.start, range.total))
        };
        assert_eq!(range("bytes 0-9/*", 10), Some((Some(0), None)));
        assert_eq!(range("bytes 10-19/20", 10), Some((Some(10), Some(20))));
        assert_eq!(range("bytes */20", 0), Some((None, Some(20))));
        assert_eq!(range("bytes */*", 0), Some((None, None)));
        assert_eq!(range("bytes */20", 5), Some((Some(15), Some(20))));
        assert_eq!(range("0-9/20", 10), None);
    }
}
