//! What `benches/` and `fuzz/` reach within the crate and no caller does, by name.
//!
//! Nothing is done here. A method that callers have no use for is not opened on a type of theirs:
//! a function hands it out.

use std::time::Duration;

use bytes::Bytes;

pub use crate::error::PASSING_STATUSES;
pub use crate::http::censor::Secrets;
pub use crate::http::error::{Refusal, from_response, read_refusal};
pub use crate::keys::{SubmittedKeys, SubmittedKeysBuilder};
pub use crate::results::ledger::{Expectation, Ledger};
pub use crate::results::line::write_line;
pub use crate::results::row::{ReadRow, Row, RowBody};
pub use crate::scan::lines::{LineSplitter, LineTooLong};
pub use crate::source::content_index::ContentIndex;
pub use crate::source::entry::Line;
pub use crate::source::intake::{Defaults, Intake};
pub use crate::source::kind::{EmbedForm, JobKind};
pub use crate::uri::{BigQueryTable, GcsUri};

use crate::error::{Attempts, Error, Result};
use crate::http::connections::Connections;
use crate::http::retry::RetryPolicy;
use crate::job::BatchJob;
use crate::raw::Kept;
use crate::raw::gemini::types::Operation;
use crate::results::{BatchResult, ByteStream, KeyMatch, ResultStream, Rows};

/// Options of a client, checked.
pub mod check {
    pub use crate::builder::check::{base_url, headers, version};
}

/// The Gemini backend.
pub mod gemini {
    pub use crate::backend::gemini::name::{GeminiModel, gemini_file_id, gemini_job_id};
    pub use crate::backend::gemini::results::{any_row, read_row};
}

/// The Vertex AI backend, and where its jobs read and write.
#[cfg(feature = "vertex")]
pub mod vertex {
    pub use crate::backend::vertex::name::{JobName, ProjectLocation, host, model};
    pub use crate::backend::vertex::results::{any_row, read_row};
}

/// The rows that a job of Gemini holds, from the response to a get.
pub fn inlined_rows(response: Bytes) -> Result<Vec<Bytes>> {
    let operation = Kept::<Operation>::of(response);
    let job = BatchJob::try_from(operation)?;
    Ok(job.record.details.inlined.to_vec())
}

/// A result as the stream makes it of a row.
pub fn result(row: Row, key_match: KeyMatch) -> BatchResult {
    BatchResult::new(row, key_match)
}

/// The results of rows that a job holds.
pub fn inline_results(
    rows: Vec<Bytes>,
    read_row: ReadRow,
    expectation: Expectation,
    contents: Option<ContentIndex>,
) -> ResultStream {
    ResultStream::new(Rows::inline(rows.into()), read_row, expectation).matching(contents)
}

/// The results of a file that comes in these chunks.
pub fn file_results(
    chunks: ByteStream,
    read_row: ReadRow,
    expectation: Expectation,
    contents: Option<ContentIndex>,
) -> ResultStream {
    let rows = Rows::file(
        "out.jsonl".to_owned(),
        chunks,
        usize::MAX,
        Connections::default(),
    );
    ResultStream::new(rows, read_row, expectation).matching(contents)
}

/// The wait before a call that failed with this error is made again.
pub fn delay(
    policy: &RetryPolicy,
    error: &Error,
    attempts: u32,
    elapsed: Duration,
) -> Option<Duration> {
    let attempts = Attempts {
        count: attempts,
        elapsed,
        may_be_done: false,
    };
    policy.delay(policy.applies_to(error), attempts, error.retry_after())
}
