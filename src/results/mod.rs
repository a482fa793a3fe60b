//! Results: from a job's output, whatever it is stored in, to one account of every request.
//!
//! A [`ResultStream`] yields a [`BatchResult`] for every request, matched by [`Key`] alone. Its
//! [`Outcome`] is a response, whose parts are in [`response`](crate::response), a [`RowError`], or that
//! it is missing. What the stream has seen is in its [`Report`].
//!
//! | what | types |
//! |---|---|
//! | one result | [`BatchResult`], [`Outcome`], [`RowError`] |
//! | which request it belongs to | [`Key`], [`KeyMatch`] |
//! | all of them | [`ResultStream`], [`TypedResults`], [`Report`] |
//! | how many tokens they took | [`TokenUsage`], [`ModelUsage`] |
//!
//! ```
//! use genai_batch::results::{BatchResult, Outcome};
//!
//! /// Whether the request is worth another job.
//! fn is_for_later(result: &BatchResult) -> bool {
//!     match result.outcome() {
//!         Outcome::Response(_) => false,
//!         Outcome::Error(error) => error.is_quota(),
//!         Outcome::Missing => true,
//!     }
//! }
//! ```

// inline rows ─┐
// file lines  ─┴→ row (key, response | error) → ledger → ResultStream → report
//
// A backend brings the rows and the function that reads one; nothing here names a backend.

mod attach;
mod bound;
mod censor;
pub(crate) mod complete;
mod files;
mod key;
mod key_field;
mod keyless;
pub(crate) mod ledger;
pub(crate) mod line;
#[cfg(feature = "runs")]
mod plain;
mod repeats;
pub(crate) mod response;
pub(crate) mod row;
mod rows;
#[cfg(test)]
mod tests;
mod tokens;
mod traced;
mod typed;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;

use attach::Attach;
use bound::Bound;
pub(crate) use bound::MostRows;
use censor::Censor;
#[cfg(feature = "gcs")]
pub(crate) use files::OutputFile;
pub use key::{Key, RowError};
pub(crate) use key_field::KeyField;
use keyless::Keyless;
pub(crate) use ledger::Expectation;
use ledger::Ledger;
pub use ledger::{KeyMatch, Report};
#[cfg(feature = "runs")]
pub(crate) use plain::plain_response;
use repeats::Repeats;
#[cfg(feature = "gcs")]
pub(crate) use repeats::Repetition;
pub(crate) use response::{FastFields, Response};
pub use row::{BatchResult, Outcome};
use row::{ReadRow, Row};
pub(crate) use rows::{ByteStream, Rows};
pub use tokens::{ModelUsage, TokenUsage};
pub use typed::TypedResults;

use crate::error::{Error, Kind, Result};
use crate::http::Session;
use crate::keys::SubmittedKeys;
use crate::source::content_index::ContentIndex;
use crate::trace::Call;

/// How many rows are passed over before others have their turn.
const AT_A_TIME: usize = 256;

type MissingKeys = Pin<Box<dyn Stream<Item = std::io::Result<String>> + Send>>;

/// The results of a job, one after another: a [`Stream`] of [`BatchResult`].
///
/// Results come in whatever order the service wrote them, and those of several files in any, each under
/// its key, and after the
/// last row one [`Outcome::Missing`] for each submitted request that had none. A row that
/// cannot be read is passed over and booked in the [`report`](Self::report); an `Err` ends
/// the stream and means that the results could not be read to the end.
///
/// An output that has no end is such an error: one with over four rows for each request and 1,000 more, or, where
/// the requests are known by the service's count alone, ten rows for each and 100,000 more; with over 4 GiB
/// of rows that are no request's, beside twice those that are some's; or with 1 GiB in which no line can be
/// read. Of a job of which nothing is known, rows are read as long as they come.
///
/// No error of a row, and no report, shows a credential of the client, or a piece of it of 12 characters,
/// where the service quotes it.
///
/// However many results there are, the stream holds a few of them at a time, and of every
/// key that this process submitted no more than 16 bytes, as many again where metadata stands beside
/// it, and of a failed row 8 where the output
/// has a file of failures. [`expect_requests`](crate::batches::Results::expect_requests) keeps the keys.
///
/// ```no_run
/// use futures_util::TryStreamExt;
///
/// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
/// let mut results = client.batches().results(&job).await?;
/// while let Some(result) = results.try_next().await? {
///     println!("{:?}: {:?}", result.key(), result.outcome());
/// }
/// println!("{}", results.report());
/// # Ok(())
/// # }
/// ```
pub struct ResultStream {
    rows: Option<Rows>,
    read_row: ReadRow,
    /// Whether all rows are booked, so that what is missing is known.
    rows_ended: bool,
    missing: Option<MissingKeys>,
    ledger: Ledger,
    /// For rows without a key, where the caller gave the requests.
    contents: Option<ContentIndex>,
    /// Rows without a key whose content is that of a request: a later row may have its key.
    keyless: Keyless,
    repeats: Repeats,
    metadata: Attach,
    /// Where the key of a row stands, if not where the reader of rows finds it.
    key_field: Option<KeyField>,
    /// Whether a deviation ends the stream.
    strict: bool,
    /// Whether there was an error, after which nothing comes.
    failed: bool,
    /// The span of the reading, from its opening to its end.
    call: Option<Call>,
    bound: Bound,
    /// Whether it was left because its output seems to have no end.
    is_endless: bool,
    censor: Censor,
}

impl ResultStream {
    pub(crate) fn new(rows: Rows, read_row: ReadRow, expectation: Expectation) -> Self {
        Self {
            rows: Some(rows),
            read_row,
            rows_ended: false,
            missing: None,
            ledger: Ledger::new(expectation),
            contents: None,
            keyless: Keyless::default(),
            repeats: Repeats::default(),
            metadata: Attach::default(),
            key_field: None,
            strict: false,
            failed: false,
            call: None,
            bound: Bound::default(),
            is_endless: false,
            censor: Censor::default(),
        }
    }

    /// Reads no more than so many rows.
    pub(crate) fn up_to(mut self, most: Option<MostRows>) -> Self {
        self.bound.most = most;
        self
    }

    /// Keeps the credentials of a session out of what errors say.
    pub(crate) fn censored_by(mut self, session: &Session) -> Self {
        self.censor = Censor::of(session.clone());
        self.ledger.censor(Censor::of(session.clone()));
        self
    }

    /// Gives rows without a key the key of a request of the same content.
    pub(crate) fn matching(mut self, contents: Option<ContentIndex>) -> Self {
        self.contents = contents;
        self
    }

    /// Gives results the metadata that was submitted beside their keys, where the service drops it.
    pub(crate) fn with_metadata(mut self, keys: Option<Arc<SubmittedKeys>>) -> Self {
        self.metadata = Attach::of(keys);
        self
    }

    /// Reads the keys of rows from this field.
    pub(crate) fn keyed_by(mut self, field: Option<KeyField>) -> Self {
        self.key_field = field;
        self
    }

    /// Makes the first deviation an error.
    pub(crate) fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Books the reading under a span.
    pub(crate) fn traced(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }

    /// Sums up what the responses used.
    pub(crate) fn counting_usage(mut self, count: bool) -> Self {
        if count {
            self.ledger.count_usage();
        }
        self
    }

    /// What became of the requests so far; the whole account once the stream has ended.
    pub fn report(&self) -> Report {
        self.ledger.report()
    }

    /// Reads the results to their end, keeping none, and gives the account of them.
    ///
    /// # Errors
    ///
    /// If the results cannot be read to the end.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let report = client.batches().results(&job).await?.verify().await?;
    /// assert!(report.is_complete(), "{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify(mut self) -> Result<Report> {
        while let Some(result) = self.next().await {
            result?;
        }
        Ok(self.report())
    }

    /// Whether the stream ended with an error because its output seems to have no end: what it gave is
    /// as good as if it had one.
    #[cfg(feature = "runs")]
    pub(crate) fn is_endless(&self) -> bool {
        self.is_endless
    }

    fn poll_rows(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchResult>>> {
        let mut passed_over = 0;
        while let Some(rows) = &mut self.rows {
            if passed_over == AT_A_TIME {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            passed_over += 1;
            if let Err(error) = ready!(self.keyless.poll_ready(cx)) {
                return Poll::Ready(Some(Err(not_kept(error))));
            }
            let (number, json) = match ready!(rows.poll_next(cx)) {
                Some(Ok(row)) => row,
                Some(Err(error)) => {
                    self.is_endless = rows.is_endless();
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.rows = None;
                    break;
                }
            };
            if let Err(error) = self.bound.row() {
                return Poll::Ready(Some(Err(error)));
            }
            let bytes = json.as_ref().map_or(0, Bytes::len);
            match json.and_then(self.read_row) {
                Ok(mut row) => {
                    self.censor.row(&mut row);
                    let keyed = self.key_field.as_ref().map(|field| field.apply(&mut row));
                    if let Some(Err(reason)) = keyed {
                        self.ledger.book_unreadable(&rows.place(number), &reason);
                        if let Some(error) = self.deviation() {
                            return Poll::Ready(Some(Err(error)));
                        }
                        continue;
                    }
                    if self.repeats.passes_over(&row, rows.repetition()) {
                        if let Err(error) = self.bound.bytes(bytes, false) {
                            return Poll::Ready(Some(Err(error)));
                        }
                        continue;
                    }
                    if let (None, Some(contents), Some(request)) =
                        (&row.key, &self.contents, &row.request)
                        && contents.has(request)
                    {
                        self.keyless.push(&rows.place(number), &row.json);
                        if let Err(error) = self.bound.bytes(bytes, false) {
                            return Poll::Ready(Some(Err(error)));
                        }
                        continue;
                    }
                    let place = || rows.place(number);
                    let booked = book(&mut self.ledger, row, place);
                    let is_wanted = booked.as_ref().is_some_and(BatchResult::is_of_a_request);
                    if let Err(error) = self.bound.bytes(bytes, is_wanted) {
                        return Poll::Ready(Some(Err(error)));
                    }
                    if let Some(error) = self.deviation() {
                        return Poll::Ready(Some(Err(error)));
                    }
                    if let Some(result) = booked {
                        return Poll::Ready(Some(Ok(result)));
                    }
                }
                Err(reason) => {
                    self.ledger.book_unreadable(&rows.place(number), &reason);
                    if let Some(error) = self.deviation() {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
        Poll::Ready(None)
    }

    /// The next of the rows that waited for the keys of all others.
    fn poll_keyless(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchResult>>> {
        while let Some(row) = ready!(self.keyless.poll_next(cx)) {
            let (place, json) = match row {
                Ok(row) => row,
                Err(error) => return Poll::Ready(Some(Err(not_kept(error)))),
            };
            let booked = match (self.read_row)(json) {
                Ok(mut row) => {
                    self.censor.row(&mut row);
                    if let (Some(contents), Some(request)) = (&mut self.contents, &row.request) {
                        let key = contents.take(request, |key| self.ledger.is_free(key));
                        row.key = key.map(Key::from);
                    }
                    book(&mut self.ledger, row, || place.clone())
                }
                // It was read before.
                Err(reason) => {
                    self.ledger.book_unreadable(&place, &reason);
                    None
                }
            };
            if let Some(error) = self.deviation() {
                return Poll::Ready(Some(Err(error)));
            }
            if let Some(result) = booked {
                return Poll::Ready(Some(Ok(result)));
            }
        }
        Poll::Ready(None)
    }

    /// The error that ends the stream, where deviations are errors and there was one.
    fn deviation(&self) -> Option<Error> {
        let what = self.ledger.first_deviation().filter(|_| self.strict)?;
        let message = format!("{what} (so far {})", self.ledger.report());
        Some(Error::new(Kind::Deviation, message))
    }

    fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchResult>>> {
        if let Some(attached) = ready!(self.metadata.poll(cx)) {
            return Poll::Ready(Some(attached));
        }
        let next = match ready!(self.poll_rows(cx)) {
            None => match ready!(self.poll_keyless(cx)) {
                None => ready!(self.poll_missing(cx)),
                next => next,
            },
            next => next,
        };
        match next {
            Some(Ok(result)) => match self.metadata.begin(result) {
                Some(result) => Poll::Ready(Some(Ok(result))),
                None => self.metadata.poll(cx),
            },
            next => Poll::Ready(next),
        }
    }

    /// The next request without a row.
    fn poll_missing(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchResult>>> {
        if !std::mem::replace(&mut self.rows_ended, true) {
            let missing = self.ledger.end_of_rows();
            self.missing = missing.map(|(keys, seen)| Box::pin(keys.missing(seen)) as MissingKeys);
        }
        while let Some(missing) = &mut self.missing {
            match ready!(missing.poll_next_unpin(cx)) {
                Some(Ok(key)) => {
                    self.ledger.book_missing(&key);
                    if !self.strict {
                        return Poll::Ready(Some(Ok(BatchResult::missing(key))));
                    }
                }
                Some(Err(error)) => {
                    let message = "the temporary file with the submitted keys could not be read";
                    return Poll::Ready(Some(Err(Error::io(message, error))));
                }
                None => self.missing = None,
            }
        }
        self.ledger.finish();
        let report = self.ledger.report();
        if self.strict && report.missing > 0 {
            let message = format!("requests have no result: {report}");
            return Poll::Ready(Some(Err(Error::new(Kind::Deviation, message))));
        }
        Poll::Ready(None)
    }
}

/// The error for rows that cannot wait.
fn not_kept(error: std::io::Error) -> Error {
    let message = "the temporary file for rows without a key could not be written or read";
    Error::io(message, error)
}

/// Books a row that was read; `None` if its key has had a row before.
fn book(ledger: &mut Ledger, row: Row, place: impl Fn() -> String) -> Option<BatchResult> {
    let is_error = matches!(row.body, row::RowBody::Error(_));
    if let row::RowBody::Error(error) = &row.body
        && error.is_malformed()
    {
        ledger.note_malformed(&place(), error.message());
    }
    let place = || match row.has_two_keys {
        true => format!("{} (its `key` and `custom_id` differ)", place()),
        false => place(),
    };
    let key_match = ledger.book(row.key.as_deref(), is_error, place)?;
    if let row::RowBody::Response(response) = &row.body {
        ledger.book_usage(response.bytes());
    }
    Some(BatchResult::new(row, key_match))
}

impl Stream for ResultStream {
    type Item = Result<BatchResult>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.failed {
            return Poll::Ready(None);
        }
        let span = this.call.as_ref().map(|call| call.span().clone());
        let _within = span.as_ref().map(tracing::Span::enter);
        let next = ready!(this.poll_result(cx));
        let next = next.map(|next| next.map_err(|error| this.censor.error(error)));
        if let Some(Err(_)) = &next {
            this.is_endless |= this.bound.is_over();
            // Whatever the rows hold open is let go.
            this.rows = None;
            this.failed = true;
        }
        if let (Some(call), None | Some(Err(_))) = (&this.call, &next) {
            call.end_results(&this.ledger.report());
            next.iter().for_each(|outcome| call.note(outcome));
            this.call = None;
        }
        Poll::Ready(next)
    }
}

impl fmt::Debug for ResultStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultStream")
            .field("report", &self.ledger.report())
            .finish_non_exhaustive()
    }
}
