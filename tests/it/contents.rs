//! Contents that come otherwise than they are stored, and uploads that arrive otherwise than they
//! were sent: neither passes for whole.

use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::batches::InlineLimit;
use genai_batch::files::FileRef;
use genai_batch::job::JobDestination;
use genai_batch::{BatchJob, Error, Limits, RetryPolicy};
use genai_batch_emulator::{Distortion, Failure, Operation, UploadLie};
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Backend, KEY, client, on_every_backend, serving, sums};

on_every_backend! {
    only_the_whole_counts,
    a_download_without_an_end_goes_on,
    a_download_without_marks_starts_over_or_fails,
    progress_makes_up_for_failures,
    a_transfer_waits_as_long_as_it_is_asked_to,
}

impl Backend {
    /// A job that is done, whose results are in a file or an object.
    pub(crate) async fn done(&self, count: usize) -> BatchJob {
        let create = self.client.batches().create(self.model, sums(count).0);
        let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
        self.wait(&job).await.unwrap()
    }

    fn is_gemini(&self) -> bool {
        self.client.backend() == genai_batch::Backend::Gemini
    }

    fn distort(&self, how: Distortion) {
        match self.is_gemini() {
            true => self.emulator.faults().distort_next_download(how),
            false => self.emulator.faults().distort_next_object(how),
        }
    }

    fn cut(&self, after: u64) {
        match self.is_gemini() {
            true => self.emulator.faults().cut_next_download(after),
            false => self.emulator.faults().cut_next_object(after),
        }
    }

    fn read(&self) -> Operation {
        match self.is_gemini() {
            true => Operation::DownloadFile,
            false => Operation::GetObject,
        }
    }

    /// Reads results to their end, and saves them: the outcome, which both share.
    async fn saved(&self, job: &BatchJob) -> Result<usize, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let saved = self.client.batches().results(job).save_to(&path).await;
        let entries = std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(entries, usize::from(saved.is_ok()), "{saved:?}");
        let report = saved?;
        assert!(report.is_complete(), "{report}");
        Ok(std::fs::read_to_string(path).unwrap().lines().count())
    }
}

async fn only_the_whole_counts(backend: Backend) {
    let job = backend.done(3).await;
    let distortions = [
        (Distortion::UnaskedPart, "206"),
        (Distortion::Status(202), "202"),
        (Distortion::Status(203), "203"),
        (Distortion::Status(204), "204"),
    ];
    for (how, told) in distortions {
        backend.distort(how);
        let before = backend.emulator.request_count(backend.read());
        let error = backend.saved(&job).await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert!(!error.is_retryable(), "{error}");
        let asked = backend.emulator.request_count(backend.read()) - before;
        assert_eq!(asked, 1, "{told}");
    }
    // The same where a download goes on.
    backend.cut(100);
    backend.distort(Distortion::Spoiled);
    backend.distort(Distortion::Status(204));
    let error = backend.saved(&job).await.unwrap_err();
    assert!(error.to_string().contains("204"), "{error}");
    assert_eq!(backend.emulator.faults().distortions_left(), 0);
    assert_eq!(backend.saved(&job).await.unwrap(), 3);
}

async fn a_download_without_an_end_goes_on(backend: Backend) {
    let job = backend.done(3).await;
    for after in [0, 1, 100, 300] {
        backend.distort(Distortion::WithoutEnd { after });
        let before = backend.emulator.request_count(backend.read());
        assert_eq!(backend.saved(&job).await.unwrap(), 3);
        let asked = backend.emulator.request_count(backend.read()) - before;
        assert_eq!(asked, 2, "after {after} bytes");
    }
}

async fn a_download_without_marks_starts_over_or_fails(backend: Backend) {
    let job = backend.done(3).await;
    backend.distort(Distortion::Unmarked);
    backend.cut(0);
    assert_eq!(backend.saved(&job).await.unwrap(), 3);

    backend.distort(Distortion::Unmarked);
    backend.cut(100);
    let error = backend.saved(&job).await.unwrap_err();
    assert!(
        error.to_string().contains("nothing tells whether"),
        "{error}"
    );
}

async fn progress_makes_up_for_failures(backend: Backend) {
    let job = backend.done(5).await;
    for _ in 0..15 {
        backend.cut(20);
    }
    // The client gives up after five failures without a byte.
    assert_eq!(backend.saved(&job).await.unwrap(), 5);
    assert_eq!(backend.emulator.faults().download_cuts_left(), 0);
    for _ in 0..5 {
        backend.cut(0);
    }
    let error = backend.saved(&job).await.unwrap_err();
    assert_eq!(error.attempts(), 5, "{error}");
}

async fn a_transfer_waits_as_long_as_it_is_asked_to(backend: Backend) {
    let job = backend.done(3).await;
    let busy = Failure::too_many_requests(Duration::from_secs(3600));
    backend.cut(100);
    backend.emulator.faults().pass_next(backend.read(), 1);
    backend.emulator.faults().fail_next(backend.read(), 1, busy);
    // An hour is more than the policy has: who does not wait would go on and succeed.
    let error = backend.saved(&job).await.unwrap_err();
    assert!(error.is_quota(), "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn a_chunk_waits_as_long_as_it_is_asked_to() {
    let backend = Backend::gemini().await;
    let busy = Failure::too_many_requests(Duration::from_secs(3600));
    let faults = backend.emulator.faults();
    for operation in [Operation::UploadChunk, Operation::QueryUpload] {
        if operation == Operation::QueryUpload {
            faults.interrupt_next_chunk(0);
        }
        faults.fail_next(operation, 1, busy.clone());
        let upload = backend.client.files().upload(vec![7; 1000]);
        let error = upload.mime_type("text/plain").await.unwrap_err();
        assert_eq!(
            error.attempts(),
            if operation == Operation::UploadChunk {
                1
            } else {
                2
            }
        );
        assert_eq!(faults.failures_left(operation), 0);
        assert!(backend.emulator.files().is_empty());
    }
}

#[tokio::test]
async fn the_record_of_a_file_says_what_its_download_must_be() {
    let backend = Backend::gemini().await;
    let job = backend.done(3).await;
    let Some(JobDestination::File(name)) = job.output() else {
        panic!("{job:?}");
    };
    let files = backend.client.files();
    let listed = files.list().all().await.unwrap();
    let record = listed.into_iter().find(|file| file.name() == name).unwrap();
    let read = async |file: FileRef| -> Result<Vec<u8>, Error> {
        let chunks = files.download(file).await?;
        let chunks: Vec<_> = chunks.try_collect().await?;
        Ok(chunks.concat())
    };
    let whole = read(name.into()).await.unwrap();
    assert_eq!(read((&record).into()).await.unwrap(), whole);

    // A clean end that comes too early.
    backend.distort(Distortion::ShortEnd { after: 100 });
    assert_eq!(read((&record).into()).await.unwrap(), whole);

    backend.distort(Distortion::Spoiled);
    let error = read((&record).into()).await.unwrap_err();
    assert!(error.to_string().contains("SHA-256"), "{error}");
    assert!(!error.is_retryable(), "{error}");

    let mut longer = whole.clone();
    longer.push(b'\n');
    backend.emulator.replace_file(name, longer);
    let error = read(record.into()).await.unwrap_err();
    assert!(error.to_string().contains("bytes"), "{error}");
}

#[tokio::test]
async fn contents_that_are_replaced_at_equal_size_are_not_mixed() {
    let backend = Backend::gemini().await;
    let job = backend.done(3).await;
    let Some(JobDestination::File(name)) = job.output() else {
        panic!("{job:?}");
    };
    let whole = backend.emulator.file_content(name).unwrap();
    let other = whole.to_ascii_uppercase();
    for (cut, is_mixed) in [(0, false), (100, true)] {
        backend.emulator.replace_file(name, whole.clone());
        backend.cut(cut);
        let download = backend.client.files().download(name).await.unwrap();
        backend.emulator.replace_file(name, other.clone());
        let read = download.try_collect::<Vec<_>>().await;
        match read {
            Ok(read) => assert!(!is_mixed && read.concat() == other),
            Err(error) => {
                assert!(is_mixed, "{error}");
                assert!(error.to_string().contains("its ETag is another"), "{error}");
            }
        }
    }
}

/// Without a length, as HTTP/1.0 has it: what proves that all is there, and what does not.
#[tokio::test]
async fn a_connection_that_closes_is_no_end() {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
    // What every table of CRC-32C has for these nine digits.
    let hash = |crc32c: &str| format!("x-goog-hash: crc32c={crc32c}\r\n");
    let json = |body: serde_json::Value| {
        let body = body.to_string();
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let body = "123456789";
    let gone =
        "HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned();
    let of_size = |size: &str| json(json!({ "name": "files/a", "sizeBytes": size }));
    for (responses, is_whole) in [
        (vec![format!("{head}\r\n{body}"), gone], false),
        (vec![format!("{head}\r\n{body}"), of_size("9")], true),
        (vec![format!("{head}\r\n{body}"), of_size("10")], false),
        (vec![format!("{head}\r\n{body}"), of_size("8")], false),
        (vec![format!("{head}{}\r\n{body}", hash("4waSgw=="))], true),
        (vec![format!("{head}{}\r\n{body}", hash("AAAAAA=="))], false),
    ] {
        let client = client(&serving(responses.clone()));
        let download = client.files().download("files/a").await.unwrap();
        let read = download.try_collect::<Vec<_>>().await;
        assert_eq!(read.is_ok(), is_whole, "{responses:?}: {read:?}");
        if let Ok(read) = read {
            assert_eq!(read.concat(), body.as_bytes());
        }
    }
}

#[tokio::test]
async fn a_response_that_is_too_long_is_not_asked_for_again() {
    let server = MockServer::start().await;
    let long = ResponseTemplate::new(200).set_body_string("x".repeat(2000));
    Mock::given(any()).respond_with(long).mount(&server).await;
    let client = genai_batch::Client::builder()
        .api_key(KEY)
        .base_url(server.uri())
        .retry_policy(RetryPolicy::default().initial_backoff(Duration::from_millis(1)))
        .limits(Limits::default().max_response(1000))
        .build()
        .unwrap();
    let error = client.files().get("files/a").await.unwrap_err();
    assert!(
        error.to_string().contains("`Limits::max_response`"),
        "{error}"
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_service_says_of_an_upload_is_held_to_what_was_sent() {
    let backend = Backend::gemini().await;
    let faults = backend.emulator.faults();
    let upload = || {
        let upload = backend.client.files().upload(vec![7; 1000]);
        upload.mime_type("text/plain").name("files/mine")
    };
    for (lie, told) in [
        (UploadLie::Size(999), "`sizeBytes` is 999 in place of 1000"),
        (UploadLie::Hash, "`sha256Hash` is SHA-256 "),
        (UploadLie::Failed("no such codec".into()), "no such codec"),
    ] {
        faults.lie_about_next_upload(lie);
        let error = upload().await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert!(
            error.to_string().contains("files/mine was removed"),
            "{error}"
        );
        assert!(!error.is_retryable());
        assert!(backend.emulator.files().is_empty(), "{told}");
    }
    // What may be another's is not removed.
    let kept = upload().name("files/others").await.unwrap();
    faults.lie_about_next_upload(UploadLie::Name(kept.name().to_owned()));
    let error = upload().await.unwrap_err();
    let told = "its name is files/others in place of files/mine";
    assert!(error.to_string().contains(told), "{error}");
    assert!(
        error.to_string().contains("files/others was left"),
        "{error}"
    );
    backend.client.files().get("files/others").await.unwrap();
}

#[tokio::test]
async fn no_job_is_made_of_requests_that_arrived_otherwise() {
    let backend = Backend::gemini().await;
    for lie in [UploadLie::Size(1), UploadLie::Hash] {
        backend.emulator.faults().lie_about_next_upload(lie);
        let create = backend.client.batches().create(backend.model, sums(3).0);
        let error = create.inline_limit(InlineLimit::NEVER).await.unwrap_err();
        assert!(error.to_string().contains("was removed"), "{error}");
        assert!(backend.emulator.files().is_empty());
    }
    assert_eq!(backend.emulator.request_count(backend.create), 0);
}

/// The upload ends before all is sent, or not at all.
#[tokio::test]
async fn an_upload_is_over_when_all_of_it_is_there_and_not_before() {
    let file = json!({ "file": { "name": "files/a" } });
    for (status, len, told) in [
        ("final", 9 << 20, "ended the upload after"),
        ("active", 1000, "did not finalize"),
        ("cancelled", 1000, "cancelled"),
    ] {
        let server = MockServer::start().await;
        let response = ResponseTemplate::new(200)
            .insert_header("x-goog-upload-url", format!("{}/up", server.uri()))
            .insert_header("x-goog-upload-status", status)
            .set_body_json(&file);
        Mock::given(any())
            .respond_with(response)
            .mount(&server)
            .await;
        let upload = client(&server.uri()).files().upload(vec![7; len]);
        let error = upload.mime_type("text/plain").await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert!(!error.is_retryable(), "{error}");
    }
}

/// The service says that other bytes arrived than were sent.
#[tokio::test]
async fn the_count_of_what_arrived_is_held_to_what_was_sent() {
    let file = json!({ "file": { "name": "files/a" } });
    for (status, received, len, told) in [
        ("active", "5", 9 << 20, "has 5 bytes of the"),
        ("active", "9000000", 9 << 20, "confirms Some(9000000)"),
        ("final", "999", 1000, "after 999 of 1000 bytes"),
    ] {
        let server = MockServer::start().await;
        let response = ResponseTemplate::new(200)
            .insert_header("x-goog-upload-url", format!("{}/up", server.uri()))
            .insert_header("x-goog-upload-status", status)
            .insert_header("x-goog-upload-size-received", received)
            .set_body_json(&file);
        Mock::given(any())
            .respond_with(response)
            .mount(&server)
            .await;
        let upload = client(&server.uri()).files().upload(vec![7; len]);
        let error = upload.mime_type("text/plain").await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}
