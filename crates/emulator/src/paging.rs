//! Pages of a listing. Tokens are opaque and full of characters that a query has to encode.

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;

use crate::error::{ApiError, ApiResult};
use crate::faults::PageFaults;
use crate::query::query_value;
use crate::reply;

const PREFIX: &str = "+/= &";

/// Which page was asked for.
#[derive(Debug)]
pub(crate) struct PageRequest {
    size: usize,
    place: Place,
}

/// How far a listing has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    /// The serial number of the last item that was listed.
    after: Option<u64>,
    /// The empty page that stands before this one has been given.
    past_empty: bool,
    /// How many empty pages have followed the last one.
    beyond: u64,
}

/// A page and the token of the next.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    next: Option<String>,
    /// Whether there are elements among them that are none.
    junk: bool,
}

impl PageRequest {
    pub(crate) fn of(query: Option<&str>, default: usize, most: usize) -> ApiResult<Self> {
        let asked = query_value(query, "pageSize").or_else(|| query_value(query, "page_size"));
        let size = match asked.as_deref().map(str::parse::<i32>) {
            None | Some(Ok(0)) => default,
            Some(Ok(size)) => usize::try_from(size)
                .map_err(|_| ApiError::bad_field("page_size", "must not be negative"))?,
            Some(Err(_)) => return Err(ApiError::bad_field("page_size", "not a number")),
        };
        let token = query_value(query, "pageToken").or_else(|| query_value(query, "page_token"));
        let place = match token {
            None => Place::default(),
            Some(token) => Place::of(&token)
                .ok_or_else(|| ApiError::bad_field("page_token", "not a token of this listing"))?,
        };
        Ok(Self {
            size: size.min(most).max(1),
            place,
        })
    }

    /// The page of `items`, which come by falling serial numbers.
    pub(crate) fn select<T>(
        self,
        items: Vec<T>,
        serial: impl Fn(&T) -> u64,
        faults: PageFaults,
    ) -> Page<T> {
        let Self { size, place } = self;
        if faults.empty && !place.past_empty {
            let next = Place {
                past_empty: true,
                ..place
            };
            return Page {
                items: Vec::new(),
                next: Some(next.token()),
                junk: false,
            };
        }
        let beyond = Place {
            beyond: place.beyond + 1,
            ..place
        };
        if place.beyond > 0 {
            return Page {
                items: Vec::new(),
                next: Some(beyond.token()),
                junk: false,
            };
        }
        let is_left = |item: &T| place.after.is_none_or(|after| serial(item) < after);
        let mut left: Vec<T> = items.into_iter().filter(is_left).collect();
        let more = left.len() > size;
        left.truncate(size);
        let end = Place {
            after: left.last().map(serial),
            ..Place::default()
        };
        let next = if faults.repeat_token {
            Some(place.token())
        } else if faults.endless && !more {
            Some(beyond.token())
        } else {
            more.then(|| end.token())
        };
        Page {
            items: left,
            next,
            junk: faults.junk,
        }
    }
}

impl Place {
    fn token(self) -> String {
        let after = self
            .after
            .map(|after| after.to_string())
            .unwrap_or_default();
        let past_empty = u8::from(self.past_empty);
        let place = STANDARD.encode(format!("{after}:{past_empty}:{}", self.beyond));
        format!("{PREFIX}{place}")
    }

    fn of(token: &str) -> Option<Self> {
        let place = STANDARD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let mut parts = std::str::from_utf8(&place).ok()?.split(':');
        let (after, past_empty) = (parts.next()?, parts.next()?);
        let after = if after.is_empty() {
            None
        } else {
            Some(after.parse().ok()?)
        };
        Some(Self {
            after,
            past_empty: past_empty == "1",
            beyond: parts.next()?.parse().ok()?,
        })
    }
}

impl<T> Page<T> {
    /// The response, with `items` under `name`; what is empty is left out.
    pub(crate) fn reply(&self, name: &str, items: &[impl Serialize]) -> Response {
        #[derive(Serialize)]
        struct Message<'a, I> {
            #[serde(flatten)]
            items: std::collections::BTreeMap<&'a str, &'a [I]>,
            #[serde(rename = "nextPageToken", skip_serializing_if = "Option::is_none")]
            next: Option<&'a str>,
        }
        if self.junk {
            let mut items: Vec<_> = items.iter().map(|item| json!(item)).collect();
            items.insert(0, json!(7));
            items.push(json!({}));
            items.push(json!({ "name": "../elsewhere" }));
            return reply::json(
                StatusCode::OK,
                &json!({ name: items, "nextPageToken": self.next.as_deref().unwrap_or_default() }),
            );
        }
        if items.is_empty() && self.next.is_none() {
            return reply::json(StatusCode::OK, &json!({}));
        }
        let items = (!items.is_empty())
            .then_some((name, items))
            .into_iter()
            .collect();
        reply::json(
            StatusCode::OK,
            &Message {
                items,
                next: self.next.as_deref(),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(token: &str) -> String {
        let set = percent_encoding::NON_ALPHANUMERIC;
        format!(
            "pageSize=2&pageToken={}",
            percent_encoding::utf8_percent_encode(token, set)
        )
    }

    fn walk(faults: PageFaults) -> Vec<Vec<u64>> {
        let mut pages = Vec::new();
        let mut query = "pageSize=2".to_owned();
        while pages.len() < 10 {
            let page = PageRequest::of(Some(&query), 50, 1000).unwrap();
            let page = page.select(vec![5, 4, 3, 2, 1], |item| *item, faults);
            pages.push(page.items);
            let Some(token) = page.next else { break };
            query = encoded(&token);
        }
        pages
    }

    #[test]
    fn pages_follow_each_other() {
        assert_eq!(
            walk(PageFaults::default()),
            [vec![5, 4], vec![3, 2], vec![1]]
        );
    }

    #[test]
    fn faults_of_pages() {
        let empty = PageFaults {
            empty: true,
            ..PageFaults::default()
        };
        let none = Vec::new;
        assert_eq!(
            walk(empty),
            [none(), vec![5, 4], none(), vec![3, 2], none(), vec![1]]
        );
        let repeat = PageFaults {
            repeat_token: true,
            ..PageFaults::default()
        };
        assert_eq!(walk(repeat), vec![vec![5, 4]; 10]);
        let endless = PageFaults {
            endless: true,
            ..PageFaults::default()
        };
        let mut pages = vec![vec![5, 4], vec![3, 2], vec![1]];
        pages.resize(10, none());
        assert_eq!(walk(endless), pages);
    }

    #[test]
    fn sizes_and_tokens_are_checked() {
        let size = |query: &str| {
            PageRequest::of(Some(query), 50, 1000)
                .map(|page| page.size)
                .ok()
        };
        assert_eq!(size(""), Some(50));
        assert_eq!(size("pageSize=0"), Some(50));
        assert_eq!(size("pageSize=5000"), Some(1000));
        assert_eq!(size("pageSize=-1"), None);
        assert_eq!(size("pageSize=x"), None);
        assert_eq!(size("pageToken=abc"), None);
    }
}
