//! Buckets as the JSON API reads, makes and lists them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::params::number;
use super::resource;
use crate::query::Query;
use crate::reply;
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::service::Storage;

const DEFAULT_PAGE: usize = 1000;

impl Storage {
    pub(crate) fn get_bucket(&self, name: &str) -> StorageResult {
        let bucket = self.buckets.bucket(name);
        let resource = resource::bucket(&self.settings.base_url, name, &bucket);
        Ok(reply::json(StatusCode::OK, &resource))
    }

    pub(crate) fn insert_bucket(&self, body: &[u8]) -> StorageResult {
        let asked: Value = serde_json::from_slice(body)
            .map_err(|error| StorageError::invalid(format!("Invalid JSON: {error}")))?;
        let Some(name) = resource::text(&asked, "name").filter(|name| !name.is_empty()) else {
            return Err(StorageError::invalid("A bucket needs a name."));
        };
        let location = resource::text(&asked, "location");
        let location = location.map_or("US".to_owned(), |place| place.to_uppercase());
        let class = resource::text(&asked, "storageClass");
        let class = class.as_deref().unwrap_or("STANDARD");
        self.create_bucket(&name, &location, class)?;
        self.get_bucket(&name)
    }

    pub(crate) fn list_buckets(&self, query: &Query) -> StorageResult {
        let size = number::<usize>(query, "maxResults")?
            .unwrap_or(DEFAULT_PAGE)
            .clamp(1, self.settings.max_page_size.clamp(1, DEFAULT_PAGE));
        let prefix = query.get("prefix").unwrap_or_default();
        // The token of a page is the name that the page before ended with.
        let after = query.get("pageToken").unwrap_or_default();
        let mut buckets = self.buckets.buckets();
        buckets.retain(|(name, _)| {
            name.starts_with(prefix) && name.as_str() > after && self.buckets.reach(name).is_ok()
        });
        let more = buckets.len() > size;
        buckets.truncate(size);
        let items: Vec<Value> = buckets
            .iter()
            .map(|(name, bucket)| resource::bucket(&self.settings.base_url, name, bucket))
            .collect();
        let mut answer = json!({"kind": "storage#buckets"});
        if let Some((last, _)) = buckets.last().filter(|_| more) {
            answer["nextPageToken"] = last.as_str().into();
        }
        if !items.is_empty() {
            answer["items"] = items.into();
        }
        Ok(reply::json(StatusCode::OK, &answer))
    }
}
