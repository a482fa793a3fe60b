//! The faults of a round, each with all that was drawn for it.

use std::time::Duration;

use genai_batch_emulator::{Distortion, Operation, OutputPlace, UploadLie};

use crate::kind::Kind;

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
    /// Downloads of results come otherwise than they are stored, so often.
    Distorted(Distortion, usize),
    /// The answer to an upload is not true.
    UploadLies(UploadLie),
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
    /// A create takes effect and nobody says so, and the list in which its job is looked for is not
    /// as it should be.
    Unlisted(Listing),
    /// So many calls are refused, whatever they are, from this step on.
    Storm(Step, usize),
    /// Tokens are revoked before this step.
    TokensRevoked(Step),
    /// Tokens are good for so many calls.
    TokensSkewed(usize),
    /// The token endpoint fails so often.
    Tokens {
        /// How.
        how: How,
        /// How often.
        times: usize,
    },
    /// The file of requests changes once the create was polled so often.
    SourceChanged(Change, usize),
    /// Another caller creates a job at the same time, and all that is left to chance falls out for
    /// both as this seed says.
    Forked(u64),
    /// The future of a step is dropped.
    Dropped(Step, Moment),
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// It gets this status.
    Status(u16),
    /// 429, with a time to wait in the body or, where it is zero, in a header.
    Busy(Duration),
    /// Its connection closes, and nothing was done.
    Closed,
    /// Its connection closes after so many bytes of its body, and nothing was done.
    CallCut(usize),
    /// It is done, and its connection closes.
    Unanswered,
    /// It is done, and gets the status 409, as where something on the way sent it twice.
    Conflict,
    /// It is done, and its response breaks off after so many thousandths.
    ResponseCut(u16),
    /// Its response comes in pieces of so many bytes.
    Drip(usize),
    /// It arrives twice.
    Twice,
    /// No response comes.
    Hang,
    /// It is refused for good, by an error that shows what it carried.
    Echo,
    /// It is done, and gets the record of another job.
    OtherJob,
    /// It gets this text in place of what it asks for.
    Garbage,
}

/// What is wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listing {
    /// The job is left out for so long.
    Late(Duration),
    /// The job is left out.
    Never,
    /// The display name comes back without its last characters, so many of them.
    NamesCut(usize),
    /// There is junk among the elements.
    Junk,
}

/// What becomes of a file while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It loses its second half, at the end of a line.
    Truncated,
    /// Other requests of the same length are written over the old ones, and its times set back.
    Rewritten,
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
    /// Does all up to the results in one call.
    Run,
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
        Operation::BatchGenerateContent
            | Operation::AsyncBatchEmbedContent
            | Operation::CreateBatchPredictionJob
    )
}

impl Fault {
    /// Under what name the table has it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Call { on, how, .. } => how.kind(is_create(*on)),
            Self::DownloadCuts(_) => Kind::DownloadCut,
            Self::Distorted(how, _) => match how {
                Distortion::UnaskedPart => Kind::UnaskedPart,
                Distortion::Status(_) => Kind::OtherStatus,
                Distortion::Spoiled | Distortion::OtherRange => Kind::Spoiled,
                Distortion::Earlier { .. } => Kind::Replaced,
                _ => Kind::EndMissing,
            },
            Self::UploadLies(_) => Kind::UploadLie,
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
            Self::Unlisted(Listing::Late(_)) => Kind::ListedLate,
            Self::Unlisted(Listing::Never) => Kind::NeverListed,
            Self::Unlisted(Listing::NamesCut(_)) => Kind::NamesCut,
            Self::Unlisted(Listing::Junk) => Kind::ListJunk,
            Self::Storm(..) => Kind::Storm,
            Self::Tokens { how, .. } => how.kind_at_token_endpoint(),
            Self::SourceChanged(Change::Truncated, _) => Kind::SourceTruncated,
            Self::SourceChanged(Change::Rewritten, _) => Kind::SourceRewritten,
            Self::Forked(_) => Kind::Forked,
            Self::TokensRevoked(_) => Kind::TokensRevoked,
            Self::TokensSkewed(_) => Kind::TokensSkewed,
            Self::Dropped(Step::Create, _) => Kind::CreateDropped,
            Self::Dropped(Step::Run, _) => Kind::RunDropped,
            Self::Dropped(Step::Wait, _) => Kind::WaitDropped,
            Self::Dropped(Step::Results, _) => Kind::ResultsDropped,
            Self::Dropped(..) => Kind::SaveDropped,
        }
    }
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
            Self::Conflict => Kind::CreateConflict,
            Self::ResponseCut(_) if of_create => Kind::CreateCut,
            Self::ResponseCut(_) => Kind::ResponseCut,
            Self::Drip(_) => Kind::Drip,
            Self::Twice => Kind::Twice,
            // The latter is no answer that other services give.
            Self::Hang | Self::Garbage => Kind::Hang,
            Self::Echo => Kind::Echo,
            Self::OtherJob if of_create => Kind::OtherJobMade,
            Self::OtherJob => Kind::OtherJobRead,
        }
    }

    fn kind_at_token_endpoint(&self) -> Kind {
        match self {
            Self::Echo => Kind::Echo,
            Self::Garbage => Kind::TokenGarbage,
            Self::Drip(_) => Kind::TokenSlow,
            Self::Hang | Self::Closed => Kind::TokenSilent,
            _ => Kind::TokenStatus,
        }
    }
}
