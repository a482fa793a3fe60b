//! Contents that come otherwise than they are stored, and untrue answers to uploads.

use genai_batch_emulator::{Distortion, UploadLie};
use reqwest::{Method, Version};
use serde_json::Value;

use crate::support::Fixture;

const CONTENT: &str = "0123456789";

#[tokio::test]
async fn each_distortion_is_seen() {
    let fixture = Fixture::new().await;
    fixture.emulator.put_object("gs://b/o", CONTENT);
    let get = async |how: Option<Distortion>| {
        if let Some(how) = how {
            fixture.emulator.faults().distort_next_object(how);
        }
        fixture.call(Method::GET, "b/o").send().await.unwrap()
    };
    let plain = get(None).await;
    for name in [
        "etag",
        "x-goog-generation",
        "x-goog-hash",
        "last-modified",
        "content-length",
    ] {
        assert!(plain.headers().contains_key(name), "{name}");
    }
    let plain_tag = plain.headers()["etag"].clone();
    assert_eq!(plain.text().await.unwrap(), CONTENT);

    let part = get(Some(Distortion::UnaskedPart)).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 0-9/10");
    for (status, body) in [(202, CONTENT), (203, CONTENT), (204, "")] {
        let other = get(Some(Distortion::Status(status))).await;
        assert_eq!(other.status(), status);
        assert_eq!(other.text().await.unwrap(), body);
    }
    let endless = get(Some(Distortion::WithoutEnd { after: 4 })).await;
    assert_eq!(endless.version(), Version::HTTP_10);
    assert!(endless.content_length().is_none());
    assert!(!endless.headers().contains_key("transfer-encoding"));
    assert_eq!(endless.text().await.unwrap(), "0123");
    let short = get(Some(Distortion::ShortEnd { after: 4 })).await;
    assert_eq!(short.headers()["transfer-encoding"], "chunked");
    assert_eq!(short.text().await.unwrap(), "0123");
    let unmarked = get(Some(Distortion::Unmarked)).await;
    for name in [
        "etag",
        "x-goog-generation",
        "x-goog-hash",
        "last-modified",
        "content-length",
    ] {
        assert!(!unmarked.headers().contains_key(name), "{name}");
    }
    assert_eq!(unmarked.text().await.unwrap(), CONTENT);
    let spoiled = get(Some(Distortion::Spoiled)).await;
    assert_eq!(spoiled.text().await.unwrap(), "0123456788");
    let earlier = get(Some(Distortion::Earlier { after: 99 })).await;
    assert_eq!(earlier.headers()["x-goog-generation"], "1");
    assert_ne!(earlier.headers()["etag"], plain_tag);
    assert_eq!(earlier.content_length(), Some(10));
    assert!(earlier.text().await.is_err(), "it breaks off");
    assert_eq!(fixture.emulator.faults().distortions_left(), 0);
}

#[tokio::test]
async fn another_range_comes_where_one_is_asked_for() {
    let fixture = Fixture::new().await;
    fixture.emulator.put_object("gs://b/o", CONTENT);
    let faults = fixture.emulator.faults();
    faults.distort_next_object(Distortion::OtherRange);
    let whole = fixture.call(Method::GET, "b/o").send().await.unwrap();
    assert_eq!(whole.text().await.unwrap(), CONTENT);
    assert_eq!(faults.distortions_left(), 1);
    let range = async || {
        let get = fixture
            .call(Method::GET, "b/o")
            .header("range", "bytes=4-6");
        let range = get.send().await.unwrap();
        assert_eq!(range.headers()["content-range"], "bytes 4-6/10");
        range.text().await.unwrap()
    };
    assert_eq!(range().await, "012");
    assert_eq!(range().await, "456");
}

#[tokio::test]
async fn each_lie_about_an_upload_is_told_once() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    let upload = async || {
        let url = fixture.start_upload(Some(CONTENT.len())).await;
        let sent = fixture
            .chunk(&url, "upload, finalize", 0, CONTENT.as_bytes())
            .await;
        sent.json::<Value>().await.unwrap()["file"].clone()
    };
    let hash = upload().await["sha256Hash"].clone();
    faults.lie_about_next_upload(UploadLie::Size(7));
    assert_eq!(upload().await["sizeBytes"], "7");
    faults.lie_about_next_upload(UploadLie::Hash);
    assert_ne!(upload().await["sha256Hash"], hash);
    faults.lie_about_next_upload(UploadLie::Name("files/other".into()));
    assert_eq!(upload().await["name"], "files/other");
    faults.lie_about_next_upload(UploadLie::Failed("why".into()));
    let failed = upload().await;
    assert_eq!(
        (&failed["state"], &failed["error"]["message"]),
        (&"FAILED".into(), &"why".into())
    );
    let true_one = upload().await;
    assert_eq!(
        (&true_one["sha256Hash"], &true_one["sizeBytes"]),
        (&hash, &"10".into())
    );

    let put = async || {
        let put = fixture
            .call(Method::PUT, "b/o")
            .body(CONTENT)
            .send()
            .await
            .unwrap();
        put.headers()["x-goog-hash"].clone()
    };
    let hash = put().await;
    faults.lie_about_next_object();
    assert_ne!(put().await, hash);
    assert_eq!(put().await, hash);
}

#[tokio::test]
async fn a_file_may_get_other_contents() {
    let fixture = Fixture::new().await;
    let name = fixture.upload(CONTENT).await;
    let before = fixture.get(&name).await;
    fixture.emulator.replace_file(&name, "9876543210");
    let after = fixture.get(&name).await;
    assert_eq!(after["sizeBytes"], before["sizeBytes"]);
    assert_ne!(after["sha256Hash"], before["sha256Hash"]);
}
