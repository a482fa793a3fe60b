//! A future that is dropped half way, as `select!` and timeouts of callers do.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use futures_util::future::{Either, select};

/// What the future comes to before `event`; `None` if it was dropped for that.
pub(crate) async fn until<F: Future>(future: F, event: impl Future) -> Option<F::Output> {
    match select(pin!(future), pin!(event)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// What the future comes to within so many polls; `None` if it was dropped for that.
pub(crate) async fn for_polls<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        left = left.saturating_sub(1);
        match left {
            0 => Poll::Ready(None),
            _ => Poll::Pending,
        }
    })
    .await
}

/// What the future comes to, with `act` done once it was polled so often without an end.
pub(crate) async fn after_polls<F: Future>(
    future: F,
    polls: usize,
    act: impl FnOnce(),
) -> F::Output {
    let mut future = pin!(future);
    let mut left = polls;
    let mut act = Some(act);
    poll_fn(|context| {
        let polled = future.as_mut().poll(context);
        left = left.saturating_sub(1);
        if polled.is_pending()
            && left == 0
            && let Some(act) = act.take()
        {
            act();
        }
        polled
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
        assert_eq!(for_polls(twice(), 1).await, None);
        assert_eq!(for_polls(twice(), 2).await, None);
        assert_eq!(for_polls(twice(), 3).await, Some(7));
        let mut acted = 0;
        assert_eq!(after_polls(twice(), 2, || acted += 1).await, 7);
        assert_eq!(after_polls(twice(), 3, || acted += 10).await, 7);
        assert_eq!(acted, 1);
        assert_eq!(until(twice(), std::future::pending::<()>()).await, Some(7));
        assert_eq!(until(twice(), std::future::ready(())).await, None);
    }
}
