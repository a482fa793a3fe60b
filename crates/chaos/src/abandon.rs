//! A future that is dropped half way, as `select!` and timeouts of callers do.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// What the future comes to within so many polls, where it is given any; `None` if it was dropped
/// before its end.
pub(crate) async fn for_polls<F: Future>(future: F, polls: Option<usize>) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if let Some(left) = &mut left {
            *left = left.saturating_sub(1);
        }
        match left {
            Some(0) => Poll::Ready(None),
            _ => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn twice() -> u8 {
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        7
    }

    #[tokio::test]
    async fn a_future_is_dropped_after_its_polls() {
        assert_eq!(for_polls(twice(), Some(1)).await, None);
        assert_eq!(for_polls(twice(), Some(2)).await, None);
        assert_eq!(for_polls(twice(), Some(3)).await, Some(7));
        assert_eq!(for_polls(twice(), None).await, Some(7));
    }
}
