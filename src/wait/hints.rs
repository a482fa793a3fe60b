//! The pause between polls where somebody may say that it is time to look, such as a webhook.

use std::time::Duration;

use futures_util::StreamExt;

use super::poll::Poller;

/// Polls are so many times as far apart while a hint can be expected.
const FALLBACK: u32 = 10;
/// Hints come from outside: however many there are, polls are this far apart.
const MIN_PAUSE: Duration = Duration::from_secs(1);

impl Poller {
    /// Waits until the next poll is due.
    pub(super) async fn pause(&mut self) {
        // Whatever hints say, the service knows when it can be asked again.
        let asked = self.asked.take().unwrap_or_default();
        tokio::time::sleep(asked).await;
        let pause = self.pace.pause(self.polls - 1, fastrand::f64());
        let pause = pause.saturating_sub(asked);
        let Some(hints) = &mut self.hints else {
            return tokio::time::sleep(pause).await;
        };
        let longest = match self.is_hinted {
            true => pause,
            false => pause.saturating_mul(FALLBACK),
        };
        let min_pause = self.pace.interval.min(MIN_PAUSE);
        let rest = async {
            tokio::time::sleep(min_pause).await;
            hints.next().await
        };
        match tokio::time::timeout(longest, rest).await {
            Ok(Some(())) => {
                self.is_hinted = true;
                self.polls = 0;
            }
            Ok(None) => {
                self.hints = None;
                tokio::time::sleep(pause).await;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::stream;
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;
    use crate::error::Result;
    use crate::job::{BatchJob, JobRecord};
    use crate::state::JobState;
    use crate::wait::pace::Pace;
    use crate::wait::poll::Hints;

    /// Polls for a while, and returns after how many seconds it did.
    async fn polls_of(hints: Option<Hints>, seconds: u64) -> Vec<u64> {
        let pace = Pace {
            timeout: Some(Duration::from_secs(seconds)),
            ..Pace::default()
        };
        let mut poller = Poller::new(pace, &"batches/b".into(), hints);
        let (started, polls) = (Instant::now(), Mutex::new(Vec::new()));
        let get = || async {
            polls.lock().unwrap().push(started.elapsed().as_secs());
            Ok(BatchJob::new(JobRecord {
                state: JobState::Running,
                ..JobRecord::default()
            })) as Result<_>
        };
        while let Some(Ok(_)) = poller.next(get).await {}
        polls.into_inner().unwrap()
    }

    /// A hint at each of these seconds, and then no end.
    fn hints_at(seconds: &'static [u64]) -> Hints {
        let started = Instant::now();
        let hints = stream::iter(seconds)
            .then(move |second| tokio::time::sleep_until(started + Duration::from_secs(*second)));
        Box::pin(hints.chain(stream::pending()))
    }

    #[tokio::test(start_paused = true)]
    async fn polls_are_seldom_while_hints_can_be_expected() {
        let polls = polls_of(Some(Box::pin(stream::pending())), 3600).await;
        assert!((45..=55).contains(&polls[1]), "{polls:?}");
        assert!((7..12).contains(&polls.len()), "{polls:?}");
        assert!(polls_of(None, 3600).await.len() > 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_brings_a_poll_at_once_and_the_usual_pace_after_it() {
        let polls = polls_of(Some(hints_at(&[20])), 60).await;
        assert_eq!(polls[..2], [0, 20], "{polls:?}");
        assert!((24..=26).contains(&polls[2]), "{polls:?}");
        assert!((30..=34).contains(&polls[3]), "{polls:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_hints_causes_a_poll_a_second() {
        let polls = polls_of(Some(Box::pin(stream::repeat(()))), 30).await;
        assert_eq!(polls[..30], (0..30).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn without_anybody_to_hint_it_polls_as_usual() {
        let polls = polls_of(Some(Box::pin(stream::empty())), 600).await;
        assert!(polls.len() > 10 && polls[1] <= 7, "{polls:?}");

        let (sender, mut receiver) = mpsc::channel::<()>(1);
        let hints = stream::poll_fn(move |context| receiver.poll_recv(context));
        let closes = async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            drop(sender);
        };
        let (polls, ()) = tokio::join!(polls_of(Some(Box::pin(hints)), 600), closes);
        assert!((34..=36).contains(&polls[1]), "{polls:?}");
        assert!(polls.len() > 10, "{polls:?}");
    }
}
