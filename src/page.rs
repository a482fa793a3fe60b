//! Page tokens → one stream over all pages.

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::error::{Error, Result};

/// One page of a list.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on the page. A page may be empty and still be followed by another.
    pub items: Vec<T>,
    /// The token of the next page; `None` on the last.
    pub next_page_token: Option<String>,
}

/// All items from the page of `first` on. Pages that lead back to an earlier one are an error.
pub(crate) fn paged<T, F, Fut>(
    first: Option<String>,
    fetch: F,
) -> impl Stream<Item = Result<T>> + Send
where
    T: Send,
    F: Fn(Option<String>) -> Fut + Send,
    Fut: Future<Output = Result<Page<T>>> + Send,
{
    let start = Some((first.clone(), fetch, Trail::new(first)));
    stream::try_unfold(start, |state| async move {
        let Some((token, fetch, mut trail)) = state else {
            return Ok(None);
        };
        let page = fetch(token).await?;
        if page.next_page_token.is_some() && trail.leads_back(&page.next_page_token) {
            return Err(Error::protocol(
                "the service's pages lead back to an earlier one: the list cannot be read on",
            ));
        }
        let next = page
            .next_page_token
            .map(|token| (Some(token), fetch, trail));
        Ok(Some((stream::iter(page.items).map(Ok), next)))
    })
    .try_flatten()
}

/// Finds a cycle of any length with one token in memory, which is replaced after 1, 2, 4, …
/// pages (Brent's method).
struct Trail {
    mark: Option<String>,
    steps: u64,
    renew_after: u64,
}

impl Trail {
    fn new(first: Option<String>) -> Self {
        Self {
            mark: first,
            steps: 0,
            renew_after: 1,
        }
    }

    fn leads_back(&mut self, token: &Option<String>) -> bool {
        if *token == self.mark {
            return true;
        }
        self.steps += 1;
        if self.steps == self.renew_after {
            self.mark.clone_from(token);
            self.steps = 0;
            self.renew_after *= 2;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(items: &[u32], next: Option<&str>) -> Result<Page<u32>> {
        Ok(Page {
            items: items.to_vec(),
            next_page_token: next.map(str::to_owned),
        })
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
