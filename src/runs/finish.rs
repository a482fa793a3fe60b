//! Driving a run to its end: the options, and what becomes of it.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::drive::{Driver, Plan};
use super::events::RunEvent;
use super::inner::Inner;
use super::progress::Progress;
use super::report::RunReport;
use crate::cost::Pricing;
use crate::error::{Error, Result};
use crate::results::BatchResult;

/// A run to be driven to its end, with its options; `.await` it for the [`RunReport`].
///
/// Dropped or killed at any moment, it leaves all in order: the next one goes on.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
/// let report = run
///     .finish()
///     .attempts(5)
///     .deadline(Duration::from_secs(12 * 3600))
///     .on_progress(|progress| eprintln!("{progress}"))
///     .await?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[must_use = "a run is not driven until this is awaited"]
pub struct Finish {
    run: Arc<Inner>,
    plan: Plan,
}

impl Finish {
    pub(super) fn new(run: Arc<Inner>) -> Self {
        Self {
            run,
            plan: Plan::default(),
        }
    }

    /// How often a request is asked at most; by default 3 times. What may pass is asked again in a job
    /// of the next generation: quota errors, failures of the service, what was cancelled, expired, is
    /// missing or cannot be read. A bad request is not, nor what was blocked. Jobs that a quota ended as
    /// a whole do not count.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().attempts(5).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.plan.attempts = attempts.max(1).into();
        self
    }

    /// Asks again for responses that this says `true` of, such as one that does not parse or was cut
    /// off, as often as [`attempts`](Self::attempts) allows. If the last attempt gives no response, the
    /// one before is the outcome.
    ///
    /// ```no_run
    /// # #[derive(serde::Deserialize)]
    /// # struct Review {}
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// run.finish()
    ///     .retry_if(|result| result.parse::<Review>().is_err())
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_if(
        mut self,
        retry_if: impl Fn(&BatchResult) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.plan.of_requests.push("retry_if");
        self.plan.retry_if = Some(Arc::new(retry_if));
        self
    }

    /// Is called after each step of the run.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().on_progress(|progress| eprintln!("{progress}")).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, on_progress: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.plan.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Is called with what happens to the jobs, each event once it is in the file;
    /// [`Run::events`](super::Run::events) has all, also of earlier processes.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().on_event(|event| eprintln!("{event:?}")).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_event(mut self, on_event: impl FnMut(&RunEvent) + Send + 'static) -> Self {
        self.plan.on_event = Some(Box::new(on_event));
        self
    }

    /// Is called with each outcome as it arrives, once it is in the file. After a crash between the two
    /// it is not called again: [`Run::results`](super::Run::results) has all.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().on_result(|result| eprintln!("{:?}", result.key())).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_result(mut self, on_result: impl FnMut(&BatchResult) + Send + 'static) -> Self {
        self.plan.on_result = Some(Arc::new(std::sync::Mutex::new(on_result)));
        self
    }

    /// How many jobs the service may have at once; by default 20, and fewer after a quota refused one.
    /// The Gemini Developer API takes 100 (Gemini API documentation, Batch Mode).
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().max_jobs(4).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_jobs(mut self, jobs: usize) -> Self {
        self.plan.max_jobs = jobs.max(1);
        self
    }

    /// How many requests the first job has, and each at most: jobs double in size from one to the
    /// other, so that the first results come soon. By default 1,000 and 50,000; services take 200,000 at
    /// most (Vertex AI documentation, Batch inference).
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().job_requests(100, 20_000).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn job_requests(mut self, first: u32, most: u32) -> Self {
        self.plan.of_requests.push("job_requests");
        self.plan.first = first.max(1).into();
        self.plan.most = most.max(1).into();
        self
    }

    /// How many bytes of requests a job has at most; by default a billion.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().job_bytes(500_000_000).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn job_bytes(mut self, bytes: u64) -> Self {
        self.plan.of_requests.push("job_bytes");
        self.plan.job_bytes = i64::try_from(bytes.max(1)).unwrap_or(i64::MAX);
        self
    }

    /// How many tokens of requests the service may have at once, by the client's estimate: the quota of
    /// enqueued tokens that the model has in your project. By default nothing is known of one, and it
    /// shows by its refusals.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().max_enqueued_tokens(3_000_000).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_enqueued_tokens(mut self, tokens: u64) -> Self {
        self.plan.of_requests.push("max_enqueued_tokens");
        self.plan.max_tokens = i64::try_from(tokens.max(1)).unwrap_or(i64::MAX);
        self
    }

    /// How long nothing is sent after a quota refused a job; by default a minute, and longer after each
    /// further refusal in a row, up to ten times that.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().quota_pause(Duration::from_secs(600)).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn quota_pause(mut self, pause: Duration) -> Self {
        self.plan.quota_pause = pause;
        self
    }

    /// How long a job is looked for whose create had no clear response before its requests are sent
    /// anew; by default an hour. The time counts in which the process runs. Longer is safer: a job that
    /// is listed later than that is paid for twice.
    ///
    /// So is one whose create the end of the process cut, wherever that was: the next `finish` tells of
    /// it by an event `looking`. Who knows that nothing was sent gives [`Duration::ZERO`] for once, which
    /// looks a single time. After [`attempts`](Self::attempts) creates of a job in a row without a clear
    /// response, three at least, `finish` ends with an error that [is unclear](Error::is_unclear).
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().unclear_wait(Duration::from_secs(6 * 3600)).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn unclear_wait(mut self, wait: Duration) -> Self {
        self.plan.unclear_wait = wait;
        self
    }

    /// How jobs are polled: first after `interval`, by default five seconds, then in growing intervals
    /// up to `max_interval`, by default a minute.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().poll_interval(Duration::from_secs(30), Duration::from_secs(300)).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_interval(mut self, interval: Duration, max_interval: Duration) -> Self {
        self.plan.interval = interval.max(Duration::from_millis(1));
        self.plan.max_interval = max_interval.max(self.plan.interval);
        self
    }

    /// How long a step of a job may fail in ways that may pass, such as a service that is out of reach,
    /// before the run is left with its error; by default 15 minutes. It is tried three times at least, and
    /// other jobs that go well do not hide it. Responses that are not what the API says are taken four
    /// times; the fifth in a row of one job ends it, too.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().max_outage(Duration::from_secs(24 * 3600)).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_outage(mut self, outage: Duration) -> Self {
        self.plan.max_outage = outage;
        self
    }

    /// How long an output that is late is waited for before its job is tried again; by default two
    /// minutes. After five times, the requests of the job go to the next generation.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().output_timeout(Duration::from_secs(600)).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn output_timeout(mut self, timeout: Duration) -> Self {
        self.plan.output_timeout = timeout;
        self
    }

    /// Stops after this time: what is active is cancelled, its finished rows are taken, and the rest is
    /// left for a later `finish`, or for [`Run::unfinished`](super::Run::unfinished). It takes some
    /// minutes more at most.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().deadline(Duration::from_secs(6 * 3600)).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn deadline(mut self, after: Duration) -> Self {
        self.plan.of_requests.push("deadline");
        self.plan.deadline = Some(after);
        self
    }

    /// Makes no job that may lead to a cost above this, all jobs of the run together, at these prices.
    /// What a job will cost is an estimate, from its size and from what earlier responses had; so is what a job
    /// has cost that went well, where its results say nothing of tokens or are not there.
    ///
    /// ```no_run
    /// use genai_batch::cost::Pricing;
    ///
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().budget(5.0, Pricing::new(0.30, 2.50)).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn budget(mut self, amount: f64, pricing: Pricing) -> Self {
        self.plan.of_requests.push("budget");
        self.plan.budget = Some((amount, pricing));
        self
    }

    /// Asks so many requests of the input in all, as a trial, and stops: look at the results, then `finish`
    /// without it. What was asked with other contents, or is no longer in the input, does not count.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().first(20).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn first(mut self, requests: u64) -> Self {
        self.plan.of_requests.push("first");
        self.plan.trial = Some(i64::try_from(requests).unwrap_or(i64::MAX));
        self
    }

    /// Whether the results are read into the file, where the service [holds](super::RunPart) the requests.
    ///
    /// By default they stay where the service puts them, and [`Run::parts`](super::Run::parts) tells where.
    /// With `true`, [`Run::results`](super::Run::results) has the outcomes too, each under the key that its
    /// row has; a row without one gets `SOURCE#N`, N being its place among these. What was left before is
    /// read then. Of a run that has its requests itself, results are always read: `false` is an error.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().await?; // the results stay where they are
    /// let report = run.finish().rows(true).await?; // and now they are read
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows(mut self, rows: bool) -> Self {
        self.plan.rows = Some(rows);
        self
    }

    async fn drive(self) -> Result<RunReport> {
        self.plan.check(self.run.is_of_parts)?;
        let Ok(_driving) = Arc::clone(&self.run.driving).try_lock_owned() else {
            return Err(Error::configuration(
                "this run is being finished already: wait for that",
            ));
        };
        let stopped = Driver::start(Arc::clone(&self.run), self.plan)
            .await?
            .run()
            .await?;
        let mut report = super::report::read(&self.run.store).await?;
        report.stopped = stopped.filter(|_| !report.is_finished());
        Ok(report)
    }
}

impl IntoFuture for Finish {
    type Output = Result<RunReport>;
    type IntoFuture = BoxFuture<'static, Result<RunReport>>;

    /// # Errors
    ///
    /// If the service refuses a step for another reason than a quota, a step of a job fails for longer than
    /// [`max_outage`](Self::max_outage), creates of one have no clear response
    /// [again and again](Self::unclear_wait), or the file cannot be written. Jobs that are active go on,
    /// what was done is kept, and a later `finish` goes on with it.
    fn into_future(self) -> Self::IntoFuture {
        let doing = format!("finishing the run {}", self.run.store.path().display());
        Box::pin(async move { self.drive().await.map_err(|error| error.during(doing)) })
    }
}

impl fmt::Debug for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finish")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
