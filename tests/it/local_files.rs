//! Local files that requests name: uploaded once, or put into the request; and what happens
//! where they cannot be.

use std::collections::BTreeSet;
use std::path::PathBuf;

use genai_batch::batches::{Checks, InlineLimit};
use genai_batch::request::Content;
use genai_batch::{EmbedRequest, Error, Part, Request, Source};
use genai_batch_emulator::{Failure, Operation};
use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Backend, client, on_every_backend};

on_every_backend! {
    a_file_that_many_requests_name_is_uploaded_once,
    an_inlined_file_is_in_its_request,
    what_cannot_be_brought_ends_the_create,
    a_path_in_json_is_not_read,
    uploaded_files_are_removed_with_the_input,
}

const IMAGE: &[u8] = b"\x89PNG\r\n\x1a\nan image";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, IMAGE).unwrap();
        path
    }
}

impl Backend {
    /// Where uploaded files are now.
    fn uploaded(&self) -> Vec<String> {
        let mut uris: Vec<_> = self.emulator.files().into_iter().collect();
        uris.retain(|file| !file.generated && file.mime_type != "application/jsonl");
        let mut uris: Vec<_> = uris.into_iter().map(|file| file.name).collect();
        #[cfg(feature = "gcs")]
        uris.extend(self.emulator.objects("gs://staging-bucket/"));
        uris.retain(|uri| !uri.ends_with(".jsonl"));
        uris
    }
}

async fn a_file_that_many_requests_name_is_uploaded_once(backend: Backend) {
    let backend = backend.echoing().await;
    let folder = Folder::new();
    let (one, other) = (folder.file("one.png"), folder.file("other file.png"));
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let before = backend.uploaded().len();
        let ask = |path| Request::parts([Part::text("What?"), Part::local_file(path)]);
        let requests = vec![ask(&one), ask(&other), ask(&one), ask(&one)];
        let received = backend.received(requests, limit).await;
        let received: Vec<_> = received.into_values().collect();
        assert_eq!(backend.uploaded().len(), before + 2);
        let uris: Vec<_> = received
            .iter()
            .map(|request| &request["contents"][0]["parts"][1]["fileData"])
            .inspect(|data| assert_eq!(data["mimeType"], "image/png"))
            .map(|data| data["fileUri"].as_str().unwrap())
            .collect();
        assert_eq!((uris[0], uris[0]), (uris[2], uris[3]));
        assert_eq!(BTreeSet::from_iter(&uris).len(), 2);
        for uri in uris {
            let content = match uri
                .split_once("/files/")
                .filter(|_| !uri.starts_with("gs://"))
            {
                Some((_, id)) => backend.emulator.file_content(&format!("files/{id}")),
                #[cfg(feature = "gcs")]
                None => backend.emulator.object(uri),
                #[cfg(not(feature = "gcs"))]
                None => None,
            };
            assert_eq!(content.as_deref(), Some(IMAGE), "{uri}");
        }
    }
}

async fn an_inlined_file_is_in_its_request(backend: Backend) {
    let backend = backend.echoing().await;
    let folder = Folder::new();
    let part = Part::inline_file(folder.file("image")).mime_type("image/x-own");
    let received = backend
        .received(vec![Request::parts([part])], InlineLimit::MAX)
        .await;
    let expected = serde_json::to_value(Request::parts([Part::bytes("image/x-own", IMAGE)]));
    assert_eq!(
        received["request-1"]["contents"],
        expected.unwrap()["request"]["contents"]
    );
    assert_eq!(backend.uploaded(), Vec::<String>::new());
}

async fn what_cannot_be_brought_ends_the_create(backend: Backend) {
    let folder = Folder::new();
    let good = || Request::parts([Part::local_file(folder.file("good.png"))]).key("good");
    let error = async |bad: Request| -> Error {
        let create = backend
            .client
            .batches()
            .create(backend.model, vec![good(), bad.key("bad")]);
        let error = create.await.unwrap_err();
        assert_eq!(backend.emulator.request_count(backend.create), 0);
        assert_eq!(backend.uploaded(), Vec::<String>::new(), "{error}");
        error
    };
    let missing = folder.0.path().join("missing.png");
    for part in [Part::local_file(&missing), Part::inline_file(&missing)] {
        let error = error(Request::parts([part])).await;
        let text = error.to_string();
        assert!(
            text.contains("request 2 (key \"bad\")") && text.contains("missing.png"),
            "{text}"
        );
        assert!(error.is_io(), "{text}");
    }
    let unknown = error(Request::parts([Part::local_file(folder.file("no-ending"))])).await;
    assert!(unknown.to_string().contains("MIME type"), "{unknown}");
    let folder_itself = Part::local_file(folder.0.path()).mime_type("image/png");
    let folder_itself = error(Request::parts([folder_itself])).await;
    assert!(
        folder_itself.to_string().contains("not a file"),
        "{folder_itself}"
    );
    let no_object = error(Request::text("hi").patch(json!(7))).await;
    assert!(
        no_object
            .to_string()
            .contains("patch is not a JSON object: 7"),
        "{no_object}"
    );

    let operation = match backend.client.backend() {
        genai_batch::Backend::Gemini => Operation::StartUpload,
        _ => Operation::PutObject,
    };
    let refusal = Failure::status(403, "PERMISSION_DENIED", "no");
    backend.emulator.faults().fail_next(operation, 1, refusal);
    let refused = error(Request::text("fine")).await.to_string();
    assert!(
        refused.contains("request 1 (key \"good\")") && refused.contains("good.png"),
        "{refused}"
    );
}

async fn a_path_in_json_is_not_read(backend: Backend) {
    let backend = backend.echoing().await;
    let folder = Folder::new();
    let path = folder.file("secret.png");
    let token = format!("local:{path:?}");
    for data in [
        json!({ "fileData": { "fileUri": token, "mimeType": "image/png" } }),
        json!({ "inlineData": { "data": token, "mimeType": "image/png" } }),
    ] {
        let line = json!({ "request": { "contents": [{ "parts": [data] }] } });
        let request = Request::from_jsonl(&line.to_string()).unwrap();
        let create = || {
            backend
                .client
                .batches()
                .create(backend.model, vec![request.clone()])
        };
        assert!(create().await.unwrap_err().is_invalid_input());
        let create = create().checks(Checks::Off).inline_limit(InlineLimit::MAX);
        let received = backend.received_by(create).await;
        assert_eq!(received["request-1"]["contents"][0]["parts"][0], data);
    }
    assert_eq!(backend.uploaded(), Vec::<String>::new());
}

async fn uploaded_files_are_removed_with_the_input(backend: Backend) {
    let folder = Folder::new();
    let path = folder.file("a.png");
    let requests = vec![Request::parts([Part::local_file(&path)]); 3];
    let job = backend
        .client
        .batches()
        .create(backend.model, Source::from(requests))
        .remove_staged_input(true)
        .await
        .unwrap();
    assert_eq!(backend.uploaded().len(), 1);
    backend.wait(&job).await.unwrap();
    assert_eq!(backend.uploaded(), Vec::<String>::new());
}

#[tokio::test]
async fn embeddings_of_local_files_are_brought_too() {
    let backend = Backend::gemini().await;
    let folder = Folder::new();
    let content = Content::new([Part::text("A"), Part::local_file(folder.file("a.png"))]);
    let requests = vec![EmbedRequest::content(content)];
    let create = backend
        .client
        .batches()
        .create_embeddings(backend.embedding_model, requests);
    let results = backend.results_of(create).await;
    assert!(results.verify().await.unwrap().is_complete());
    assert_eq!(backend.uploaded().len(), 1);
}

/// A service that takes a file, works on it, and is then done with it in this state.
async fn working_service(state: &str) -> MockServer {
    let server = MockServer::start().await;
    let mock = async |verb: &str, place: &str, response: ResponseTemplate| {
        let mock = Mock::given(method(verb)).and(path(place));
        mock.respond_with(response).mount(&server).await;
    };
    let file = |state: &str| json!({ "name": "files/a", "uri": "https://example.com/files/a", "state": state });
    let response = || ResponseTemplate::new(200);
    let started = response().insert_header("x-goog-upload-url", format!("{}/up", server.uri()));
    mock("POST", "/upload/v1beta/files", started).await;
    let uploaded = response()
        .insert_header("x-goog-upload-status", "final")
        .set_body_json(json!({ "file": file("PROCESSING") }));
    mock("POST", "/up", uploaded).await;
    mock(
        "GET",
        "/v1beta/files/a",
        response().set_body_json(file(state)),
    )
    .await;
    mock(
        "DELETE",
        "/v1beta/files/a",
        response().set_body_json(json!({})),
    )
    .await;
    let job = response().set_body_json(json!({ "name": "batches/b" }));
    mock("POST", "/v1beta/models/m:batchGenerateContent", job).await;
    server
}

#[tokio::test]
async fn a_file_is_named_once_the_service_is_done_with_it() {
    let folder = Folder::new();
    let requests = || vec![Request::parts([Part::local_file(folder.file("a.png"))])];
    let server = working_service("ACTIVE").await;
    let batches = client(&server.uri()).batches();
    batches.create("m", requests()).adopt(false).await.unwrap();
    let received = server.received_requests().await.unwrap();
    let create = String::from_utf8(received.last().unwrap().body.clone()).unwrap();
    assert!(create.contains("https://example.com/files/a"), "{create}");

    let server = working_service("FAILED").await;
    let batches = client(&server.uri()).batches();
    let create = batches.create("m", requests()).adopt(false);
    let error = create.await.unwrap_err().to_string();
    assert!(
        error.contains("a.png") && error.contains("cannot use it"),
        "{error}"
    );
    let received = server.received_requests().await.unwrap();
    assert_eq!(received.last().unwrap().method.as_str(), "DELETE");
}
