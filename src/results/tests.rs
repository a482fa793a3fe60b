//! The stream of results over rows that tests make up.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};

use super::*;
use crate::backend::gemini::results::read_row;
use crate::http::connections::{Budget, Connections};
use crate::keys::SubmittedKeysBuilder;

async fn keys(keys: &[&str]) -> Expectation {
    let mut builder = SubmittedKeysBuilder::default();
    for (place, key) in (1..).zip(keys) {
        builder.push(key, place).await.unwrap();
    }
    let expected = builder.finish().await.unwrap().unwrap();
    Expectation::Keys(Arc::new(expected))
}

fn response(key: &str) -> String {
    format!(r#"{{"key":"{key}","response":{{"candidates":[]}}}}"#)
}

fn failure(key: &str) -> String {
    format!(r#"{{"key":"{key}","error":{{"code":8}}}}"#)
}

fn inline(rows: &[&str]) -> Rows {
    let rows = rows
        .iter()
        .map(|row| Bytes::copy_from_slice(row.as_bytes()));
    Rows::inline(Arc::new(rows.collect()))
}

fn chunks(pieces: Vec<Result<&'static str>>) -> ByteStream {
    let pieces = pieces.into_iter();
    Box::pin(stream::iter(pieces.map(|piece| piece.map(Bytes::from))))
}

fn connections(count: usize) -> Connections {
    Connections::new(Some(count), Arc::new(Budget::new(0)))
}

fn file(pieces: Vec<Result<&'static str>>, max_line: usize) -> Rows {
    Rows::file("files/a".into(), chunks(pieces), max_line, connections(1))
}

/// Files that hold these lines, each with how its failures relate to those of others.
#[cfg(feature = "gcs")]
fn files(files: Vec<(&'static str, Repetition, Vec<String>)>, count: usize) -> Rows {
    let files = files.into_iter().map(|(name, repetition, lines)| {
        let text = Bytes::from(lines.join("\n"));
        let chunks: ByteStream = Box::pin(stream::iter([Ok(text)]));
        OutputFile {
            name: name.into(),
            repetition,
            contents: Box::pin(std::future::ready(Ok(chunks))),
        }
    });
    Rows::files(files, 1000, connections(count))
}

fn results(rows: Rows, expectation: Expectation) -> ResultStream {
    ResultStream::new(rows, read_row, expectation)
}

/// The key of each result, with what became of it in a letter.
async fn told(mut results: ResultStream) -> (Vec<String>, Report) {
    let mut told = Vec::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let letter = match result.outcome() {
            Outcome::Response(_) => "r",
            Outcome::Error(_) => "e",
            Outcome::Missing => "m",
        };
        told.push(format!("{}:{letter}", result.key().unwrap_or("?")));
    }
    (told, results.report())
}

#[tokio::test]
async fn what_is_off_is_told_by_its_place() {
    let a = response("a");
    let rows = ["{", &*a, "{}"];
    let (_, report) = told(results(inline(&rows), Expectation::Unknown)).await;
    assert_eq!(report.unreadable, 1);
    assert!(report.unreadable_places[0].starts_with("inlinedResponses[0]: "));
    assert_eq!(report.keyless_places, ["inlinedResponses[2]"]);

    let lines = vec![Ok("{}\n\n{\n{"), Ok("}\n1234567890")];
    let (_, report) = told(results(file(lines, 9), Expectation::Unknown)).await;
    assert_eq!(report.keyless_places, ["files/a line 1", "files/a line 4"]);
    let [unreadable, long] = &report.unreadable_places[..] else {
        panic!("{report:?}");
    };
    assert!(unreadable.starts_with("files/a line 3: "), "{unreadable}");
    let too_long = "files/a line 5: it is longer than 9 bytes (`Limits::max_line`)";
    assert_eq!(long, too_long);
}

#[cfg(feature = "bigquery")]
#[tokio::test]
async fn the_rows_of_a_table_are_counted_from_one() {
    let table = Rows::table("bq://p.d.t".into(), chunks(vec![Ok("{}"), Ok("{")]));
    let (_, report) = told(results(table, Expectation::Unknown)).await;
    assert_eq!(report.keyless_places, ["bq://p.d.t row 1"]);
    assert!(report.unreadable_places[0].starts_with("bq://p.d.t row 2: "));
}

#[tokio::test]
async fn what_is_missing_comes_last_and_what_comes_twice_not_at_all() {
    let mut lines: Vec<_> = ["b", "a"].map(response).into();
    // More of them than are passed over at once.
    lines.extend(std::iter::repeat_n(response("b"), 1000));
    lines.push(failure("c"));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let (told, report) = told(results(
        inline(&lines),
        keys(&["a", "b", "c", "d", "e"]).await,
    ))
    .await;
    assert_eq!(told, ["b:r", "a:r", "c:e", "d:m", "e:m"]);
    assert_eq!((report.duplicates, report.missing), (1000, 2));
    assert_eq!((report.responses, report.errors), (2, 1));
    assert!(report.finished && !report.is_complete());
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn a_failure_that_a_later_file_repeats_is_one() {
    for count in [1, 3] {
        repeated_failures(count).await;
    }
}

#[cfg(feature = "gcs")]
async fn repeated_failures(count: usize) {
    let failed = |keys: &[&str]| keys.iter().map(|key| failure(key)).collect::<Vec<_>>();
    let without_key = r#"{"error":{"code":8},"n":1}"#.to_owned();
    let rows = files(
        vec![
            (
                "results",
                Repetition::Follows,
                [failed(&["a"]), vec![response("b"), without_key.clone()]].concat(),
            ),
            (
                "failures",
                Repetition::Possible,
                [failed(&["a", "c"]), vec![response("b"), without_key]].concat(),
            ),
        ],
        count,
    );
    let (told, report) = told(results(rows, keys(&["a", "b", "c"]).await)).await;
    // A response that comes twice is told.
    assert_eq!(told, ["a:e", "b:r", "?:e", "c:e"]);
    assert_eq!((report.duplicates, report.keyless), (1, 1));

    // In files that repeat nothing, a row that comes twice is told.
    let twice = vec![("results", Repetition::None, failed(&["a", "a"]))];
    let (_, report) = self::told(results(files(twice, count), keys(&["a"]).await)).await;
    assert_eq!(report.duplicates, 1);
    let first = vec![
        ("results", Repetition::Follows, failed(&["a", "a"])),
        ("others", Repetition::None, failed(&["a"])),
    ];
    let (_, report) = self::told(results(files(first, count), keys(&["a"]).await)).await;
    assert_eq!(report.duplicates, 2);
}

#[tokio::test]
async fn an_output_that_breaks_off_is_not_read_to_its_end() {
    let a = r#"{"key":"a","response":{}}"#;
    let cut = || vec![Ok(a), Ok("\n"), Err(Error::protocol("cut"))];
    for strict in [false, true] {
        let results = results(file(cut(), 1000), keys(&["a", "b"]).await);
        let mut results = results.strict(strict);
        let first = results.try_next().await.unwrap().unwrap();
        assert_eq!(first.key(), Some("a"));
        let error = results.try_next().await.unwrap_err();
        assert!(error.is_protocol(), "{error}");
        assert!(results.try_next().await.unwrap().is_none());
        let report = results.report();
        assert!(!report.finished && report.missing == 0, "{report}");
    }
    let whole = results(file(cut(), 1000), Expectation::Count(1));
    assert!(whole.verify().await.unwrap_err().is_protocol());
}

#[tokio::test]
async fn where_deviations_are_errors_the_first_ends_it() {
    let ok = response("a");
    let malformed = r#"{"key":"b","response":7}"#;
    for (rows, what) in [
        ([&*ok, "{"], "inlinedResponses[1] cannot be read"),
        ([&*ok, &*ok], "which has a result already"),
        ([&*ok, r#"{"key":"x","response":{}}"#], "was not submitted"),
        ([&*ok, r#"{"response":{}}"#], "has no key"),
        ([&*ok, malformed], "cannot be read"),
        ([&*ok, ""], "cannot be read"),
    ] {
        let mut results = results(inline(&rows), keys(&["a", "b"]).await).strict(true);
        assert!(results.try_next().await.unwrap().is_some());
        let error = results.try_next().await.unwrap_err();
        assert!(error.is_deviation(), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert!(results.try_next().await.unwrap().is_none());
        assert!(!results.report().finished);
    }
    // What is missing is told once, with all of its keys.
    let mut results = results(inline(&[&ok]), keys(&["a", "b", "c"]).await).strict(true);
    assert!(results.try_next().await.unwrap().is_some());
    let error = results.try_next().await.unwrap_err();
    assert!(error.is_deviation(), "{error}");
    assert!(error.to_string().contains("2 missing (b, c)"), "{error}");
    assert!(results.try_next().await.unwrap().is_none());

    let whole = self::results(inline(&[&ok]), keys(&["a"]).await).strict(true);
    assert!(whole.verify().await.unwrap().is_complete());
}

#[tokio::test]
async fn tokens_are_counted_where_it_is_asked_for() {
    let row = r#"{"key":"a","response":{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}}"#;
    for count in [true, false] {
        let results = results(inline(&[row, row]), keys(&["a"]).await);
        let report = results.counting_usage(count).verify().await.unwrap();
        // Those of a row that is passed over are not the job's.
        let input = report.usage.map(|usage| usage.total().input_tokens());
        assert_eq!(input, count.then_some(5));
    }
}

fn endless(chunk: &'static [u8], max_line: usize) -> Rows {
    let chunks = stream::repeat_with(move || Ok(Bytes::from_static(chunk)));
    let chunks: ByteStream = Box::pin(chunks);
    Rows::file("files/a".into(), chunks, max_line, connections(1))
}

#[tokio::test]
async fn an_output_without_end_is_an_error() {
    static LINE: [u8; 1 << 20] = [b'x'; 1 << 20];
    static BLANK: [u8; 1 << 20] = [b' '; 1 << 20];
    static BLANKS: [u8; 1 << 20] = {
        let (mut blanks, mut at) = ([b' '; 1 << 20], 0);
        while at < blanks.len() {
            blanks[at] = b'\n';
            at += 4096;
        }
        blanks
    };
    let of_one = || Some(MostRows::of_requests(1));
    for chunk in [&LINE[..], &BLANK, &BLANKS] {
        let results = results(endless(chunk, 10_000), keys(&["a"]).await).up_to(of_one());
        let error = results.verify().await.unwrap_err();
        assert!(error.is_protocol(), "{error}");
        let told = "files/a: after 16 MiB without a line that can be read";
        assert!(error.to_string().contains(told), "{error}");
    }
    for line in [
        &b"{\"key\":\"x\",\"response\":{}}\n"[..],
        b"{\"key\":\"a\",\"response\":{}}\n",
        b"{\"response\":{}}\n",
        b"{\"key\": cut\n",
        b"\0\n",
    ] {
        let results = results(endless(line, 1000), keys(&["a"]).await);
        let error = results.up_to(of_one()).verify().await.unwrap_err();
        assert!(error.is_protocol(), "{error}");
        let told = "the output has over 1004 rows, and the job 1 requests";
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[tokio::test]
async fn rows_as_no_service_should_write_them_are_told() {
    let text = "\u{feff}{\"key\":\"a\",\"response\":{\"candidates\":[]}}\r\n\r\n\
        {\"key\":\"b\u{0}\",\"response\":{}}\r\n{\"key\":\"c \",\"response\":{}}\n\
        {\"key\":\"e\u{301}\",\"response\":{}}\n{\"key\":\"d\",\"resp";
    let rows = file(vec![Ok(text)], 1000);
    let expected = keys(&["a", "b", "c", "d", "é"]).await;
    let (told, report) = {
        let mut results = results(rows, expected);
        let mut told = Vec::new();
        while let Some(result) = results.try_next().await.unwrap() {
            told.push((result.key().map(str::to_owned), result.key_match()));
        }
        (told, results.report())
    };
    let matched = told.iter().filter(|(_, it)| *it == KeyMatch::Matched);
    assert_eq!(matched.count(), 5, "{told:?}");
    assert_eq!((report.responses, report.missing), (1, 4), "{report}");
    // A key of almost the same letters is another one; a control character is no JSON.
    assert_eq!((report.unexpected, report.unreadable), (2, 2), "{report}");
}
