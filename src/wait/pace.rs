//! When a job is looked at, and for how long: a policy that waits share.

use std::time::Duration;

const POLL_INTERVAL: Duration = Duration::from_secs(5);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(60);
pub(super) const MAX_OUTAGE: Duration = Duration::from_secs(15 * 60);
/// Less than this would not be a pause.
const MIN_INTERVAL: Duration = Duration::from_millis(1);
const GROWTH: f64 = 1.5;
/// Each wait is longer or shorter by up to this share, so that many waiters spread out.
const JITTER: f64 = 0.1;

/// How jobs are polled: how often, and until when.
///
/// [`Wait::pace`](crate::wait::Wait::pace) and [`WaitAll::pace`](crate::wait::WaitAll::pace) take one.
///
/// ```no_run
/// use std::time::Duration;
///
/// use genai_batch::wait::Pace;
///
/// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
/// let patient = Pace::default()
///     .interval(Duration::from_secs(60))
///     .max_interval(Duration::from_secs(600))
///     .timeout(Duration::from_secs(24 * 3600));
/// let job = client.batches().wait(&job).pace(patient.clone()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    pub(super) timeout: Option<Duration>,
    pub(super) interval: Duration,
    /// Whether the caller chose the interval, which then stays unless a longest one is given too.
    pub(super) is_steady: bool,
    pub(super) max_interval: Option<Duration>,
    pub(super) max_outage: Duration,
}

impl Default for Pace {
    /// Every five seconds at first, then up to a minute apart, until the job ends.
    fn default() -> Self {
        Self {
            timeout: None,
            interval: POLL_INTERVAL,
            is_steady: false,
            max_interval: None,
            max_outage: MAX_OUTAGE,
        }
    }
}

impl Pace {
    /// How long to wait; by default until the end. The error after that carries the last
    /// state seen ([`Error::job`](crate::Error::job)), and the job goes on. Zero ends at once,
    /// and the service is not asked; [`get`](crate::Batches::get) asks once.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::wait::Pace;
    ///
    /// let a_day = Pace::default().timeout(Duration::from_secs(24 * 3600));
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The interval between polls, which stays the same, but for a tenth more or less: by default, and
    /// with [`max_interval`](Self::max_interval), it is the first one, and later ones grow by half each
    /// time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::wait::Pace;
    ///
    /// let every_minute = Pace::default().interval(Duration::from_secs(60));
    /// ```
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(MIN_INTERVAL);
        self.is_steady = true;
        self
    }

    /// The longest interval between polls, up to which they grow from the first one; never less than
    /// that. By default a minute, and where [`interval`](Self::interval) is set, the same as that.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::wait::Pace;
    ///
    /// let from_a_second_to_ten = Pace::default()
    ///     .interval(Duration::from_secs(1))
    ///     .max_interval(Duration::from_secs(10));
    /// ```
    pub fn max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = Some(interval);
        self
    }

    /// How long polls may fail in a row, where there is no timeout; by default 15 minutes. A service
    /// that asks to be left alone for a while is, up to this time or the timeout.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::wait::Pace;
    ///
    /// let pace = Pace::default().max_outage(Duration::from_secs(3600));
    /// ```
    pub fn max_outage(mut self, outage: Duration) -> Self {
        self.max_outage = outage;
        self
    }

    /// The wait after the poll with this number, from 0.
    pub(super) fn pause(&self, polls: u32, random: f64) -> Duration {
        let max = self.max_interval.unwrap_or(match self.is_steady {
            true => self.interval,
            false => MAX_POLL_INTERVAL,
        });
        let max = max.max(self.interval).as_secs_f64();
        let grown = self.interval.as_secs_f64() * GROWTH.powi(polls.min(1000) as i32);
        let jitter = 1.0 + JITTER * (2.0 * random - 1.0);
        Duration::try_from_secs_f64(grown.min(max) * jitter).unwrap_or(Duration::MAX)
    }
}
