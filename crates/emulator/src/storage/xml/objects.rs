//! Reading, writing and copying an object in one call.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::headers::{attributes, condition, content_type, tag, text};
use crate::query::Query;
use crate::state::Kept;
use crate::storage::checksum;
use crate::storage::content::{self, check_generation};
use crate::storage::document::{NAMESPACE, document, timestamp};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::hashes::{check_hashes, goog_hash};
use crate::storage::route::Place;
use crate::storage::service::Storage;
use crate::storage::store::NewObject;

impl Storage {
    /// GET and HEAD of an object.
    pub(crate) fn read_xml(&self, place: &Place, head: &Parts, query: &Query) -> StorageResult {
        let object = self.find(place, generation_of(query)?)?;
        check_generation(&object, condition(&head.headers)?)?;
        content::respond(
            &object,
            object.etag(),
            &head.method,
            &head.headers,
            &self.faults,
        )
    }

    /// PUT of an object.
    pub(crate) fn put_xml(
        &self,
        place: &Place,
        headers: &HeaderMap,
        content: Bytes,
    ) -> StorageResult {
        let md5 = text(headers, "content-md5").or_else(|| goog_hash(headers, "md5"));
        check_hashes(&content, md5, goog_hash(headers, "crc32c"))?;
        let new = NewObject {
            content,
            kept: Kept::default(),
            content_type: content_type(headers),
            attributes: attributes(headers),
            parts: None,
        };
        let object = self.write(place, new, condition(headers)?)?;
        let mut response = Response::new(Body::empty());
        tag(&object, response.headers_mut());
        self.lie_if_asked(response.headers_mut());
        Ok(response)
    }

    /// Names the checksum of another object, where that was asked for.
    pub(super) fn lie_if_asked(&self, headers: &mut HeaderMap) {
        if self.faults.take_object_lie() {
            headers.remove("x-goog-hash");
            content::hashes(checksum::crc32c(b"another"), None, headers);
        }
    }

    /// PUT of an object with `x-goog-copy-source`.
    pub(crate) fn copy_xml(&self, from: &Place, to: &Place, headers: &HeaderMap) -> StorageResult {
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

fn generation_of(query: &Query) -> StorageResult<Option<i64>> {
    let generation = query.parse("generation");
    generation.map_err(|_| StorageError::invalid("generation is not a number."))
}
