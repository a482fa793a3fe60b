//! Results: from a job's output, whatever it is stored in, to one account of every request.
//!
//! ```text
//! inline rows ─┐
//! file lines  ─┴→ row (key, response | error) → ledger → ResultStream → report
//! ```
//!
//! A backend brings the rows and the function that reads one; nothing here names a backend.
//! Rows are matched by key alone.

mod answer;
mod content;
mod expected;
pub(crate) mod jsonl;
mod ledger;
mod repeats;
mod response;
pub(crate) mod row;
pub(crate) mod save;
mod typed;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};

pub use answer::AnswerError;
pub(crate) use content::Contents;
pub(crate) use expected::{Expected, ExpectedBuilder, KeyTwice};
use jsonl::{LineSplitter, LineTooLong};
pub(crate) use ledger::{Expectation, Ledger};
pub use ledger::{Report, Standing};
use repeats::Repeats;
pub(crate) use repeats::Repetition;
pub(crate) use response::Found;
pub use response::{
    BlockReason, Candidate, Citation, FinishReason, FunctionCall, Grounding, GroundingSegment,
    GroundingSource, GroundingSupport, HarmProbability, InlineData, Logprobs, ModalityTokens, Part,
    PromptFeedback, Response, SafetyRating, TokenLogprob, Usage, UsageDetails,
};
use row::ReadRow;
pub use row::{BatchResult, Key, Outcome, RowError};
pub use typed::TypedResults;

use crate::error::{Error, Kind, Result};
use crate::trace::Call;

pub(crate) type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;
type MissingKeys = Pin<Box<dyn Stream<Item = std::io::Result<String>> + Send>>;

/// The files of an output, each opened when the one before is read.
pub(crate) type FileStream = Pin<Box<dyn Stream<Item = Result<OutputFile>> + Send>>;

/// One file of an output.
pub(crate) struct OutputFile {
    pub(crate) name: String,
    pub(crate) chunks: ByteStream,
    pub(crate) repetition: Repetition,
}

/// Where the rows of a job come from.
pub(crate) enum Rows {
    /// In the job itself.
    Inline(std::iter::Enumerate<std::vec::IntoIter<Bytes>>),
    /// In files, one a line.
    Files {
        rest: FileStream,
        current: Option<OpenFile>,
        max_line: usize,
    },
    /// In a table.
    #[cfg(feature = "bigquery")]
    Table {
        name: String,
        rows: ByteStream,
        read: u64,
    },
}

/// The JSON of a row with its number, or why there is none.
type Numbered = (u64, std::result::Result<Bytes, String>);

pub(crate) struct OpenFile {
    file: OutputFile,
    splitter: LineSplitter,
}

impl Rows {
    pub(crate) fn inline(rows: Vec<Bytes>) -> Self {
        Self::Inline(rows.into_iter().enumerate())
    }

    pub(crate) fn file(name: String, chunks: ByteStream, max_line: usize) -> Self {
        let file = OutputFile {
            name,
            chunks,
            repetition: Repetition::None,
        };
        Self::files(Box::pin(stream::iter([Ok(file)])), max_line)
    }

    pub(crate) fn files(files: FileStream, max_line: usize) -> Self {
        Self::Files {
            rest: files,
            current: None,
            max_line,
        }
    }

    #[cfg(feature = "bigquery")]
    pub(crate) fn table(name: String, rows: ByteStream) -> Self {
        Self::Table {
            name,
            rows,
            read: 0,
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Numbered>>> {
        match self {
            Self::Inline(rows) => {
                Poll::Ready(rows.next().map(|(index, row)| Ok((index as u64, Ok(row)))))
            }
            Self::Files {
                rest,
                current,
                max_line,
            } => loop {
                if let Some(file) = current
                    && let Some(line) = ready!(file.poll_line(cx))
                {
                    return Poll::Ready(Some(line));
                }
                match ready!(rest.poll_next_unpin(cx)) {
                    Some(Ok(file)) => {
                        *current = Some(OpenFile {
                            file,
                            splitter: LineSplitter::new(*max_line),
                        });
                    }
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => return Poll::Ready(None),
                }
            },
            #[cfg(feature = "bigquery")]
            Self::Table { rows, read, .. } => {
                let row = ready!(rows.poll_next_unpin(cx));
                *read += 1;
                Poll::Ready(row.map(|row| row.map(|row| (*read, Ok(row)))))
            }
        }
    }

    /// How the rows that come now relate to others.
    fn repetition(&self) -> Repetition {
        match self {
            Self::Files {
                current: Some(open),
                ..
            } => open.file.repetition,
            _ => Repetition::None,
        }
    }

    fn place(&self, number: u64) -> String {
        match self {
            Self::Inline(_) => format!("inlinedResponses[{number}]"),
            Self::Files { current, .. } => {
                let name = current.as_ref().map_or("output", |open| &open.file.name);
                format!("{name} line {number}")
            }
            #[cfg(feature = "bigquery")]
            Self::Table { name, .. } => format!("{name} row {number}"),
        }
    }
}

impl OpenFile {
    /// The next line and its number; `None` at the end of the file.
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Numbered>>> {
        let numbered = |(number, line)| (number, Ok(line));
        loop {
            match self.splitter.next_line() {
                Ok(Some(line)) => return Poll::Ready(Some(Ok(numbered(line)))),
                Ok(None) => {}
                Err(LineTooLong(number)) => {
                    let max = self.splitter.max_line();
                    let reason = format!("it is longer than {max} bytes (`Limits::max_line`)");
                    return Poll::Ready(Some(Ok((number, Err(reason)))));
                }
            }
            match ready!(self.file.chunks.poll_next_unpin(cx)) {
                Some(Ok(chunk)) => self.splitter.push(chunk),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(self.splitter.last_line().map(numbered).map(Ok)),
            }
        }
    }
}

/// The results of a job, one after another: a [`Stream`] of [`BatchResult`].
///
/// Results come in whatever order the service wrote them, each under its key, and after the
/// last row one [`Outcome::Missing`] for each submitted request that had none. A row that
/// cannot be read is passed over and booked in the [`report`](Self::report); an `Err` ends
/// the stream and means that the results could not be read to the end.
///
/// However many results there are, the stream holds a few of them at a time, and of every
/// key that this process submitted no more than 16 bytes, and of a failed row 8 where the output
/// has a file of failures. [`expect_requests`](crate::Results::expect_requests) keeps the keys.
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
    missing: Option<MissingKeys>,
    ledger: Ledger,
    /// For rows without a key, where the caller gave the requests.
    contents: Option<Contents>,
    repeats: Repeats,
    /// Whether a deviation ends the stream.
    strict: bool,
    failed: bool,
    /// The span of the reading, from its opening to its end.
    call: Option<Call>,
}

impl ResultStream {
    pub(crate) fn new(rows: Rows, read_row: ReadRow, expectation: Expectation) -> Self {
        Self {
            rows: Some(rows),
            read_row,
            missing: None,
            ledger: Ledger::new(expectation),
            contents: None,
            repeats: Repeats::default(),
            strict: false,
            failed: false,
            call: None,
        }
    }

    /// Gives rows without a key the key of a request of the same content.
    pub(crate) fn matching(mut self, contents: Option<Contents>) -> Self {
        self.contents = contents;
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
    pub async fn verify(mut self) -> Result<Report> {
        while let Some(result) = self.next().await {
            result?;
        }
        Ok(self.report())
    }

    fn poll_rows(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchResult>>> {
        while let Some(rows) = &mut self.rows {
            let (number, json) = match ready!(rows.poll_next(cx)) {
                Some(Ok(row)) => row,
                Some(Err(error)) => {
                    self.rows = None;
                    self.failed = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.rows = None;
                    let missing = self.ledger.end_of_rows();
                    self.missing =
                        missing.map(|(keys, seen)| Box::pin(keys.missing(seen)) as MissingKeys);
                    break;
                }
            };
            match json.and_then(self.read_row) {
                Ok(mut row) => {
                    if self.repeats.passes_over(&row, rows.repetition()) {
                        continue;
                    }
                    if let (None, Some(contents), Some(request)) =
                        (&row.key, &mut self.contents, &row.request)
                    {
                        row.key = contents.take(request).map(Key::from);
                    }
                    let is_error = matches!(row.body, row::RowBody::Error(_));
                    let place = || rows.place(number);
                    if let row::RowBody::Error(error) = &row.body
                        && error.is_malformed()
                    {
                        self.ledger.note_malformed(&place(), error.message());
                    }
                    let standing = self.ledger.book(row.key.as_deref(), is_error, place);
                    if let Some(error) = self.deviation() {
                        return Poll::Ready(Some(Err(error)));
                    }
                    if let Some(standing) = standing {
                        if let row::RowBody::Response(response) = &row.body {
                            self.ledger.book_usage(response.bytes());
                        }
                        return Poll::Ready(Some(Ok(BatchResult::new(row, standing))));
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

    /// The error that ends the stream, where deviations are errors and there was one.
    fn deviation(&mut self) -> Option<Error> {
        let what = self.ledger.first_deviation().filter(|_| self.strict)?;
        let message = format!("{what} (so far {})", self.ledger.report());
        self.rows = None;
        self.failed = true;
        Some(Error::new(Kind::Deviation, message))
    }

    /// The next request without a row.
    fn poll_missing(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchResult>>> {
        while let Some(missing) = &mut self.missing {
            match ready!(missing.poll_next_unpin(cx)) {
                Some(Ok(key)) => {
                    self.ledger.book_missing(&key);
                    if !self.strict {
                        return Poll::Ready(Some(Ok(BatchResult::missing(key))));
                    }
                }
                Some(Err(error)) => {
                    self.failed = true;
                    let message = "the temporary file with the submitted keys could not be read";
                    return Poll::Ready(Some(Err(Error::io(message, error))));
                }
                None => self.missing = None,
            }
        }
        self.ledger.finish();
        let report = self.ledger.report();
        if self.strict && report.missing > 0 {
            self.failed = true;
            let message = format!("requests have no result: {report}");
            return Poll::Ready(Some(Err(Error::new(Kind::Deviation, message))));
        }
        Poll::Ready(None)
    }
}

impl Stream for ResultStream {
    type Item = Result<BatchResult>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let span = this.call.as_ref().map(|call| call.span().clone());
        let _within = span.as_ref().map(tracing::Span::enter);
        let next = match ready!(this.poll_rows(cx)) {
            None if !this.failed => ready!(this.poll_missing(cx)),
            next => next,
        };
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
