//! Credentials as people have them: kinds that are not supported, files that are not there, and the
//! project that the calls are made for.

use std::process::Command;

use genai_batch::{Client, Error};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::vertex_client_at;

const JOBS: &str = "/v1beta1/projects/my-project/locations/us-central1/batchPredictionJobs";

/// Workload identity federation by a token in a file.
fn federated(url: &str, file: &str) -> Value {
    json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{url}/sts/token"),
        "credential_source": { "file": file, "format": { "type": "text" } },
    })
}

fn build(server: &MockServer, credentials: &Value) -> genai_batch::Result<Client> {
    let builder = vertex_client_at(&server.uri());
    builder.credentials_json(credentials.to_string()).build()
}

async fn respond(server: &MockServer, with: &str, at: &str, status: u16, body: Value) {
    let response = ResponseTemplate::new(status).set_body_json(body);
    let call = Mock::given(method(with)).and(path(at));
    call.respond_with(response).mount(server).await;
}

fn check(error: &Error, told: &[&str]) {
    let text = error.to_string();
    assert!(error.is_configuration(), "{error:?}");
    for told in told {
        assert!(text.contains(told), "{told}: {text}");
    }
    // Which is no way out where credentials are there.
    assert!(!text.contains("gcloud auth"), "{text}");
}

#[tokio::test]
async fn credentials_that_give_no_token_are_refused_by_their_kind() {
    let server = MockServer::start().await;
    for (credentials, told) in [
        (
            json!({ "type": "external_account_authorized_user", "refresh_token": "the-secret" }),
            "external_account_authorized_user",
        ),
        (
            json!({ "type": "gdch_service_account", "private_key": "the-secret" }),
            "gdch_service_account",
        ),
        (json!({ "client_secret": "the-secret" }), "no `type`"),
        (
            json!({ "type": "external_account", "credential_source": { "certificate": {} } }),
            "certificate",
        ),
    ] {
        let error = build(&server, &credentials).unwrap_err();
        check(&error, &[told, "supported are"]);
        assert!(!format!("{error:?}").contains("the-secret"), "{error:?}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_file_that_is_missing_is_told_with_its_path() {
    let server = MockServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no-such-token");
    let file = file.to_str().unwrap();
    let client = build(&server, &federated(&server.uri(), file)).unwrap();
    let error = client.batches().list().all().await.unwrap_err();
    check(&error, &[file, "cannot be read"]);

    // Once it is there, the same client reads it.
    std::fs::write(file, "the-subject-token").unwrap();
    let token = json!({ "access_token": "the-token", "token_type": "Bearer", "expires_in": 3600,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token" });
    respond(&server, "POST", "/sts/token", 200, token).await;
    respond(&server, "GET", JOBS, 200, json!({})).await;
    client.batches().list().all().await.unwrap();
    let received = server.received_requests().await.unwrap();
    assert_eq!(
        received.last().unwrap().headers["authorization"],
        "Bearer the-token"
    );
}

#[tokio::test]
async fn what_the_token_service_refuses_is_told_in_its_words() {
    let server = MockServer::start().await;
    let said = "The audience in ID Token does not match the expected audience.";
    let refusal = json!({ "error": "invalid_grant", "error_description": said });
    respond(&server, "POST", "/sts/token", 400, refusal).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "the-subject-token").unwrap();
    let credentials = federated(&server.uri(), file.path().to_str().unwrap());
    let client = build(&server, &credentials).unwrap();
    let error = client.batches().list().all().await.unwrap_err();
    check(&error, &["no access token", "invalid_grant", said]);
    assert!(!format!("{error:?}").contains("the-subject-token"));
}

/// Workload identity federation from AWS: the role's keys sign the call that proves who asks, and
/// that call is what is exchanged. The secret key itself goes nowhere.
#[tokio::test]
async fn an_identity_of_aws_is_exchanged_for_a_token() {
    // A machine's own variables of AWS would be asked first.
    if ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        return;
    }
    let server = MockServer::start().await;
    let at = |end: &str| format!("{}/latest/meta-data/{end}", server.uri());
    let text = |with: &str, at: &str, body: &str| {
        let response = ResponseTemplate::new(200).set_body_string(body);
        Mock::given(method(with))
            .and(path(at.to_owned()))
            .respond_with(response)
    };
    let zone = text("GET", "/latest/meta-data/zone", "eu-west-1b");
    zone.mount(&server).await;
    text("GET", "/latest/meta-data/role", "batch")
        .mount(&server)
        .await;
    let keys = json!({ "AccessKeyId": "the-key-id", "SecretAccessKey": "the-secret", "Token": "the-session" });
    respond(&server, "GET", "/latest/meta-data/role/batch", 200, keys).await;
    let token = json!({ "access_token": "the-token", "token_type": "Bearer", "expires_in": 3600,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token" });
    respond(&server, "POST", "/sts/token", 200, token).await;
    respond(&server, "GET", JOBS, 200, json!({})).await;
    let credentials = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": format!("{}/sts/token", server.uri()),
        "credential_source": {
            "environment_id": "aws1",
            "region_url": at("zone"),
            "url": at("role"),
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        },
    });
    let client = build(&server, &credentials).unwrap();
    assert!(client.batches().list().all().await.unwrap().is_empty());
    let received = server.received_requests().await.unwrap();
    let exchange = received.iter().find(|it| it.url.path() == "/sts/token");
    let exchange = String::from_utf8_lossy(&exchange.unwrap().body).into_owned();
    assert!(
        exchange.contains("sts.eu-west-1.amazonaws.com"),
        "{exchange}"
    );
    assert!(!exchange.contains("the-secret"), "{exchange}");
    let list = received.iter().find(|it| it.url.path() == JOBS).unwrap();
    assert_eq!(list.headers["authorization"], "Bearer the-token");
}

#[test]
fn what_the_variable_names_is_told_where_it_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let missing = folder.path().join("missing.json");
    for (path, told) in [
        (missing, "cannot be read"),
        (write("key.txt", "-----BEGIN"), "are not JSON"),
        (
            write("w.json", r#"{"type":"external_account_authorized_user"}"#),
            "`external_account_authorized_user`",
        ),
        (
            write("s.json", r#"{"type":"service_account"}"#),
            "something in them is missing",
        ),
    ] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "credentials::with_the_variable_set",
                "--ignored",
                "--nocapture",
            ])
            .env("GOOGLE_APPLICATION_CREDENTIALS", &path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
        let names_both = text.contains(path.to_str().unwrap())
            && text.contains("which GOOGLE_APPLICATION_CREDENTIALS names");
        assert!(names_both && text.contains(told), "{told}: {text}");
        assert!(!text.contains("gcloud auth"), "{text}");
    }
}

#[tokio::test]
#[ignore = "run by what_the_variable_names_is_told_where_it_cannot_be_used, in processes of its own"]
async fn with_the_variable_set() {
    let client = vertex_client_at("http://127.0.0.1:9").build().unwrap();
    let error = client.batches().list().all().await.unwrap_err();
    assert!(error.is_configuration(), "{error:?}");
    println!("{error}");
}

/// A server that is Vertex AI, Cloud Storage, BigQuery, and gives tokens, with a job in each store.
#[cfg(feature = "bigquery")]
async fn all_services() -> MockServer {
    use wiremock::matchers::path_regex;

    let server = MockServer::start().await;
    let token = json!({ "access_token": "the-token", "token_type": "Bearer", "expires_in": 3600 });
    respond(&server, "POST", "/token", 200, token).await;
    let job = |id: &str, info: Value| {
        json!({ "name": format!("{}/{id}", &JOBS["/v1beta1/".len()..]),
            "state": "JOB_STATE_SUCCEEDED", "outputInfo": info })
    };
    let objects = job("1", json!({ "gcsOutputDirectory": "gs://out/d" }));
    respond(&server, "GET", &format!("{JOBS}/1"), 200, objects).await;
    let table = job(
        "2",
        json!({ "bigqueryOutputTable": "bq://other-project.d.t" }),
    );
    respond(&server, "GET", &format!("{JOBS}/2"), 200, table).await;
    let list = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>d/predictions.jsonl</Key></Contents></ListBucketResult>";
    let listed = Mock::given(method("GET")).and(path_regex("^/out$"));
    let list = ResponseTemplate::new(200).set_body_string(list);
    listed.respond_with(list).mount(&server).await;
    let row = r#"{"key":"a","status":"","request":{},"response":{"candidates":[1]}}"#;
    let object = ResponseTemplate::new(200)
        .insert_header("etag", "\"1\"")
        .insert_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        .set_body_string(row);
    let read = Mock::given(method("GET")).and(path_regex("^/out/d"));
    read.respond_with(object).mount(&server).await;
    let page = json!({ "jobReference": { "projectId": "my-project", "jobId": "q", "location": "EU" },
        "jobComplete": true, "rows": [{ "f": [{ "v": row }] }] });
    let query =
        Mock::given(method("POST")).and(path_regex("^/bigquery/v2/projects/my-project/queries$"));
    query
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    server
}

#[cfg(feature = "bigquery")]
#[tokio::test]
async fn every_service_is_called_for_the_same_project() {
    for (in_file, option, expected) in [
        (None, None, None),
        (Some("of-the-file"), None, Some("of-the-file")),
        (None, Some("of-the-option"), Some("of-the-option")),
        (
            Some("of-the-file"),
            Some("of-the-option"),
            Some("of-the-option"),
        ),
    ] {
        let server = all_services().await;
        let mut user = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "s",
            "refresh_token": "r", "token_uri": format!("{}/token", server.uri()) });
        if let Some(project) = in_file {
            user["quota_project_id"] = project.into();
        }
        let mut builder = vertex_client_at(&server.uri()).credentials_json(user.to_string());
        if let Some(project) = option {
            builder = builder.quota_project(project);
        }
        let client = builder.build().unwrap();
        for id in ["1", "2"] {
            let job = client.batches().get(id).await.unwrap();
            let report = client.batches().results(&job).await.unwrap().verify().await;
            assert_eq!(report.unwrap().responses, 1);
        }
        let received = server.received_requests().await.unwrap();
        let calls = received.iter().filter(|it| it.url.path() != "/token");
        let calls: Vec<_> = calls
            .map(|it| (it.url.path(), it.headers.get("x-goog-user-project")))
            .collect();
        assert_eq!(calls.len(), 5, "{calls:?}");
        for (path, project) in calls {
            let project = project.map(|project| project.to_str().unwrap());
            assert_eq!(project, expected, "{path}");
        }
    }
}
