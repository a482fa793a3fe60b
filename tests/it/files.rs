//! The Files API: uploads that are cut and resumed, listing, deleting, downloading.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use genai_batch::batches::InlineLimit;
use genai_batch::files::UploadSource;
use genai_batch::job::JobDestination;
use genai_batch_emulator::{Failure, Operation};

use crate::support::{Backend, collect, serving, sums};

const CHUNK: usize = 8 * 1024 * 1024;

fn contents(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 31 % 251) as u8).collect()
}

#[tokio::test]
async fn every_kind_of_contents_arrives_whole() {
    let backend = Backend::gemini().await;
    let files = backend.client.files();
    for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK] {
        let bytes = contents(len);
        let pieces: Vec<_> = bytes.chunks(700_001).map(<[u8]>::to_vec).collect();
        let pieces = || stream::iter(pieces.clone()).map(Ok::<_, std::io::Error>);
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &bytes).unwrap();
        for source in [
            UploadSource::from(bytes.clone()),
            path.path().into(),
            UploadSource::stream(pieces()),
            UploadSource::sized_stream(len as u64, pieces()),
        ] {
            let progress = Arc::new(Mutex::new(Vec::new()));
            let record = Arc::clone(&progress);
            let file = files
                .upload(source)
                .mime_type("text/plain")
                .display_name("test")
                .on_progress(move |sent, total| record.lock().unwrap().push((sent, total)))
                .await
                .unwrap();
            assert_eq!(file.size_bytes(), Some(len as u64));
            assert_eq!(file.display_name(), Some("test"));
            assert_eq!(backend.emulator.file_content(file.name()).unwrap(), bytes);
            let last = progress.lock().unwrap().last().copied();
            assert_eq!(last, Some((len as u64, len as u64)));
        }
    }
}

#[tokio::test]
async fn an_upload_goes_on_from_where_it_was_cut() {
    let backend = Backend::gemini().await;
    let bytes = contents(2 * CHUNK + 1000);
    for stored in [0, 262_144, CHUNK as u64] {
        backend.emulator.faults().interrupt_next_chunk(stored);
        let file = backend
            .client
            .files()
            .upload(bytes.clone())
            .mime_type("text/plain")
            .await
            .unwrap();
        assert_eq!(backend.emulator.file_content(file.name()).unwrap(), bytes);
    }
    assert!(backend.emulator.request_count(Operation::QueryUpload) >= 3);
}

#[tokio::test]
async fn an_upload_that_is_cut_at_any_chunk_arrives_whole() {
    let backend = Backend::gemini().await;
    let bytes = contents(3 * CHUNK + 1000);
    let faults = backend.emulator.faults();
    for cut in 0..4_u64 {
        for stored in [0, 1, 262_144, 262_145, CHUNK as u64] {
            if cut == 0 {
                faults.interrupt_next_chunk(stored);
            }
            let later = faults.clone();
            let upload = backend.client.files().upload(bytes.clone());
            let upload = upload.on_progress(move |sent, _| {
                if sent == cut * CHUNK as u64 {
                    later.interrupt_next_chunk(stored);
                }
            });
            let file = upload.mime_type("text/plain").await.unwrap();
            let arrived = backend.emulator.file_content(file.name()).unwrap();
            assert!(arrived == bytes, "cut in chunk {cut} after {stored} bytes");
        }
    }
    assert_eq!(backend.emulator.request_count(Operation::QueryUpload), 20);
}

#[tokio::test]
async fn a_local_file_that_changes_while_it_is_uploaded_makes_no_file() {
    let backend = Backend::gemini().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_owned();
    std::fs::write(&path, contents(CHUNK + 10)).unwrap();
    let upload = backend.client.files().upload(&*path);
    let upload = upload.mime_type("text/plain").on_progress({
        let path = path.clone();
        move |_, _| {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        }
    });
    let error = upload.await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    assert!(error.to_string().contains("changed"), "{error}");
    assert!(backend.emulator.files().is_empty());
}

#[tokio::test]
async fn a_file_that_is_another_when_its_download_goes_on_is_an_error() {
    let response = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n{body}")
    };
    let whole = "0123456789";
    let first = || response("200 OK", "content-length: 10\r\netag: \"a\"\r\n", "01234");
    let rest = |etag: &str, range: &str| {
        let headers =
            format!("content-length: 5\r\netag: {etag}\r\ncontent-range: bytes {range}\r\n");
        response("206 Partial Content", &headers, "56789")
    };
    let again = |etag: &str, body: &str| {
        let headers = format!("content-length: {}\r\netag: {etag}\r\n", body.len());
        response("200 OK", &headers, body)
    };
    for (then, expected) in [
        (rest("\"a\"", "5-9/10"), Ok(whole)),
        (again("\"a\"", whole), Ok(whole)),
        (rest("\"b\"", "5-9/10"), Err("its ETag")),
        (again("\"b\"", whole), Err("its ETag")),
        (rest("\"a\"", "4-8/10"), Err("its range")),
        (rest("\"a\"", "5-9/11"), Err("its range")),
        (again("\"a\"", "0123456789a"), Err("its size")),
    ] {
        let client = crate::support::client(&serving(vec![first(), then]));
        let download = client.files().download("files/a").await.unwrap();
        let read = download.try_collect::<Vec<_>>().await;
        match (read, expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read.concat(), expected.as_bytes()),
            (Err(error), Err(what)) => {
                assert!(error.to_string().contains(what), "{error}");
                assert!(!error.is_retryable(), "{error}");
            }
            (read, expected) => panic!("{read:?} in place of {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_response_that_is_lost_at_the_end_makes_no_second_file() {
    let backend = Backend::gemini().await;
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::UploadChunk, 1, Failure::CloseAfterEffect);
    let file = backend
        .client
        .files()
        .upload(contents(1000))
        .mime_type("text/plain")
        .await
        .unwrap();
    assert_eq!(backend.emulator.files().len(), 1);
    assert_eq!(
        backend.emulator.file_content(file.name()).unwrap(),
        contents(1000)
    );
}

/// Nobody knows how much arrived until the service has said so.
#[tokio::test]
async fn a_chunk_is_not_sent_again_before_its_state_is_known() {
    let backend = Backend::gemini().await;
    let faults = backend.emulator.faults();
    let bytes = contents(CHUNK + 1000);
    for (passed, failure) in [
        (0, Failure::CloseAfterEffect),
        (1, Failure::CloseAfterEffect),
    ] {
        faults.pass_next(Operation::UploadChunk, passed);
        faults.fail_next(Operation::UploadChunk, 1, failure);
        faults.fail_next(Operation::QueryUpload, 2, Failure::service_unavailable());
        let before = backend.emulator.files().len();
        let upload = backend.client.files().upload(bytes.clone());
        let file = upload.mime_type("text/plain").await.unwrap();
        assert!(backend.emulator.file_content(file.name()).unwrap() == bytes);
        assert_eq!(backend.emulator.files().len(), before + 1);
    }
}

#[tokio::test]
async fn an_upload_that_keeps_failing_says_how_often() {
    let backend = Backend::gemini().await;
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::UploadChunk, 100, Failure::service_unavailable());
    let upload = backend.client.files().upload(contents(10));
    let error = upload.mime_type("text/plain").await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(503), 5));
    assert!(backend.emulator.files().is_empty());
}

#[tokio::test]
async fn contents_that_change_their_length_are_refused() {
    let backend = Backend::gemini().await;
    for (announced, len) in [(9, 10), (11, 10), (CHUNK as u64, CHUNK + 1)] {
        let pieces = stream::iter([Ok::<_, std::io::Error>(contents(len))]);
        let source = UploadSource::sized_stream(announced, pieces);
        let upload = backend
            .client
            .files()
            .upload(source)
            .mime_type("text/plain");
        let error = upload.await.unwrap_err();
        assert!(error.to_string().contains("changed"), "{error}");
    }
    assert!(backend.emulator.files().is_empty());
}

#[tokio::test]
async fn files_are_read_listed_and_deleted() {
    let backend = Backend::gemini().await;
    let files = backend.client.files();
    for n in 0..12 {
        let upload = files.upload(contents(n)).mime_type("text/plain");
        upload.name(format!("files/file-{n}")).await.unwrap();
    }
    let file = files.get("file-3").await.unwrap();
    assert_eq!((file.name(), file.size_bytes()), ("files/file-3", Some(3)));
    assert_eq!(
        (file.state(), file.source()),
        (Some("ACTIVE"), Some("UPLOADED"))
    );
    assert!(file.expiration_time().unwrap() > file.create_time().unwrap());
    assert_eq!(files.list().all().await.unwrap().len(), 12);
    let page = files.list().page_size(5).page().await.unwrap();
    assert_eq!(page.items.len(), 5);
    assert!(page.next_page_token.is_some());

    files.delete("files/file-3").await.unwrap();
    let error = files.get("files/file-3").await.unwrap_err();
    assert!(
        error.is_permission_denied(),
        "a file that is gone is forbidden: {error}"
    );
    backend
        .emulator
        .clock()
        .advance(Duration::from_secs(49 * 3600));
    assert!(files.get("files/file-4").await.is_err());
}

#[tokio::test]
async fn an_output_with_a_long_name_is_downloaded() {
    let backend = Backend::gemini().await;
    let create = backend.client.batches().create(backend.model, sums(5).0);
    let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let Some(JobDestination::File(name)) = job.destination() else {
        panic!("{job:?}");
    };
    assert!(name.len() > 46);
    assert_eq!(
        backend.client.files().get(name).await.unwrap_err().status(),
        Some(400)
    );
    let download = backend.client.files().download(name).await.unwrap();
    let size = download.size();
    let chunks: Vec<_> = download.try_collect().await.unwrap();
    let text = chunks.concat();
    assert_eq!(size, Some(text.len() as u64));
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 5);
}

#[tokio::test]
async fn requests_that_the_service_still_works_on_are_waited_for() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    backend.emulator.faults().process_files(2);
    let uploaded = batches.create(backend.model, sums(3).0);
    let job = uploaded.inline_limit(InlineLimit::NEVER).await.unwrap();
    assert_eq!(backend.emulator.request_count(Operation::GetFile), 3);
    assert_eq!(backend.emulator.request_count(backend.create), 1);
    let job = backend.wait(&job).await.unwrap();
    let results = batches.results(&job).await.unwrap();
    assert_eq!(collect(results).await.0, sums(3).1);

    // A file that was there before is asked after once a create from it is refused.
    let requests = sums(1).0.remove(0).to_jsonl().unwrap();
    let upload = backend.client.files().upload(requests.into_bytes());
    let file = upload.mime_type("application/jsonl").await.unwrap();
    assert_eq!(file.state(), Some("PROCESSING"));
    batches.create(backend.model, &file).await.unwrap();
    assert_eq!(backend.emulator.request_count(backend.create), 3);
    let again = batches.create(backend.model, file.name()).await.unwrap();
    assert!(again.name() != job.name());
    assert_eq!(backend.emulator.request_count(backend.create), 4);
}

#[tokio::test]
async fn requests_that_the_service_cannot_read_are_told_with_its_reason() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let faults = backend.emulator.faults();
    faults.process_files(1);
    faults.fail_files(3, "it is no JSONL");
    let uploaded = batches.create(backend.model, sums(3).0);
    let error = uploaded.inline_limit(InlineLimit::NEVER).await.unwrap_err();
    assert!(!error.is_retryable() && !error.is_unclear(), "{error}");
    assert!(
        error
            .to_string()
            .contains("INVALID_ARGUMENT (code 3): it is no JSONL"),
        "{error}"
    );
    assert_eq!(backend.emulator.request_count(backend.create), 0);
    let listed = backend.client.files().list().all().await.unwrap();
    assert!(listed.is_empty(), "{listed:?}");

    let upload = backend.client.files().upload(b"{}".to_vec());
    let file = upload.mime_type("application/jsonl").await.unwrap();
    let error = batches.create(backend.model, &file).await.unwrap_err();
    assert!(error.to_string().contains(file.name()), "{error}");
    assert!(error.to_string().contains("it is no JSONL"), "{error}");
    assert_eq!(backend.emulator.request_count(backend.create), 1);
}
