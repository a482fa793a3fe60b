//! Waiting for jobs, one or many, until the end or a deadline; [`poll`] has the pace.
//!
//! Nothing runs beside the caller's future: dropping it ends the waiting, and the job goes
//! on at the service.

mod poll;

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;

use poll::{Pace, Poller};

use crate::batches::Batches;
use crate::error::{Error, Kind, Result};
use crate::job::{BatchJob, JobRef};

const CONCURRENCY: usize = 16;

type OnProgress = Box<dyn FnMut(&BatchJob) + Send>;

/// The job if it has results, otherwise an error that carries it.
fn with_results(job: BatchJob) -> Result<BatchJob> {
    if job.has_results() {
        return Ok(job);
    }
    let doing = format!("waiting for {}", job.name());
    Err(ended_without_results(job).during(doing))
}

pub(crate) fn ended_without_results(job: BatchJob) -> Error {
    let reason = job
        .error()
        .map_or_else(String::new, |error| format!(": {error}"));
    let message = format!("it ended as {}{reason}", job.state());
    Error::new(Kind::JobEnded, message).with_job(job)
}

macro_rules! pace_options {
    () => {
        /// How long to wait; by default until the end. The error after that carries the last
        /// state seen ([`Error::job`]), and the job goes on.
        pub fn timeout(mut self, timeout: Duration) -> Self {
            self.pace.timeout = Some(timeout);
            self
        }

        /// The first interval between polls, by default five seconds. Intervals grow by half
        /// each time and vary by a tenth.
        pub fn poll_interval(mut self, interval: Duration) -> Self {
            self.pace.interval = interval.max(Duration::from_millis(1));
            self
        }

        /// The longest interval between polls: by default a minute, and never less than the
        /// first interval.
        pub fn max_poll_interval(mut self, interval: Duration) -> Self {
            self.pace.max_interval = Some(interval);
            self
        }

        /// How long polls may fail in a row, where there is no timeout; by default 15 minutes.
        pub fn max_outage(mut self, outage: Duration) -> Self {
            self.pace.max_outage = outage;
            self
        }

        /// Is called with the job after every poll.
        pub fn on_progress(mut self, on_progress: impl FnMut(&BatchJob) + Send + 'static) -> Self {
            self.on_progress = Some(Box::new(on_progress));
            self
        }
    };
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
    batches: Batches,
    job: JobRef,
    pace: Pace,
    on_progress: Option<OnProgress>,
    /// One for each poll that may be under way; shared by waits that are one of many.
    slots: Arc<Semaphore>,
}

impl Wait {
    pub(crate) fn new(batches: Batches, job: JobRef) -> Self {
        Self {
            batches,
            job,
            pace: Pace::default(),
            on_progress: None,
            slots: Arc::new(Semaphore::new(1)),
        }
    }

    pace_options!();

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
    pub fn into_stream(self) -> impl Stream<Item = Result<BatchJob>> + Send + Unpin {
        let poller = Poller::new(self.pace.clone(), &self.job);
        Box::pin(stream::unfold(
            (self, poller),
            |(mut wait, mut poller)| async {
                let (slots, batches, job) = (&wait.slots, &wait.batches, &wait.job);
                let job = match &job.job {
                    // What has ended needs no poll.
                    Some(job) if job.is_terminal() && !poller.ended => {
                        poller.ended = true;
                        Ok(job.clone())
                    }
                    _ => {
                        let read = || async {
                            // Never closed, so a slot always comes.
                            let _slot = slots.acquire().await.ok();
                            batches.read(job).await
                        };
                        poller.next(read).await?
                    }
                };
                if let Ok(job) = &job {
                    if let Some(on_progress) = &mut wait.on_progress {
                        on_progress(job);
                    }
                    if job.is_terminal() {
                        wait.batches.clean_up(job).await;
                    }
                }
                Some((job, (wait, poller)))
            },
        ))
    }
}

impl IntoFuture for Wait {
    type Output = Result<BatchJob>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<BatchJob>> + Send>>;

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
    batches: Batches,
    jobs: Vec<JobRef>,
    pace: Pace,
    on_progress: Option<OnProgress>,
    concurrency: usize,
}

impl WaitAll {
    pub(crate) fn new(batches: Batches, jobs: Vec<JobRef>) -> Self {
        Self {
            batches,
            jobs,
            pace: Pace::default(),
            on_progress: None,
            concurrency: CONCURRENCY,
        }
    }

    pace_options!();

    /// How many polls may be under way at once; by default 16.
    pub fn concurrency(mut self, polls: usize) -> Self {
        self.concurrency = polls.max(1);
        self
    }

    /// The name and outcome of each job, as they end.
    pub fn into_stream(self) -> impl Stream<Item = (String, Result<BatchJob>)> + Send + Unpin {
        let names: Vec<_> = self.jobs.iter().map(|job| job.name.clone()).collect();
        Box::pin(
            self.run()
                .map(move |(index, outcome)| (names[index].clone(), outcome)),
        )
    }

    fn run(self) -> impl Stream<Item = (usize, Result<BatchJob>)> + Send {
        let slots = Arc::new(Semaphore::new(self.concurrency));
        let on_progress = Arc::new(Mutex::new(self.on_progress));
        let waits = self.jobs.into_iter().enumerate().map(|(index, job)| {
            let on_progress = Arc::clone(&on_progress);
            let wait = Wait {
                batches: self.batches.clone(),
                job,
                pace: self.pace.clone(),
                on_progress: Some(Box::new(move |job| call(&on_progress, job))),
                slots: Arc::clone(&slots),
            };
            async move { (index, wait.await) }
        });
        waits.collect::<FuturesUnordered<_>>()
    }
}

/// Calls what many waits share, one at a time.
fn call(on_progress: &Mutex<Option<OnProgress>>, job: &BatchJob) {
    let mut on_progress = on_progress.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(on_progress) = &mut *on_progress {
        on_progress(job);
    }
}

impl IntoFuture for WaitAll {
    type Output = Vec<Result<BatchJob>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

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

#[cfg(test)]
mod tests;
