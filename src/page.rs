//! Page tokens → one stream over all pages.

use std::fmt;

use futures_core::Stream;
use futures_util::{TryStreamExt, stream};

use crate::error::{Error, Result};

/// How many empty pages in a row end a list with an error. Pages may be empty, where the service
/// looks through much and finds nothing.
pub(crate) const MOST_EMPTY: u32 = 1000;

/// One page of a list.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on the page. A page may be empty and still be followed by another.
    pub items: Vec<T>,
    /// What else is on the page and cannot be read, each element by its place and why.
    pub unreadable: Vec<String>,
    /// The token of the next page; `None` on the last.
    pub next_page_token: Option<String>,
}

impl<T> Page<T> {
    /// The page of a list as the service gave it. An empty token ends the list, as none does. An
    /// element that cannot be read, or that `check` refuses, costs no other.
    pub(crate) fn of<K>(
        elements: Vec<K>,
        token: Option<String>,
        check: impl Fn(&T) -> Result<()>,
    ) -> Self
    where
        K: TryInto<T, Error = Error>,
    {
        let mut page = Self {
            items: Vec::with_capacity(elements.len()),
            unreadable: Vec::new(),
            next_page_token: token.filter(|token| !token.is_empty()),
        };
        for (number, element) in (1..).zip(elements) {
            let item = element.try_into();
            match item.and_then(|item| check(&item).map(|()| item)) {
                Ok(item) => page.items.push(item),
                Err(error) => page.set_aside(number, &error),
            }
        }
        page
    }

    fn set_aside(&mut self, number: usize, error: &impl fmt::Display) {
        tracing::warn!(element = number, %error, "an element of a list cannot be read");
        self.unreadable.push(format!("element {number}: {error}"));
    }
}

/// Refuses a page of which the list in `field`, or the token of the next page, could not be read:
/// it would be taken for a shorter list than it is.
pub(crate) fn check_whole(set_aside: &[String], field: &str) -> Result<()> {
    let odd = set_aside
        .iter()
        .find(|path| [".", "nextPageToken", field].contains(&path.as_str()));
    odd.map_or(Ok(()), |_| {
        Err(Error::protocol(
            "the service's response is not a list that this client can read",
        ))
    })
}

/// All items from the page of `first` on. An element that cannot be read is an error after the items
/// of its page, and the list goes on.
pub(crate) fn paged<T, F, Fut>(
    first: Option<String>,
    fetch: F,
) -> impl Stream<Item = Result<T>> + Send
where
    T: Send,
    F: Fn(Option<String>) -> Fut + Send,
    Fut: Future<Output = Result<Page<T>>> + Send,
{
    let pages = pages(first, fetch).map_ok(|page| {
        let unreadable = page.unreadable.into_iter().map(|element| {
            Err(Error::protocol(format!(
                "the list has an element that cannot be read, and goes on after it: {element}"
            )))
        });
        stream::iter(page.items.into_iter().map(Ok).chain(unreadable))
    });
    pages.try_flatten()
}

/// All pages from that of `first` on. Pages that lead back to an earlier one are an error, and so are
/// too many empty ones.
pub(crate) fn pages<T, F, Fut>(
    first: Option<String>,
    fetch: F,
) -> impl Stream<Item = Result<Page<T>>> + Send
where
    T: Send,
    F: Fn(Option<String>) -> Fut + Send,
    Fut: Future<Output = Result<Page<T>>> + Send,
{
    let start: Option<Result<_>> = Some(Ok((first.clone(), fetch, Trail::new(first))));
    stream::try_unfold(start, |state| async move {
        let Some((token, fetch, mut trail)) = state.transpose()? else {
            return Ok(None);
        };
        let page = fetch(token).await?;
        // What is wrong with the way on is told after the page.
        let next = page.next_page_token.clone().map(|next| {
            trail.follow(&page, &next)?;
            Ok((Some(next), fetch, trail))
        });
        Ok(Some((page, next)))
    })
}

/// Finds a cycle of any length with one token in memory, which is replaced after 1, 2, 4, …
/// pages (Brent's method).
struct Trail {
    mark: Option<String>,
    steps: u64,
    renew_after: u64,
    /// How many pages were empty since the last one that was not.
    empty: u32,
}

impl Trail {
    fn new(first: Option<String>) -> Self {
        Self {
            mark: first,
            steps: 0,
            renew_after: 1,
            empty: 0,
        }
    }

    /// Notes a page and the token of the next one.
    fn follow<T>(&mut self, page: &Page<T>, next: &str) -> Result<()> {
        let is_empty = page.items.is_empty() && page.unreadable.is_empty();
        self.empty = if is_empty { self.empty + 1 } else { 0 };
        if self.empty == MOST_EMPTY {
            return Err(Error::protocol(format!(
                "the service gave {MOST_EMPTY} empty pages in a row: the list seems to have no end"
            )));
        }
        if self.leads_back(next) {
            return Err(Error::protocol(
                "the service's pages lead back to an earlier one: the list cannot be read on",
            ));
        }
        Ok(())
    }

    fn leads_back(&mut self, token: &str) -> bool {
        if self.mark.as_deref() == Some(token) {
            return true;
        }
        self.steps += 1;
        if self.steps == self.renew_after {
            self.mark = Some(token.to_owned());
            self.steps = 0;
            self.renew_after *= 2;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    fn page(items: &[u32], next: Option<&str>) -> Result<Page<u32>> {
        Ok(Page {
            items: items.to_vec(),
            unreadable: Vec::new(),
            next_page_token: next.map(str::to_owned),
        })
    }

    #[tokio::test]
    async fn empty_pages_without_end_end_with_an_error() {
        let list = |every: u32| {
            paged(None, move |token| async move {
                let n: u32 = token.map_or(0, |token| token.parse().unwrap());
                let items: &[u32] = if n % every == every - 1 { &[n] } else { &[] };
                page(
                    items,
                    (n < 5 * MOST_EMPTY).then(|| (n + 1).to_string()).as_deref(),
                )
            })
        };
        let read: Vec<_> = list(u32::MAX).collect().await;
        assert_eq!(read.len(), 1);
        assert!(read[0].as_ref().unwrap_err().to_string().contains("empty"));
        let read: Vec<_> = list(MOST_EMPTY).try_collect().await.unwrap();
        assert_eq!(read.len(), 5);
    }

    #[tokio::test]
    async fn an_element_that_cannot_be_read_costs_no_other() {
        struct Element(u32);
        impl TryFrom<Element> for u32 {
            type Error = Error;

            fn try_from(Element(n): Element) -> Result<Self> {
                (n != 2)
                    .then_some(n)
                    .ok_or_else(|| Error::protocol("it is two"))
            }
        }
        let list = paged(None, |token: Option<String>| async move {
            let elements = [1, 2, 3, 4].map(Element).into();
            let check = |n: &u32| {
                (*n != 4)
                    .then_some(())
                    .ok_or_else(|| Error::protocol("four"))
            };
            let next = token.is_none().then(|| "b".to_owned());
            Ok(Page::of(elements, next, check))
        });
        let read: Vec<_> = list
            .map(|item| item.map_err(|e| e.to_string()))
            .collect()
            .await;
        let told = |item: &Result<u32, String>| match item {
            Ok(n) => n.to_string(),
            Err(error) => error[error.find("element ").unwrap()..].to_owned(),
        };
        let told: Vec<_> = read.iter().map(told).collect();
        assert_eq!(told.len(), 8);
        assert_eq!(told[..2], ["1", "3"]);
        assert!(told[2].contains("element 2: it is two"), "{told:?}");
        assert!(told[3].contains("element 4: four"), "{told:?}");
        assert_eq!(told[4..6], ["1", "3"]);
    }

    #[tokio::test]
    async fn empty_pages_are_passed_and_all_items_come_once() {
        let items: Vec<u32> = paged(None, |token| async move {
            match token.as_deref() {
                None => page(&[1, 2], Some("b")),
                Some("b") => page(&[], Some("c")),
                Some("c") => page(&[3], None),
                other => panic!("{other:?}"),
            }
        })
        .try_collect()
        .await
        .unwrap();
        assert_eq!(items, [1, 2, 3]);
    }

    #[tokio::test]
    async fn pages_that_lead_back_end_the_list_with_an_error() {
        for cycle in 1..7u32 {
            let list = paged(None, move |token| async move {
                let n: u32 = token.map_or(0, |token| token.parse().unwrap());
                page(&[n], Some(&((n + 1) % cycle).to_string()))
            });
            let read: Vec<_> = list.collect().await;
            let (last, items) = read.split_last().unwrap();
            assert!(last.is_err() && items.iter().all(Result::is_ok));
            assert!(
                items.len() < 30,
                "a cycle of {cycle} took {} pages",
                items.len()
            );
        }
    }
}
