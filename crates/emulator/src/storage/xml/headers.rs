//! The headers of the XML API, which tell what other APIs have in a resource.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG,
};
use axum::http::{HeaderMap, HeaderName};

use crate::storage::content;
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::store::{Attributes, Object, Precondition};

const DEFAULT_TYPE: &str = "application/octet-stream";

/// The headers by which a writer knows its object again.
pub(super) fn tag(object: &Object, headers: &mut HeaderMap) {
    content::set(headers, ETAG, object.etag());
    content::generation(object, headers);
}

/// What the headers of a call ask of the present object.
pub(crate) fn condition(headers: &HeaderMap) -> StorageResult<Precondition> {
    let generation = |name: &str| -> StorageResult<Option<i64>> {
        let parsed = text(headers, name).map(str::parse).transpose();
        parsed.map_err(|_| StorageError::invalid(format!("{name} is not a generation.")))
    };
    Ok(Precondition {
        if_generation: generation("x-goog-if-generation-match")?,
        if_not_generation: generation("x-goog-if-generation-not-match")?,
    })
}

pub(super) fn content_type(headers: &HeaderMap) -> String {
    let given = text(headers, CONTENT_TYPE.as_str());
    given.unwrap_or(DEFAULT_TYPE).to_owned()
}

/// What the headers of a call say of the object it writes.
pub(super) fn attributes(headers: &HeaderMap) -> Attributes {
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

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
