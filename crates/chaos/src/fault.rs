//! The faults of a round, each with all that was drawn for it, and which failed steps each excuses.

use std::time::Duration;

use genai_batch_emulator::{Operation, OutputPlace};

use crate::kind::Kind;

/// How many failures in a row a client with the default number of attempts gets over.
const PATIENCE: usize = 4;
/// The same where the tokens are revoked once, which takes an attempt.
const PATIENCE_WITH_REVOKED_TOKENS: usize = 3;
/// The same where each attempt may also be refused for its token.
const PATIENCE_WITH_SKEWED_TOKENS: usize = 1;

/// A fault with all that was drawn for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Some calls of an operation go wrong.
    Call {
        /// Which calls.
        on: Operation,
        /// What becomes of them.
        how: How,
        /// How many calls go well before.
        skip: usize,
        /// How many do not.
        times: usize,
    },
    /// Downloads of results break off, each after so many bytes.
    DownloadCuts(Vec<u64>),
    /// So many bytes of a chunk of an upload are stored.
    ChunkCut(u64),
    /// The order of the rows.
    Shuffled(u64),
    /// The rows at these positions are lost.
    RowsDropped(Vec<usize>),
    /// The rows at these positions lose their keys.
    KeysDropped(Vec<usize>),
    /// The rows at these positions come twice.
    RowsDoubled(Vec<usize>),
    /// So many rows come that nobody asked for.
    ForeignRows(usize),
    /// A line is no JSON.
    GarbageLine,
    /// The output is shown so much later.
    OutputLate(Duration),
    /// The output is there so much later.
    FileLate(Duration),
    /// Where the output is.
    OnePlace(OutputPlace),
    /// The counts stand still.
    CountsFrozen,
    /// The job expires.
    Expired,
    /// The job fails with this code.
    Failed(i32),
    /// The output is spread over so many files.
    Sharded(usize),
    /// The rows at these positions are in an incremental file too.
    Incremental(Vec<usize>),
    /// Failed rows are in a file of errors too.
    ErrorFile,
    /// The rows at these positions are missing, and the job says so.
    Partial(Vec<usize>),
    /// The job is in such a state for a while.
    OddState(OddState),
    /// Empty pages.
    EmptyPages,
    /// Pages that lead to themselves.
    PageRepeated,
    /// Tokens are revoked before this step.
    TokensRevoked(Step),
    /// Tokens are good for so many calls.
    TokensSkewed(usize),
    /// The future of a step is dropped.
    Dropped(Step, Moment),
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// It is answered with this status.
    Status(u16),
    /// 429, with a time to wait in the body or, where it is zero, in a header.
    Busy(Duration),
    /// Its connection closes, and nothing was done.
    Closed,
    /// Its connection closes after so many bytes of its body, and nothing was done.
    CallCut(usize),
    /// It is done, and its connection closes.
    Unanswered,
    /// It is done, and its answer breaks off after so many thousandths.
    AnswerCut(u16),
    /// Its answer comes in pieces of so many bytes.
    Drip(usize),
    /// It arrives twice.
    Twice,
    /// No answer comes.
    Hang,
}

/// States that a job may be in for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OddState {
    /// `JOB_STATE_PAUSED`.
    Paused,
    /// `JOB_STATE_UPDATING`.
    Updating,
    /// `JOB_STATE_UNSPECIFIED` while it runs.
    Unspecified,
    /// One that no client knows.
    Unknown,
}

/// When a future is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// After so many polls.
    Polls(usize),
    /// Once the service has made the job, and before it says so.
    JobMade,
}

/// What a user does one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// Cancels a job of no interest.
    Cancel,
    /// Uploads the requests.
    Upload,
    /// Looks for the job.
    List,
    /// Creates the job.
    Create,
    /// Waits for its end.
    Wait,
    /// Reads its results.
    Results,
    /// Saves its results.
    Save,
    /// Deletes it.
    Delete,
}

/// Whether calls of this kind make a job.
pub(crate) fn is_create(on: Operation) -> bool {
    matches!(
        on,
        Operation::BatchGenerateContent | Operation::CreateBatchPredictionJob
    )
}

impl Fault {
    /// Under what name the table has it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Call { on, how, .. } => how.kind(is_create(*on)),
            Self::DownloadCuts(_) => Kind::DownloadCut,
            Self::ChunkCut(_) => Kind::ChunkCut,
            Self::Shuffled(_) => Kind::Shuffled,
            Self::RowsDropped(_) => Kind::RowsDropped,
            Self::KeysDropped(_) => Kind::KeysDropped,
            Self::RowsDoubled(_) => Kind::RowsDoubled,
            Self::ForeignRows(_) => Kind::ForeignRows,
            Self::GarbageLine => Kind::GarbageLine,
            Self::OutputLate(_) => Kind::OutputLate,
            Self::FileLate(_) => Kind::FileLate,
            Self::OnePlace(_) => Kind::OnePlace,
            Self::CountsFrozen => Kind::CountsFrozen,
            Self::Expired => Kind::Expired,
            Self::Failed(_) => Kind::Failed,
            Self::Sharded(_) => Kind::Sharded,
            Self::Incremental(_) => Kind::Incremental,
            Self::ErrorFile => Kind::ErrorFile,
            Self::Partial(_) => Kind::Partial,
            Self::OddState(_) => Kind::OddState,
            Self::EmptyPages => Kind::EmptyPages,
            Self::PageRepeated => Kind::PageRepeated,
            Self::TokensRevoked(_) => Kind::TokensRevoked,
            Self::TokensSkewed(_) => Kind::TokensSkewed,
            Self::Dropped(Step::Create, _) => Kind::CreateDropped,
            Self::Dropped(Step::Wait, _) => Kind::WaitDropped,
            Self::Dropped(Step::Results, _) => Kind::ResultsDropped,
            Self::Dropped(..) => Kind::SaveDropped,
        }
    }

    /// Whether the client may pass an error on although nothing else is wrong.
    ///
    /// A quota refuses a create for good, and a listing that leads back to itself tells nothing.
    /// Other failures of calls are the client's to get over, up to a number that
    /// [`excuse`] knows.
    fn surfaces(&self) -> bool {
        match self {
            Self::Call { on, how, .. } => {
                is_create(*on) && matches!(how, How::Status(429) | How::Busy(_))
            }
            Self::PageRepeated => true,
            _ => false,
        }
    }

    /// How often in a row a call of this path may go wrong by this fault.
    fn failures(&self) -> Option<(Path, usize)> {
        match self {
            Self::Call { on, how, times, .. } => {
                let harmless = matches!(how, How::Drip(_) | How::Twice);
                (!harmless).then(|| (Path::of(*on), *times))
            }
            Self::DownloadCuts(cuts) => Some((Path::Download, cuts.len())),
            Self::ChunkCut(_) => Some((Path::Upload, 1)),
            _ => None,
        }
    }
}

/// Calls that one step depends on together, so that their failures add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Upload,
    Download,
    Other(Operation),
}

impl Path {
    fn of(on: Operation) -> Self {
        match on {
            Operation::UploadChunk | Operation::QueryUpload => Self::Upload,
            Operation::DownloadFile | Operation::GetObject => Self::Download,
            other => Self::Other(other),
        }
    }
}

/// Whether some of these faults make it right that a step failed: they last for longer than the
/// client tries, or cannot be got over.
pub(crate) fn excuse(faults: &[Fault]) -> bool {
    let paths: Vec<_> = faults.iter().filter_map(Fault::failures).collect();
    let sum = |path: Path| -> usize {
        let same = paths.iter().filter(|(other, _)| *other == path);
        same.map(|(_, times)| times).sum()
    };
    let patience = faults.iter().map(|fault| match fault {
        Fault::TokensSkewed(_) => PATIENCE_WITH_SKEWED_TOKENS,
        Fault::TokensRevoked(_) => PATIENCE_WITH_REVOKED_TOKENS,
        _ => PATIENCE,
    });
    let patience = patience.min().unwrap_or(PATIENCE);
    let lasts = paths.iter().any(|(path, _)| sum(*path) > patience);
    lasts || faults.iter().any(Fault::surfaces)
}

impl How {
    fn kind(&self, of_create: bool) -> Kind {
        match self {
            Self::Status(408) => Kind::Status408,
            Self::Status(429) => Kind::Status429,
            Self::Status(500) => Kind::Status500,
            Self::Status(502) => Kind::Status502,
            Self::Status(503) => Kind::Status503,
            Self::Status(_) => Kind::Status504,
            Self::Busy(_) => Kind::Busy,
            Self::Closed => Kind::Closed,
            Self::CallCut(_) => Kind::CallCut,
            Self::Unanswered if of_create => Kind::CreateUnanswered,
            Self::Unanswered => Kind::Unanswered,
            Self::AnswerCut(_) if of_create => Kind::CreateCut,
            Self::AnswerCut(_) => Kind::AnswerCut,
            Self::Drip(_) => Kind::Drip,
            Self::Twice => Kind::Twice,
            Self::Hang => Kind::Hang,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(on: Operation, code: u16, times: usize) -> Fault {
        let (how, skip) = (How::Status(code), 0);
        Fault::Call {
            on,
            how,
            skip,
            times,
        }
    }

    #[test]
    fn only_what_lasts_or_cannot_be_got_over_is_an_excuse() {
        let read = |times| status(Operation::GetBatch, 503, times);
        assert!(!excuse(&[read(4)]) && excuse(&[read(5)]));
        assert!(!excuse(&[status(Operation::GetBatch, 429, 1)]));
        assert!(excuse(&[status(Operation::BatchGenerateContent, 429, 1)]));
        assert!(excuse(&[Fault::TokensSkewed(1), read(2)]));
        assert!(excuse(&[Fault::PageRepeated]) && !excuse(&[Fault::EmptyPages]));
    }

    #[test]
    fn failures_on_one_path_add_up() {
        let chunks = status(Operation::UploadChunk, 500, 3);
        let queries = status(Operation::QueryUpload, 500, 2);
        let other = status(Operation::GetBatch, 500, 2);
        assert!(excuse(&[chunks.clone(), queries]));
        assert!(!excuse(&[chunks, other]));
    }
}
