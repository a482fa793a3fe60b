//! Storage that is not Google's and lacks a call: who it may be, and what to use.

use genai_batch::Error;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{TOKEN, sums, vertex_client_at};

async fn error_of_staging(response: ResponseTemplate) -> Error {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    let client = vertex_client_at(&server.uri());
    let client = client.access_token(TOKEN).build().unwrap();
    let created = client.batches().create("gemini-2.5-flash", sums(2).0).await;
    created.unwrap_err()
}

#[tokio::test]
async fn what_other_emulators_lack_is_named() {
    let message = "invalid uploadType";
    let fake_gcs_server = json!({"error": {"code": 400, "message": message, "errors": [
        {"domain": "global", "reason": "Bad Request", "message": message},
    ]}});
    let cases = [
        (
            ResponseTemplate::new(400).set_body_json(fake_gcs_server),
            "fake-gcs-server",
        ),
        (ResponseTemplate::new(501), "gcp-storage-emulator"),
        // Objects are written there, and nobody hears which.
        (ResponseTemplate::new(200), "gcp-storage-emulator"),
    ];
    for (response, name) in cases {
        let error = error_of_staging(response).await.to_string();
        for part in [
            "is not Google's",
            name,
            "genai-batch-emulator",
            "writing gs://",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
    let other = json!({"error": {"code": 400, "message": "no such bucket"}});
    let error = error_of_staging(ResponseTemplate::new(400).set_body_json(other)).await;
    assert!(
        !error.to_string().contains("genai-batch-emulator"),
        "{error}"
    );
}
