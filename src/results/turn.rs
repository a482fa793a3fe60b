//! Whose turn it is to have a long line in memory, where several outputs are read at once.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much of a line each reading may hold at any time. What is longer waits for its turn.
pub(super) const LONG: usize = 4 * 1024 * 1024;

/// The turn of one reading. Where it is the only one, it is always its turn.
#[derive(Default)]
pub(super) struct Turn {
    turns: Option<Arc<Semaphore>>,
    asked: Option<BoxFuture<'static, Option<OwnedSemaphorePermit>>>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Turn {
    #[cfg(any(feature = "runs", test))]
    pub(super) fn of(turns: Arc<Semaphore>) -> Self {
        Self {
            turns: Some(turns),
            ..Self::default()
        }
    }

    pub(super) fn is_taken(&self) -> bool {
        self.taken.is_some()
    }

    /// Takes it, once nobody else has it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(turns) = &self.turns else {
            return Poll::Ready(());
        };
        if self.taken.is_some() {
            return Poll::Ready(());
        }
        let asked = self.asked.get_or_insert_with(|| {
            let turns = Arc::clone(turns);
            // Nobody closes it.
            Box::pin(async move { turns.acquire_owned().await.ok() })
        });
        self.taken = ready!(asked.as_mut().poll(cx));
        self.asked = None;
        Poll::Ready(())
    }

    pub(super) fn give_back(&mut self) {
        self.taken = None;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use std::future::poll_fn;

    use super::*;

    #[test]
    fn one_after_another_has_its_turn() {
        let turns = Arc::new(Semaphore::new(1));
        let (mut first, mut second) = (Turn::of(Arc::clone(&turns)), Turn::of(turns));
        let take = |turn: &mut Turn| poll_fn(|cx| turn.poll(cx)).now_or_never().is_some();
        assert!(take(&mut first) && take(&mut first) && !take(&mut second));
        first.give_back();
        assert!(take(&mut second) && !take(&mut first));
        drop(second);
        assert!(take(&mut first));
        assert!(take(&mut Turn::default()));
    }
}
