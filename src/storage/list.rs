//! Lists objects of Cloud Storage, by the XML API as they are read and written. What XML cannot tell, and a
//! service that has no lists in XML, is asked for by the JSON API.
//!
//! ```text
//! list ── xml, json: a page of each API, as objects and where the list goes on
//! ```

mod json;
mod xml;

use std::collections::HashSet;

use reqwest::{Method, Request, Url};

use super::gcs::CloudStorage;
use crate::error::{Error, Result};
use crate::http::Session;
use crate::http::retry::Idempotency;
use crate::http::send::BodyMode;
use crate::page::MOST_EMPTY;
use crate::uri::GcsUri;

/// How many objects a list may have: more are not of one job.
const MOST: usize = 2_000_000;
/// On how many pages they may stand …
const MOST_PAGES: usize = 20_000;
/// … and on one of them, ten times what Cloud Storage puts there.
const MOST_OBJECTS: usize = 10_000;
/// The longest name of an object, in bytes (Cloud Storage's documentation, About objects).
const LONGEST_NAME: usize = 1024;
/// As long as what gives the next page may be.
const LONGEST_TOKEN: usize = 8 * 1024;

/// Which of the two has the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Xml,
    Json,
}

/// A page of a list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    objects: Vec<Object>,
    /// What gives the page behind it.
    next: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Object {
    name: String,
    generation: Option<String>,
    size: Option<u64>,
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
        match self.list_by(Api::Xml, folder, prefix).await {
            Err(error) if is_for_json(&error) => self.list_by(Api::Json, folder, prefix).await,
            listed => listed,
        }
    }

    async fn list_by(&self, api: Api, folder: &GcsUri, prefix: &str) -> Result<Vec<Listed>> {
        let session = self.session()?;
        let (base, bucket) = (
            self.base_url().unwrap_or("https://storage.googleapis.com"),
            folder.bucket(),
        );
        let list = match api {
            Api::Xml => format!("{base}/{bucket}"),
            Api::Json => format!("{base}/storage/v1/b/{bucket}/o"),
        };
        let mut found: Vec<Listed> = Vec::new();
        // A page that leads back to one before would never end.
        let mut tokens = HashSet::new();
        let mut token = None::<String>;
        let mut empty = 0;
        loop {
            let query = match api {
                Api::Xml => xml::query(prefix, token.as_deref()),
                Api::Json => json::query(prefix, token.as_deref()),
            };
            let content = content(session, &list, &query).await?;
            let page = match api {
                Api::Xml => xml::page(&content, bucket)?,
                Api::Json => json::page(&content)?,
            };
            empty = match page.objects.is_empty() {
                true => empty + 1,
                false => 0,
            };
            for object in page.objects {
                if object.name.len() > LONGEST_NAME {
                    return Err(Error::protocol(format!(
                        "the list has a name of {} bytes, where {LONGEST_NAME} are the most there are",
                        object.name.len()
                    )));
                }
                if !object.name.starts_with(prefix) {
                    return Err(match api {
                        Api::Xml => xml::garbled(),
                        Api::Json => Error::protocol(format!(
                            "the list of what begins with {prefix:?} has another object, {:?}",
                            object.name
                        )),
                    });
                }
                found.push(Listed {
                    uri: folder.with_object(&object.name)?,
                    generation: object.generation,
                    size: object.size,
                });
            }
            if found.len() > MOST || tokens.len() == MOST_PAGES {
                return Err(Error::protocol(format!(
                    "the list has over {MOST} objects or {MOST_PAGES} pages: it seems to have no end"
                )));
            }
            let Some(next) = page.next else {
                break;
            };
            if next.len() > LONGEST_TOKEN {
                return Err(Error::protocol(format!(
                    "the list goes on with a token of {} bytes, which is more than {LONGEST_TOKEN}",
                    next.len()
                )));
            }
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
        // One that stands on two pages is one.
        found.dedup_by(|a, b| a.uri.as_str() == b.uri.as_str());
        Ok(found)
    }
}

/// Whether the JSON API may tell what the XML API did not.
fn is_for_json(error: &Error) -> bool {
    xml::is_garbled(error) || matches!(error.status(), Some(405 | 501))
}

async fn content(session: &Session, list: &str, query: &[(&str, &str)]) -> Result<bytes::Bytes> {
    let url = Url::parse_with_params(list, query)
        .map_err(|e| Error::configuration("Cloud Storage has no valid address").with_source(e))?;
    let response = session.call(
        Request::new(Method::GET, url),
        Idempotency::Repeatable,
        BodyMode::Whole,
    );
    response.await?.bytes().await.map_err(Error::transport)
}
