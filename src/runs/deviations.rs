//! What was off about the rows that the service gave for the jobs of a run.

use std::fmt;

use rusqlite::Connection;

use super::progress::sum;
use super::store::deviations::{self, Deviation};
use crate::results::Report;

const DUPLICATE: &str = "duplicate";
const UNEXPECTED: &str = "unexpected";
const KEYLESS: &str = "without key";
const UNREADABLE: &str = "unreadable";

/// How many rows of a run's jobs were not what they should be, over all jobs as each was read last.
///
/// None of them is an outcome. What they cost, if anything, is in no count of tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deviations {
    /// Further rows for a key that had one already. The first counts.
    pub duplicates: u64,
    /// Rows with a key that was not in their job.
    pub unexpected: u64,
    /// Rows without a key that could not be told apart by their content either.
    pub keyless: u64,
    /// Rows that could not be read at all.
    pub unreadable: u64,
}

impl Deviations {
    /// How many rows these are.
    ///
    /// ```
    /// # fn example(report: genai_batch::runs::RunReport) {
    /// println!("{} rows were not what they should be", report.deviations.total());
    /// # }
    /// ```
    pub fn total(&self) -> u64 {
        sum([
            self.duplicates,
            self.unexpected,
            self.keyless,
            self.unreadable,
        ])
    }

    /// Whether there is none.
    ///
    /// ```no_run
    /// # async fn example(run: genai_batch::runs::Run) -> genai_batch::Result<()> {
    /// let report = run.finish().await?;
    /// if !report.deviations.is_empty() {
    ///     eprintln!("some rows were off: {}", report.deviations);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// Those of all jobs in the file.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut read = Self::default();
        for (kind, rows) in deviations::sums(connection)? {
            match &*kind {
                DUPLICATE => read.duplicates = rows,
                UNEXPECTED => read.unexpected = rows,
                KEYLESS => read.keyless = rows,
                UNREADABLE => read.unreadable = rows,
                _ => {}
            }
        }
        Ok(read)
    }
}

impl fmt::Display for Deviations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.duplicates, DUPLICATE),
            (self.unexpected, UNEXPECTED),
            (self.keyless, KEYLESS),
            (self.unreadable, UNREADABLE),
        ];
        let mut before = "";
        for (count, what) in all {
            if count > 0 {
                write!(f, "{before}{count} {what}")?;
                before = ", ";
            }
        }
        match before {
            "" => f.write_str("none"),
            _ => Ok(()),
        }
    }
}

/// What the account of a job's results says was off, as the file keeps it.
pub(super) fn of(report: &Report) -> Vec<Deviation> {
    let all = [
        Deviation::new(DUPLICATE, report.duplicates, &report.duplicate_keys),
        Deviation::new(UNEXPECTED, report.unexpected, &report.unexpected_keys),
        Deviation::new(KEYLESS, report.keyless, &report.keyless_places),
        Deviation::new(UNREADABLE, report.unreadable, &report.unreadable_places),
    ];
    all.into_iter().filter(|kind| kind.rows > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_off_is_told_in_few_words() {
        let mut deviations = Deviations::default();
        assert!(deviations.is_empty());
        assert_eq!(deviations.to_string(), "none");
        (deviations.duplicates, deviations.unreadable) = (2, 1);
        assert_eq!(deviations.to_string(), "2 duplicate, 1 unreadable");
        assert_eq!(deviations.total(), 3);
        deviations.unexpected = u64::MAX;
        assert_eq!(deviations.total(), u64::MAX);
    }
}
