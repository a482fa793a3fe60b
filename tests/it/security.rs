//! What a hostile network or service gets: no secret, and no memory without end.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use futures_util::TryStreamExt;
use genai_batch::raw::{self, Session};
use genai_batch::{Client, InlineLimit, Limits, reqwest};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::{Backend, KEY, collect, quick_retries, sums};
#[cfg(feature = "gcs")]
use crate::support::{TOKEN, vertex_client_at};

/// A client of each backend, with its secret in a header of the caller's own too.
fn clients(url: &str, follow: bool) -> Vec<(Client, &'static str)> {
    let http = || {
        let policy = match follow {
            true => reqwest::redirect::Policy::limited(5),
            false => reqwest::redirect::Policy::none(),
        };
        reqwest::Client::builder().redirect(policy)
    };
    let gemini = Client::builder()
        .api_key(KEY)
        .base_url(url)
        .retry_policy(quick_retries());
    #[allow(unused_mut, reason = "there is more with Vertex AI")]
    let mut clients = vec![(gemini, KEY)];
    #[cfg(feature = "gcs")]
    clients.push((vertex_client_at(url).access_token(TOKEN), TOKEN));
    let built = clients.into_iter().map(|(builder, secret)| {
        let builder = builder.header("x-proxy", "the-password-of-the-proxy");
        (builder.http_client(http()).build().unwrap(), secret)
    });
    built.collect()
}

#[tokio::test]
async fn a_redirect_takes_nothing_along_whatever_the_callers_client_says() {
    let elsewhere = MockServer::start().await;
    let server = MockServer::start().await;
    let redirect = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    Mock::given(any())
        .respond_with(redirect)
        .mount(&server)
        .await;
    for (client, _) in clients(&server.uri(), true) {
        let error = client.batches().list().page().await.unwrap_err();
        assert_eq!(error.status(), Some(307), "{error}");
        let error = client.batches().create("m", vec!["a"]).await.unwrap_err();
        assert_eq!(error.status(), Some(307), "{error}");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

/// What the crate does not know of could make a job twice.
#[tokio::test]
async fn a_retry_of_the_callers_own_client_sends_no_create_again() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(503);
    Mock::given(any()).respond_with(busy).mount(&server).await;
    let again = reqwest::retry::for_host("127.0.0.1")
        .no_budget()
        .max_retries_per_request(3)
        .classify_fn(|call| call.retryable());
    let client = Client::builder()
        .api_key(KEY)
        .base_url(server.uri())
        .http_client(reqwest::Client::builder().retry(again))
        .build()
        .unwrap();
    let create = client.batches().create("m", vec!["a"]).adopt(false);
    create.await.unwrap_err();
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

/// Answers with all that it was sent, as a page for debugging does.
struct Echo {
    status: u16,
    as_json: bool,
}

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let seen = format!("{:?}", request.headers);
        let template = ResponseTemplate::new(self.status);
        match self.as_json {
            true => template.set_body_json(serde_json::json!({
                "error": { "code": 1, "message": seen, "status": "X", "details": [seen] }
            })),
            false => template.set_body_string(format!("<html>{seen}</html>")),
        }
    }
}

#[tokio::test]
async fn a_page_that_shows_the_request_shows_no_secret() {
    for as_json in [true, false] {
        for status in [400, 401, 404, 503] {
            let server = MockServer::start().await;
            let echo = Echo { status, as_json };
            Mock::given(any()).respond_with(echo).mount(&server).await;
            for (client, secret) in clients(&server.uri(), false) {
                let error = client.batches().list().page().await.unwrap_err();
                let raw = client.raw();
                let raw = match raw.gemini() {
                    Some(gemini) => gemini.batches_list(None, None, None, None).await.err(),
                    None => None,
                };
                let mut shown = format!("{error} {error:?} {}", error.body());
                if let Some(raw) = raw {
                    let error = genai_batch::Error::from_raw(raw).await;
                    shown += &format!("{error} {error:?} {}", error.body());
                }
                assert!(shown.contains("x-proxy"), "the page is not kept: {shown}");
                for secret in [secret, "the-password-of-the-proxy"] {
                    assert!(!shown.contains(secret), "{shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn no_credential_goes_over_plain_http_to_another_machine() {
    let remote = "http://192.0.2.1";
    let session = Session::new(KEY).unwrap();
    let gemini = raw::gemini::Client::new_with_client(remote, session.http_client(), session);
    let error = gemini.batches_get("b").await.unwrap_err();
    assert!(
        error.to_string().contains("192.0.2.1 unencrypted"),
        "{error}"
    );

    let builder = || Client::builder().api_key(KEY).base_url(remote);
    let error = builder().build().unwrap_err();
    assert!(error.is_configuration(), "{error}");
    assert!(
        error
            .to_string()
            .contains("`allow_plain_http(\"192.0.2.1\")`")
    );
    builder().allow_plain_http("192.0.2.1").build().unwrap();
}

/// A server that answers one call without end.
fn endless(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut asked = BufReader::new(&stream).lines();
            while asked
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let piece = [b' '; 4096];
            let mut sent = stream.write_all(head.as_bytes());
            while sent.is_ok() {
                let written = stream.write_all(b"1000\r\n");
                sent = written
                    .and_then(|()| stream.write_all(&piece))
                    .and_then(|()| stream.write_all(b"\r\n"));
            }
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn an_answer_without_end_is_an_error() {
    let head = |status: &str| {
        let head = format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n");
        &*head.leak()
    };
    let limits = Limits::default().max_answer(1 << 20).max_error_body(100);
    let client = |url: &str| {
        let builder = Client::builder().api_key(KEY).base_url(url);
        builder.limits(limits.clone()).build().unwrap()
    };
    let long = client(&endless(head("200 OK")));
    let error = long.batches().get("batches/b").await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert!(error.to_string().contains("1048576 bytes"), "{error}");

    let refused = client(&endless(head("400 Bad Request")));
    let error = refused.batches().get("batches/b").await.unwrap_err();
    assert_eq!((error.status(), error.body().len()), (Some(400), 100));
}

#[tokio::test]
async fn a_line_that_is_too_long_stops_no_other() {
    let backend = Backend::gemini().await;
    let client = Client::builder()
        .api_key(KEY)
        .base_url(backend.emulator.base_url())
        .limits(Limits::default().max_line(2000))
        .build()
        .unwrap();
    let mut requests = sums(5).0;
    let long = genai_batch::Request::text("x".repeat(3000)).key("long");
    requests.insert(2, long);
    let create = backend.client.batches().create(backend.model, requests);
    let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let mut results = client.batches().results(&job).await.unwrap();
    let mut lengths = Vec::new();
    while let Some(result) = results.try_next().await.unwrap() {
        lengths.push(result.json().len());
    }
    let (told, report) = collect(backend.client.batches().results(&job).await.unwrap()).await;
    assert_eq!((told.len(), report.is_complete()), (6, true));
    let report = results.report();
    assert_eq!(
        (report.responses, report.unreadable, report.missing),
        (5, 1, 1)
    );
    assert!(report.unreadable_places[0].contains("line 3"), "{report}");
    assert!(lengths.iter().all(|length| *length <= 2000));
}
