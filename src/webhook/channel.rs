//! The way of an event from the HTTP server that received it to those who wait for its job.

use std::pin::Pin;

use futures_core::Stream;
use futures_util::stream;
use tokio::sync::broadcast::{self, error::RecvError};

use super::Event;

/// As many events may be under way to a wait that is busy. What is more pushes out the oldest,
/// and the wait, which cannot know whether it was meant, looks at its job.
const CAPACITY: usize = 256;

/// A channel for events: the sender is for the HTTP server, the other end for
/// [`Wait::webhook`](crate::wait::Wait::webhook) and [`WaitAll::webhook`](crate::wait::WaitAll::webhook).
///
/// Every wait gets all events and heeds those about its own job, so one channel does for any
/// number of jobs. It holds 256 events at most.
///
/// ```
/// use genai_batch::webhook::{self, Event};
///
/// let (sender, events) = webhook::channel();
/// let another = events.clone();
/// let event = Event::from_json(r#"{"type":"batch.succeeded","data":{"id":"batches/1"}}"#)?;
/// assert!(sender.send(event));
/// # drop((events, another));
/// # Ok::<(), genai_batch::Error>(())
/// ```
pub fn channel() -> (Sender, Events) {
    let (sender, receiver) = broadcast::channel(CAPACITY);
    (Sender(sender), Events(receiver))
}

/// Where events go in. Clones send into the same channel, which closes with the last of them.
#[derive(Debug, Clone)]
pub struct Sender(broadcast::Sender<Event>);

impl Sender {
    /// Passes an event on, without waiting. Returns whether anybody is there to get it.
    ///
    /// ```
    /// use genai_batch::webhook::{self, Event};
    ///
    /// let (sender, events) = webhook::channel();
    /// let event = Event::from_json(r#"{"type":"batch.succeeded","data":{"id":"batch_1"}}"#)?;
    /// let somebody_waits = sender.send(event);
    /// # drop(events);
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn send(&self, event: Event) -> bool {
        self.0.send(event).is_ok()
    }
}

/// Where events come out. A clone gets what is sent after it was made.
#[derive(Debug)]
pub struct Events(broadcast::Receiver<Event>);

impl Clone for Events {
    fn clone(&self) -> Self {
        Self(self.0.resubscribe())
    }
}

impl Events {
    /// Yields whenever this job may have ended; ends when the channel is closed.
    pub(crate) fn about(self, job: &str) -> Pin<Box<dyn Stream<Item = ()> + Send>> {
        let job = job.to_owned();
        Box::pin(stream::unfold((self.0, job), |(mut events, job)| async {
            loop {
                match events.recv().await {
                    // One that names no job may mean any.
                    Ok(event) if event.job_name().is_none() || event.is_about(&job) => break,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return None,
                }
            }
            Some(((), (events, job)))
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};

    use super::*;

    fn event(data: &str) -> Event {
        Event::from_json(format!(r#"{{"type":"batch.succeeded","data":{data}}}"#)).unwrap()
    }

    #[test]
    fn a_wait_heeds_events_about_its_job_and_those_that_may_be() {
        let (sender, events) = channel();
        let mut hints = events.clone().about("batches/a");
        let mut of_another = events.about("batches/b");
        assert!(hints.next().now_or_never().is_none());
        sender.send(event(r#"{"id":"batches/b"}"#));
        assert!(hints.next().now_or_never().is_none());
        assert_eq!(of_another.next().now_or_never(), Some(Some(())));
        for data in [r#"{"id":"batches/a"}"#, "{}"] {
            sender.send(event(data));
            assert_eq!(hints.next().now_or_never(), Some(Some(())), "{data}");
        }
        drop(sender);
        assert_eq!(hints.next().now_or_never(), Some(None));
    }

    #[test]
    fn events_that_were_pushed_out_count_as_a_hint() {
        let (sender, events) = channel();
        let mut hints = events.about("batches/a");
        for _ in 0..=CAPACITY {
            sender.send(event(r#"{"id":"batches/b"}"#));
        }
        assert_eq!(hints.next().now_or_never(), Some(Some(())));
        assert!(hints.next().now_or_never().is_none());
    }

    #[test]
    fn a_sender_knows_whether_anybody_listens() {
        let (sender, events) = channel();
        drop(events);
        assert!(!sender.send(event("{}")));
    }
}
