//! Waiting for many jobs at once.

use std::fmt;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;

use super::{CancelOn, Hints, Listeners, OnProgress, OnStall, Pace, Wait};
use crate::backend::AnyBackend;
use crate::error::Result;
use crate::job::{BatchJob, JobRef};

const CONCURRENCY: usize = 16;

/// The hints for one of the jobs, by its name.
type HintsFor = Box<dyn Fn(&str) -> Hints + Send>;

/// Waits for many jobs: made by [`Batches::wait_all`](crate::Batches::wait_all).
///
/// All jobs are waited for at once, with a bound on how many polls are under way.
///
/// ```no_run
/// # async fn example(client: genai_batch::Client, jobs: Vec<genai_batch::BatchJob>) {
/// for outcome in client.batches().wait_all(&jobs).concurrency(8).await {
///     match outcome {
///         Ok(job) => println!("{} has results", job.name()),
///         Err(error) => println!("{error}"),
///     }
/// }
/// # }
/// ```
#[must_use = "nothing is waited for until this is awaited"]
pub struct WaitAll {
    service: AnyBackend,
    jobs: Vec<JobRef>,
    pace: Pace,
    listeners: Listeners,
    cancel: CancelOn,
    hints: Option<HintsFor>,
    concurrency: usize,
}

impl WaitAll {
    pub(crate) fn new(service: AnyBackend, jobs: Vec<JobRef>) -> Self {
        Self {
            service,
            jobs,
            pace: Pace::default(),
            listeners: Listeners::default(),
            cancel: CancelOn::default(),
            hints: None,
            concurrency: CONCURRENCY,
        }
    }

    /// How each job is polled, in place of all that was said of it before.
    ///
    /// ```no_run
    /// use genai_batch::wait::Pace;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let pace = Pace::default().timeout(std::time::Duration::from_secs(3600));
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs).pace(pace).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// How long to wait for each job: [`Pace::timeout`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs)
    ///     .timeout(Duration::from_secs(3600))
    ///     .await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.pace = self.pace.timeout(timeout);
        self
    }

    /// The interval between the polls of a job, which stays the same: [`Pace::interval`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs)
    ///     .poll_interval(Duration::from_secs(30))
    ///     .await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.pace = self.pace.interval(interval);
        self
    }

    /// Is called with each job after each of its polls.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs)
    ///     .on_progress(|job| eprintln!("{} {}", job.name(), job.state()))
    ///     .await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, on_progress: impl FnMut(&BatchJob) + Send + 'static) -> Self {
        self.listeners.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Is called with each job that makes no progress, as [`Wait::on_stall`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs)
    ///     .on_stall(Duration::from_secs(3600), |job, still| {
    ///         eprintln!("{} has not moved for {still:?}", job.name());
    ///     })
    ///     .await;
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

    /// Whether each job whose time is up is cancelled, as [`Wait::cancel_on_timeout`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs)
    ///     .timeout(Duration::from_secs(3600))
    ///     .cancel_on_timeout(true)
    ///     .await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on_timeout(mut self, cancel: bool) -> Self {
        self.cancel.on_timeout = cancel;
        self
    }

    /// Whether the jobs are cancelled if the waiting is dropped, as [`Wait::cancel_on_drop`].
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs).cancel_on_drop(true).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on_drop(mut self, cancel: bool) -> Self {
        self.cancel.on_drop = cancel;
        self
    }

    /// Polls each job as soon as an event about it comes, and until then seldom: as
    /// [`Wait::webhook`].
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let (sender, events) = genai_batch::webhook::channel();
    /// // … give the sender to the HTTP server that receives webhooks …
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs).webhook(events).await;
    /// # drop(sender);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "webhook")]
    pub fn webhook(mut self, events: crate::webhook::Events) -> Self {
        self.hints = Some(Box::new(move |job| events.clone().about(job)));
        self
    }

    /// How many polls may be under way at once; by default 16. 0 means 1.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let outcomes = client.batches().wait_all(jobs).concurrency(4).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn concurrency(mut self, polls: usize) -> Self {
        self.concurrency = polls.max(1);
        self
    }

    /// The name and outcome of each job, as they end.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let jobs = ["batches/1", "batches/2"];
    /// let mut ended = client.batches().wait_all(jobs).into_stream();
    /// while let Some((name, outcome)) = ended.next().await {
    ///     println!("{name}: {}", outcome.is_ok());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = (String, Result<BatchJob>)> + Send + Unpin {
        let names: Vec<_> = self.jobs.iter().map(|job| job.name.clone()).collect();
        Box::pin(
            self.run()
                .map(move |(index, outcome)| (names[index].clone(), outcome)),
        )
    }

    fn run(self) -> impl Stream<Item = (usize, Result<BatchJob>)> + Send {
        let slots = Arc::new(Semaphore::new(self.concurrency));
        let shared = Arc::new(Mutex::new(self.listeners));
        let waits = self.jobs.into_iter().enumerate().map(|(index, job)| {
            let wait = Wait {
                service: self.service.clone(),
                hints: self.hints.as_ref().map(|hints| hints(&job.name)),
                job,
                pace: self.pace.clone(),
                listeners: Listeners::of_one(&shared),
                cancel: self.cancel,
                slots: Arc::clone(&slots),
            };
            async move { (index, wait.await) }
        });
        waits.collect::<FuturesUnordered<_>>()
    }
}

impl Listeners {
    /// Passes on to listeners that many waits share, one call at a time.
    fn of_one(shared: &Arc<Mutex<Self>>) -> Self {
        let all = lock(shared);
        let on_progress = all.on_progress.as_ref().map(|_| {
            let shared = Arc::clone(shared);
            Box::new(move |job: &BatchJob| {
                if let Some(on_progress) = &mut lock(&shared).on_progress {
                    on_progress(job);
                }
            }) as OnProgress
        });
        let on_stall = all.on_stall.as_ref().map(|(after, _)| {
            let shared = Arc::clone(shared);
            let pass_on = move |job: &BatchJob, still| {
                if let Some((_, on_stall)) = &mut lock(&shared).on_stall {
                    on_stall(job, still);
                }
            };
            (*after, Box::new(pass_on) as OnStall)
        });
        Self {
            on_progress,
            on_stall,
        }
    }
}

fn lock(listeners: &Mutex<Listeners>) -> MutexGuard<'_, Listeners> {
    listeners.lock().unwrap_or_else(PoisonError::into_inner)
}

impl IntoFuture for WaitAll {
    type Output = Vec<Result<BatchJob>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// The outcome of each job, in the order in which the jobs were given.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut outcomes: Vec<_> = self.run().collect().await;
            outcomes.sort_by_key(|(index, _)| *index);
            outcomes.into_iter().map(|(_, outcome)| outcome).collect()
        })
    }
}

impl fmt::Debug for WaitAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitAll")
            .field("jobs", &self.jobs.len())
            .field("pace", &self.pace)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
