//! The multipart uploads under way, and the choice of the parts that make an object.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use bytes::Bytes;
use serde::Deserialize;

use super::checksum::{self, Md5Hash};
use super::error::{StorageError, StorageResult};
use super::route::Place;
use super::store::Attributes;
use crate::query::Query;
use crate::sync::lock;

/// The multipart uploads under way, by id.
#[derive(Debug, Default)]
pub(super) struct Multiparts(pub(super) Mutex<HashMap<String, Multipart>>);

#[derive(Debug)]
pub(super) struct Multipart {
    pub(super) place: Place,
    pub(super) content_type: String,
    pub(super) attributes: Attributes,
    pub(super) parts: BTreeMap<u32, Part>,
}

#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) content: Bytes,
    pub(super) md5: Md5Hash,
}

impl Part {
    pub(super) fn etag(&self) -> String {
        format!("\"{}\"", checksum::hex(&self.md5))
    }
}

/// The upload that a call goes on with.
pub(super) fn find<'a>(
    uploads: &'a mut HashMap<String, Multipart>,
    place: &Place,
    query: &Query,
) -> StorageResult<&'a mut Multipart> {
    query
        .get("uploadId")
        .and_then(|id| uploads.get_mut(id))
        .filter(|upload| upload.place == *place)
        .ok_or_else(StorageError::no_such_upload)
}

/// Forgets an upload.
pub(super) fn remove(uploads: &Multiparts, query: &Query) {
    if let Some(id) = query.get("uploadId") {
        lock(&uploads.0).remove(id);
    }
}

/// The parts that were asked for, if they are there, in order, and large enough.
pub(super) fn choose(
    parts: &BTreeMap<u32, Part>,
    asked: &[AskedPart],
    min_size: usize,
) -> StorageResult<Vec<Part>> {
    if asked.is_empty() {
        return Err(StorageError::malformed_xml(&"No part is named."));
    }
    if !asked.is_sorted_by(|one, next| one.number < next.number) {
        return Err(StorageError::invalid_part_order());
    }
    let mut chosen = Vec::with_capacity(asked.len());
    for (place, AskedPart { number, e_tag }) in asked.iter().enumerate() {
        let part = parts
            .get(number)
            .filter(|part| part.etag().trim_matches('"') == e_tag.trim_matches('"'))
            .ok_or_else(|| {
                StorageError::invalid_part(format!("There is no part {number} with tag {e_tag}."))
            })?;
        if part.content.len() < min_size && place + 1 < asked.len() {
            return Err(StorageError::entity_too_small(format!(
                "Part {number} is smaller than {min_size} bytes, and not the last."
            )));
        }
        chosen.push(part.clone());
    }
    Ok(chosen)
}

/// A part as the end of an upload names it.
#[derive(Deserialize)]
pub(super) struct AskedPart {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    e_tag: String,
}
