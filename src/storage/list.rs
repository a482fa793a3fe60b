//! Lists objects of Cloud Storage, by the JSON API: names come as they are, those too that
//! `object_store` cannot hold.

use std::collections::HashSet;

use reqwest::{Method, Request, Url};
use serde::Deserialize;

use super::gcs::CloudStorage;
use crate::error::{Error, Result};
use crate::http::Session;
use crate::http::retry::Idempotency;
use crate::http::send::BodyMode;
use crate::page::MOST_EMPTY;
use crate::uri::GcsUri;

/// How many objects a list may have: more are not of one job.
const MOST: usize = 2_000_000;
/// What is told of each object, and where the list goes on.
const FIELDS: &str = "items(name,generation,size),nextPageToken";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Object>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Object {
    name: String,
    generation: Option<String>,
    size: Option<String>,
}

/// An object as a list tells it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) uri: GcsUri,
    /// What changes with its contents.
    #[cfg_attr(not(feature = "runs"), allow(dead_code))]
    pub(crate) generation: Option<String>,
    /// Its bytes, as it is stored.
    #[cfg_attr(not(feature = "runs"), allow(dead_code))]
    pub(crate) size: Option<u64>,
}

impl CloudStorage {
    /// All objects in a folder and those below it, sorted.
    pub(crate) async fn list(&self, folder: &GcsUri) -> Result<Vec<GcsUri>> {
        let prefix = match folder.object() {
            "" => String::new(),
            object => format!("{}/", object.strip_suffix('/').unwrap_or(object)),
        };
        let listed = self.list_all(folder, &prefix).await;
        let listed = listed.map_err(|error| error.during(format!("listing {folder}")))?;
        Ok(listed.into_iter().map(|object| object.uri).collect())
    }

    /// All objects of the bucket of `place` whose names begin with a prefix, sorted.
    pub(crate) async fn list_prefix(&self, place: &GcsUri, prefix: &str) -> Result<Vec<Listed>> {
        let listed = self.list_all(place, prefix).await;
        listed.map_err(|error| error.during(format!("listing {place}")))
    }

    async fn list_all(&self, folder: &GcsUri, prefix: &str) -> Result<Vec<Listed>> {
        let session = self.session()?;
        let list = format!(
            "{}/storage/v1/b/{}/o",
            self.base_url().unwrap_or("https://storage.googleapis.com"),
            folder.bucket()
        );
        let mut found = Vec::new();
        // A page that leads back to one before would never end.
        let mut tokens = HashSet::new();
        let mut token = None::<String>;
        let mut empty = 0;
        loop {
            let mut query = vec![("prefix", prefix), ("fields", FIELDS)];
            query.extend(token.as_deref().map(|token| ("pageToken", token)));
            let page = page(session, &list, &query).await?;
            empty = match page.items.is_empty() {
                true => empty + 1,
                false => 0,
            };
            for object in page.items {
                found.push(Listed {
                    uri: folder.with_object(&object.name)?,
                    generation: object.generation,
                    size: object.size.and_then(|size| size.parse().ok()),
                });
            }
            if found.len() > MOST {
                return Err(Error::protocol(format!(
                    "the list has over {MOST} objects: it seems to have no end"
                )));
            }
            let next = page.next_page_token.filter(|token| !token.is_empty());
            let Some(next) = next else {
                break;
            };
            if !tokens.insert(next.clone()) {
                return Err(Error::protocol(
                    "a page of the list leads back to one that was read already",
                ));
            }
            if empty == MOST_EMPTY {
                return Err(Error::protocol(format!(
                    "the service gave {MOST_EMPTY} empty pages in a row: the list seems to have no end"
                )));
            }
            token = Some(next);
        }
        found.sort_unstable_by(|a, b| a.uri.as_str().cmp(b.uri.as_str()));
        Ok(found)
    }
}

async fn page(session: &Session, list: &str, query: &[(&str, &str)]) -> Result<Page> {
    let url = Url::parse_with_params(list, query)
        .map_err(|e| Error::configuration("Cloud Storage has no valid address").with_source(e))?;
    let response = session.call(
        Request::new(Method::GET, url),
        Idempotency::Repeatable,
        BodyMode::Whole,
    );
    let json = response.await?.bytes().await.map_err(Error::transport)?;
    serde_json::from_slice(&json)
        .map_err(|e| Error::protocol("Cloud Storage gave no valid list").with_source(e))
}
