//! The account of a job's results: every submitted request ends in one line of it.

use std::fmt;
use std::sync::Arc;

use super::censor::Censor;
use super::tokens::TokenUsage;
use crate::counted::Counted;
use crate::keys::{Bits, SubmittedKeys};
use crate::shown::Shown;

/// How many keys or places of each kind a report names.
const NAMED: usize = 100;
/// How many bytes of what a service says a report keeps: its keys may be as long as its lines.
const LONGEST: usize = 1024;

/// What the client knows of the requests that a job was given.
#[derive(Debug)]
pub enum Expectation {
    /// Their keys: this process created the job, or the caller named them.
    Keys(Arc<SubmittedKeys>),
    /// How many there are, by the service's count.
    Count(u64),
    /// Nothing.
    Unknown,
}

/// How a result row relates to the requests that were submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyMatch {
    /// The row has the key of a request that was submitted.
    Matched,
    /// The row has a key, and the client does not know which were submitted, because the
    /// job was found by name.
    Unchecked,
    /// The row has a key that was not submitted.
    Unexpected,
    /// The row has no key, so nothing says which request it belongs to.
    Absent,
}

/// What became of the requests of a job, as far as the stream of results was read.
///
/// Of a stream that was read to its end, `submitted = responses + errors + missing` holds for
/// every job whose keys are known, and [`is_complete`](Self::is_complete) says whether nothing
/// else is off either. Each list names the first 100.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many requests the job was given, if known.
    pub submitted: Option<u64>,
    /// Whether the keys that were submitted are known, so that each row was held against them.
    pub keys_known: bool,
    /// Whether the results were read to their end.
    pub finished: bool,
    /// Requests with a response.
    pub responses: u64,
    /// Requests with an error.
    pub errors: u64,
    /// Requests without either.
    pub missing: u64,
    /// Their keys, where known.
    pub missing_keys: Vec<String>,
    /// Further rows for a key that had one already. They were passed over.
    pub duplicates: u64,
    /// Their keys.
    pub duplicate_keys: Vec<String>,
    /// Rows with a key that was not submitted.
    pub unexpected: u64,
    /// Their keys.
    pub unexpected_keys: Vec<String>,
    /// Rows without a key.
    pub keyless: u64,
    /// Where they are.
    pub keyless_places: Vec<String>,
    /// Rows beyond the service's own count, where only that is known.
    pub surplus: u64,
    /// Rows that could not be read at all.
    pub unreadable: u64,
    /// Where they are, and why.
    pub unreadable_places: Vec<String>,
    /// The tokens that the responses used, where
    /// [`Results::count_usage`](crate::batches::Results::count_usage) asked for it.
    pub usage: Option<TokenUsage>,
}

impl Report {
    /// Whether each submitted request has exactly one response or error, no row is left over,
    /// and the results were read to their end.
    ///
    /// False where the submitted keys are not known, since a key that came twice could hide
    /// one that is missing; [`expect_keys`](crate::batches::Results::expect_keys) tells them.
    pub fn is_complete(&self) -> bool {
        self.keys_known
            && self.finished
            && self.submitted == Some(self.responses + self.errors)
            && self.missing == 0
            && self.duplicates == 0
            && self.unexpected == 0
            && self.keyless == 0
            && self.surplus == 0
            && self.unreadable == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.submitted {
            Some(submitted) => write!(f, "{submitted} submitted = ")?,
            None => f.write_str("unknown number submitted: ")?,
        }
        write!(
            f,
            "{} + {} + {} missing",
            Counted(self.responses, "response"),
            Counted(self.errors, "error"),
            self.missing
        )?;
        let deviations = [
            ("duplicate", self.duplicates, &self.duplicate_keys),
            ("unexpected", self.unexpected, &self.unexpected_keys),
            ("without key", self.keyless, &self.keyless_places),
            ("unreadable", self.unreadable, &self.unreadable_places),
            ("beyond the service's count", self.surplus, &Vec::new()),
        ];
        name_some(f, " ", self.missing, &self.missing_keys)?;
        for (what, count, named) in deviations {
            if count > 0 {
                write!(f, "; {count} {what}")?;
                name_some(f, " ", count, named)?;
            }
        }
        if let Some(usage) = &self.usage {
            write!(f, "; {usage}")?;
        }
        if !self.finished {
            f.write_str("; not read to the end")?;
        } else if !self.keys_known {
            f.write_str("; by count alone, since the submitted keys are not known")?;
        }
        Ok(())
    }
}

fn name_some(
    f: &mut fmt::Formatter<'_>,
    before: &str,
    count: u64,
    named: &[String],
) -> fmt::Result {
    const SHOWN: usize = 5;
    if count == 0 || named.is_empty() {
        return Ok(());
    }
    let shown = &named[..named.len().min(SHOWN)];
    write!(f, "{before}({}", Shown(&shown.join(", ")))?;
    if count > shown.len() as u64 {
        f.write_str(", …")?;
    }
    f.write_str(")")
}

/// Books rows against what was expected.
#[derive(Debug)]
pub struct Ledger {
    expectation: Expectation,
    seen: Bits,
    report: Report,
    first_deviation: Option<String>,
    censor: Censor,
}

impl Ledger {
    /// An account without a row.
    pub fn new(expectation: Expectation) -> Self {
        let (submitted, slots) = match &expectation {
            Expectation::Keys(expected) => (Some(expected.total()), expected.slots()),
            Expectation::Count(count) => (Some(*count), 0),
            Expectation::Unknown => (None, 0),
        };
        Self {
            seen: Bits::with_len(slots),
            report: Report {
                submitted,
                keys_known: matches!(expectation, Expectation::Keys(_)),
                ..Report::default()
            },
            expectation,
            first_deviation: None,
            censor: Censor::default(),
        }
    }

    /// Keeps credentials out of what is named from now on.
    pub(super) fn censor(&mut self, censor: Censor) {
        self.censor = censor;
    }

    /// Counts the tokens that responses use from now on.
    pub(crate) fn count_usage(&mut self) {
        self.report.usage = Some(TokenUsage::default());
    }

    /// Adds what a response used, where that is counted.
    pub(crate) fn book_usage(&mut self, response: &[u8]) {
        if let Some(usage) = &mut self.report.usage {
            usage.add(response);
        }
    }

    /// What was off first, and where; missing requests apart, which are told at the end.
    pub(crate) fn first_deviation(&self) -> Option<&str> {
        self.first_deviation.as_deref()
    }

    fn deviates(&mut self, what: impl FnOnce() -> String) {
        let censor = &self.censor;
        self.first_deviation
            .get_or_insert_with(|| censor.text(what()));
    }

    /// The account so far.
    pub fn report(&self) -> Report {
        self.report.clone()
    }

    /// Whether a key was submitted and has had no row.
    pub(crate) fn is_free(&self, key: &str) -> bool {
        let Expectation::Keys(expected) = &self.expectation else {
            return true;
        };
        expected.slot(key).is_some_and(|slot| !self.seen.get(slot))
    }

    /// Books a row that was read. `None`: its key has had a row before, so it is passed over.
    pub fn book(
        &mut self,
        key: Option<&str>,
        is_error: bool,
        place: impl Fn() -> String,
    ) -> Option<KeyMatch> {
        let expected = match &self.expectation {
            Expectation::Keys(expected) => Some(expected),
            Expectation::Count(_) | Expectation::Unknown => None,
        };
        let Some(key) = key else {
            note(
                &mut self.report.keyless,
                &mut self.report.keyless_places,
                &place,
            );
            let is_known = expected.is_some();
            self.deviates(|| format!("{} has no key", place()));
            // Where no keys are known, a row counts for some request.
            if !is_known {
                self.count(is_error);
            }
            return Some(KeyMatch::Absent);
        };
        let key_match = match expected {
            Some(expected) => match expected.slot(key) {
                None => {
                    let report = &mut self.report;
                    note(&mut report.unexpected, &mut report.unexpected_keys, || {
                        shortened(&self.censor.text(key.to_owned()))
                    });
                    let censor = &self.censor;
                    self.first_deviation.get_or_insert_with(|| {
                        let key = shortened(&censor.text(key.to_owned()));
                        format!("{} has the key {key:?}, which was not submitted", place())
                    });
                    return Some(KeyMatch::Unexpected);
                }
                Some(slot) if self.seen.set(slot) => {
                    let report = &mut self.report;
                    note(&mut report.duplicates, &mut report.duplicate_keys, || {
                        key.to_owned()
                    });
                    self.deviates(|| {
                        format!(
                            "{} has the key {key:?}, which has a result already",
                            place()
                        )
                    });
                    return None;
                }
                Some(_) => KeyMatch::Matched,
            },
            None => KeyMatch::Unchecked,
        };
        self.count(is_error);
        Some(key_match)
    }

    fn count(&mut self, is_error: bool) {
        if is_error {
            self.report.errors += 1;
        } else {
            self.report.responses += 1;
        }
    }

    /// The results were read to their end, missing ones included.
    pub(crate) fn finish(&mut self) {
        self.report.finished = true;
    }

    /// Notes a row that has a key and says nothing, which counts as an error of its request.
    pub(crate) fn note_malformed(&mut self, place: &str, reason: &str) {
        self.deviates(|| format!("{place} cannot be read: {reason}"));
    }

    /// Books a row that could not be read.
    pub(crate) fn book_unreadable(&mut self, place: &str, reason: &str) {
        let report = &mut self.report;
        note(
            &mut report.unreadable,
            &mut report.unreadable_places,
            || self.censor.text(format!("{place}: {reason}")),
        );
        self.deviates(|| format!("{place} cannot be read: {reason}"));
    }

    /// Books a request for which no row came.
    pub(crate) fn book_missing(&mut self, key: &str) {
        let report = &mut self.report;
        note(&mut report.missing, &mut report.missing_keys, || {
            key.to_owned()
        });
    }

    /// Ends the rows: what is needed to name the missing requests, if their keys are known.
    pub(crate) fn end_of_rows(&mut self) -> Option<(Arc<SubmittedKeys>, Bits)> {
        let rows = self.report.responses + self.report.errors;
        match &self.expectation {
            Expectation::Keys(expected) => {
                (rows < expected.total()).then(|| (Arc::clone(expected), self.seen.clone()))
            }
            Expectation::Count(count) => {
                self.report.missing = count.saturating_sub(rows);
                self.report.surplus = rows.saturating_sub(*count);
                None
            }
            Expectation::Unknown => None,
        }
    }
}

/// A text that the service chose, or its start.
fn shortened(text: &str) -> String {
    match text.floor_char_boundary(LONGEST) {
        end if end < text.len() => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

fn note(count: &mut u64, named: &mut Vec<String>, name: impl FnOnce() -> String) {
    *count += 1;
    if named.len() < NAMED {
        named.push(name());
    }
}

#[cfg(test)]
mod arithmetic;
#[cfg(test)]
mod told;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SubmittedKeysBuilder;

    async fn ledger(keys: &[&str]) -> Ledger {
        let mut builder = SubmittedKeysBuilder::default();
        for (place, key) in (1..).zip(keys) {
            builder.push(key, place).await.unwrap();
        }
        let expected = builder.finish().await.unwrap().unwrap();
        Ledger::new(Expectation::Keys(Arc::new(expected)))
    }

    #[tokio::test]
    async fn a_report_keeps_and_shows_no_more_of_a_strange_key_than_it_must() {
        let mut ledger = ledger(&["a"]).await;
        let long = "\u{1b}[31mé".repeat(1_000_000);
        ledger.book(Some(&long), false, || "line 1".into());
        let report = ledger.report();
        assert!(report.unexpected_keys[0].len() <= LONGEST + 4);
        assert!(report.to_string().contains("(\\u{1b}[31mé"), "{report}");
        assert!(!report.to_string().contains('\u{1b}'));
        assert!(ledger.first_deviation().unwrap().len() < 2 * LONGEST);
    }

    #[tokio::test]
    async fn every_deviation_is_counted_and_named() {
        let mut ledger = ledger(&["a", "b", "c"]).await;
        let mut book = |key, error| ledger.book(key, error, || "line 4".into());
        assert_eq!(book(Some("b"), false), Some(KeyMatch::Matched));
        assert_eq!(book(Some("b"), true), None);
        assert_eq!(book(Some("x"), false), Some(KeyMatch::Unexpected));
        assert_eq!(book(None, false), Some(KeyMatch::Absent));
        assert_eq!(book(Some("a"), true), Some(KeyMatch::Matched));
        ledger.book_unreadable("line 5", "not JSON");
        assert_eq!(
            ledger.first_deviation(),
            Some("line 4 has the key \"b\", which has a result already")
        );
        assert!(ledger.end_of_rows().is_some());
        ledger.book_missing("c");
        assert!(
            ledger
                .report()
                .to_string()
                .ends_with("; not read to the end")
        );
        ledger.finish();
        let report = ledger.report();
        assert!(!report.is_complete());
        assert_eq!(
            report.to_string(),
            "3 submitted = 1 response + 1 error + 1 missing (c); 1 duplicate (b); \
             1 unexpected (x); 1 without key (line 4); 1 unreadable (line 5: not JSON)"
        );
    }

    #[tokio::test]
    async fn complete_is_what_was_read_to_its_end_with_keys_that_are_known() {
        let mut known = ledger(&["a"]).await;
        known.book(Some("a"), false, String::new);
        known.end_of_rows();
        assert!(!known.report().is_complete(), "it may go on");
        known.finish();
        assert!(known.report().is_complete());
        for expectation in [Expectation::Count(1), Expectation::Unknown] {
            let mut counted = Ledger::new(expectation);
            counted.book(Some("a"), false, String::new);
            counted.end_of_rows();
            counted.finish();
            assert!(!counted.report().is_complete(), "one may hide another");
        }
    }

    #[test]
    fn a_count_alone_tells_missing_and_surplus() {
        let mut short = Ledger::new(Expectation::Count(2));
        assert_eq!(
            short.book(Some("a"), false, String::new),
            Some(KeyMatch::Unchecked)
        );
        assert!(short.end_of_rows().is_none());
        assert_eq!(short.report().missing, 1);
        let mut long = Ledger::new(Expectation::Count(0));
        long.book(Some("a"), false, String::new);
        long.end_of_rows();
        assert_eq!(long.report().surplus, 1);
        assert!(!long.report().is_complete());
    }

    #[test]
    fn thousands_of_deviations_take_the_room_of_a_hundred() {
        let mut ledger = Ledger::new(Expectation::Unknown);
        for n in 0..10_000 {
            ledger.book(None, false, || format!("line {n}"));
        }
        assert_eq!(ledger.report().keyless, 10_000);
        assert_eq!(ledger.report().keyless_places.len(), NAMED);
        assert_eq!(ledger.report().responses, 10_000);
        assert!(ledger.report().to_string().len() < 200);
    }
}
