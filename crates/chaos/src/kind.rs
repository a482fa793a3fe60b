//! The names of the faults: the lines of the table that a run ends with, and what a round draws
//! from.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $variant,)*
        }

        impl Kind {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// How the table calls it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A call is answered 408.
    Status408 => "status 408",
    /// A call is answered 429, without a word on when to come back.
    Status429 => "status 429",
    /// A call is answered 429, with a time to wait.
    Busy => "status 429 with a wait",
    /// A call is answered 500.
    Status500 => "status 500",
    /// A call is answered 502, with the HTML page of a proxy.
    Status502 => "status 502",
    /// A call is answered 503.
    Status503 => "status 503",
    /// A call is answered 504.
    Status504 => "status 504",
    /// The connection closes before the answer, and nothing was done.
    Closed => "connection closed",
    /// The connection closes while the call is sent, and nothing was done.
    CallCut => "call cut at a random byte",
    /// A create takes effect, and nobody says so.
    CreateUnanswered => "create accepted, unanswered",
    /// A create takes effect, and its answer breaks off.
    CreateCut => "create accepted, answer cut",
    /// Another call takes effect, and nobody says so.
    Unanswered => "call done, unanswered",
    /// The answer breaks off anywhere.
    AnswerCut => "answer cut at a random byte",
    /// The answer comes a few bytes at a time.
    Drip => "slow drip",
    /// The call arrives twice.
    Twice => "call delivered twice",
    /// No answer ever comes.
    Hang => "no answer at all",
    /// The download of results breaks off anywhere.
    DownloadCut => "download cut at a random byte",
    /// A chunk of an upload is stored in part.
    ChunkCut => "upload chunk stored in part",
    /// Rows come in another order.
    Shuffled => "rows shuffled",
    /// Rows are lost.
    RowsDropped => "rows dropped",
    /// The keys of rows are lost.
    KeysDropped => "keys dropped",
    /// Rows come twice.
    RowsDoubled => "rows delivered twice",
    /// Rows come that nobody asked for.
    ForeignRows => "foreign rows",
    /// A line is no JSON.
    GarbageLine => "garbage line",
    /// The job ends before it shows its output.
    OutputLate => "output late",
    /// The output is shown before it is there.
    FileLate => "output file late",
    /// The output stands in one of its two places.
    OnePlace => "output in one place",
    /// The counts of the job stand still.
    CountsFrozen => "counts frozen",
    /// The job expires.
    Expired => "job expired",
    /// The job fails.
    Failed => "job failed",
    /// The output is spread over files.
    Sharded => "output in shards",
    /// An incremental file repeats rows.
    Incremental => "incremental file",
    /// A file of errors repeats rows.
    ErrorFile => "error file",
    /// The job succeeds in part.
    Partial => "partial success",
    /// The job is held, or in a state that no client knows.
    OddState => "odd states",
    /// Every page of a listing has an empty one before it.
    EmptyPages => "empty pages",
    /// Every page of a listing leads back to itself.
    PageRepeated => "page token repeated",
    /// Tokens are revoked.
    TokensRevoked => "tokens revoked",
    /// Tokens expire before the client thinks that they do.
    TokensSkewed => "clock skew of tokens",
    /// The future of the create is dropped.
    CreateDropped => "future dropped: create",
    /// The future of the wait is dropped.
    WaitDropped => "future dropped: wait",
    /// The future of the results is dropped.
    ResultsDropped => "future dropped: results",
    /// The future of saving the results is dropped.
    SaveDropped => "future dropped: save",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
