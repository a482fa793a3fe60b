//! A page of the objects of a bucket: those that share a folder may be told as that folder alone,
//! and a token leads from a page to the next.

use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use super::error::{StorageError, StorageResult};
use super::store::Object;
use crate::faults::PageFaults;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct PageRequest<'a> {
    pub(crate) prefix: &'a str,
    /// Names are cut off after the first of these that follows the prefix.
    pub(crate) delimiter: Option<&'a str>,
    /// Where the listing starts, whatever the page.
    pub(crate) start: Bound<&'a str>,
    pub(crate) token: Option<&'a str>,
    pub(crate) size: usize,
}

/// A page and the token of the next.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) objects: Vec<(String, Object)>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) next: Option<String>,
}

/// How far a listing has come.
#[derive(Clone, Debug, Default, PartialEq)]
struct Position {
    /// The last name or folder that was listed, or nothing.
    after: String,
    /// The empty page that stands before this one has been given.
    past_empty: bool,
}

impl Position {
    fn token(&self) -> String {
        let mark = if self.past_empty { '1' } else { '0' };
        URL_SAFE.encode(format!("{mark}{}", self.after))
    }

    fn of(token: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE.decode(token).ok()?).ok()?;
        let (past_empty, after) = match text.strip_prefix('1') {
            Some(after) => (true, after),
            None => (false, text.strip_prefix('0')?),
        };
        Some(Self {
            after: after.to_owned(),
            past_empty,
        })
    }
}

/// The page of `objects`, which come sorted by name and all start with the prefix.
pub(crate) fn page(
    objects: Vec<(String, Object)>,
    asked: &PageRequest<'_>,
    faults: PageFaults,
) -> StorageResult<Page> {
    let position = match asked.token {
        None => Position::default(),
        Some(token) => Position::of(token)
            .ok_or_else(|| StorageError::invalid("The token is not one of this listing."))?,
    };
    if faults.empty && !position.past_empty {
        let next = Position {
            past_empty: true,
            ..position
        };
        return Ok(Page {
            next: Some(next.token()),
            ..Page::default()
        });
    }
    let mut page = Page::default();
    let mut last = position.after.clone();
    let (mut count, mut more) = (0, false);
    for (name, object) in objects {
        if !has_started(&name, asked.start) {
            continue;
        }
        let folder = folder(&name, asked);
        // Names and folders come in order, so what is not behind the last entry was in it.
        if folder.unwrap_or(&name) <= last.as_str() {
            continue;
        }
        if count == asked.size {
            more = true;
            break;
        }
        count += 1;
        last = folder.unwrap_or(&name).to_owned();
        if folder.is_some() {
            page.prefixes.push(last.clone());
        } else {
            page.objects.push((name, object));
        }
    }
    page.next = if faults.repeat_token {
        Some(position.token())
    } else {
        let end = Position {
            after: last,
            past_empty: false,
        };
        more.then(|| end.token())
    };
    Ok(page)
}

fn has_started(name: &str, start: Bound<&str>) -> bool {
    match start {
        Bound::Unbounded => true,
        Bound::Included(start) => name >= start,
        Bound::Excluded(start) => name > start,
    }
}

/// The part of the name up to and with the delimiter, where it has one behind the prefix.
fn folder<'a>(name: &'a str, asked: &PageRequest<'_>) -> Option<&'a str> {
    let delimiter = asked.delimiter?;
    let start = asked.prefix.len();
    let end = start + name[start..].find(delimiter)? + delimiter.len();
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::faults::Faults;
    use crate::state::State;
    use crate::storage::Buckets;

    const NAMES: [&str; 6] = ["a", "b-", "b/1", "b/2/x", "b/2/y", "c"];

    fn request<'a>(prefix: &'a str, delimiter: Option<&'a str>, size: usize) -> PageRequest<'a> {
        PageRequest {
            prefix,
            delimiter,
            start: Bound::Unbounded,
            token: None,
            size,
        }
    }

    /// All pages, as what they list.
    fn pages(asked: &PageRequest<'_>, faults: PageFaults) -> Vec<Vec<String>> {
        let buckets = Buckets::new(Clock::new(), Faults::default(), State::default());
        for name in NAMES {
            buckets.put("b", name, bytes::Bytes::new(), "text/plain");
        }
        let (mut pages, mut token) = (Vec::new(), None::<String>);
        loop {
            let asked = PageRequest {
                token: token.as_deref(),
                ..*asked
            };
            let page = page(buckets.list("b", asked.prefix), &asked, faults).unwrap();
            let objects = page.objects.into_iter().map(|(name, _)| name);
            pages.push(page.prefixes.into_iter().chain(objects).collect());
            token = page.next;
            if token.is_none() || pages.len() > 20 {
                return pages;
            }
        }
    }

    #[test]
    fn names_are_listed_once_over_all_pages() {
        for size in 1..8 {
            let listed = pages(&request("", None, size), PageFaults::default());
            assert!(listed.iter().all(|page| page.len() <= size));
            assert_eq!(listed.concat(), NAMES);
            let folders = pages(&request("", Some("/"), size), PageFaults::default());
            let mut names = folders.concat();
            names.sort();
            assert_eq!(names, ["a", "b-", "b/", "c"]);
            let inner = pages(&request("b/", Some("/"), size), PageFaults::default());
            let mut names = inner.concat();
            names.sort();
            assert_eq!(names, ["b/1", "b/2/"]);
        }
    }

    #[test]
    fn a_listing_may_start_later() {
        let mut asked = request("", None, 10);
        asked.start = Bound::Excluded("b/1");
        let rest = pages(&asked, PageFaults::default());
        assert_eq!(rest.concat(), ["b/2/x", "b/2/y", "c"]);
        asked.start = Bound::Included("c");
        assert_eq!(pages(&asked, PageFaults::default()).concat(), ["c"]);
    }

    #[test]
    fn empty_pages_come_between() {
        let faults = PageFaults {
            empty: true,
            repeat_token: false,
            ..PageFaults::default()
        };
        let listed = pages(&request("", None, 4), faults);
        let sizes: Vec<usize> = listed.iter().map(Vec::len).collect();
        assert_eq!(sizes, [0, 4, 0, 2]);
    }
}
