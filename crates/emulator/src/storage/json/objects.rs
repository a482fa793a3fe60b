//! Objects as the JSON API reads, lists and copies them.

use std::ops::Bound;

use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Value, json};

use super::params::{condition, number};
use super::resource;
use crate::query::Query;
use crate::reply;
use crate::storage::content::{self, check_generation};
use crate::storage::error::StorageResult;
use crate::storage::listing::{self, PageRequest};
use crate::storage::route::Place;
use crate::storage::service::Storage;
use crate::storage::store::Object;

const DEFAULT_PAGE: usize = 1000;

impl Storage {
    pub(crate) fn metadata(&self, place: &Place, query: &Query) -> StorageResult {
        let object = self.find(place, number(query, "generation")?)?;
        check_generation(&object, condition(query)?)?;
        Ok(self.object_reply(place, &object))
    }

    /// A download.
    pub(crate) fn read_media(&self, place: &Place, head: &Parts, query: &Query) -> StorageResult {
        let object = self.find(place, number(query, "generation")?)?;
        check_generation(&object, condition(query)?)?;
        let etag = resource::etag(object.generation);
        content::respond(&object, &etag, &head.method, &head.headers, &self.faults)
    }

    pub(crate) fn list_json(&self, bucket: &str, query: &Query) -> StorageResult {
        let size = number::<usize>(query, "maxResults")?
            .unwrap_or(DEFAULT_PAGE)
            .clamp(1, self.settings.max_page_size.clamp(1, DEFAULT_PAGE));
        let prefix = query.get("prefix").unwrap_or_default();
        let start = query.get("startOffset");
        let request = PageRequest {
            prefix,
            delimiter: query.get("delimiter"),
            start: start.map_or(Bound::Unbounded, Bound::Included),
            token: query.get("pageToken"),
            size,
        };
        let mut objects = self.buckets.list(bucket, prefix);
        if let Some(end) = query.get("endOffset") {
            objects.retain(|(name, _)| name.as_str() < end);
        }
        let page = listing::page(objects, &request, self.faults.of_pages())?;
        let items = page.objects.iter().map(|(object, content)| {
            let place = Place {
                bucket: bucket.to_owned(),
                object: object.clone(),
            };
            resource::object(&self.settings.base_url, &place, content)
        });
        let items: Vec<Value> = items.collect();
        let mut answer = json!({"kind": "storage#objects"});
        if !items.is_empty() {
            answer["items"] = items.into();
        }
        if !page.prefixes.is_empty() {
            answer["prefixes"] = page.prefixes.into();
        }
        if let Some(next) = page.next {
            answer["nextPageToken"] = next.into();
        }
        Ok(reply::json(StatusCode::OK, &answer))
    }

    pub(crate) fn copy_json(
        &self,
        from: &Place,
        to: &Place,
        rewrite: bool,
        query: &Query,
    ) -> StorageResult {
        let object = self.copy(from, to, condition(query)?)?;
        if !rewrite {
            return Ok(self.object_reply(to, &object));
        }
        let size = object.size().to_string();
        let answer = json!({
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": true,
            "resource": resource::object(&self.settings.base_url, to, &object),
        });
        Ok(reply::json(StatusCode::OK, &answer))
    }

    pub(super) fn object_reply(&self, place: &Place, object: &Object) -> Response {
        let resource = resource::object(&self.settings.base_url, place, object);
        reply::json(StatusCode::OK, &resource)
    }
}
