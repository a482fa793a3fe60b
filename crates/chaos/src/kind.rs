//! The names of the faults: the lines of the table that a run ends with, and what a round draws
//! from.

use crate::names::names;

names! {
    /// A kind of fault.
    Kind {
        /// A call gets the status 408.
        Status408 => "status 408",
        /// A call gets the status 429, without a word on when to come back.
        Status429 => "status 429",
        /// A call gets the status 429, with a time to wait.
        Busy => "status 429 with a wait",
        /// A call gets the status 500.
        Status500 => "status 500",
        /// A call gets the status 502, with the HTML page of a proxy.
        Status502 => "status 502",
        /// A call gets the status 503.
        Status503 => "status 503",
        /// A call gets the status 504.
        Status504 => "status 504",
        /// The connection closes before the response, and nothing was done.
        Closed => "connection closed",
        /// The connection closes while the call is sent, and nothing was done.
        CallCut => "call cut at a random byte",
        /// A create takes effect, and nobody says so.
        CreateUnanswered => "create accepted, unanswered",
        /// A create takes effect, and its response breaks off.
        CreateCut => "create accepted, response cut",
        /// A create takes effect, and is answered that its job is there already.
        CreateConflict => "create accepted, status 409",
        /// Another call takes effect, and nobody says so.
        Unanswered => "call done, unanswered",
        /// The response breaks off anywhere.
        ResponseCut => "response cut at a random byte",
        /// The response comes a few bytes at a time.
        Drip => "slow drip",
        /// The call arrives twice.
        Twice => "call delivered twice",
        /// No response ever comes.
        Hang => "no response at all",
        /// The error that a call gets shows the secrets that it carried.
        Echo => "secrets shown in an error",
        /// A read gets the record of another job.
        OtherJobRead => "read answered with another job",
        /// A create takes effect, and gets the record of another job.
        OtherJobMade => "create answered with another job",
        /// The download of results breaks off anywhere.
        DownloadCut => "download cut at a random byte",
        /// A download is answered as if a part had been asked for.
        UnaskedPart => "download: unasked 206",
        /// A download is answered with another status of success.
        OtherStatus => "download: status 202 or 204",
        /// A download that told no length ends with its connection.
        EndMissing => "download cut without a length",
        /// A download is not what its checksum is of.
        Spoiled => "download spoiled",
        /// Contents are replaced at equal size, between a break and the download's going on.
        Replaced => "contents replaced",
        /// The answer to an upload is not true of what was sent.
        UploadLie => "upload answered untruly",
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
        /// A create is not answered, and its job shows only after several looks.
        ListedLate => "listed late",
        /// A create is not answered, and its job never shows.
        NeverListed => "never listed",
        /// A create is not answered, and the name of its job comes back cut.
        NamesCut => "display names cut",
        /// A create is not answered, and there is junk in the list.
        ListJunk => "junk in a list",
        /// Every call is refused for a while.
        Storm => "429 storm",
        /// Tokens are revoked.
        TokensRevoked => "tokens revoked",
        /// Tokens expire before the client thinks that they do.
        TokensSkewed => "clock skew of tokens",
        /// The token endpoint fails.
        TokenStatus => "token endpoint: status",
        /// The token endpoint gives what is no token.
        TokenGarbage => "token endpoint: garbage",
        /// The token endpoint gives no response.
        TokenSilent => "token endpoint: no response",
        /// The token endpoint is slow.
        TokenSlow => "token endpoint: slow drip",
        /// The file of requests is cut short while it is read.
        SourceTruncated => "source truncated",
        /// The file of requests is written anew while it is read.
        SourceRewritten => "source rewritten",
        /// Two callers create from the same state of chance.
        Forked => "forked callers",
        /// The future of the create is dropped.
        CreateDropped => "future dropped: create",
        /// The future of the wait is dropped.
        WaitDropped => "future dropped: wait",
        /// The future of the results is dropped.
        ResultsDropped => "future dropped: results",
        /// The future of all in one is dropped.
        RunDropped => "future dropped: run",
        /// The future of saving the results is dropped.
        SaveDropped => "future dropped: save",
    }
}
