//! What a hostile network or service gets: no secret, and no memory without end.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::batches::InlineLimit;
use genai_batch::external::reqwest;
use genai_batch::raw::{self, Session};
use genai_batch::wait::Pace;
use genai_batch::{Client, Limits, RetryPolicy};
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

/// Responds with all that it was sent, as a page for debugging does.
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
                    shown += &format!("{raw} {raw:?} {}", raw.body());
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

/// A server that responds to one call without end.
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
async fn a_response_without_end_is_an_error() {
    let head = |status: &str| {
        let head = format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n");
        &*head.leak()
    };
    let limits = Limits::default().max_response(1 << 20).max_error_body(100);
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

/// A server that responds to every call with this head, and then with a drop now and then without
/// end.
async fn dripping(head: &'static str, drop: &'static str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let read = stream.read(&mut asked).await;
                let mut sent = match read {
                    Ok(_) => stream.write_all(head.as_bytes()).await,
                    Err(error) => Err(error),
                };
                while sent.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    sent = stream.write_all(drop.as_bytes()).await;
                }
            });
        }
    });
    format!("http://{address}")
}

/// A download has no timeout as a whole, and the error in its place needs one.
#[tokio::test]
async fn an_error_that_drips_ends_in_the_time_of_a_call() {
    let head = "HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n";
    let url = dripping(head, "1\r\nx\r\n").await;
    for error in impatient(&url).await {
        assert_eq!(error.status(), Some(403), "{error}");
        assert!(error.body().starts_with('x'), "{error:?}");
    }
}

/// What becomes of a download and a call that may take little time.
async fn impatient(url: &str) -> [genai_batch::Error; 2] {
    let client = Client::builder()
        .api_key(KEY)
        .base_url(url)
        .timeout(Duration::from_millis(300))
        .retry_policy(RetryPolicy::none())
        .build()
        .unwrap();
    let file = async { client.files().download("files/a").await.err() };
    let job = async { client.batches().get("batches/a").await.err() };
    let both = async { tokio::join!(file, job) };
    let both = tokio::time::timeout(Duration::from_secs(60), both).await;
    let (file, job) = both.expect("it goes on and on");
    [file.unwrap(), job.unwrap()]
}

#[tokio::test]
async fn a_head_that_drips_ends_in_the_time_of_a_call() {
    let url = dripping("HTTP/1.1 200 OK\r\nx-long: ", "x").await;
    for error in impatient(&url).await {
        assert!(error.is_timeout(), "{error}");
    }
}

#[tokio::test]
async fn times_without_limit_limit_nothing_and_none_at_all_ends_at_once() {
    let backend = Backend::gemini().await;
    let builder = |time: Duration| {
        let policy = RetryPolicy::default()
            .initial_backoff(time)
            .max_backoff(time)
            .budget(time);
        Client::builder()
            .api_key(KEY)
            .base_url(backend.emulator.base_url())
            .timeout(time)
            .connect_timeout(time)
            .retry_policy(policy)
    };
    let client = builder(Duration::MAX).build().unwrap();
    let batches = client.batches();
    let create = batches.create(backend.model, sums(3).0);
    let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
    let pace = Pace::default()
        .timeout(Duration::MAX)
        .interval(Duration::from_millis(5))
        .max_interval(Duration::MAX)
        .max_outage(Duration::MAX);
    let wait = batches.wait(&job).pace(pace);
    let job = wait.on_stall(Duration::MAX, |_, _| {}).await.unwrap();
    let results = batches.results(&job).output_timeout(Duration::MAX);
    assert_eq!(collect(results.await.unwrap()).await.0, sums(3).1);
    // The service is told of a limit, and not of none.
    let server = MockServer::start().await;
    for (time, told) in [
        (Duration::MAX, None),
        (Duration::from_millis(1500), Some("2")),
    ] {
        let client = builder(time).base_url(server.uri()).build().unwrap();
        client.batches().get(&job).await.unwrap_err();
        let asked = server.received_requests().await.unwrap().pop().unwrap();
        let header = asked.headers.get("x-server-timeout");
        assert_eq!(header.map(|value| value.to_str().unwrap()), told);
    }

    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    Mock::given(any()).respond_with(late).mount(&server).await;
    let hasty = builder(Duration::ZERO).base_url(server.uri());
    let hasty = hasty.build().unwrap();
    let error = hasty.batches().get(&job).await.unwrap_err();
    assert!(error.is_timeout() || error.is_retryable(), "{error}");
    let pace = Pace::default()
        .timeout(Duration::ZERO)
        .interval(Duration::ZERO);
    let pace = pace.max_interval(Duration::ZERO).max_outage(Duration::ZERO);
    let error = batches.wait(job.name()).pace(pace).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

/// Responds with the key in spellings that no log should have.
#[tokio::test]
async fn a_key_that_comes_back_escaped_is_in_no_error() {
    let escaped = |write: fn(u8) -> String| KEY.bytes().map(write).collect::<String>();
    let json = escaped(|b| format!("\\u{b:04X}"));
    let percent = escaped(|b| format!("%{b:02x}"));
    let twice = percent.replace('%', "%25");
    let html = escaped(|b| format!("&#{b};"));
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("user:{KEY}!"),
    );
    // At the end of what is read of a page.
    let cut = format!("{}{}", "x".repeat(64 * 1024 - KEY.len() / 2), KEY);
    let all = format!("{json} {percent} {twice} {html} {basic}");
    let message = format!(r#"{{"error":{{"code":400,"message":"{all}","details":["{all}"]}}}}"#);
    let start = &KEY[..KEY.len() / 2];
    for body in [message, format!("<html>{all}</html>"), cut] {
        let server = MockServer::start().await;
        let page = ResponseTemplate::new(400).set_body_string(body);
        Mock::given(any()).respond_with(page).mount(&server).await;
        let client = Client::builder().api_key(KEY).base_url(server.uri());
        let client = client.build().unwrap();
        let error = client.batches().get("batches/a").await.unwrap_err();
        let shown = format!("{error} {error:?} {} {:?}", error.body(), error.details());
        for secret in [
            start,
            &json[6..],
            &percent[3..],
            &twice[5..],
            &html[..20],
            &basic[8..20],
        ] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
        assert!(
            shown.len() > 64 * 1024 || shown.contains("[censored]"),
            "{shown}"
        );
    }
}

/// A terminal that prints an error is not driven by it.
#[tokio::test]
async fn controls_in_what_a_service_says_are_escaped() {
    let server = MockServer::start().await;
    let body = serde_json::json!({"error": {
        "code": 400, "status": "BAD\u{9b}2J", "message": "\u{1b}]0;owned\u{7}\u{202e}txt.exe\r\nOK",
    }});
    let page = ResponseTemplate::new(400).set_body_json(body);
    Mock::given(any()).respond_with(page).mount(&server).await;
    let client = Client::builder().api_key(KEY).base_url(server.uri());
    let client = client.build().unwrap();
    let error = client.batches().get("batches/a").await.unwrap_err();
    for shown in [error.to_string(), format!("{error:?}")] {
        let has = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!shown.contains(has), "{shown:?}");
        assert!(
            shown.contains("owned") && shown.contains("txt.exe"),
            "{shown}"
        );
    }
    assert!(error.message().contains('\u{1b}'), "what came is at hand");
}

/// What the client says in its own words quotes names, headers and addresses of a service.
#[tokio::test]
async fn a_key_that_a_service_puts_into_names_and_headers_is_in_no_error() {
    let name = format!("batches/{KEY}");
    let job = serde_json::json!({ "name": name, "metadata": { "name": name } });
    for (header, value) in [
        ("content-encoding", KEY),
        (
            "x-goog-upload-url",
            "http://the-api-key-of-the-tests.example/",
        ),
        ("x-goog-upload-status", KEY),
    ] {
        let server = MockServer::start().await;
        let page = ResponseTemplate::new(200).set_body_json(&job);
        let page = page.insert_header(header, value);
        Mock::given(any()).respond_with(page).mount(&server).await;
        let client = Client::builder().api_key(KEY).base_url(server.uri());
        let client = client.retry_policy(quick_retries()).build().unwrap();
        let batches = client.batches();
        let create = batches.create("gemini-2.5-flash", sums(1).0);
        let upload = client.files().upload(vec![7; 10]).mime_type("text/plain");
        let errors = [
            batches.get("batches/a").await.err(),
            batches.results("batches/a").await.err(),
            batches.update("batches/a").priority(1).await.err(),
            create.look_for(Duration::ZERO).await.err(),
            client.files().get("files/a").await.err(),
            match client.files().download("files/a").await {
                Ok(download) => download.try_collect::<Vec<_>>().await.err(),
                Err(error) => Some(error),
            },
            upload.await.err(),
        ];
        assert!(errors.iter().flatten().count() >= 6, "{errors:?}");
        for error in errors.into_iter().flatten() {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(KEY), "{shown}");
        }
    }
}
