//! The calls that are refused, and how.

use genai_batch_emulator::Operation;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Fixture, refusal, request};

#[tokio::test]
async fn calls_without_credentials_are_denied() {
    let fixture = Fixture::new().await;
    let url = format!("{}/v1beta/batches", fixture.emulator.base_url());
    let denied = (403, "PERMISSION_DENIED".to_owned());
    assert_eq!(refusal(fixture.http.get(&url)).await, denied);
    assert!(
        fixture
            .http
            .get(format!("{url}?key=k"))
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    let token = fixture
        .http
        .get(&url)
        .header("authorization", "Bearer token");
    assert!(token.send().await.unwrap().status().is_success());
    let logged = fixture.emulator.requests();
    assert_eq!(
        logged.iter().map(|call| call.status).collect::<Vec<_>>(),
        [Some(403), Some(200), Some(200)]
    );
    assert_eq!(logged[1].query, "key=…");
}

#[tokio::test]
async fn a_wrong_key_is_invalid() {
    let fixture = Fixture::with(|builder| builder.api_key("right")).await;
    let answer = fixture
        .call(Method::GET, "v1beta/batches")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["status"], "INVALID_ARGUMENT");
    assert_eq!(error["error"]["details"][0]["reason"], "API_KEY_INVALID");
}

#[tokio::test]
async fn bad_batches_are_refused_with_the_field() {
    let fixture = Fixture::new().await;
    let requests = json!({"requests": [{"request": request("hi")}]});
    for batch in [
        json!({"displayName": "nothing"}),
        json!({"inputConfig": {}}),
        json!({"inputConfig": {"requests": {"requests": []}}}),
        json!({"inputConfig": {"requests": requests, "fileName": "files/a"}}),
    ] {
        let answer = fixture.create(&batch).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let error: Value = answer.json().await.unwrap();
        let detail = &error["error"]["details"][0];
        assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.BadRequest");
        let field = detail["fieldViolations"][0]["field"].as_str().unwrap();
        assert!(field.starts_with("batch.input_config"), "{field}");
    }
    let batch = json!({"inputConfig": {"fileName": "files/unknown"}});
    assert_eq!(
        refusal(fixture.create(&batch)).await,
        (403, "PERMISSION_DENIED".to_owned())
    );
    assert!(fixture.emulator.jobs().is_empty());
    assert_eq!(
        fixture
            .emulator
            .request_count(Operation::BatchGenerateContent),
        5
    );
}

#[tokio::test]
async fn unknown_paths_and_batches_are_not_found() {
    let fixture = Fixture::new().await;
    let not_found = (404, "NOT_FOUND".to_owned());
    assert_eq!(
        fixture.refused(Method::GET, "batches/unknown").await,
        not_found
    );
    assert_eq!(
        fixture
            .refused(Method::POST, "batches/unknown:cancel")
            .await,
        not_found
    );
    assert_eq!(
        fixture
            .refused(Method::POST, "models/m:generateContent")
            .await,
        not_found
    );
    assert_eq!(fixture.emulator.requests()[2].operation, None);
}

#[tokio::test]
async fn a_dropped_emulator_frees_its_port() {
    let fixture = Fixture::new().await;
    let address = fixture
        .emulator
        .base_url()
        .trim_start_matches("http://")
        .to_owned();
    drop(fixture.emulator);
    std::net::TcpListener::bind(address).unwrap();
}
