//! The multipart uploads under way, and the choice of the parts that make an object.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::checksum::{self, Md5Hash};
use super::error::{StorageError, StorageResult};
use super::route::Place;
use super::store::Attributes;
use crate::query::Query;
use crate::state::{Kept, KeptAt, Kind, State};
use crate::sync::lock;

/// The multipart uploads under way, by id.
#[derive(Debug, Default)]
pub(super) struct Multiparts(pub(super) Mutex<HashMap<String, Multipart>>);

#[derive(Debug)]
pub(super) struct Multipart {
    pub(super) created: DateTime<Utc>,
    pub(super) place: Place,
    pub(super) content_type: String,
    pub(super) attributes: Attributes,
    pub(super) parts: BTreeMap<u32, Part>,
}

#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) content: Bytes,
    /// The content, where it is kept.
    pub(super) kept: Kept,
    pub(super) md5: Md5Hash,
}

/// An upload as it is written down; its parts have records of their own.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct MultipartRecord {
    pub(super) id: String,
    pub(super) created: DateTime<Utc>,
    pub(super) place: Place,
    pub(super) content_type: String,
    pub(super) attributes: Attributes,
}

/// A part as it is written down.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PartRecord {
    pub(super) upload: String,
    pub(super) number: u32,
    pub(super) content: Option<KeptAt>,
    pub(super) md5: Md5Hash,
}

/// What a part is kept under.
pub(super) fn part_key(upload: &str, number: u32) -> String {
    format!("{upload}/{number}")
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
pub(super) fn remove(uploads: &Multiparts, state: &State, query: &Query) {
    let Some(id) = query.get("uploadId") else {
        return;
    };
    let mut uploads = lock(&uploads.0);
    state.remove(Kind::Multipart, id);
    if let Some(upload) = uploads.remove(id) {
        for number in upload.parts.keys() {
            state.remove(Kind::Part, &part_key(id, *number));
        }
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
