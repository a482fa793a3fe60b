//! The calls of multipart uploads: parts come in any order, and an object is made of those that the
//! end names.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::headers::{attributes, condition, content_type, tag, text};
use crate::query::Query;
use crate::state::{Kept, Kind};
use crate::storage::document::document;
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::hashes::{check_hashes, goog_hash};
use crate::storage::multiparts::{
    AskedPart, Multipart, MultipartRecord, Part, PartRecord, choose, find, part_key, remove,
};
use crate::storage::route::Place;
use crate::storage::service::Storage;
use crate::storage::store::NewObject;
use crate::storage::{checksum, content};
use crate::sync::lock;
use crate::{ids, reply};

const MOST_PARTS: u32 = 10_000;
/// These documents have a namespace of their own.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

impl Storage {
    pub(crate) fn create_multipart(&self, place: &Place, headers: &HeaderMap) -> StorageResult {
        let id = ids::upload();
        let upload = Multipart {
            created: Utc::now(),
            place: place.clone(),
            content_type: content_type(headers),
            attributes: attributes(headers),
            parts: BTreeMap::new(),
        };
        self.state.put(Kind::Multipart, &id, || MultipartRecord {
            id: id.clone(),
            created: upload.created,
            place: place.clone(),
            content_type: upload.content_type.clone(),
            attributes: upload.attributes.clone(),
        });
        lock(&self.multiparts.0).insert(id.clone(), upload);
        Ok(document(
            StatusCode::OK,
            &InitiateMultipartUploadResult {
                xmlns: NAMESPACE,
                bucket: &place.bucket,
                key: &place.object,
                upload_id: &id,
            },
        ))
    }

    pub(crate) fn upload_part(
        &self,
        place: &Place,
        query: &Query,
        headers: &HeaderMap,
        content: Bytes,
    ) -> StorageResult {
        let number: Option<u32> = query.parse("partNumber").ok().flatten();
        let number = number
            .filter(|number| (1..=MOST_PARTS).contains(number))
            .ok_or_else(|| {
                StorageError::invalid(format!("partNumber is not from 1 to {MOST_PARTS}."))
            })?;
        let md5 = text(headers, "content-md5").or_else(|| goog_hash(headers, "md5"));
        check_hashes(&content, md5, goog_hash(headers, "crc32c"))?;
        let part = Part {
            md5: checksum::md5(&content),
            kept: self.state.keep(&content),
            content,
        };
        let mut response = Response::new(Body::empty());
        content::set(response.headers_mut(), ETAG, &part.etag());
        let crc32c = checksum::crc32c(&part.content);
        content::hashes(crc32c, Some(part.md5), response.headers_mut());
        let mut uploads = lock(&self.multiparts.0);
        let upload = find(&mut uploads, place, query)?;
        let id = query.get("uploadId").unwrap_or_default();
        self.state
            .put(Kind::Part, &part_key(id, number), || PartRecord {
                upload: id.to_owned(),
                number,
                content: part.kept.at(),
                md5: part.md5,
            });
        upload.parts.insert(number, part);
        Ok(response)
    }

    pub(crate) fn complete_multipart(
        &self,
        place: &Place,
        query: &Query,
        headers: &HeaderMap,
        body: &[u8],
    ) -> StorageResult {
        let body = str::from_utf8(body).map_err(|error| StorageError::malformed_xml(&error))?;
        let asked: CompleteMultipartUpload =
            quick_xml::de::from_str(body).map_err(|error| StorageError::malformed_xml(&error))?;
        let condition = condition(headers)?;
        let new = {
            let mut uploads = lock(&self.multiparts.0);
            let upload = find(&mut uploads, place, query)?;
            let parts = choose(&upload.parts, &asked.parts, self.settings.min_part_size)?;
            let size = parts.iter().map(|part| part.content.len()).sum();
            let mut content = BytesMut::with_capacity(size);
            for part in &parts {
                content.extend_from_slice(&part.content);
            }
            NewObject {
                content: content.freeze(),
                kept: Kept::default(),
                content_type: upload.content_type.clone(),
                attributes: upload.attributes.clone(),
                parts: Some(parts.iter().map(|part| part.md5).collect()),
            }
        };
        let object = self.write(place, new, condition)?;
        remove(&self.multiparts, &self.state, query);
        let Place {
            bucket,
            object: key,
        } = place;
        let mut response = document(
            StatusCode::OK,
            &CompleteMultipartUploadResult {
                xmlns: NAMESPACE,
                location: format!("{}/{bucket}/{key}", self.settings.base_url),
                bucket,
                key,
                e_tag: object.etag(),
            },
        );
        tag(&object, response.headers_mut());
        self.lie_if_asked(response.headers_mut());
        Ok(response)
    }

    pub(crate) fn abort_multipart(&self, place: &Place, query: &Query) -> StorageResult {
        find(&mut lock(&self.multiparts.0), place, query)?;
        remove(&self.multiparts, &self.state, query);
        Ok(reply::no_content())
    }
}

#[derive(Deserialize)]
struct CompleteMultipartUpload {
    #[serde(rename = "Part", default)]
    parts: Vec<AskedPart>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InitiateMultipartUploadResult<'a> {
    #[serde(rename = "@xmlns")]
    xmlns: &'a str,
    bucket: &'a str,
    key: &'a str,
    upload_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CompleteMultipartUploadResult<'a> {
    #[serde(rename = "@xmlns")]
    xmlns: &'a str,
    location: String,
    bucket: &'a str,
    key: &'a str,
    #[serde(rename = "ETag")]
    e_tag: &'a str,
}
