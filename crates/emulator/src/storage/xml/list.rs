//! Listing a bucket in XML, in the second version of the call and in the first.

use std::ops::Bound;

use axum::http::StatusCode;
use serde::Serialize;

use crate::query::Query;
use crate::storage::document::{NAMESPACE, document, timestamp};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::listing::{self, PageRequest};
use crate::storage::service::Storage;
use crate::storage::store::Object;

const DEFAULT_PAGE: usize = 1000;

impl Storage {
    pub(crate) fn list_xml(&self, bucket: &str, query: &Query) -> StorageResult {
        let second = query.get("list-type") == Some("2");
        let asked: Option<usize> = query
            .parse("max-keys")
            .map_err(|_| StorageError::invalid("max-keys is not a number."))?;
        let size = asked
            .unwrap_or(DEFAULT_PAGE)
            .clamp(1, self.settings.max_page_size.clamp(1, DEFAULT_PAGE));
        let prefix = query.get("prefix").unwrap_or_default();
        let start = if second { "start-after" } else { "marker" };
        let request = PageRequest {
            prefix,
            delimiter: query.get("delimiter"),
            start: query.get(start).map_or(Bound::Unbounded, Bound::Excluded),
            token: second.then(|| query.get("continuation-token")).flatten(),
            size,
        };
        let objects = self.buckets.list(bucket, prefix);
        let page = listing::page(objects, &request, self.faults.of_pages())?;
        let last = page.objects.last().map(|(name, _)| name);
        let next_marker = last.max(page.prefixes.last()).cloned();
        let truncated = page.next.is_some();
        Ok(document(
            StatusCode::OK,
            &ListBucketResult {
                xmlns: NAMESPACE,
                name: bucket,
                prefix,
                delimiter: request.delimiter,
                key_count: page.objects.len() + page.prefixes.len(),
                max_keys: size,
                is_truncated: truncated,
                start_after: second.then(|| query.get(start)).flatten(),
                continuation_token: request.token,
                next_continuation_token: page.next.as_deref().filter(|_| second),
                next_marker: next_marker.filter(|_| truncated && !second),
                contents: page.objects.iter().map(Contents::of).collect(),
                common_prefixes: page
                    .prefixes
                    .iter()
                    .map(|prefix| CommonPrefixes { prefix })
                    .collect(),
            },
        ))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListBucketResult<'a> {
    #[serde(rename = "@xmlns")]
    xmlns: &'a str,
    name: &'a str,
    prefix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<&'a str>,
    key_count: usize,
    max_keys: usize,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_continuation_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    contents: Vec<Contents<'a>>,
    common_prefixes: Vec<CommonPrefixes<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Contents<'a> {
    key: &'a str,
    generation: i64,
    meta_generation: i64,
    last_modified: String,
    #[serde(rename = "ETag")]
    e_tag: &'a str,
    size: usize,
}

impl<'a> Contents<'a> {
    fn of((name, object): &'a (String, Object)) -> Self {
        Self {
            key: name,
            generation: object.generation,
            meta_generation: 1,
            last_modified: timestamp(object.created),
            e_tag: object.etag(),
            size: object.size(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CommonPrefixes<'a> {
    prefix: &'a str,
}
