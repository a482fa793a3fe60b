//! Google Cloud credentials: each kind through a whole run, and tokens that stop being good.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use genai_batch::batches::InlineLimit;
use genai_batch::{Client, RetryPolicy};
use genai_batch_emulator::{Emulator, Failure, Operation, TokenKind};

use crate::support::{KEY, collect, quick, sums, vertex_client};

async fn strict() -> Emulator {
    Emulator::builder()
        .require_authentication()
        .job_duration(Duration::from_millis(60))
        .start()
        .await
        .unwrap()
}

fn user_client(emulator: &Emulator) -> Client {
    vertex_client(emulator)
        .credentials_json(emulator.authorized_user_json())
        .build()
        .unwrap()
}

/// A whole run: staging, create, wait, results.
async fn run(client: &Client) {
    let batches = client.batches();
    let job = batches.create("gemini-2.5-flash", sums(3).0).await.unwrap();
    let job = quick(batches.wait(&job)).await.unwrap();
    let results = batches.results(&job).await.unwrap();
    assert_eq!(collect(results).await.0, sums(3).1);
}

#[tokio::test]
async fn every_kind_of_credentials_file_authenticates_a_whole_run() {
    let emulator = strict().await;
    for (json, kind) in [
        (emulator.service_account_json(), TokenKind::SelfSigned),
        (emulator.authorized_user_json(), TokenKind::AuthorizedUser),
        (
            emulator.impersonated_service_account_json(),
            TokenKind::Impersonation,
        ),
        (emulator.external_account_json(), TokenKind::TokenExchange),
    ] {
        let before = emulator.token_count(kind);
        let client = vertex_client(&emulator)
            .credentials_json(json)
            .build()
            .unwrap();
        run(&client).await;
        assert_eq!(
            emulator.token_count(kind) - before,
            1,
            "one token serves the whole run"
        );
    }
}

#[tokio::test]
async fn a_call_without_a_good_token_is_refused() {
    let emulator = strict().await;
    let client = vertex_client(&emulator)
        .access_token("made-up")
        .build()
        .unwrap();
    let error = client.batches().list().all().await.unwrap_err();
    assert!(
        error.is_unauthenticated() && error.attempts() == 1,
        "{error}"
    );
    let client = vertex_client(&emulator)
        .access_token(emulator.issue_token())
        .build()
        .unwrap();
    run(&client).await;
}

#[tokio::test]
async fn a_raw_client_without_credentials_says_so() {
    let emulator = strict().await;
    let client = vertex_client(&emulator)
        .credentials_json(r#"{"type":"authorized_user"}"#)
        .build()
        .unwrap();
    let raw = client.raw();
    let get = raw
        .vertex()
        .unwrap()
        .batch_prediction_jobs_get("my-project", "us-central1", "1");
    let error = get.await.unwrap_err();
    assert!(error.is_configuration(), "{error:?}");
    assert!(error.to_string().contains("credentials"), "{error}");
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn a_revoked_token_is_renewed_once_and_the_call_repeated() {
    let emulator = strict().await;
    let client = user_client(&emulator);
    run(&client).await;
    emulator.revoke_tokens();
    let before = emulator.token_count(TokenKind::AuthorizedUser);
    run(&client).await;
    assert_eq!(emulator.token_count(TokenKind::AuthorizedUser) - before, 1);
}

#[tokio::test]
async fn a_token_that_the_service_holds_for_expired_is_renewed() {
    let emulator = strict().await;
    let client = user_client(&emulator);
    client.batches().list().all().await.unwrap();
    emulator.clock().advance(Duration::from_secs(2 * 3600));
    client.batches().list().all().await.unwrap();
    assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 2);
}

/// A service whose clock is ahead may refuse the token of a later attempt as it did that of the
/// first: only a token that was never good for anything is not worth another.
#[tokio::test]
async fn tokens_are_renewed_as_often_as_the_service_takes_the_new_one() {
    let emulator = strict().await;
    let client = user_client(&emulator);
    emulator.faults().expire_tokens_after(1);
    let cut = Failure::CutAnswer { after: 1 };
    let list = Operation::ListBatchPredictionJobs;
    emulator.faults().fail_next(list, 1, cut.clone());
    emulator.faults().pass_next(list, 1);
    emulator.faults().fail_next(list, 1, cut);
    client.batches().list().all().await.unwrap();
    assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 3);

    emulator.faults().expire_tokens_after(0);
    let error = client.batches().list().all().await.unwrap_err();
    assert!(error.is_unauthenticated(), "{error}");
    assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 4);
}

#[tokio::test]
async fn calls_at_once_share_one_token() {
    let emulator = strict().await;
    let client = user_client(&emulator);
    let lists = (0..20).map(|_| client.batches().list().all());
    for list in futures_util::future::join_all(lists).await {
        list.unwrap();
    }
    assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 1);
}

#[tokio::test]
async fn a_client_gets_over_a_refusal_by_the_token_endpoint() {
    let emulator = strict().await;
    let client = user_client(&emulator);
    let refusal = Failure::status(400, "INVALID_ARGUMENT", "the account is locked");
    emulator
        .faults()
        .fail_next(Operation::ExchangeToken, 1, refusal);
    let error = client.batches().list().all().await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    client.batches().list().all().await.unwrap();
}

/// Refuses a token in words that show the form that it was sent.
struct EchoesForm;

impl wiremock::Respond for EchoesForm {
    fn respond(&self, request: &wiremock::Request) -> wiremock::ResponseTemplate {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let error = serde_json::json!({
            "error": "invalid_grant",
            "error_description": format!("no good: {form}"),
        });
        wiremock::ResponseTemplate::new(400).set_body_json(error)
    }
}

#[tokio::test]
async fn a_token_that_a_token_endpoint_shows_is_in_no_error() {
    let server = wiremock::MockServer::start().await;
    let mock = wiremock::Mock::given(wiremock::matchers::any()).respond_with(EchoesForm);
    mock.mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    // Too short to be known by its looks.
    let subject = "my-subject";
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{subject}\n")).unwrap();
    let federated = serde_json::json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": server.uri(),
        "credential_source": { "file": file },
    });
    let emulator = strict().await;
    let client = vertex_client(&emulator).credentials_json(federated.to_string());
    let client = client.build().unwrap();
    let error = client.batches().list().all().await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("invalid_grant"), "{shown}");
    assert!(!shown.contains(subject), "{shown}");
    assert!(!server.received_requests().await.unwrap().is_empty());
}

/// The token endpoint fails a few times: a call waits for a token as it waits for the service.
#[tokio::test]
async fn a_call_gets_over_a_token_endpoint_that_is_down_for_a_while() {
    let emulator = strict().await;
    let client = user_client(&emulator);
    let faults = emulator.faults();
    let tokens = Operation::ExchangeToken;
    faults.fail_next(tokens, 2, Failure::service_unavailable());
    client.batches().list().all().await.unwrap();
    assert_eq!(emulator.request_count(tokens), 3);
}

#[tokio::test]
async fn a_token_that_never_comes_is_not_waited_for_for_ever() {
    let emulator = strict().await;
    let client = vertex_client(&emulator)
        .credentials_json(emulator.authorized_user_json())
        .timeout(Duration::from_millis(50))
        .retry_policy(RetryPolicy::none())
        .build()
        .unwrap();
    let tokens = Operation::ExchangeToken;
    emulator.faults().fail_next(tokens, 1, Failure::Hang);
    let error = client.batches().list().all().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    assert!(cause.unwrap_or_default().contains("within 50ms"), "{error}");
}

#[test]
fn the_metadata_server_authenticates_a_whole_run() {
    let emulator = Emulator::builder()
        .require_authentication()
        .job_duration(Duration::from_millis(60))
        .start_blocking()
        .unwrap();
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "credentials::on_a_machine_of_google_cloud",
            "--ignored",
        ])
        .env_clear()
        .env("HOME", home.path())
        .envs(emulator.env())
        .env("GOOGLE_GENAI_USE_VERTEXAI", "true")
        .env("GOOGLE_CLOUD_PROJECT", "my-project")
        .env("GOOGLE_CLOUD_LOCATION", "us-central1")
        .env_remove("GOOGLE_API_KEY")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(emulator.token_count(TokenKind::Metadata), 1);
}

#[tokio::test]
#[ignore = "run by the_metadata_server_authenticates_a_whole_run, in a process with that environment"]
async fn on_a_machine_of_google_cloud() {
    let client = Client::from_env().unwrap();
    assert_eq!(client.backend(), genai_batch::Backend::Vertex);
    let batches = client.batches();
    let create = batches.create("gemini-2.5-flash", sums(3).0);
    let job = create.staging("gs://staging-bucket/in").await.unwrap();
    let job = quick(batches.wait(&job)).await.unwrap();
    let results = batches.results(&job).await.unwrap();
    assert_eq!(collect(results).await.0, sums(3).1);
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_secret_is_logged_or_shown() {
    // In a process of its own, since what is logged is a matter of the whole process.
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "credentials::while_everything_is_logged",
            "--ignored",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[tokio::test]
#[ignore = "run by no_secret_is_logged_or_shown, in a process of its own"]
async fn while_everything_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // Covers this thread, on which the client runs.
    let _guard = tracing::subscriber::set_default(subscriber);

    let emulator = strict().await;
    let token = emulator.issue_token();
    let json = emulator.authorized_user_json();
    let secrets: serde_json::Value = serde_json::from_str(&json).unwrap();
    let mut shown = String::new();
    for client in [
        vertex_client(&emulator)
            .access_token(&token)
            .build()
            .unwrap(),
        vertex_client(&emulator)
            .credentials_json(&json)
            .build()
            .unwrap(),
    ] {
        run(&client).await;
        let error = client.batches().get("1").await.unwrap_err();
        shown += &format!("{client:?} {:?} {error} {error:?}", client.raw());
    }
    let renewing = vertex_client(&emulator)
        .credentials_json(&json)
        .build()
        .unwrap();
    let batches = renewing.batches();
    let staged = batches.create("gemini-2.5-flash", sums(1).0).await.unwrap();
    #[allow(unused_mut, reason = "there is more with BigQuery")]
    let mut outputs = vec![(Operation::ListObjects, staged)];
    #[cfg(feature = "bigquery")]
    {
        let row = serde_json::json!({ "request": "{\"contents\":[]}" });
        emulator.put_table("my-project.input.requests", [row]);
        let create = batches.create("gemini-2.5-flash", "bq://my-project.input.requests");
        outputs.push((Operation::Query, create.await.unwrap()));
    }
    let client = vertex_client(&emulator)
        .access_token(&token)
        .build()
        .unwrap();
    for (operation, job) in outputs {
        let job = quick(batches.wait(&job)).await.unwrap();
        emulator.revoke_tokens();
        let error = client.batches().results(&job).await.unwrap_err();
        assert!(error.is_unauthenticated(), "{error}");
        shown += &format!("{error} {error:?}");
        // Refused for its token, then for what it asks.
        let denied = Failure::status(403, "PERMISSION_DENIED", "no");
        emulator.faults().pass_next(operation, 1);
        emulator.faults().fail_next(operation, 1, denied);
        let error = batches.results(&job).await.unwrap_err();
        assert_eq!(error.status(), Some(403), "{error}");
        shown += &format!("{error} {error:?}");
    }
    let error = client.batches().list().all().await.unwrap_err();
    shown += &format!("{error} {error:?}");
    let gemini = crate::support::client(emulator.base_url());
    run(&gemini).await;
    let uploaded = gemini.batches().create("gemini-2.5-flash", sums(3).0);
    let uploaded = uploaded.inline_limit(InlineLimit::NEVER).await.unwrap();
    let uploaded = quick(gemini.batches().wait(&uploaded)).await.unwrap();
    let faults = emulator.faults();
    faults.cut_next_download(50);
    let results = gemini.batches().results(&uploaded).await.unwrap();
    assert_eq!(collect(results).await.0, sums(3).1);
    let error = gemini.batches().get("batches/none").await.unwrap_err();
    shown += &format!("{gemini:?} {error:?}");
    shown += &String::from_utf8_lossy(&log.0.lock().unwrap());

    assert!(shown.contains("sending request"), "the log is empty");
    for kind in [TokenKind::Direct, TokenKind::AuthorizedUser] {
        assert!(emulator.token_count(kind) > 0);
    }
    let refresh = secrets["refresh_token"].as_str().unwrap();
    let client_secret = secrets["client_secret"].as_str().unwrap();
    for secret in [KEY, refresh, client_secret] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    for token in emulator.tokens() {
        assert!(!shown.contains(&token.token), "{token:?} is shown");
    }
}
