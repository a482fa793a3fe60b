//! How much of an output is read before it is taken for one that has no end.

use super::Expectation;
use crate::error::Error;
use crate::keys::SubmittedKeys;

const MIB: u64 = 1024 * 1024;
/// How much may come between two lines: blank ones, or one that is too long to be taken.
const BETWEEN_LINES: u64 = if cfg!(test) { 16 } else { 1024 } * MIB;
/// How many bytes of rows may come, beside twice those of rows that are some request's, that are none's.
const OF_NO_REQUEST: u64 = 4 * 1024 * MIB;

/// Why a file ends whose next line is that far from the one before.
pub(super) fn of_line(passed_over: u64) -> Option<String> {
    (passed_over > BETWEEN_LINES).then(|| {
        format!(
            "after {} MiB without a line that can be read, it seems to have no end",
            BETWEEN_LINES / MIB
        )
    })
}

/// How many rows an output may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MostRows {
    rows: u64,
    requests: u64,
}

impl MostRows {
    /// By the number of requests that a job was given, which is certain.
    pub(crate) fn of_requests(requests: u64) -> Self {
        Self::of(requests, 4, 1_000)
    }

    /// By what is not: how many the service counts, and how many keys somebody asks for.
    pub(crate) fn of_count(counted: Option<u64>, asked_for: Option<u64>) -> Option<Self> {
        match (counted, asked_for) {
            (Some(count), keys) => Some(Self::of(count.max(keys.unwrap_or(0)), 10, 100_000)),
            // There may be many more than those.
            (None, Some(keys)) => Some(Self::of(keys, 10, 10_000_000)),
            (None, None) => None,
        }
    }

    /// What is known of a job's requests says how many rows may come.
    pub(crate) fn known(
        of_all: Option<&SubmittedKeys>,
        counted: Option<u64>,
        expected: Option<&Expectation>,
    ) -> Option<Self> {
        let asked_for = match expected {
            Some(Expectation::Keys(keys)) => Some(keys.total()),
            _ => None,
        };
        match of_all {
            Some(keys) => Some(Self::of_requests(keys.total().max(asked_for.unwrap_or(0)))),
            None => Self::of_count(counted, asked_for),
        }
    }

    fn of(requests: u64, times: u64, more: u64) -> Self {
        Self {
            rows: requests.saturating_mul(times).saturating_add(more),
            requests,
        }
    }
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Bound {
    pub(super) most: Option<MostRows>,
    rows: u64,
    /// How many bytes of rows were some request's …
    wanted: u64,
    /// … and how many were not.
    other: u64,
}

impl Bound {
    /// Counts a row, before it is read.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub(super) fn row(&mut self) -> Result<(), Error> {
        self.rows += 1;
        match self.most {
            Some(most) if self.has_too_many_rows() => Err(Error::protocol(format!(
                "the output has over {} rows, and the job {} requests: it seems to have no end",
                most.rows, most.requests
            ))),
            _ => Ok(()),
        }
    }

    /// Counts the bytes of a row, by whether it is some request's.
    ///
    /// # Errors
    ///
    /// If there are too many of rows that are not.
    pub(super) fn bytes(&mut self, bytes: usize, is_wanted: bool) -> Result<(), Error> {
        let count = match is_wanted {
            true => &mut self.wanted,
            false => &mut self.other,
        };
        *count = count.saturating_add(bytes as u64);
        match self.has_too_many_bytes() {
            true => Err(Error::protocol(format!(
                "the output has over {} MiB of rows that are of no request of the job: it seems to \
                 have no end",
                self.most_other() / MIB
            ))),
            false => Ok(()),
        }
    }

    /// Whether there were too many rows, or too many bytes of them.
    pub(super) fn is_over(&self) -> bool {
        self.has_too_many_rows() || self.has_too_many_bytes()
    }

    fn has_too_many_rows(&self) -> bool {
        self.most.is_some_and(|most| self.rows > most.rows)
    }

    fn has_too_many_bytes(&self) -> bool {
        self.most.is_some() && self.other > self.most_other()
    }

    fn most_other(&self) -> u64 {
        self.wanted.saturating_mul(2).saturating_add(OF_NO_REQUEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_bounds_more_closely_than_what_is_not() {
        let most = |most: Option<MostRows>| most.map(|most| most.rows);
        assert_eq!(MostRows::of_requests(10).rows, 1_040);
        assert_eq!(most(MostRows::of_count(Some(10), None)), Some(100_100));
        assert_eq!(most(MostRows::of_count(Some(10), Some(20))), Some(100_200));
        assert_eq!(most(MostRows::of_count(None, Some(1))), Some(10_000_010));
        assert_eq!(most(MostRows::of_count(None, None)), None);
        assert_eq!(MostRows::of_requests(u64::MAX).rows, u64::MAX);
    }

    #[test]
    fn rows_of_no_request_are_read_as_long_as_they_may_be_a_mistake() {
        let mut bound = Bound::default();
        assert!((0..2000).all(|_| bound.row().is_ok()));
        assert!(bound.bytes(usize::MAX, false).is_ok(), "nothing is known");
        let mut bound = Bound {
            most: Some(MostRows::of_requests(1)),
            ..Bound::default()
        };
        let gib = 1 << 30;
        assert!((0..4).all(|_| bound.bytes(gib, false).is_ok()));
        assert!(bound.bytes(1, false).is_err());
        assert!(bound.bytes(gib, true).is_ok());
        assert!(bound.bytes(gib, false).is_ok());
        let error = bound.bytes(gib, false).unwrap_err();
        assert!(error.to_string().contains("of no request"), "{error}");
        assert!((0..1004).all(|_| bound.row().is_ok()));
        let error = bound.row().unwrap_err();
        assert!(error.to_string().contains("over 1004 rows"), "{error}");
    }
}
