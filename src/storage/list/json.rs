//! A page as the JSON API gives it, with names as they are.

use serde::Deserialize;

use super::{Object, Page};
use crate::error::{Error, Result};

/// What is told of each object, and where the list goes on.
const FIELDS: &str = "items(name,generation,size),nextPageToken";

/// What asks for a page.
pub(super) fn query<'a>(prefix: &'a str, token: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![("prefix", prefix), ("fields", FIELDS)];
    query.extend(token.map(|token| ("pageToken", token)));
    query
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    items: Vec<Item>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    generation: Option<String>,
    size: Option<String>,
}

/// Reads a page.
pub(super) fn page(json: &[u8]) -> Result<Page> {
    let answer: Answer = serde_json::from_slice(json)
        .map_err(|e| Error::protocol("Cloud Storage gave no valid list").with_source(e))?;
    let objects = answer.items.into_iter().map(|item| Object {
        name: item.name,
        generation: item.generation,
        size: item.size.and_then(|size| size.parse().ok()),
    });
    Ok(Page {
        objects: objects.collect(),
        next: answer.next_page_token.filter(|token| !token.is_empty()),
    })
}
