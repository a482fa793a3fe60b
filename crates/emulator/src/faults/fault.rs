//! A fault as a value: what a builder or a command line switches on before anything runs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::failure::Failure;
use super::rows::Rows;
use super::switches::Faults;
use crate::operation::Operation;

/// A fault to start an emulator with, by [`Builder::fault`](crate::Builder::fault) or the option
/// `--fault` of the program, which takes what stands in the table. [`Faults`] has these and more, to be
/// turned while the emulator runs.
///
/// | text | what happens |
/// |---|---|
/// | `shuffle-results=7` | results come in another order, which the number decides |
/// | `drop-keys=ROWS` | these rows come without what says which they are |
/// | `drop-rows=ROWS` | these rows are not among the results |
/// | `double-rows=ROWS` | these rows come twice |
/// | `foreign-rows=2` | so many rows come that nobody asked for |
/// | `garbage-line` | a line of the results is not JSON |
/// | `late-output=2s` | the output of a job comes so long after its end |
/// | `shard-output=3` | Vertex AI: results are spread over so many files |
/// | `fail-jobs=13:out of luck` | jobs fail with this code and message |
/// | `expire-jobs` | jobs expire |
/// | `pause-jobs=2s` | Vertex AI: jobs are paused for so long half way |
/// | `list-late=2s` | listings show a job only so long after it was made |
/// | `empty-pages` | an empty page comes before each page of a listing |
/// | `fail-next=OPERATION:2:503` | the next so many calls of this kind fail with this status |
/// | `fail-all-next=2:429` | the next so many calls fail, whatever they are |
/// | `cut-download=1000` | the next download of a file breaks off after so many bytes |
/// | `cut-object=1000` | the next download from Cloud Storage does |
/// | `cut-upload=1000` | of the next piece of an upload, so many bytes are stored |
/// | `expire-tokens=5` | a token is good for so many calls |
/// | `forge-webhooks`, `lose-webhooks`, `double-webhooks`, `date-back-webhooks` | webhooks are signed wrongly, not sent, sent twice, a day old |
///
/// ROWS is `all`, positions from 0 such as `0,4`, or every third as in `every:3`. OPERATION is a name of
/// [`Operation`], such as `batches.get`. In place of a status there may be `close` (the connection
/// closes, and nothing was done), `lose` (it was done, and no response comes) and `hang` (nothing ever
/// comes). Times are those of the emulator's clock.
///
/// ```
/// use genai_batch_emulator::{Emulator, Fault, Operation, Rows};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::builder()
///     .fault(Fault::DropRows(Rows::At(vec![1])))
///     .fault("fail-next=batches.get:2:503".parse()?)
///     .start()
///     .await?;
/// assert_eq!(emulator.faults().failures_left(Operation::GetBatch), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// [`Faults::shuffle_results`].
    ShuffleResults(u64),
    /// [`Faults::drop_keys`].
    DropKeys(Rows),
    /// [`Faults::drop_rows`].
    DropRows(Rows),
    /// [`Faults::double_rows`].
    DoubleRows(Rows),
    /// [`Faults::add_foreign_rows`].
    ForeignRows(usize),
    /// [`Faults::add_garbage_line`].
    GarbageLine,
    /// [`Faults::delay_output`] on Gemini, and [`Faults::delay_output_file`].
    LateOutput(Duration),
    /// [`Faults::shard_output`].
    ShardOutput(usize),
    /// [`Faults::fail_jobs`], with a `google.rpc.Code` and a message.
    FailJobs(i32, String),
    /// [`Faults::expire_jobs`].
    ExpireJobs,
    /// [`Faults::pause_jobs`].
    PauseJobs(Duration),
    /// [`Faults::list_late`].
    ListLate(Duration),
    /// [`Faults::empty_pages`].
    EmptyPages,
    /// [`Faults::fail_next`]: so many calls of this kind fail in this way.
    FailNext(Operation, usize, Failure),
    /// [`Faults::fail_all_next`].
    FailAllNext(usize, Failure),
    /// [`Faults::cut_next_download`].
    CutDownload(u64),
    /// [`Faults::cut_next_object`].
    CutObject(u64),
    /// [`Faults::interrupt_next_chunk`].
    CutUpload(u64),
    /// [`Faults::expire_tokens_after`].
    ExpireTokens(usize),
    /// [`Faults::forge_webhooks`].
    ForgeWebhooks,
    /// [`Faults::lose_webhooks`].
    LoseWebhooks,
    /// [`Faults::double_webhooks`].
    DoubleWebhooks,
    /// [`Faults::date_back_webhooks`].
    DateBackWebhooks,
}

impl Faults {
    /// Switches a fault on, beside those that are on already.
    pub fn switch_on(&self, fault: Fault) {
        match fault {
            Fault::ShuffleResults(seed) => self.shuffle_results(seed),
            Fault::DropKeys(rows) => self.drop_keys(rows),
            Fault::DropRows(rows) => self.drop_rows(rows),
            Fault::DoubleRows(rows) => self.double_rows(rows),
            Fault::ForeignRows(count) => self.add_foreign_rows(count),
            Fault::GarbageLine => self.add_garbage_line(),
            Fault::LateOutput(by) => {
                self.delay_output(by);
                self.delay_output_file(by);
            }
            Fault::ShardOutput(files) => self.shard_output(files),
            Fault::FailJobs(code, message) => self.fail_jobs(code, message),
            Fault::ExpireJobs => self.expire_jobs(),
            Fault::PauseJobs(by) => self.pause_jobs(by),
            Fault::ListLate(by) => self.list_late(by),
            Fault::EmptyPages => self.empty_pages(),
            Fault::FailNext(operation, times, failure) => self.fail_next(operation, times, failure),
            Fault::FailAllNext(times, failure) => self.fail_all_next(times, failure),
            Fault::CutDownload(after) => self.cut_next_download(after),
            Fault::CutObject(after) => self.cut_next_object(after),
            Fault::CutUpload(stored) => self.interrupt_next_chunk(stored),
            Fault::ExpireTokens(calls) => self.expire_tokens_after(calls),
            Fault::ForgeWebhooks => self.forge_webhooks(),
            Fault::LoseWebhooks => self.lose_webhooks(),
            Fault::DoubleWebhooks => self.double_webhooks(),
            Fault::DateBackWebhooks => self.date_back_webhooks(),
        }
    }
}

/// A text that is no [`Fault`]; [`Display`](fmt::Display) says what of it, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim()),
            None => (text.trim(), ""),
        };
        let takes = |what: &str| {
            let given = match value {
                "" => "nothing".to_owned(),
                value => format!("{value:?}"),
            };
            UnknownFault(format!("the fault `{name}` takes {what}, and not {given}"))
        };
        let alone = |fault| match value {
            "" => Ok(fault),
            _ => Err(takes("no value")),
        };
        let rows = || rows(value).ok_or_else(|| takes("rows: `all`, `0,4` or `every:3`"));
        let number = || value.parse::<u64>().map_err(|_| takes("a number"));
        let count = || value.parse::<usize>().map_err(|_| takes("a number"));
        let time = || time(value).ok_or_else(|| takes("a time, such as `2s` or `500ms`"));
        match name {
            "shuffle-results" => number().map(Self::ShuffleResults),
            "drop-keys" => rows().map(Self::DropKeys),
            "drop-rows" => rows().map(Self::DropRows),
            "double-rows" => rows().map(Self::DoubleRows),
            "foreign-rows" => count().map(Self::ForeignRows),
            "garbage-line" => alone(Self::GarbageLine),
            "late-output" => time().map(Self::LateOutput),
            "shard-output" => count().map(Self::ShardOutput),
            "fail-jobs" => {
                let (code, message) = value.split_once(':').unwrap_or((value, "failed on demand"));
                let code = code.trim().parse();
                let code = code.map_err(|_| takes("a code and a message, such as `13:no luck`"))?;
                Ok(Self::FailJobs(code, message.trim().to_owned()))
            }
            "expire-jobs" => alone(Self::ExpireJobs),
            "pause-jobs" => time().map(Self::PauseJobs),
            "list-late" => time().map(Self::ListLate),
            "empty-pages" => alone(Self::EmptyPages),
            "fail-next" => {
                let form = "an operation, a count and a status, such as `batches.get:2:503`";
                let (operation, rest) = value.split_once(':').ok_or_else(|| takes(form))?;
                let operation = Operation::ALL
                    .iter()
                    .find(|known| known.as_str() == operation);
                let operation = operation.ok_or_else(|| {
                    let known = Operation::ALL.iter().map(|known| known.as_str());
                    let known = known.collect::<Vec<_>>().join(", ");
                    takes(&format!("an operation of these: {known}"))
                })?;
                let (times, failure) = failures(rest).ok_or_else(|| takes(form))?;
                Ok(Self::FailNext(*operation, times, failure))
            }
            "fail-all-next" => {
                let form = "a count and a status, such as `2:429`";
                let (times, failure) = failures(value).ok_or_else(|| takes(form))?;
                Ok(Self::FailAllNext(times, failure))
            }
            "cut-download" => number().map(Self::CutDownload),
            "cut-object" => number().map(Self::CutObject),
            "cut-upload" => number().map(Self::CutUpload),
            "expire-tokens" => count().map(Self::ExpireTokens),
            "forge-webhooks" => alone(Self::ForgeWebhooks),
            "lose-webhooks" => alone(Self::LoseWebhooks),
            "double-webhooks" => alone(Self::DoubleWebhooks),
            "date-back-webhooks" => alone(Self::DateBackWebhooks),
            _ => Err(UnknownFault(format!(
                "there is no fault {name:?}: they are in the documentation of `Fault`, and in \
                 docs/testing.md"
            ))),
        }
    }
}

fn rows(text: &str) -> Option<Rows> {
    if text == "all" {
        return Some(Rows::All);
    }
    if let Some(n) = text.strip_prefix("every:") {
        return n.parse().ok().filter(|n| *n > 0).map(Rows::Every);
    }
    let positions = text.split(',').map(|position| position.trim().parse());
    positions.collect::<Result<_, _>>().ok().map(Rows::At)
}

fn time(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

/// How often what is to fail: `2:503`, `1:hang`.
fn failures(text: &str) -> Option<(usize, Failure)> {
    let (times, how) = text.split_once(':')?;
    let failure = match how.trim() {
        "close" => Failure::CloseBeforeAnswer,
        "lose" => Failure::CloseAfterEffect,
        "hang" => Failure::Hang,
        "503" => Failure::service_unavailable(),
        "429" => Failure::too_many_requests(Duration::from_secs(1)),
        code => {
            let code = code.parse().ok().filter(|code| (400..600).contains(code))?;
            Failure::status(code, name_of(code), "failed on demand")
        }
    };
    Some((times.trim().parse().ok()?, failure))
}

/// The name that Google's services give with a status (`google.rpc.Code`).
fn name_of(code: u16) -> &'static str {
    match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ALREADY_EXISTS",
        499 => "CANCELLED",
        500 => "INTERNAL",
        501 => "UNIMPLEMENTED",
        504 => "DEADLINE_EXCEEDED",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each fault of the table in the documentation, with values in the place of its words.
    #[test]
    fn every_fault_of_the_table_is_read() {
        let table = include_str!("fault.rs");
        let rows = table
            .lines()
            .filter_map(|line| line.strip_prefix("/// | `"));
        let mut count = 0;
        for text in rows.filter_map(|row| row.split(" |").next()) {
            for text in text.split(", ") {
                let text = text.trim_matches('`');
                let text = text
                    .replace("ROWS", "all")
                    .replace("OPERATION", "files.get");
                let fault = text.parse::<Fault>();
                assert!(fault.is_ok(), "{text}: {fault:?}");
                Faults::default().switch_on(fault.unwrap());
                count += 1;
            }
        }
        assert_eq!(count, 23);
    }

    #[test]
    fn values_are_read() {
        let read = |text: &str| text.parse::<Fault>().unwrap();
        assert_eq!(
            read("drop-rows=0, 4"),
            Fault::DropRows(Rows::At(vec![0, 4]))
        );
        assert_eq!(read("drop-rows=every:3"), Fault::DropRows(Rows::Every(3)));
        assert_eq!(
            read("late-output=1m 2s"),
            Fault::LateOutput(Duration::from_secs(62))
        );
        assert_eq!(
            read("fail-jobs=8:a: b"),
            Fault::FailJobs(8, "a: b".to_owned())
        );
        assert_eq!(
            read("fail-next=batches.get:2:lose"),
            Fault::FailNext(Operation::GetBatch, 2, Failure::CloseAfterEffect)
        );
        let not_found = Failure::status(404, "NOT_FOUND", "failed on demand");
        assert_eq!(
            read("fail-all-next=1:404"),
            Fault::FailAllNext(1, not_found)
        );
    }

    #[test]
    fn what_is_none_is_told() {
        for (text, told) in [
            ("", "no fault \"\""),
            ("sleep", "no fault \"sleep\""),
            ("garbage-line=1", "takes no value, and not \"1\""),
            (
                "drop-rows",
                "takes rows: `all`, `0,4` or `every:3`, and not nothing",
            ),
            ("drop-rows=every:0", "takes rows"),
            ("late-output=soon", "takes a time"),
            ("fail-next=batches.gte:1:503", "batches.get, batches.list"),
            ("fail-next=batches.get:1", "such as `batches.get:2:503`"),
            ("fail-all-next=1:200", "such as `2:429`"),
            ("fail-jobs=x", "such as `13:no luck`"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
