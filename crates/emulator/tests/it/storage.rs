//! Cloud Storage, as plain HTTP calls and the `object_store` crate use it.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use genai_batch_emulator::{Builder, Emulator, Failure, Operation};
use object_store::gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder};
use object_store::path::Path;
use object_store::{
    Attribute, CopyMode, CopyOptions, Error, GetOptions, MultipartUpload as _, ObjectStore,
    ObjectStoreExt as _, PutMode, PutPayload, StaticCredentialProvider, WriteMultipart,
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{header, ok};

/// An emulator, a store on one of its buckets, and a plain client.
struct Fixture {
    emulator: Emulator,
    store: GoogleCloudStorage,
    http: reqwest::Client,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(set_up: impl FnOnce(Builder) -> Builder) -> Self {
        let emulator = set_up(Emulator::builder()).start().await.unwrap();
        Self {
            store: store(&emulator, "my-bucket", "token"),
            emulator,
            http: reqwest::Client::new(),
        }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/{path}", self.emulator.base_url());
        self.http.request(method, url)
    }

    async fn put(&self, names: &[&str]) {
        for name in names {
            self.store
                .put(&Path::from(*name), PutPayload::from((*name).to_owned()))
                .await
                .unwrap();
        }
    }
}

fn store(emulator: &Emulator, bucket: &str, token: &str) -> GoogleCloudStorage {
    let credential = GcpCredential {
        bearer: token.to_owned(),
    };
    let client = object_store::ClientOptions::new().with_allow_http(true);
    GoogleCloudStorageBuilder::new()
        .with_base_url(emulator.base_url())
        .with_bucket_name(bucket)
        .with_credentials(Arc::new(StaticCredentialProvider::new(credential)))
        .with_client_options(client)
        .build()
        .unwrap()
}

async fn list(store: &GoogleCloudStorage, prefix: &str) -> Vec<String> {
    let prefix = Path::from(prefix);
    let objects: Vec<_> = store.list(Some(&prefix)).try_collect().await.unwrap();
    let names = objects.iter().map(|object| object.location.to_string());
    names.collect()
}

#[tokio::test]
async fn objects_are_written_and_read() {
    let fixture = Fixture::new().await;
    let Fixture {
        emulator, store, ..
    } = &fixture;
    for name in ["plain", "in/a folder/of ünïcode/100%.json", "a+b&c=d?e#f"] {
        let path = Path::from(name);
        let put = store.put(&path, "content".into()).await.unwrap();
        let got = store.get(&path).await.unwrap();
        assert_eq!(got.meta.e_tag, put.e_tag);
        assert_eq!(got.meta.version, put.version);
        assert_eq!(got.meta.size, 7);
        assert_eq!(got.bytes().await.unwrap(), "content");
        assert_eq!(store.head(&path).await.unwrap().size, 7);
        let uri = format!("gs://my-bucket/{path}");
        assert_eq!(emulator.object(&uri).as_deref(), Some(&b"content"[..]));
    }
    emulator.put_object("gs://my-bucket/seeded", "from outside");
    let seeded = store.get(&Path::from("seeded")).await.unwrap();
    assert_eq!(seeded.bytes().await.unwrap(), "from outside");
    let missing = store.get(&Path::from("missing")).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
}

#[tokio::test]
async fn attributes_are_kept() {
    let fixture = Fixture::new().await;
    let path = Path::from("attributes");
    let attributes = [
        (Attribute::ContentType, "application/jsonl"),
        (Attribute::CacheControl, "no-store"),
        (Attribute::Metadata("owner".into()), "me"),
    ];
    let options = object_store::PutOptions {
        attributes: attributes.into_iter().collect(),
        ..Default::default()
    };
    let store = &fixture.store;
    store.put_opts(&path, "x".into(), options).await.unwrap();
    let got = store.get(&path).await.unwrap();
    for (attribute, value) in [
        (Attribute::ContentType, "application/jsonl"),
        (Attribute::CacheControl, "no-store"),
        (Attribute::Metadata("owner".into()), "me"),
    ] {
        let found = got.attributes.get(&attribute).map(AsRef::as_ref);
        assert_eq!(found, Some(value), "{attribute:?}");
    }
}

#[tokio::test]
async fn ranges_are_read() {
    let fixture = Fixture::new().await;
    let path = Path::from("digits");
    fixture.store.put(&path, "0123456789".into()).await.unwrap();
    let ranges = fixture.store.get_ranges(&path, &[0..2, 7..10]).await;
    assert_eq!(ranges.unwrap(), ["01", "789"]);
    let suffix = GetOptions::new().with_range(Some(object_store::GetRange::Suffix(4)));
    let got = fixture.store.get_opts(&path, suffix).await.unwrap();
    assert_eq!((got.range.clone(), got.meta.size), (6..10, 10));
    assert_eq!(got.bytes().await.unwrap(), "6789");

    let beyond = fixture
        .call(Method::GET, "my-bucket/digits")
        .header("range", "bytes=10-");
    let refused = beyond.send().await.unwrap();
    assert_eq!(refused.status(), 416);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("<Code>InvalidRange</Code>")
    );
}

#[tokio::test]
async fn conditions_are_kept() {
    let fixture = Fixture::new().await;
    let (store, path) = (&fixture.store, Path::from("guarded"));
    let create = || PutMode::Create.into();
    let first = store.put_opts(&path, "1".into(), create()).await.unwrap();
    let again = store.put_opts(&path, "2".into(), create()).await;
    assert!(
        matches!(again, Err(Error::AlreadyExists { .. })),
        "{again:?}"
    );
    let update = || PutMode::Update(first.clone().into()).into();
    let second = store.put_opts(&path, "2".into(), update()).await.unwrap();
    let late = store.put_opts(&path, "3".into(), update()).await;
    assert!(matches!(late, Err(Error::Precondition { .. })), "{late:?}");

    let get = |options: GetOptions| store.get_opts(&path, options);
    assert!(
        get(GetOptions::new().with_if_match(second.e_tag.clone()))
            .await
            .is_ok()
    );
    let changed = get(GetOptions::new().with_if_match(first.e_tag.clone())).await;
    assert!(
        matches!(changed, Err(Error::Precondition { .. })),
        "{changed:?}"
    );
    let same = get(GetOptions::new().with_if_none_match(second.e_tag.clone())).await;
    assert!(matches!(same, Err(Error::NotModified { .. })), "{same:?}");
    let version = get(GetOptions::new().with_version(first.version.clone())).await;
    assert!(
        matches!(version, Err(Error::NotFound { .. })),
        "{version:?}"
    );
}

#[tokio::test]
async fn listings_come_in_pages() {
    let fixture = Fixture::with(|builder| builder.max_page_size(3)).await;
    let names: Vec<String> = (0..10).map(|n| format!("many/{n} <&>")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fixture.put(&names).await;
    fixture.put(&["other", "many-more", "many/deep/er"]).await;
    let listed = list(&fixture.store, "many").await;
    assert_eq!(listed.len(), 11);
    assert_eq!(
        listed[..10],
        names
            .iter()
            .map(|name| Path::from(*name).to_string())
            .collect::<Vec<_>>()
    );
    assert_eq!(fixture.emulator.request_count(Operation::ListObjects), 4);

    let prefix = Path::from("many");
    let folder = fixture
        .store
        .list_with_delimiter(Some(&prefix))
        .await
        .unwrap();
    assert_eq!(folder.objects.len(), 10);
    assert_eq!(folder.common_prefixes, [Path::from("many/deep")]);
    let offset = Path::from("many/8 <&>");
    let rest: Vec<_> = fixture
        .store
        .list_with_offset(Some(&prefix), &offset)
        .try_collect()
        .await
        .unwrap();
    let rest: Vec<String> = rest
        .iter()
        .map(|object| object.location.to_string())
        .collect();
    assert_eq!(
        rest,
        [
            Path::from("many/9 <&>").to_string(),
            "many/deep/er".to_owned()
        ]
    );
    assert_eq!(
        fixture.emulator.objects("gs://my-bucket/many/d"),
        ["gs://my-bucket/many/deep/er"]
    );

    fixture.emulator.faults().empty_pages();
    assert_eq!(list(&fixture.store, "many").await, listed);
}

#[tokio::test]
async fn objects_are_made_of_parts() {
    const PART: usize = 5 * 1024 * 1024;
    let fixture = Fixture::new().await;
    let path = Path::from("large/object");
    let content: Vec<u8> = (0..2 * PART + 100).map(|n| (n % 251) as u8).collect();
    let upload = fixture.store.put_multipart(&path).await.unwrap();
    let mut writer = WriteMultipart::new(upload);
    for piece in content.chunks(1_000_000) {
        writer.write(piece);
    }
    let put = writer.finish().await.unwrap();
    let got = fixture.store.get(&path).await.unwrap();
    assert_eq!(got.meta.version, put.version);
    assert_eq!(got.meta.e_tag, put.e_tag);
    assert!(got.bytes().await.unwrap() == content);
    assert_eq!(fixture.emulator.request_count(Operation::UploadPart), 3);

    let mut given_up = fixture.store.put_multipart(&path).await.unwrap();
    given_up.put_part("x".into()).await.unwrap();
    given_up.abort().await.unwrap();
    let late = given_up.complete().await.unwrap_err();
    assert!(late.to_string().contains("NoSuchUpload"), "{late}");
}

#[tokio::test]
async fn parts_are_checked() {
    let fixture = Fixture::new().await;
    let path = Path::from("small/parts");
    let mut upload = fixture.store.put_multipart(&path).await.unwrap();
    for text in ["too small", "last"] {
        upload.put_part(text.into()).await.unwrap();
    }
    let refused = upload.complete().await.unwrap_err();
    assert!(refused.to_string().contains("EntityTooSmall"), "{refused}");

    let fixture = Fixture::with(|builder| builder.min_part_size(0)).await;
    let mut upload = fixture.store.put_multipart(&path).await.unwrap();
    for text in ["small ", "parts"] {
        upload.put_part(text.into()).await.unwrap();
    }
    upload.complete().await.unwrap();
    let content = fixture.emulator.object("gs://my-bucket/small/parts");
    assert_eq!(content.as_deref(), Some(&b"small parts"[..]));

    let started = fixture.call(Method::POST, "my-bucket/o?uploads");
    let started = started.send().await.unwrap().text().await.unwrap();
    let id = started
        .split("<UploadId>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let complete = async |parts: &str| {
        let call = fixture.call(Method::POST, &format!("my-bucket/o?uploadId={id}"));
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let answer = call.body(body).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        answer.text().await.unwrap()
    };
    let part = |number| format!("<Part><PartNumber>{number}</PartNumber><ETag>\"e\"</ETag></Part>");
    assert!(
        complete(&part(1))
            .await
            .contains("<Code>InvalidPart</Code>")
    );
    let unsorted = format!("{}{}", part(2), part(1));
    assert!(
        complete(&unsorted)
            .await
            .contains("<Code>InvalidPartOrder</Code>")
    );
    assert!(complete("").await.contains("<Code>MalformedXML</Code>"));
}

#[tokio::test]
async fn objects_are_copied_and_deleted() {
    let fixture = Fixture::new().await;
    fixture.put(&["from ü", "taken"]).await;
    let store = &fixture.store;
    let (from, to, taken) = (Path::from("from ü"), Path::from("to"), Path::from("taken"));
    store.copy(&from, &to).await.unwrap();
    let copied = store.get(&to).await.unwrap();
    assert_eq!(copied.meta.e_tag, store.head(&from).await.unwrap().e_tag);
    assert_eq!(copied.bytes().await.unwrap(), "from ü");
    let options = CopyOptions::new().with_mode(CopyMode::Create);
    let refused = store.copy_opts(&from, &taken, options).await;
    assert!(
        matches!(refused, Err(Error::AlreadyExists { .. })),
        "{refused:?}"
    );
    store.rename(&from, &taken).await.unwrap();
    assert_eq!(list(store, "").await, ["taken", "to"]);
    store.delete(&taken).await.unwrap();
    assert_eq!(list(store, "").await, ["to"]);
    let again = fixture
        .call(Method::DELETE, "my-bucket/taken")
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 404);
    let text = again.text().await.unwrap();
    assert!(text.contains("<Code>NoSuchKey</Code>"), "{text}");
}

#[tokio::test]
async fn a_cut_download_is_continued() {
    let fixture = Fixture::new().await;
    let path = Path::from("cut");
    let content = "0123456789".repeat(100_000);
    fixture
        .store
        .put(&path, content.clone().into())
        .await
        .unwrap();
    let faults = fixture.emulator.faults();
    faults.cut_next_object(123_456);
    faults.fail_next(Operation::GetObject, 1, Failure::service_unavailable());
    faults.pass_next(Operation::GetObject, 1);
    faults.fail_next(Operation::GetObject, 1, Failure::CloseBeforeAnswer);
    let got = fixture.store.get(&path).await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), content);
    let statuses: Vec<_> = fixture
        .emulator
        .requests()
        .iter()
        .filter(|request| request.operation == Some(Operation::GetObject))
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [Some(503), Some(200), None, Some(206)]);
}

#[tokio::test]
async fn buckets_may_be_out_of_reach() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.miss_bucket("gone");
    faults.forbid_bucket("private");
    let path = Path::from("o");
    let gone = store(&fixture.emulator, "gone", "token");
    let error = gone.put(&path, "x".into()).await.unwrap_err();
    assert!(error.to_string().contains("NoSuchBucket"), "{error}");
    let private = store(&fixture.emulator, "private", "token");
    let error = private.get(&path).await.unwrap_err();
    assert!(matches!(error, Error::PermissionDenied { .. }), "{error}");
    let json = fixture.call(Method::GET, "storage/v1/b/gone/o");
    let answer = json.send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["errors"][0]["reason"], "notFound");
}

#[tokio::test]
async fn a_token_may_be_required() {
    let fixture = Fixture::with(Builder::require_authentication).await;
    fixture.emulator.put_object("gs://my-bucket/o", "content");
    let path = Path::from("o");
    let refused = fixture.store.get(&path).await.unwrap_err();
    assert!(matches!(refused, Error::Unauthenticated { .. }));
    let token = fixture.emulator.issue_token();
    let store = store(&fixture.emulator, "my-bucket", &token);
    assert_eq!(store.head(&path).await.unwrap().size, 7);

    for (path, expected) in [
        ("my-bucket/o", "<Code>AuthenticationRequired</Code>"),
        ("storage/v1/b/my-bucket/o/o", "\"reason\": \"required\""),
    ] {
        let refused = fixture.call(Method::GET, path).send().await.unwrap();
        assert_eq!(refused.status(), 401);
        let text = refused.text().await.unwrap();
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn the_json_api_tells_of_objects() {
    let fixture = Fixture::with(|builder| builder.max_page_size(2)).await;
    fixture.put(&["a", "b/1", "b/2", "c"]).await;
    let object = ok(fixture.call(Method::GET, "storage/v1/b/my-bucket/o/b%2F1")).await;
    assert_eq!(object["name"], "b/1");
    assert_eq!(object["size"], "3");
    assert_eq!(object["md5Hash"], "RryIK4gSD9TcEgdrpWx91A==");
    let first = ok(fixture.call(Method::GET, "storage/v1/b/my-bucket/o?delimiter=/")).await;
    assert_eq!(first["items"][0]["name"], "a");
    assert_eq!(first["prefixes"], json!(["b/"]));
    let token = first["nextPageToken"].as_str().unwrap();
    let path = format!("storage/v1/b/my-bucket/o?delimiter=/&pageToken={token}");
    let second = ok(fixture.call(Method::GET, &path)).await;
    assert_eq!(second["items"][0]["name"], "c");
    assert_eq!(second["nextPageToken"], Value::Null);

    let media = fixture.call(Method::GET, "download/storage/v1/b/my-bucket/o/c?alt=media");
    let media = media.send().await.unwrap();
    assert!(header(&media, "x-goog-hash").starts_with("crc32c="));
    assert_eq!(media.text().await.unwrap(), "c");
    let missing = fixture.call(Method::GET, "storage/v1/b/my-bucket/o/d?alt=media");
    let missing = missing.send().await.unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.text().await.unwrap(), "No such object: my-bucket/d");
}

#[tokio::test]
async fn a_resumable_upload_goes_on_where_it_was() {
    const CHUNK: usize = 256 * 1024;
    let fixture = Fixture::new().await;
    let start = fixture
        .call(
            Method::POST,
            "upload/storage/v1/b/my-bucket/o?uploadType=resumable",
        )
        .header("x-upload-content-type", "text/plain")
        .json(&json!({"name": "in/chunks", "metadata": {"owner": "me"}}));
    let started = start.send().await.unwrap();
    let url = header(&started, "location").to_owned();
    let content = "x".repeat(CHUNK) + "rest";
    let send = async |range: &str, chunk: &str| {
        let call = fixture.http.put(&url).header("content-range", range);
        call.body(chunk.to_owned()).send().await.unwrap()
    };
    fixture.emulator.faults().interrupt_next_chunk(1000);
    let first = format!("bytes 0-{}/*", CHUNK - 1);
    assert_eq!(send(&first, &content[..CHUNK]).await.status(), 503);
    let known = send("bytes */*", "").await;
    assert_eq!(
        (known.status().as_u16(), header(&known, "range")),
        (308, "bytes=0-999")
    );
    let known = send(&first, &content[..CHUNK]).await;
    assert_eq!(header(&known, "range"), "bytes=0-262143");
    let gap = send("bytes 999999-1000002/1000003", "rest").await;
    assert_eq!(gap.status(), 400);
    let last = format!("bytes {CHUNK}-{}/{}", CHUNK + 3, CHUNK + 4);
    let done = send(&last, "rest").await;
    assert_eq!(done.status(), 200);
    let object: Value = done.json().await.unwrap();
    assert_eq!(object["metadata"], json!({"owner": "me"}));
    assert_eq!(send(&last, "rest").await.status(), 200);
    let stored = fixture.emulator.object("gs://my-bucket/in/chunks").unwrap();
    assert!(stored == content.as_bytes());
    assert_eq!(
        fixture.emulator.request_count(Operation::QueryObjectUpload),
        1
    );
}

#[tokio::test]
async fn wrong_checksums_are_refused() {
    let fixture = Fixture::new().await;
    let put = fixture.call(Method::PUT, "my-bucket/o").body("content");
    let refused = put
        .header("x-goog-hash", "crc32c=AAAAAA==")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("<Code>BadDigest</Code>")
    );
    assert_eq!(fixture.emulator.object("gs://my-bucket/o"), None);
}

#[tokio::test]
async fn other_services_keep_their_paths() {
    let fixture = Fixture::new().await;
    for path in ["v1beta1/some-object", "upload/v1beta/nothing"] {
        let answer = fixture.call(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 404);
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["error"]["status"], "NOT_FOUND");
    }
}
