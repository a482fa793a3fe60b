//! What goes over the wire to the Gemini backend, in the places that the recorded cases
//! leave open.

use genai_batch::batches::{InlineLimit, WebhookConfig};
use genai_batch::{Client, Request};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request as Received, ResponseTemplate};

use crate::support::KEY;

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(200).set_body_json(json!({ "name": "batches/b" }));
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    server
}

async fn only_request(server: &MockServer) -> Received {
    let mut received = server.received_requests().await.unwrap();
    assert_eq!(received.len(), 1);
    received.remove(0)
}

#[tokio::test]
async fn every_option_of_a_create_has_its_place() {
    let server = server().await;
    let client = Client::builder()
        .api_key(KEY)
        .base_url(server.uri())
        .build()
        .unwrap();
    client
        .batches()
        .create("gemini-2.5-flash", vec![Request::text("hi").key("k")])
        .display_name("all")
        .priority(-5)
        .webhook(WebhookConfig::new(["https://example.com/hook"]).user_metadata("run", 7))
        .patch(json!({ "batch": { "newField": { "a": 1 } } }))
        .patch(json!({ "batch": { "newField": { "b": 2 } } }))
        .inline_limit(InlineLimit::MAX)
        .adopt(false)
        .await
        .unwrap();
    let body: Value = only_request(&server).await.body_json().unwrap();
    let expected = json!({ "batch": {
        "displayName": "all",
        "priority": "-5",
        "webhookConfig": { "uris": ["https://example.com/hook"], "userMetadata": { "run": 7 } },
        "newField": { "a": 1, "b": 2 },
        "inputConfig": { "requests": { "requests": [{
            "request": { "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] },
            "metadata": { "key": "k" },
        }] } },
    } });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn headers_of_the_client_are_on_every_call() {
    let server = server().await;
    let client = Client::builder()
        .api_key(KEY)
        .base_url(server.uri())
        .header("x-custom-tag", "t")
        .user_agent_suffix("my-tool/2")
        .timeout(std::time::Duration::from_millis(30_001))
        .build()
        .unwrap();
    client.batches().get("batches/b").await.unwrap();
    let request = only_request(&server).await;
    let header = |name: &str| {
        request
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(header("x-goog-api-key"), Some(KEY));
    assert_eq!(header("x-custom-tag"), Some("t"));
    assert_eq!(header("x-server-timeout"), Some("31"));
    assert_eq!(header("api-version"), None);
    let agent = header("user-agent").unwrap();
    assert!(
        agent.starts_with("genai-batch/") && agent.ends_with(" my-tool/2"),
        "{agent}"
    );
    assert_eq!(request.url.path(), "/v1beta/batches/b");
}

#[tokio::test]
async fn a_cancel_has_an_empty_body_and_says_so() {
    let server = server().await;
    let client = Client::builder()
        .api_key(KEY)
        .base_url(server.uri())
        .build()
        .unwrap();
    client.batches().cancel("batches/b").await.unwrap();
    let request = only_request(&server).await;
    assert_eq!(request.url.path(), "/v1beta/batches/b:cancel");
    assert!(request.body.is_empty());
    assert_eq!(request.headers.get("content-length").unwrap(), "0");
}

#[tokio::test]
async fn a_redirect_takes_no_key_along() {
    let elsewhere = server().await;
    let server = MockServer::start().await;
    let redirect = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    Mock::given(any())
        .respond_with(redirect)
        .mount(&server)
        .await;
    let client = Client::builder()
        .api_key(KEY)
        .base_url(server.uri())
        .build()
        .unwrap();
    let error = client.batches().get("batches/b").await.unwrap_err();
    assert_eq!(error.status(), Some(307));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn data_is_not_uploaded_to_another_host() {
    let elsewhere = server().await;
    let server = MockServer::start().await;
    let start = ResponseTemplate::new(200).insert_header("x-goog-upload-url", elsewhere.uri());
    Mock::given(any()).respond_with(start).mount(&server).await;
    let client = Client::builder()
        .api_key(KEY)
        .base_url(server.uri())
        .build()
        .unwrap();
    let upload = client
        .files()
        .upload(b"secret".to_vec())
        .mime_type("text/plain");
    let error = upload.await.unwrap_err();
    assert!(
        error.to_string().contains("nothing was uploaded"),
        "{error}"
    );
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}
