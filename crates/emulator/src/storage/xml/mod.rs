//! The XML API: an object is a path, its metadata are headers, and documents tell the rest.

mod list;
mod multipart;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

pub(super) use multipart::Multiparts;

use super::content::{self, check_generation};
use super::error::{StorageError, StorageResult};
use super::route::Place;
use super::store::{Attributes, NewObject, Object, Precondition};
use super::{Storage, check_hashes, goog_hash};
use crate::query::Query;
use crate::reply;

const DEFAULT_TYPE: &str = "application/octet-stream";
const NAMESPACE: &str = "http://doc.s3.amazonaws.com/2006-03-01";

impl Storage {
    /// GET and HEAD of an object.
    pub(super) fn read_xml(&self, place: &Place, head: &Parts, query: &Query) -> StorageResult {
        let object = self.find(place, generation_of(query)?)?;
        check_generation(&object, condition(&head.headers)?)?;
        content::respond(&object, object.etag(), &head.method, &head.headers, || {
            self.faults.take_object_cut()
        })
    }

    /// PUT of an object.
    pub(super) fn put_xml(
        &self,
        place: &Place,
        headers: &HeaderMap,
        content: Bytes,
    ) -> StorageResult {
        let md5 = text(headers, "content-md5").or_else(|| goog_hash(headers, "md5"));
        check_hashes(&content, md5, goog_hash(headers, "crc32c"))?;
        let new = NewObject {
            content,
            content_type: content_type(headers),
            attributes: attributes(headers),
            parts: None,
        };
        let object = self.write(place, new, condition(headers)?)?;
        let mut response = Response::new(Body::empty());
        tag(&object, response.headers_mut());
        Ok(response)
    }

    /// PUT of an object with `x-goog-copy-source`.
    pub(super) fn copy_xml(&self, from: &Place, to: &Place, headers: &HeaderMap) -> StorageResult {
        let object = self.copy(from, to, condition(headers)?)?;
        let mut response = document(
            StatusCode::OK,
            &CopyObjectResult {
                xmlns: NAMESPACE,
                last_modified: timestamp(object.created),
                e_tag: object.etag(),
            },
        );
        tag(&object, response.headers_mut());
        Ok(response)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CopyObjectResult<'a> {
    #[serde(rename = "@xmlns")]
    xmlns: &'a str,
    last_modified: String,
    #[serde(rename = "ETag")]
    e_tag: &'a str,
}

/// The headers by which a writer knows its object again.
fn tag(object: &Object, headers: &mut HeaderMap) {
    content::set(headers, ETAG, object.etag());
    content::generation(object, headers);
}

/// What the headers of a call ask of the present object.
pub(super) fn condition(headers: &HeaderMap) -> StorageResult<Precondition> {
    let generation = |name: &str| -> StorageResult<Option<i64>> {
        let parsed = text(headers, name).map(str::parse).transpose();
        parsed.map_err(|_| StorageError::invalid(format!("{name} is not a generation.")))
    };
    Ok(Precondition {
        if_generation: generation("x-goog-if-generation-match")?,
        if_not_generation: generation("x-goog-if-generation-not-match")?,
    })
}

fn generation_of(query: &Query) -> StorageResult<Option<i64>> {
    let generation = query.parse("generation");
    generation.map_err(|_| StorageError::invalid("generation is not a number."))
}

fn content_type(headers: &HeaderMap) -> String {
    let given = text(headers, CONTENT_TYPE.as_str());
    given.unwrap_or(DEFAULT_TYPE).to_owned()
}

/// What the headers of a call say of the object it writes.
fn attributes(headers: &HeaderMap) -> Attributes {
    let header = |name: HeaderName| text(headers, name.as_str()).map(str::to_owned);
    let own = headers.iter().filter_map(|(name, value)| {
        let key = name.as_str().strip_prefix("x-goog-meta-")?;
        Some((key.to_owned(), value.to_str().ok()?.to_owned()))
    });
    Attributes {
        cache_control: header(CACHE_CONTROL),
        content_disposition: header(CONTENT_DISPOSITION),
        content_encoding: header(CONTENT_ENCODING),
        content_language: header(CONTENT_LANGUAGE),
        storage_class: text(headers, "x-goog-storage-class").map(str::to_owned),
        metadata: own.collect(),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A time as documents write it.
fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An answer with a document, whose root is called as the type of `content`.
pub(super) fn document(status: StatusCode, content: &impl Serialize) -> Response {
    let mut text = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    match quick_xml::se::to_writer(&mut text, content) {
        Ok(_) => reply::with_body(status, "application/xml; charset=UTF-8", Body::from(text)),
        Err(error) => reply::with_body(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=UTF-8",
            Body::from(error.to_string()),
        ),
    }
}
