//! Waiting for jobs until their end or a deadline.
//!
//! A [`Wait`] is for one job and a [`WaitAll`] for many; a [`Pace`], which both take, says how often a
//! job is looked at and for how long.
//!
//! Nothing runs beside the caller's future: dropping it ends the waiting, and the job goes
//! on at the service unless [`cancel_on_drop`](Wait::cancel_on_drop) is set.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use genai_batch::wait::Pace;
//!
//! # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
//! let pace = Pace::default().timeout(Duration::from_secs(3600));
//! let job = client.batches().wait("batches/123abc").pace(pace).await?;
//! println!("{}", job.state());
//! # Ok(())
//! # }
//! ```

// `pace` says when a job is polled, `hints` from a webhook change that, `stall` notices a job that
// does not move, `cancel` ends it, and `all` waits for many.

mod all;
mod cancel;
mod hints;
mod pace;
mod poll;
mod stall;

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;
use tracing::Instrument;

pub use all::WaitAll;
use cancel::{CancelOn, CancelOnDrop};
pub use pace::Pace;
use poll::{Hints, Poller};
use stall::StallWatch;

use crate::backend::AnyBackend;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobRef};
use crate::trace::{self, Call};

type OnProgress = Box<dyn FnMut(&BatchJob) + Send>;
type OnStall = Box<dyn FnMut(&BatchJob, Duration) + Send>;

/// Whom to tell what.
#[derive(Default)]
struct Listeners {
    on_progress: Option<OnProgress>,
    /// After how long without progress, too.
    on_stall: Option<(Duration, OnStall)>,
}

/// The job if it has results, otherwise an error that carries it.
fn with_results(job: BatchJob) -> Result<BatchJob> {
    if job.has_results() {
        return Ok(job);
    }
    let doing = format!("waiting for {}", job.name());
    Err(Error::ended_without_results(job).during(doing))
}

/// Waits for one job: made by [`Batches::wait`](crate::Batches::wait).
///
/// `.await` it for the job once it has ended with results; or take its states one by one
/// with [`into_stream`](Self::into_stream).
///
/// ```no_run
/// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
/// use std::time::Duration;
///
/// let job = client
///     .batches()
///     .wait(&job)
///     .timeout(Duration::from_secs(24 * 3600))
///     .on_progress(|job| eprintln!("{} {:?}", job.state(), job.stats()))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is waited for until this is awaited"]
pub struct Wait {
    service: AnyBackend,
    job: JobRef,
    pace: Pace,
    listeners: Listeners,
    cancel: CancelOn,
    hints: Option<Hints>,
    /// One for each poll that may be under way; shared by waits that are one of many.
    slots: Arc<Semaphore>,
}

impl Wait {
    pub(crate) fn new(service: AnyBackend, job: JobRef) -> Self {
        Self {
            service,
            job,
            pace: Pace::default(),
            listeners: Listeners::default(),
            cancel: CancelOn::default(),
            hints: None,
            slots: Arc::new(Semaphore::new(1)),
        }
    }

    /// How the job is polled, in place of all that was said of it before.
    ///
    /// ```no_run
    /// use genai_batch::wait::Pace;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let pace = Pace::default().timeout(std::time::Duration::from_secs(3600));
    /// let job = client.batches().wait(&job).pace(pace).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// How long to wait, by default until the end: [`Pace::timeout`], which says what comes then.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let waited = client.batches().wait(&job).timeout(Duration::from_secs(3600)).await;
    /// if let Err(error) = &waited
    ///     && error.is_timeout()
    /// {
    ///     println!("{error}"); // the job goes on
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.pace = self.pace.timeout(timeout);
        self
    }

    /// The interval between polls, which stays the same; by default they are five seconds apart at first,
    /// and up to a minute later. See [`Pace::interval`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let wait = client.batches().wait(&job);
    /// let job = wait.poll_interval(Duration::from_secs(30)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.pace = self.pace.interval(interval);
        self
    }

    /// Is called with the job after every poll, the last one included. It runs on the async runtime, so
    /// it must not block.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .wait(&job)
    ///     .on_progress(|job| match job.stats() {
    ///         Some(stats) => eprintln!("{}, {stats}", job.state()),
    ///         None => eprintln!("{}", job.state()),
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, on_progress: impl FnMut(&BatchJob) + Send + 'static) -> Self {
        self.listeners.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Is called with the job and how long it has stood still, once neither its state nor
    /// its counts have changed for `after`, and again each time it passes. Polls find it
    /// out, so that it may come later by the interval between two of them.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .wait(&job)
    ///     .on_stall(Duration::from_secs(3600), |job, still| {
    ///         eprintln!("{} has not moved for {still:?}", job.name());
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_stall(
        mut self,
        after: Duration,
        on_stall: impl FnMut(&BatchJob, Duration) + Send + 'static,
    ) -> Self {
        self.listeners.on_stall = Some((after, Box::new(on_stall)));
        self
    }

    /// Whether the service is asked to cancel the job once the [`timeout`](Self::timeout)
    /// has passed; by default the job goes on. The error says whether it was asked, for
    /// which the wait takes up to half a minute more.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let wait = client.batches().wait(&job).timeout(Duration::from_secs(3600));
    /// let job = wait.cancel_on_timeout(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on_timeout(mut self, cancel: bool) -> Self {
        self.cancel.on_timeout = cancel;
        self
    }

    /// Whether the service is asked to cancel the job if the waiting is dropped after its
    /// first poll and before it ended; by default the job goes on. A task of the runtime sends the call, as far as
    /// the runtime lives on; a failure is logged.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let job = client.batches().wait(&job).cancel_on_drop(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on_drop(mut self, cancel: bool) -> Self {
        self.cancel.on_drop = cancel;
        self
    }

    /// Polls as soon as an event about this job comes, and until then ten times as seldom as
    /// the intervals say; see [`webhook::channel`](crate::webhook::channel).
    ///
    /// What an event says is not believed: the job is read, and if it has not ended, polled at
    /// the usual intervals from the first one on. Events cause one poll a second at most. When
    /// the channel is closed, it is polled as if there had been none.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let (sender, events) = genai_batch::webhook::channel();
    /// // … give the sender to the HTTP server that receives webhooks …
    /// let job = client.batches().wait(&job).webhook(events).await?;
    /// # drop(sender);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "webhook")]
    pub fn webhook(mut self, events: crate::webhook::Events) -> Self {
        self.hints = Some(events.about(&self.job.name));
        self
    }

    /// Every state that a poll finds, the last one terminal. An `Err` ends the stream: the
    /// timeout, or a failure that does not pass.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let mut states = client.batches().wait("batches/123abc").into_stream();
    /// while let Some(job) = states.try_next().await? {
    ///     println!("{}", job.state());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_stream(mut self) -> impl Stream<Item = Result<BatchJob>> + Send + Unpin {
        let states = States {
            poller: Poller::new(self.pace.clone(), &self.job, self.hints.take()),
            stall: self
                .listeners
                .on_stall
                .as_ref()
                .map(|(after, _)| StallWatch::new(*after)),
            guard: CancelOnDrop::new(self.service.clone(), &self.job, Arc::clone(&self.slots)),
            call: None,
            wait: self,
        };
        Box::pin(stream::unfold(states, |mut states| async {
            if states.poller.ended {
                return None;
            }
            let backend = states.wait.service.backend();
            let start = || trace::call!("wait_batch", backend).job(&states.wait.job.name);
            let call = states.call.take().unwrap_or_else(start);
            let state = states.next().instrument(call.span().clone()).await?;
            call.note(&state);
            match &state {
                Ok(job) if states.poller.ended => call.see(job),
                _ => states.call = Some(call),
            }
            Some((state, states))
        }))
    }
}

/// A wait under way.
struct States {
    wait: Wait,
    poller: Poller,
    stall: Option<StallWatch>,
    guard: CancelOnDrop,
    /// The span of the waiting, from the first poll to the end.
    call: Option<Call>,
}

impl States {
    async fn next(&mut self) -> Option<Result<BatchJob>> {
        self.guard.arm(self.wait.cancel.on_drop);
        // By field, since not all of a wait may be shared between threads.
        let Wait {
            service,
            job,
            slots,
            ..
        } = &self.wait;
        let outcome = match &job.job {
            // What has ended needs no poll.
            Some(known) if known.is_terminal() => {
                self.poller.ended = true;
                Ok(known.clone())
            }
            _ => {
                let read = || async {
                    // Never closed, so a slot always comes.
                    let _slot = slots.acquire().await.ok();
                    // Boxed, as the others here, so that a wait between polls has no room for it.
                    Box::pin(service.read(job)).await
                };
                self.poller.next(read).await?
            }
        };
        Some(match outcome {
            Ok(job) => {
                if job.is_terminal() {
                    self.guard.arm(false);
                }
                self.tell(&job);
                if job.is_terminal() {
                    Box::pin(self.wait.service.clean_up(&job)).await;
                }
                Ok(job)
            }
            Err(mut error) => {
                if self.poller.timed_out {
                    let fate = match self.wait.cancel.on_timeout {
                        true => {
                            let Wait {
                                service,
                                job,
                                slots,
                                ..
                            } = &self.wait;
                            Box::pin(cancel::ask(service, job, slots)).await
                        }
                        false => "it goes on".to_owned(),
                    };
                    error = error.with_outcome(&fate);
                }
                self.guard.arm(false);
                Err(error)
            }
        })
    }

    fn tell(&mut self, job: &BatchJob) {
        let listeners = &mut self.wait.listeners;
        if let Some(on_progress) = &mut listeners.on_progress {
            on_progress(job);
        }
        if let (Some(watch), Some((_, on_stall))) = (&mut self.stall, &mut listeners.on_stall)
            && let Some(still) = watch.see(job)
        {
            tracing::warn!(job = job.name(), state = %job.state(), ?still, "the job stands still");
            on_stall(job, still);
        }
    }
}

impl IntoFuture for Wait {
    type Output = Result<BatchJob>;
    type IntoFuture = BoxFuture<'static, Result<BatchJob>>;

    /// # Errors
    ///
    /// If the job ended without results ([`Error::is_job_ended`]), the timeout passed
    /// ([`Error::is_timeout`]), or the job cannot be read.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let name = self.job.name.clone();
            let mut states = self.into_stream();
            let mut last = None;
            while let Some(job) = states.next().await {
                last = Some(job?);
            }
            // The stream gives a job or an error before it ends.
            let last = last.ok_or_else(|| Error::protocol(format!("no state of {name} came")))?;
            with_results(last)
        })
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("job", &self.job.name)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
