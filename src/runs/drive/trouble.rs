//! How long a step of one job may fail in a row before the run ends with what it says. Other jobs that go
//! well do not hide it.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};

/// How often a step is tried at least that fails in a way that may pass, however long each try takes.
const TRIES: u32 = 3;
/// How often in a row a response is taken that is not what the API says. What sends one, such as a proxy,
/// does so until somebody mends it.
const ODD: u32 = 5;
/// How long trouble lasts before it is told again; after that, twice as long each time.
const TOLD_AGAIN: Duration = Duration::from_secs(60);

/// The failures of a job since its last step that went well.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    since: Option<Instant>,
    tries: u32,
    /// How many of the responses were not what the API says.
    odd: u32,
    /// How long it had lasted when it was told last.
    told: Option<Duration>,
}

impl Trouble {
    /// A step went well.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    /// For how long it has lasted, if that is worth telling: the first time, and then whenever it has
    /// lasted twice as long.
    pub(super) fn news(&mut self, now: Instant) -> Option<Duration> {
        let lasted = now.duration_since(self.since?);
        let is_news = match self.told {
            None => true,
            Some(told) => lasted >= told.saturating_mul(2).max(TOLD_AGAIN),
        };
        is_news.then(|| *self.told.insert(lasted))
    }

    /// Gives an error back that the step is tried again after.
    ///
    /// # Errors
    ///
    /// The error, if it does not pass by itself, or for longer than `most` did not.
    pub(super) fn rides_out(
        &mut self,
        error: Error,
        now: Instant,
        most: Duration,
    ) -> Result<Error> {
        let since = *self.since.get_or_insert(now);
        let took = now.duration_since(since);
        self.tries = self.tries.saturating_add(1);
        let goes_on = if error.is_protocol() {
            self.odd = self.odd.saturating_add(1);
            self.odd < ODD
        } else {
            error.is_retryable()
        };
        let is_time_left = took <= most || self.tries < TRIES;
        match (goes_on && is_time_left, self.tries) {
            (true, _) => Ok(error),
            (false, 1) => Err(error),
            (false, tries) => {
                Err(error.during(format!("the last of {tries} tries over {took:.0?}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    const MINUTE: Duration = Duration::from_secs(60);

    fn late() -> Error {
        Error::new(Kind::Timeout, "late")
    }

    #[test]
    fn what_may_pass_is_tried_for_as_long_as_is_said_and_some_times_at_least() {
        let (mut trouble, start) = (Trouble::default(), Instant::now());
        let mut after = |minutes| trouble.rides_out(late(), start + MINUTE * minutes, MINUTE * 15);
        for minutes in [0, 1, 7, 15] {
            assert!(after(minutes).is_ok(), "{minutes}");
        }
        let error = after(16).unwrap_err().to_string();
        assert_eq!(error, "the last of 5 tries over 960s: late");

        let (mut trouble, start) = (Trouble::default(), Instant::now());
        let mut after = |minutes| trouble.rides_out(late(), start + MINUTE * minutes, MINUTE * 15);
        assert!(after(0).is_ok() && after(40).is_ok());
        assert!(after(80).is_err());
    }

    #[test]
    fn what_lasts_is_told_each_time_that_it_has_lasted_twice_as_long() {
        let (mut trouble, start) = (Trouble::default(), Instant::now());
        assert_eq!(trouble.news(start), None, "there is none");
        let mut told = Vec::new();
        for half_minutes in 0..=60 {
            let now = start + MINUTE / 2 * half_minutes;
            assert!(trouble.rides_out(late(), now, MINUTE * 60).is_ok());
            told.extend(trouble.news(now).map(|lasted| lasted.as_secs() / 60));
        }
        assert_eq!(told, [0, 1, 2, 4, 8, 16]);
        trouble.over();
        assert!(trouble.rides_out(late(), start, MINUTE).is_ok());
        assert!(trouble.news(start).is_some(), "new trouble");
    }

    #[test]
    fn what_is_odd_is_tried_a_few_times_and_what_is_refused_is_not() {
        let now = Instant::now();
        let mut trouble = Trouble::default();
        for odd in 1..ODD {
            let error = Error::protocol("odd");
            assert!(trouble.rides_out(error, now, MINUTE).is_ok(), "{odd}");
            // One that may pass between does not let it begin again.
            assert!(trouble.rides_out(late(), now, MINUTE).is_ok());
        }
        let error = trouble.rides_out(Error::protocol("odd"), now, MINUTE);
        assert!(error.unwrap_err().is_protocol());
        trouble.over();
        assert!(
            trouble
                .rides_out(Error::protocol("odd"), now, MINUTE)
                .is_ok()
        );

        let refused = Error::input("no");
        let error = Trouble::default()
            .rides_out(refused, now, MINUTE)
            .unwrap_err();
        assert_eq!(error.to_string(), "no");
    }
}
