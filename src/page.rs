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

/// All items from the page of `first` on. A page that names itself as the next is an error.
pub(crate) fn paged<T, F, Fut>(
    first: Option<String>,
    fetch: F,
) -> impl Stream<Item = Result<T>> + Send
where
    T: Send,
    F: Fn(Option<String>) -> Fut + Send,
    Fut: Future<Output = Result<Page<T>>> + Send,
{
    stream::try_unfold(Some((first, fetch)), |state| async move {
        let Some((token, fetch)) = state else {
            return Ok(None);
        };
        let page = fetch(token.clone()).await?;
        if page.next_page_token.is_some() && page.next_page_token == token {
            return Err(Error::protocol(
                "the service names a page as its own successor: the list cannot be read on",
            ));
        }
        let next = page.next_page_token.map(|token| (Some(token), fetch));
        Ok(Some((stream::iter(page.items).map(Ok), next)))
    })
    .try_flatten()
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
    async fn a_page_that_repeats_its_token_ends_the_list_with_an_error() {
        let mut list = Box::pin(paged(None, |_| async { page(&[1], Some("again")) }));
        assert_eq!(list.try_next().await.unwrap(), Some(1));
        assert!(list.try_next().await.is_err());
        assert!(list.try_next().await.unwrap().is_none());
    }
}
