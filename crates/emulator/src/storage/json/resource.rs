//! Objects and buckets as resources of the JSON API, and what a caller says of a new object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::storage::checksum;
use crate::storage::route::Place;
use crate::storage::store::{Attributes, BucketInfo, Object};

/// The tag of an object in this API: its generation and metageneration as a protobuf message.
pub(super) fn etag(generation: i64) -> String {
    let mut message = vec![0x08];
    // Generations are never negative.
    let mut rest = generation.unsigned_abs();
    while rest >= 0x80 {
        message.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    message.extend([rest as u8, 0x10, 0x01]);
    STANDARD.encode(message)
}

pub(super) fn object(base_url: &str, place: &Place, object: &Object) -> Value {
    let Place {
        bucket,
        object: name,
    } = place;
    let path = format!("b/{bucket}/o/{}", encode(name));
    let generation = object.generation.to_string();
    let created = timestamp(object.created);
    let attributes = &object.attributes;
    let mut resource = json!({
        "kind": "storage#object",
        "id": format!("{bucket}/{name}/{generation}"),
        "selfLink": format!("{base_url}/storage/v1/{path}"),
        "mediaLink":
            format!("{base_url}/download/storage/v1/{path}?generation={generation}&alt=media"),
        "name": name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": "1",
        "contentType": object.content_type,
        "storageClass": attributes.storage_class.as_deref().unwrap_or("STANDARD"),
        "size": object.size().to_string(),
        "crc32c": checksum::base64_of_crc32c(object.crc32c),
        "etag": etag(object.generation),
        "timeCreated": created,
        "updated": created,
        "timeStorageClassUpdated": created,
    });
    let md5 = object.md5.map(|md5| checksum::base64(&md5));
    for (name, value) in [
        ("md5Hash", &md5),
        ("cacheControl", &attributes.cache_control),
        ("contentDisposition", &attributes.content_disposition),
        ("contentEncoding", &attributes.content_encoding),
        ("contentLanguage", &attributes.content_language),
    ] {
        if let Some(value) = value {
            resource[name] = value.as_str().into();
        }
    }
    if !attributes.metadata.is_empty() {
        resource["metadata"] = json!(attributes.metadata);
    }
    resource
}

/// What the resource that comes with an upload says of the object.
pub(super) fn attributes(resource: &Value) -> Attributes {
    let metadata = resource["metadata"].as_object();
    let metadata = metadata.into_iter().flatten().filter_map(|(key, value)| {
        let value = value.as_str()?;
        Some((key.clone(), value.to_owned()))
    });
    Attributes {
        cache_control: text(resource, "cacheControl"),
        content_disposition: text(resource, "contentDisposition"),
        content_encoding: text(resource, "contentEncoding"),
        content_language: text(resource, "contentLanguage"),
        storage_class: text(resource, "storageClass"),
        metadata: metadata.collect(),
    }
}

/// A field of a resource that is a text.
pub(super) fn text(resource: &Value, name: &str) -> Option<String> {
    resource[name].as_str().map(str::to_owned)
}

pub(super) fn bucket(base_url: &str, name: &str, bucket: &BucketInfo) -> Value {
    let created = timestamp(bucket.created);
    json!({
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": format!("{base_url}/storage/v1/b/{name}"),
        "projectNumber": "0",
        "generation": "1",
        "metageneration": "1",
        "location": bucket.location,
        "storageClass": bucket.storage_class,
        "etag": "CAE=",
        "timeCreated": created,
        "updated": created,
    })
}

pub(super) fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_generations_in_protobuf() {
        assert_eq!(etag(1), "CAEQAQ==");
        assert_eq!(etag(1418688703353000), "CKih16GjycICEAE=");
    }
}
