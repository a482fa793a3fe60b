//! The generated clients: on their own, and with the client's credentials and retries.

use genai_batch::raw::{Session, gemini};
use genai_batch_emulator::{Failure, Operation};

use crate::support::{Backend, KEY, sums};

#[tokio::test]
async fn a_raw_client_shares_credentials_and_retries() {
    let backend = Backend::gemini().await;
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(2).0)
        .await
        .unwrap();
    let raw = backend.client.raw();
    let gemini = raw.gemini().unwrap();
    let id = job.name().strip_prefix("batches/").unwrap();
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::GetBatch, 2, Failure::service_unavailable());
    let operation = gemini.batches_get(id).await.unwrap().into_inner();
    assert_eq!(operation.name.as_deref(), Some(job.name()));
    let metadata = operation.metadata.as_ref().unwrap();
    let stats = metadata.batch_stats.as_ref().unwrap();
    assert_eq!(stats.request_count.unwrap().0, 2);
    assert_eq!(backend.emulator.request_count(Operation::GetBatch), 3);
}

#[tokio::test]
async fn a_raw_client_creates_a_job_on_its_own() {
    let backend = Backend::gemini().await;
    let session = Session::new(KEY).unwrap();
    let base = format!("{}/v1beta", backend.emulator.base_url());
    let raw = gemini::Client::new_with_client(&base, session.http_client(), session);
    let body: gemini::types::BatchGenerateContentRequest =
        serde_json::from_value(serde_json::json!({
            "batch": { "displayName": "raw", "priority": "7", "inputConfig": { "requests": {
                "requests": [{
                    "request": { "contents": [{ "parts": [{ "text": "What is 1 + 1?" }] }] },
                    "metadata": { "key": "a" },
                }],
            } } },
        }))
        .unwrap();
    let operation = raw
        .models_batch_generate_content("gemini-2.5-flash", &body)
        .await
        .unwrap();
    let name = operation.name.clone().unwrap();
    let job = backend.emulator.job(&name).unwrap();
    assert_eq!(
        (job.display_name.as_deref(), job.priority),
        (Some("raw"), 7)
    );

    // What went through the raw client is an ordinary job.
    let job = backend.client.batches().get(name).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let results = backend.client.batches().results(&job).await.unwrap();
    assert_eq!(results.verify().await.unwrap().responses, 1);
}

#[tokio::test]
async fn a_refusal_keeps_its_status_and_body() {
    let backend = Backend::gemini().await;
    let raw = backend.client.raw();
    let error = raw.gemini().unwrap().batches_get("none").await.unwrap_err();
    assert_eq!(
        (error.status(), error.status_name()),
        (Some(404), Some("NOT_FOUND"))
    );
    assert!(error.body().contains("NOT_FOUND"), "{error:?}");
}
