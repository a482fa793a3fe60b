//! Uploads, downloads and the metadata of files.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Fixture, header, lines, ok};

const CHUNK: usize = 262_144;

fn content(length: usize) -> Vec<u8> {
    b"0123456789abcdef\n"
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

#[tokio::test]
async fn addresses_lead_by_what_stands_between() {
    let between = "https://between.example:8443";
    let builder = genai_batch_emulator::Emulator::builder().public_url(format!("{between}/"));
    let emulator = builder.start().await.unwrap();
    assert_eq!(emulator.base_url(), between);
    let url = format!("http://{}/upload/v1beta/files", emulator.address());
    let start = reqwest::Client::new().post(url).json(&json!({}));
    let start = start.header("x-goog-api-key", "test-key");
    let start = start.header("x-goog-upload-protocol", "resumable");
    let started = start.header("x-goog-upload-command", "start").send().await;
    let started = started.unwrap();
    let url = header(&started, "x-goog-upload-url");
    assert!(
        url.starts_with("https://between.example:8443/upload/"),
        "{url}"
    );
}

#[tokio::test]
async fn http_2_is_spoken_with_who_begins_with_it() {
    let fixture = Fixture::new().await;
    let client = reqwest::Client::builder().http2_prior_knowledge();
    let url = format!("{}/v1beta/files", fixture.emulator.base_url());
    let list = client.build().unwrap().get(url);
    let list = list
        .header("x-goog-api-key", "test-key")
        .send()
        .await
        .unwrap();
    assert_eq!(list.version(), reqwest::Version::HTTP_2);
    assert!(list.status().is_success(), "{}", list.status());
}

#[tokio::test]
async fn chunks_make_a_file() {
    let fixture = Fixture::new().await;
    let content = content(2 * CHUNK + 5);
    let url = fixture.start_upload(Some(content.len())).await;
    assert!(url.starts_with(fixture.emulator.base_url()), "{url}");
    assert!(
        url.contains("upload_id=") && url.contains("upload_protocol=resumable"),
        "{url}"
    );
    for n in [0, 1] {
        let chunk = &content[n * CHUNK..(n + 1) * CHUNK];
        let sent = fixture.chunk(&url, "upload", n * CHUNK, chunk).await;
        assert_eq!(
            (
                sent.status().as_u16(),
                header(&sent, "x-goog-upload-status")
            ),
            (200, "active")
        );
    }
    let last = &content[2 * CHUNK..];
    let sent = fixture
        .chunk(&url, "upload, finalize", 2 * CHUNK, last)
        .await;
    assert_eq!(header(&sent, "x-goog-upload-status"), "final");
    let file = sent.json::<Value>().await.unwrap()["file"].clone();
    let name = file["name"].as_str().unwrap();
    assert_eq!(file["sizeBytes"], content.len().to_string());
    assert_eq!(file["displayName"], "requests");
    assert_eq!(file["mimeType"], "application/jsonl");
    assert_eq!(
        (&file["state"], &file["source"]),
        (&json!("ACTIVE"), &json!("UPLOADED"))
    );
    assert_eq!(
        file["uri"],
        format!("{}/v1beta/{name}", fixture.emulator.base_url())
    );
    assert_eq!(fixture.get(name).await, file);
    assert_eq!(
        fixture.emulator.file_content(name).as_deref(),
        Some(&content[..])
    );
}

#[tokio::test]
async fn an_interrupted_upload_goes_on_where_it_came_to() {
    let fixture = Fixture::new().await;
    let content = content(CHUNK + 5);
    let url = fixture.start_upload(Some(content.len())).await;
    fixture.emulator.faults().interrupt_next_chunk(1000);
    let sent = fixture.chunk(&url, "upload, finalize", 0, &content).await;
    assert_eq!(sent.status(), 503);

    let query = fixture
        .http
        .post(&url)
        .header("x-goog-upload-command", "query")
        .send();
    let query = query.await.unwrap();
    assert_eq!(header(&query, "x-goog-upload-status"), "active");
    assert_eq!(header(&query, "x-goog-upload-size-received"), "1000");

    let again = fixture.chunk(&url, "upload, finalize", 0, &content).await;
    assert_eq!(again.status(), 400);
    let sent = fixture
        .chunk(&url, "upload, finalize", 1000, &content[1000..])
        .await;
    assert_eq!(header(&sent, "x-goog-upload-status"), "final");
    let name = sent.json::<Value>().await.unwrap()["file"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        fixture.emulator.file_content(&name).as_deref(),
        Some(&content[..])
    );
}

#[tokio::test]
async fn uploads_keep_to_what_was_announced() {
    let fixture = Fixture::new().await;
    let url = fixture.start_upload(Some(10)).await;
    assert_eq!(
        fixture
            .chunk(&url, "upload, finalize", 0, b"short")
            .await
            .status(),
        400
    );
    assert_eq!(
        fixture
            .chunk(&url, "upload, finalize", 5, b"far too long")
            .await
            .status(),
        400
    );
    assert_eq!(fixture.chunk(&url, "upload", 5, b"odd").await.status(), 400);
    assert_eq!(
        fixture
            .chunk(&url, "upload, finalize", 5, b"fits.")
            .await
            .status(),
        200
    );

    let url = fixture.start_upload(None).await;
    let cancel = fixture
        .http
        .post(&url)
        .header("x-goog-upload-command", "cancel")
        .send();
    assert_eq!(
        header(&cancel.await.unwrap(), "x-goog-upload-status"),
        "cancelled"
    );
    assert_eq!(
        fixture
            .chunk(&url, "upload, finalize", 0, b"late")
            .await
            .status(),
        400
    );

    let url = fixture.start_upload(None).await;
    assert_eq!(
        fixture
            .chunk(&url, "upload, finalize", 0, b"")
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn files_expire_by_the_clock() {
    let fixture = Fixture::new().await;
    let name = fixture.upload("{}\n").await;
    fixture.advance(48 * 3600 - 1);
    fixture.get(&name).await;
    fixture.advance(1);
    let denied = (403, "PERMISSION_DENIED".to_owned());
    assert_eq!(fixture.refused(Method::GET, &name).await, denied);
    assert_eq!(fixture.refused(Method::GET, "files/unknown").await, denied);
    assert_eq!(fixture.refused(Method::DELETE, &name).await, denied);
    assert_eq!(fixture.get("files").await, json!({}));
}

#[tokio::test]
async fn files_are_listed_and_deleted() {
    let fixture = Fixture::new().await;
    let names = [fixture.upload("a").await, fixture.upload("b").await];
    let page = fixture.get("files?pageSize=1").await;
    assert_eq!(page["files"][0]["name"], names[1].as_str());
    let call = fixture.call(Method::GET, "v1beta/files");
    let token = page["nextPageToken"].as_str().unwrap();
    let page = ok(call.query(&[("pageSize", "1"), ("pageToken", token)])).await;
    assert_eq!(page["files"][0]["name"], names[0].as_str());
    assert_eq!(page.get("nextPageToken"), None);
    ok(fixture.call(Method::DELETE, &format!("v1beta/{}", names[0]))).await;
    assert_eq!(fixture.emulator.files().len(), 1);
}

#[tokio::test]
async fn result_files_download_under_both_paths() {
    let fixture = Fixture::new().await;
    let name = fixture.create_from_file(&["one", "two"]).await;
    fixture.advance(100);
    let file = name.replace("batches/", "files/batch-");
    assert_eq!(
        fixture.refused(Method::GET, &file).await,
        (400, "INVALID_ARGUMENT".to_owned())
    );

    let whole = fixture.download(&file).await;
    assert_eq!(whole.lines().count(), 2);
    let path = format!("download/v1beta/{file}:download?alt=media");
    let sent = fixture.call(Method::GET, &path).send().await.unwrap();
    assert_eq!(header(&sent, "content-length"), whole.len().to_string());
    let etag = header(&sent, "etag").to_owned();
    assert!(!etag.is_empty());
    assert_eq!(sent.text().await.unwrap(), whole);

    let rest = fixture
        .call(Method::GET, &path)
        .header("range", "bytes=10-");
    let rest = rest.header("if-range", &etag).send().await.unwrap();
    assert_eq!(rest.status(), 206);
    let (last, length) = (whole.len() - 1, whole.len());
    assert_eq!(
        header(&rest, "content-range"),
        format!("bytes 10-{last}/{length}")
    );
    assert_eq!(rest.text().await.unwrap(), whole[10..]);

    let beyond = fixture
        .call(Method::GET, &path)
        .header("range", format!("bytes={length}-"));
    let beyond = beyond.send().await.unwrap();
    assert_eq!(beyond.status(), 416);
    assert_eq!(
        header(&beyond, "content-range"),
        format!("bytes */{length}")
    );
}

#[tokio::test]
async fn uploaded_files_cannot_be_downloaded() {
    let fixture = Fixture::new().await;
    let name = fixture.upload(&lines(&["one"])).await;
    let refused = fixture
        .refused(Method::GET, &format!("{name}:download?alt=media"))
        .await;
    assert_eq!(refused, (400, "INVALID_ARGUMENT".to_owned()));
}
