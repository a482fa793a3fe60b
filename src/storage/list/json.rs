//! A page as the JSON API gives it, with names as they are.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{MOST_OBJECTS, Object, Page};
use crate::error::{Error, Result};
use crate::scan::weight::Weight;

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
    kind: Option<String>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    generation: Option<String>,
    size: Option<String>,
}

/// Reads a page.
pub(super) fn page(json: &[u8]) -> Result<Page> {
    let none = || Error::protocol("Cloud Storage gave no valid list");
    if Weight::of(json, &[]).items > MOST_OBJECTS {
        return Err(none());
    }
    let answer: Answer = serde_json::from_slice(json).map_err(|e| none().with_source(e))?;
    let is_other = answer.kind.is_some_and(|kind| kind != "storage#objects");
    if is_other || answer.error.is_some() {
        return Err(none());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_of_objects_is_an_error() {
        let page = |json: &str| page(json.as_bytes());
        assert_eq!(page("{}").unwrap(), Page::default());
        let list = r#"{"kind":"storage#objects","items":[{"name":"a","size":"3"}]}"#;
        assert_eq!(page(list).unwrap().objects[0].size, Some(3));
        let many = format!(
            "{{\"items\":[{}]}}",
            vec!["{\"name\":\"a\"}"; MOST_OBJECTS + 1].join(",")
        );
        for json in [
            "[]",
            r#"{"error":{"code":500}}"#,
            r#"{"kind":"storage#buckets"}"#,
            &many,
        ] {
            assert!(page(json).is_err(), "{json:.60}");
        }
    }
}
