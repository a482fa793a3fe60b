//! How much a run has in flight: less after a quota refused something, then more again.

use std::time::Duration;

use tokio::time::Instant;

/// How many times as long as the first a pause is at most.
const LONGEST: u32 = 10;
/// How long a service may ask to be left alone: what asks for more is asked again after this.
const MOST_ASKED: Duration = Duration::from_secs(3600);

/// What the service seems to take at once.
#[derive(Debug)]
pub(super) struct Quota {
    /// How many jobs the caller allows.
    most: usize,
    /// How many are tried now.
    cap: usize,
    /// How long nothing is sent after a refusal.
    pause: Duration,
    refusals: u32,
    until: Option<Instant>,
}

impl Quota {
    pub(super) fn new(most: usize, pause: Duration) -> Self {
        let most = most.max(1);
        Self {
            most,
            cap: most,
            pause,
            refusals: 0,
            until: None,
        }
    }

    /// Whether another job may be sent beside so many.
    pub(super) fn allows(&self, now: Instant, in_flight: usize) -> bool {
        in_flight < self.cap && self.until.is_none_or(|until| now >= until)
    }

    /// When a job may be sent again, if that is a matter of time.
    pub(super) fn resumes(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// A quota refused a job while so many were in flight: half of them is enough, after a pause that
    /// grows with each refusal in a row, or is as long as the service asks, up to an hour. Gives how long.
    pub(super) fn refused(
        &mut self,
        now: Instant,
        in_flight: usize,
        asked: Option<Duration>,
    ) -> Duration {
        // Creates that were under way together are refused together.
        if self.resumes(now).is_none() {
            self.cap = (in_flight.min(self.cap) / 2).max(1);
            self.refusals = (self.refusals + 1).min(LONGEST);
        }
        let pause = self
            .pause
            .saturating_mul(self.refusals)
            .max(asked.unwrap_or_default().min(MOST_ASKED));
        let until = now.checked_add(pause);
        self.until = until.max(self.until);
        self.resumes(now).map_or(pause, |until| until - now)
    }

    /// The service took a job.
    pub(super) fn accepted(&mut self) {
        self.refusals = 0;
    }

    /// A job ended well: there is room for one more than before.
    pub(super) fn ended_well(&mut self) {
        self.cap = (self.cap + 1).min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_halves_and_time_and_success_restore() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let mut quota = Quota::new(20, minute);
        assert!(quota.allows(now, 19) && !quota.allows(now, 20));
        quota.refused(now, 8, None);
        quota.refused(now, 8, None);
        assert!(!quota.allows(now, 0));
        assert_eq!(quota.resumes(now), Some(now + minute));
        let later = now + minute;
        assert!(quota.allows(later, 3) && !quota.allows(later, 4));
        quota.refused(later, 1, Some(minute * 7));
        assert_eq!(quota.resumes(later), Some(later + minute * 7));
        // Who asks for a year is asked again after an hour.
        let mut other = Quota::new(20, minute);
        let year = Some(minute * 60 * 24 * 365);
        assert_eq!(other.refused(now, 1, year), minute * 60);
        assert_eq!(other.resumes(now), Some(now + minute * 60));
        let later = later + minute * 7;
        assert!(quota.allows(later, 0) && !quota.allows(later, 1));
        quota.accepted();
        quota.ended_well();
        assert!(quota.allows(later, 1) && !quota.allows(later, 2));
    }

    #[test]
    fn refusals_in_a_row_are_waited_for_longer() {
        let mut now = Instant::now();
        let mut quota = Quota::new(3, Duration::from_secs(60));
        for minutes in [1, 2, 3] {
            quota.refused(now, 0, None);
            let until = quota.resumes(now).unwrap();
            assert_eq!(until - now, Duration::from_secs(60 * minutes));
            now = until;
        }
    }
}
