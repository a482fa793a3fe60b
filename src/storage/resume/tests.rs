//! Downloads over responses that follow a script.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures_util::{TryStreamExt, stream};
use reqwest::Body as Sent;
use reqwest::header::{IF_RANGE, RANGE};

use super::*;
use crate::error::HttpFailure;

const CONTENTS: &str = "0123456789";
const ETAG: (&str, &str) = ("etag", "\"a\"");
const LENGTH: (&str, &str) = ("content-length", "10");
const CHUNKED: (&str, &str) = ("transfer-encoding", "chunked");

static SESSION: LazyLock<Session> = LazyLock::new(|| Session::new("key").unwrap());

/// What a response has after its head, piece by piece.
#[derive(Debug, Clone, Copy)]
enum Piece {
    Bytes(&'static str),
    Break,
    /// Nothing, for ever.
    Silence,
}
use Piece::{Break, Bytes as Text, Silence};

/// Contents that come in these responses, one after another.
struct Scripted {
    responses: Mutex<VecDeque<Result<Response>>>,
    /// The byte from which each was asked for, and the mark that it was asked for with.
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Remote for Scripted {
    fn session(&self) -> &Session {
        &SESSION
    }

    fn name(&self) -> &str {
        "the contents"
    }

    async fn request(&self, headers: HeaderMap) -> Result<Response> {
        let text = |name| {
            let value = headers.get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        self.asked
            .lock()
            .unwrap()
            .push((text(RANGE), text(IF_RANGE)));
        let next = self.responses.lock().unwrap().pop_front();
        next.expect("a request too many")
    }
}

fn response(
    status: u16,
    headers: &[(&str, &str)],
    pieces: impl IntoIterator<Item = Piece>,
) -> Result<Response> {
    let pieces: Vec<_> = pieces.into_iter().collect();
    let body = stream::iter(pieces).then(|piece| async move {
        match piece {
            Text(text) => Ok(text),
            Break => Err(std::io::Error::other("cut")),
            Silence => std::future::pending().await,
        }
    });
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(Sent::wrap_stream(body)).unwrap().into())
}

/// What comes from a byte on, in response to being asked for that.
fn rest(from: usize, pieces: impl IntoIterator<Item = Piece>) -> Result<Response> {
    let range = format!("bytes {from}-9/10");
    let length = (10 - from).to_string();
    let headers = [
        ETAG,
        ("content-range", range.as_str()),
        ("content-length", length.as_str()),
    ];
    response(206, &headers, pieces)
}

fn refusal(status: u16, retry_after: Option<u64>) -> Result<Response> {
    let failure = HttpFailure {
        status,
        retry_after: retry_after.map(Duration::from_secs),
        ..HttpFailure::default()
    };
    Err(Error::status_response(failure, "no".into()))
}

/// What came of a download, and what was asked for.
struct Outcome {
    read: Result<String>,
    asked: Vec<(String, String)>,
    took: Duration,
}

async fn download_known(
    responses: impl IntoIterator<Item = Result<Response>>,
    known: Known,
) -> Outcome {
    let asked = Arc::default();
    let remote = Scripted {
        responses: Mutex::new(responses.into_iter().collect()),
        asked: Arc::clone(&asked),
    };
    let started = Instant::now();
    let read = async {
        let chunks = start(remote, Connections::default()).await?.download(known);
        let chunks: Vec<_> = chunks.try_collect().await?;
        assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
        Ok(String::from_utf8(chunks.concat()).unwrap())
    };
    let read = read.await;
    Outcome {
        read,
        took: started.elapsed(),
        asked: std::mem::take(&mut *asked.lock().unwrap()),
    }
}

async fn download(responses: impl IntoIterator<Item = Result<Response>>) -> Outcome {
    download_known(responses, Known::default()).await
}

impl Outcome {
    #[track_caller]
    fn whole(self, requests: usize) {
        assert_eq!(self.read.unwrap(), CONTENTS);
        assert_eq!(self.asked.len(), requests);
    }

    #[track_caller]
    fn failed(self, requests: usize, told: &str) -> Error {
        assert_eq!(self.asked.len(), requests);
        let error = self.read.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert!(error.to_string().contains("the contents"), "{error}");
        error
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_at_once_is_asked_for_once() {
    let whole = response(200, &[LENGTH], [Text("01234"), Text(""), Text("56789")]);
    let outcome = download([whole]).await;
    assert_eq!(outcome.asked, [(String::new(), String::new())]);
    outcome.whole(1);
    // All of it is here, whatever becomes of the connection.
    for end in [Break, Silence] {
        let whole = response(200, &[LENGTH], [Text(CONTENTS), end]);
        download([whole]).await.whole(1);
    }
    download([response(200, &[CHUNKED], [Text(CONTENTS)])])
        .await
        .whole(1);
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_where_it_broke_off() {
    for end in [Some(Break), Some(Silence), None] {
        let first = [Text("012"), Text("34")].into_iter().chain(end);
        let first = response(200, &[LENGTH, ETAG], first);
        let outcome = download([first, rest(5, [Text("56"), Text("789")])]).await;
        let again = ("bytes=5-".to_owned(), ETAG.1.to_owned());
        assert_eq!(outcome.asked[1..], [again]);
        outcome.whole(2);
    }
    // A service that gives all of it again.
    for pieces in [
        &["0123456789"][..],
        &["01", "23", "45", "6789"],
        &["01234", "56789"],
    ] {
        let pieces = pieces.iter().map(|piece| Text(piece));
        let first = response(200, &[LENGTH, ETAG], [Text("01234"), Break]);
        let again = response(200, &[LENGTH, ETAG], pieces);
        download([first, again]).await.whole(2);
    }
    // … and breaks off again, before it comes to what is new and after.
    for (again, at) in [("012", 5), ("01234567", 8)] {
        let first = response(200, &[LENGTH, ETAG], [Text("01234"), Break]);
        let second = response(200, &[LENGTH, ETAG], [Text(again), Break]);
        let third = rest(at, [Text(&CONTENTS[at..])]);
        let outcome = download([first, second, third]).await;
        assert_eq!(outcome.asked[2].0, format!("bytes={at}-"));
        outcome.whole(3);
    }
}

#[tokio::test(start_paused = true)]
async fn until_a_byte_was_handed_out_it_starts_over() {
    let older = [("etag", "\"older\""), ("content-length", "99")];
    let outcome = download([
        response(200, &older, [Break]),
        refusal(503, None),
        response(200, &[LENGTH, ETAG], [Text("01234"), Break]),
        rest(5, [Text("56789")]),
    ])
    .await;
    assert_eq!(
        outcome.asked[1..3],
        [
            (String::new(), String::new()),
            (String::new(), String::new())
        ]
    );
    outcome.whole(4);
    // Without any mark, too.
    let none = response(200, &[LENGTH], [Text(""), Break]);
    download([none, response(200, &[LENGTH], [Text(CONTENTS)])])
        .await
        .whole(2);
}

#[tokio::test(start_paused = true)]
async fn without_a_mark_it_does_not_go_on() {
    for end in [Some(Break), Some(Silence), None] {
        let first = [Text("01234")].into_iter().chain(end);
        download([response(200, &[LENGTH], first)])
            .await
            .failed(1, "nothing tells whether");
    }
}

#[tokio::test(start_paused = true)]
async fn what_changed_does_not_go_on() {
    let first = || response(200, &[LENGTH, ETAG], [Text("01234"), Break]);
    let other = [LENGTH, ("etag", "\"b\"")];
    for (then, told) in [
        (response(200, &other, [Text(CONTENTS)]), "its ETag"),
        (response(200, &[LENGTH], [Text(CONTENTS)]), "its ETag"),
        (rest(4, [Text("456789")]), "its range"),
        (response(204, &[ETAG], []), "204"),
    ] {
        let error = download([first(), then]).await.failed(2, told);
        assert!(!error.is_retryable(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_is_one_only_where_all_is_there() {
    // Clean, and too early.
    let short = || response(200, &[CHUNKED, ETAG], [Text("01234"), Break]);
    let outcome = download([
        short(),
        // All again, and less of it than there was.
        response(200, &[CHUNKED, ETAG], [Text("012")]),
        rest(5, [Text("56789")]),
    ]);
    outcome.await.whole(3);
    // The size is known from the second response on.
    let outcome = download([
        short(),
        rest(5, [Text("567")]),
        rest(8, [Text("89"), Break]),
    ]);
    outcome.await.whole(3);
    // A connection that closes is no end.
    let open = response(200, &[ETAG], [Text("01234")]);
    download([open, rest(5, [Text("56789")])]).await.whole(2);
    let open = response(200, &[], [Text(CONTENTS)]);
    download([open]).await.failed(1, "the connection closed");
    // More than there is.
    let long = response(200, &[LENGTH], [Text(CONTENTS), Text("x")]);
    download([long]).await.failed(1, "more than the 10 bytes");
}

#[tokio::test(start_paused = true)]
async fn checksums_are_of_all_that_was_handed_out() {
    // What every table of CRC-32C has for these nine digits.
    const NINE: &str = "123456789";
    let hash = |is_right| match is_right {
        true => ("x-goog-hash", "crc32c=4waSgw=="),
        false => ("x-goog-hash", "crc32c=AAAAAA=="),
    };
    for is_right in [true, false] {
        let headers = [hash(is_right), ETAG, ("content-length", "9")];
        let at_once = vec![response(200, &headers, [Text(NINE)])];
        let continued = vec![
            response(200, &headers, [Text("1234"), Break]),
            response(200, &headers, [Text(NINE)]),
        ];
        for responses in [at_once, continued] {
            let requests = responses.len();
            let outcome = download(responses).await;
            match is_right {
                true => assert_eq!(outcome.read.unwrap(), NINE),
                false => {
                    let error = outcome.failed(requests, "not what is stored");
                    assert!(!error.is_retryable(), "{error}");
                }
            }
        }
    }
    // It proves an end, too.
    let proven = response(200, &[hash(true)], [Text(NINE)]);
    assert_eq!(download([proven]).await.read.unwrap(), NINE);
    let unproven = response(200, &[hash(false)], [Text(NINE)]);
    download([unproven])
        .await
        .failed(1, "the connection closed");
}

#[tokio::test(start_paused = true)]
async fn what_is_known_from_elsewhere_must_be_so() {
    let sha256 = |contents: &str| {
        let mut digest = Sha256Digest::default();
        digest.update(contents.as_bytes());
        Some(digest.finish())
    };
    let of_size = |size| Known {
        size: Some(size),
        sha256: None,
    };
    let open = || response(200, &[], [Text(CONTENTS)]);
    let announced = || response(200, &[LENGTH], [Text(CONTENTS)]);
    download_known([open()], of_size(10)).await.whole(1);
    download_known([announced()], of_size(10)).await.whole(1);
    download_known([announced()], of_size(11))
        .await
        .failed(1, "a file that has 11");
    download_known([open()], of_size(9))
        .await
        .failed(1, "more than the 9 bytes");
    let chunked = response(200, &[CHUNKED], [Text(CONTENTS)]);
    download_known([chunked], of_size(11))
        .await
        .failed(1, "nothing tells whether");
    for (contents, is_right) in [(CONTENTS, true), ("another", false)] {
        let known = Known {
            size: None,
            sha256: sha256(contents),
        };
        let first = response(200, &[LENGTH, ETAG], [Text("0123"), Break]);
        let outcome = download_known([first, rest(4, [Text("456789")])], known).await;
        match is_right {
            true => outcome.whole(2),
            false => drop(outcome.failed(2, "not what is stored")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn five_failures_without_a_byte_end_it() {
    let first = || response(200, &[LENGTH, ETAG], [Text("0"), Break]);
    let failures = |count| (0..count).map(|_| refusal(503, None));
    let error = download([first()].into_iter().chain(failures(4))).await;
    assert_eq!(error.failed(5, "downloading").attempts(), 5);
    let before_the_fifth = failures(3).chain([rest(1, [Text(&CONTENTS[1..])])]);
    download([first()].into_iter().chain(before_the_fifth))
        .await
        .whole(5);
    // A byte makes up for them, and for the time that they took.
    let byte = |at: usize| rest(at, [Text(&CONTENTS[at..=at]), Silence]);
    let bytes = (1..10).flat_map(|at| [refusal(503, None), refusal(503, None), byte(at)]);
    let outcome = download([first()].into_iter().chain(bytes)).await;
    assert!(
        outcome.took > Duration::from_secs(900),
        "{:?}",
        outcome.took
    );
    outcome.whole(28);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_heeded() {
    let first = || response(200, &[LENGTH, ETAG], [Text("01234"), Break]);
    let outcome = download([first(), refusal(429, Some(200)), rest(5, [Text("56789")])]).await;
    assert!(
        (200..210).contains(&outcome.took.as_secs()),
        "{:?}",
        outcome.took
    );
    outcome.whole(3);
    // Longer than the policy has.
    let outcome = download([first(), refusal(429, Some(3600))]).await;
    assert!(outcome.took < Duration::from_secs(10));
    assert!(outcome.failed(2, "HTTP 429").is_quota());
    // One that will not be another.
    let error = download([first(), refusal(404, None)]).await;
    assert!(error.failed(2, "HTTP 404").is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_response_says_whether_its_end_can_be_told() {
    for (headers, has_end, size) in [
        (&[LENGTH][..], true, Some(10)),
        (&[CHUNKED], true, None),
        (&[("x-goog-hash", "crc32c=4waSgw==")], true, None),
        (&[("x-goog-stored-content-length", "10")], true, Some(10)),
        (&[ETAG], false, None),
    ] {
        let remote = Scripted {
            responses: Mutex::new([response(200, headers, [])].into()),
            asked: Arc::default(),
        };
        let started = start(remote, Connections::default()).await.unwrap();
        assert_eq!((started.has_end(), started.size()), (has_end, size));
    }
}
