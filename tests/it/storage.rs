//! Cloud Storage and BigQuery when calls fail: tokens, headers, retries, uploads, errors.

use std::io::Write;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::{BatchJob, Client, Error, Source};
use genai_batch_emulator::{
    Builder, Distortion, Emulator, Failure, Model, Operation, RowFailure, TokenKind, text_response,
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use wiremock::MockServer;

use crate::support::{
    Backend, KEY, TOKEN, collect, quick, sums, until, vertex_client, vertex_client_at,
};

const MODEL: &str = "gemini-2.5-flash";

async fn strict(configure: impl FnOnce(Builder) -> Builder) -> Emulator {
    let builder = Emulator::builder()
        .require_authentication()
        .job_duration(Duration::from_millis(60));
    configure(builder).start().await.unwrap()
}

fn client(emulator: &Emulator) -> Client {
    vertex_client(emulator)
        .credentials_json(emulator.authorized_user_json())
        .build()
        .unwrap()
}

fn unauthenticated() -> Failure {
    Failure::status(401, "UNAUTHENTICATED", "the token is no good")
}

/// A file of requests, too large for one part of an upload.
fn large_file() -> NamedTempFile {
    let filler = "x".repeat(20_000);
    let file = tempfile::Builder::new().suffix(".jsonl").tempfile();
    let mut file = file.unwrap();
    for n in 0..1000 {
        let text = format!("What is {n} + 1000?");
        let request = json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] });
        let line = json!({ "key": format!("sum-{n}"), "request": request, "filler": filler });
        writeln!(file, "{line}").unwrap();
    }
    file
}

/// A job that is done, whose results are in Cloud Storage.
async fn done(client: &Client, count: usize) -> BatchJob {
    let batches = client.batches();
    let job = batches.create(MODEL, sums(count).0).await.unwrap();
    quick(batches.wait(&job)).await.unwrap()
}

async fn error_of_results(client: &Client, job: &BatchJob) -> Error {
    client.batches().results(job).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_token_is_renewed_whatever_the_call() {
    let emulator = strict(|builder| builder).await;
    let client = client(&emulator);
    let faults = emulator.faults();
    let file = large_file();
    let operations = [
        Operation::CreateMultipartUpload,
        Operation::UploadPart,
        Operation::CompleteMultipartUpload,
        Operation::ListObjects,
        Operation::GetObjectMetadata,
        Operation::DeleteObject,
        Operation::GetObject,
    ];
    // The download is refused where it goes on after a break.
    faults.cut_next_object(10_000);
    faults.pass_next(Operation::GetObject, 1);
    for operation in operations {
        faults.fail_next(operation, 1, unauthenticated());
    }
    let batches = client.batches();
    let create = batches.create(MODEL, file.path()).remove_staged_input(true);
    let job = quick(batches.wait(create.await.unwrap())).await.unwrap();
    let results = batches.results(&job).await.unwrap();
    assert_eq!(collect(results).await.0, sums(1000).1);
    let saved = batches.results(&job).save_to("gs://results/saved.jsonl");
    assert!(saved.await.unwrap().is_complete());

    assert!(emulator.request_count(Operation::GetObject) >= 3);
    let renewed = emulator.token_count(TokenKind::AuthorizedUser) - 1;
    assert_eq!(renewed, operations.len());
}

#[tokio::test]
async fn quota_project_and_headers_of_the_caller_are_sent_with_every_call() {
    let server = MockServer::start().await;
    let client = vertex_client_at(&server.uri())
        .access_token(TOKEN)
        .quota_project("who-pays")
        .header("x-team", "search")
        .build()
        .unwrap();
    let create = client.batches().create(MODEL, sums(1).0);
    assert!(create.await.unwrap_err().is_not_found());
    let requests = server.received_requests().await.unwrap();
    let headers = &requests[0].headers;
    assert_eq!(headers["x-goog-user-project"], "who-pays");
    assert_eq!(headers["x-team"], "search");
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn a_response_of_cloud_storage_keeps_its_status() {
    let backend = Backend::vertex().await;
    let faults = backend.emulator.faults();
    let job = done(&backend.client, 1).await;
    let list = Operation::ListObjects;

    let refusal = Failure::Status {
        code: 400,
        body: "<Error><Code>X</Code><Message>Not like this.</Message></Error>".into(),
        headers: Vec::new(),
    };
    faults.fail_next(list, 1, refusal);
    let error = error_of_results(&backend.client, &job).await;
    assert!(error.is_client_error() && !error.is_retryable(), "{error}");
    assert_eq!(error.message(), "Not like this.");

    faults.fail_next(list, 5, Failure::too_many_requests(Duration::ZERO));
    let error = error_of_results(&backend.client, &job).await;
    assert!(error.is_quota() && error.is_retryable(), "{error}");
    assert_eq!((error.status(), error.attempts()), (Some(429), 5));

    faults.fail_next(list, 5, Failure::CloseBeforeAnswer);
    let error = error_of_results(&backend.client, &job).await;
    assert!(error.is_retryable() && error.status().is_none(), "{error}");

    let cut = Failure::CutAnswer { after: 20 };
    faults.fail_next(list, 2, cut);
    let results = backend.client.batches().results(&job).await.unwrap();
    assert!(results.verify().await.unwrap().is_complete());
}

#[tokio::test]
async fn cloud_storage_takes_no_api_key() {
    let backend = Backend::vertex().await;
    let job = done(&backend.client, 1).await;
    let express = Client::builder()
        .vertex()
        .api_key(KEY)
        .base_url(backend.emulator.base_url())
        .build()
        .unwrap();
    let error = error_of_results(&express, &job).await;
    assert!(error.is_configuration() && !error.is_retryable(), "{error}");
    assert!(error.to_string().contains("API key"), "{error}");
}

/// Responds with 40 MB each time.
struct Talkative;

impl Model for Talkative {
    fn generate(&self, _: &Value, model: &str) -> Result<Value, RowFailure> {
        Ok(text_response(model, "", &"x".repeat(40_000_000)))
    }
}

#[tokio::test]
async fn a_long_line_goes_up_a_few_parts_at_a_time_and_is_given_up_when_dropped() {
    // Those of 5 MiB that 32 MiB hold.
    const PARTS: usize = 6;
    let backend = Backend::vertex_with(|builder| builder.model(Talkative)).await;
    let job = done(&backend.client, 1).await;
    let emulator = &backend.emulator;
    emulator
        .faults()
        .fail_next(Operation::UploadPart, 10, Failure::Hang);
    let results = backend.client.batches().results(&job);
    let save = results.save_to("gs://results/saved.jsonl").into_future();
    let save = tokio::spawn(save);
    let count = |operation| emulator.request_count(operation);
    until(async || count(Operation::UploadPart) >= PARTS).await;
    // Nothing keeps the client from sending another but its own bound.
    for _ in 0..20_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(count(Operation::UploadPart), PARTS);

    assert_eq!(count(Operation::AbortMultipartUpload), 0);
    save.abort();
    until(async || count(Operation::AbortMultipartUpload) == 1).await;
}

/// Waits for at most a minute.
#[tokio::test]
async fn an_upload_that_is_refused_is_thrown_away() {
    let backend = Backend::vertex().await;
    let (emulator, batches) = (&backend.emulator, backend.client.batches());
    let file = large_file();
    let refusal = || Failure::status(403, "PERMISSION_DENIED", "no");
    let count = |operation| emulator.request_count(operation);

    let faults = emulator.faults();
    faults.fail_next(Operation::UploadPart, 1, refusal());
    let error = batches.create(MODEL, file.path()).await.unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
    assert!(count(Operation::UploadPart) <= 4);
    assert_eq!(count(Operation::AbortMultipartUpload), 1);

    faults.fail_next(Operation::CompleteMultipartUpload, 1, refusal());
    let error = batches.create(MODEL, file.path()).await.unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
    assert_eq!(count(Operation::AbortMultipartUpload), 2);
    assert!(emulator.objects("gs://staging-bucket/").is_empty());
}

#[tokio::test]
async fn results_that_cannot_be_read_leave_no_upload() {
    let backend = Backend::vertex_with(|builder| builder.model(Talkative)).await;
    let emulator = &backend.emulator;
    let count = |operation| emulator.request_count(operation);
    let job = done(&backend.client, 2).await;
    let save = || {
        let results = backend.client.batches().results(&job).connections(1);
        results.save_to("gs://results/saved.jsonl").into_future()
    };

    let failure = Failure::status(400, "INVALID_ARGUMENT", "no");
    emulator
        .faults()
        .fail_next(Operation::ListObjects, 1, failure.clone());
    assert_eq!(save().await.unwrap_err().status(), Some(400));
    assert_eq!(count(Operation::CreateMultipartUpload), 0);

    // Read for the first line, then cut and refused.
    emulator.faults().cut_next_object(50_000_000);
    emulator.faults().pass_next(Operation::GetObject, 1);
    emulator
        .faults()
        .fail_next(Operation::GetObject, 1, failure);
    assert_eq!(save().await.unwrap_err().status(), Some(400));
    assert_eq!(count(Operation::CreateMultipartUpload), 1);
    assert_eq!(count(Operation::AbortMultipartUpload), 1);
    assert!(emulator.objects("gs://results/").is_empty());
}

#[tokio::test]
async fn an_object_that_is_cut_anywhere_gives_the_same_bytes() {
    let backend = Backend::vertex().await;
    let job = done(&backend.client, 2).await;
    let whole = read_rows(&backend, &job, 1).await;
    let object = output_object(&backend);
    let size = backend.emulator.object(&object).unwrap().len();
    for connections in [1, 8] {
        for offset in 0..size as u64 {
            backend.emulator.faults().cut_next_object(offset);
            let read = read_rows(&backend, &job, connections).await;
            assert!(read == whole, "cut at {offset}, {connections} connections");
        }
    }
}

/// The rows of a job's results, in their order.
async fn read_rows(backend: &Backend, job: &BatchJob, connections: usize) -> Vec<String> {
    // By its name, since none of the rows is to be foreign.
    let results = backend.client.batches().results(job.name());
    let results = results.connections(connections).await.unwrap();
    let rows = results.map_ok(|result| result.json().to_owned());
    rows.try_collect().await.unwrap()
}

/// Long enough to be read in slices.
#[tokio::test]
async fn an_object_that_several_connections_read_keeps_its_rows_in_order() {
    let backend = Backend::vertex().await;
    let emulator = &backend.emulator;
    let job = done(&backend.client, 1).await;
    let object = output_object(&backend);
    let row = String::from_utf8(emulator.object(&object).unwrap().to_vec()).unwrap();
    let filler = "x".repeat(5000);
    let key = r#""key":""#;
    let rows = (0..800).map(|n| row.replacen(key, &format!("{key}{n}-{filler}"), 1));
    let content: String = rows.collect();
    assert!(content.len() > 4_000_000);
    emulator.put_object(&object, content.clone());
    let whole: Vec<_> = content.lines().map(str::to_owned).collect();
    let before = emulator.request_count(Operation::GetObject);
    assert!(read_rows(&backend, &job, 1).await == whole);
    assert_eq!(emulator.request_count(Operation::GetObject) - before, 1);
    assert!(read_rows(&backend, &job, 8).await == whole);
    assert!(emulator.request_count(Operation::GetObject) - before > 3);
    for offset in (0..content.len() as u64).step_by(700_001) {
        emulator.faults().cut_next_object(offset);
        assert!(
            read_rows(&backend, &job, 8).await == whole,
            "cut at {offset}"
        );
    }
    // Of another place, and described as what was asked for.
    emulator
        .faults()
        .distort_next_object(Distortion::OtherRange);
    let results = backend.client.batches().results(&job);
    let results = results.connections(8).await.unwrap();
    let error = results.verify().await.unwrap_err();
    assert!(error.to_string().contains("CRC-32C"), "{error}");
    let results = backend.client.batches().results(&job);
    let mut results = results.connections(8).await.unwrap();
    results.try_next().await.unwrap();
    emulator.put_object(&object, content.replace("xx", "yy"));
    let error = results.verify().await.unwrap_err();
    assert!(error.to_string().contains("it changed"), "{error}");

    let error = backend.client.batches().results(&job).connections(0);
    let error = error.await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
}

fn output_object(backend: &Backend) -> String {
    let objects = backend.emulator.objects("gs://staging-bucket/");
    let output = objects
        .into_iter()
        .find(|uri| uri.ends_with("predictions.jsonl"));
    output.unwrap()
}

#[tokio::test]
async fn an_object_that_is_replaced_while_it_is_read_is_an_error() {
    let backend = Backend::vertex().await;
    let emulator = &backend.emulator;
    let job = done(&backend.client, 3).await;
    let object = output_object(&backend);
    let content = emulator.object(&object).unwrap();
    emulator.faults().cut_next_object(content.len() as u64 - 10);
    let mut results = backend.client.batches().results(&job).await.unwrap();
    results.try_next().await.unwrap();
    emulator.put_object(&object, content);
    let error = results.verify().await.unwrap_err();
    assert!(
        error.to_string().contains("its generation is another"),
        "{error}"
    );
    assert!(error.to_string().contains(&object), "{error}");
    assert!(!error.is_retryable(), "{error}");
}

#[tokio::test]
async fn an_object_that_does_not_fit_its_checksum_is_an_error() {
    let backend = Backend::vertex().await;
    let job = done(&backend.client, 3).await;
    let faults = backend.emulator.faults();
    for how in [Distortion::Spoiled, Distortion::ShortEnd { after: 100 }] {
        faults.distort_next_object(how);
        let results = backend.client.batches().results(&job).await.unwrap();
        let error = results.verify().await.unwrap_err();
        assert!(error.to_string().contains("CRC-32C"), "{error}");
        assert!(!error.is_retryable(), "{error}");
    }
}

/// Objects may be replaced between the break of a download and its going on.
#[tokio::test]
async fn an_object_that_is_replaced_at_equal_size_is_not_mixed() {
    let backend = Backend::vertex().await;
    let emulator = &backend.emulator;
    let job = done(&backend.client, 3).await;
    let object = output_object(&backend);
    let content = emulator.object(&object).unwrap();
    emulator.faults().cut_next_object(0);
    let results = backend.client.batches().results(&job).await.unwrap();
    emulator.put_object(&object, content);
    // Nothing had come of the one before.
    assert!(results.verify().await.unwrap().is_complete());
}

#[tokio::test]
async fn an_object_that_arrives_otherwise_is_removed() {
    let backend = Backend::vertex().await;
    let (emulator, batches) = (&backend.emulator, backend.client.batches());
    let large = large_file();
    let small = || Source::from(sums(1).0);
    for source in [small(), large.path().into()] {
        emulator.faults().lie_about_next_object();
        let error = batches.create(MODEL, source).await.unwrap_err();
        assert!(error.to_string().contains("CRC-32C"), "{error}");
        assert!(
            error.to_string().contains("the object was removed"),
            "{error}"
        );
        assert!(emulator.objects("gs://staging-bucket/").is_empty());
    }
    assert_eq!(emulator.request_count(Operation::AbortMultipartUpload), 0);
    assert_eq!(emulator.request_count(backend.create), 0);
}

#[tokio::test]
async fn an_upload_in_parts_that_is_cut_at_any_call_arrives_whole() {
    let backend = Backend::vertex().await;
    let (emulator, batches) = (&backend.emulator, backend.client.batches());
    let file = large_file();
    let calls = [
        Operation::CreateMultipartUpload,
        Operation::UploadPart,
        Operation::UploadPart,
        Operation::UploadPart,
        Operation::UploadPart,
        Operation::CompleteMultipartUpload,
    ];
    let content = |uri: &str| emulator.object(uri).unwrap();
    let staged = || {
        let objects = emulator.objects("gs://staging-bucket/");
        objects.into_iter().filter(|uri| !uri.contains("/dest/"))
    };
    batches.create(MODEL, file.path()).await.unwrap();
    let whole = content(&staged().next().unwrap());
    assert_eq!(emulator.request_count(Operation::UploadPart), 4);
    for failure in [
        Failure::CloseBeforeAnswer,
        Failure::CloseAfterEffect,
        Failure::service_unavailable(),
    ] {
        for (index, operation) in calls.into_iter().enumerate() {
            let before = calls[..index].iter().filter(|call| **call == operation);
            emulator.faults().pass_next(operation, before.count());
            emulator.faults().fail_next(operation, 1, failure.clone());
            batches.create(MODEL, file.path()).await.unwrap();
            emulator.faults().clear();
        }
    }
    assert_eq!(staged().count(), 1 + 3 * calls.len());
    assert!(staged().all(|uri| content(&uri) == whole));
}

/// In one call, and in parts.
#[tokio::test]
async fn nothing_is_replaced_unasked_even_if_it_came_meanwhile() {
    let target = "gs://results/saved.jsonl";
    let (small, large) = (
        Backend::vertex().await,
        Backend::vertex_with(|builder| builder.model(Talkative)).await,
    );
    for (backend, halted) in [
        (small, Operation::ListObjects),
        (large, Operation::UploadPart),
    ] {
        let emulator = &backend.emulator;
        let job = done(&backend.client, 1).await;
        // The first look has found nothing by then.
        let later = Failure::too_many_requests(Duration::from_secs(1));
        emulator.faults().fail_next(halted, 1, later);
        let results = backend.client.batches().results(&job);
        let save = tokio::spawn(results.save_to(target).into_future());
        until(async || emulator.request_count(halted) >= 1).await;
        emulator.put_object(target, "here first");
        let error = save.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("exists already"), "{error}");
        assert_eq!(emulator.object(target).unwrap(), "here first");
        let started = emulator.request_count(Operation::CreateMultipartUpload);
        assert_eq!(
            emulator.request_count(Operation::AbortMultipartUpload),
            started
        );
    }
}

#[tokio::test]
async fn an_object_whose_response_is_lost_is_written_once() {
    let backend = Backend::vertex().await;
    let (emulator, target) = (&backend.emulator, "gs://results/saved.jsonl");
    let job = done(&backend.client, 3).await;
    emulator
        .faults()
        .fail_next(Operation::PutObject, 1, Failure::CloseAfterEffect);
    let save = || backend.client.batches().results(&job).save_to(target);
    assert!(save().await.unwrap().is_complete());
    let saved = emulator.object(target).unwrap();
    assert_eq!(saved.iter().filter(|byte| **byte == b'\n').count(), 3);
    assert!(save().await.unwrap_err().is_invalid_input());
}

#[tokio::test]
async fn results_are_saved_under_a_name() {
    let backend = Backend::vertex().await;
    let job = done(&backend.client, 1).await;
    for uri in ["gs://results/dir/", "gs://results", "gs://results/"] {
        let save = backend.client.batches().results(&job).save_to(uri);
        let error = save.await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert!(error.to_string().contains(uri), "{error}");
        assert!(error.to_string().contains("names no object"), "{error}");
    }
    assert!(backend.emulator.objects("gs://results/").is_empty());
}

#[cfg(feature = "bigquery")]
mod bigquery {
    use genai_batch::RetryPolicy;

    use super::*;

    /// A job of 250 rows whose results are in a table.
    async fn job_in_table(client: &Client, emulator: &Emulator) -> BatchJob {
        let rows = (0..250).map(|n| {
            let text = format!("What is {n} + 1000?");
            let request = json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] });
            json!({ "key": format!("sum-{n}"), "request": request.to_string() })
        });
        emulator.put_table("my-project.input.requests", rows);
        let batches = client.batches();
        let create = batches.create(MODEL, "bq://my-project.input.requests");
        quick(batches.wait(create.await.unwrap())).await.unwrap()
    }

    async fn read(client: &Client, job: &BatchJob) {
        let keys = (0..250).map(|n| format!("sum-{n}"));
        let results = client.batches().results(job).expect_keys(keys);
        let (told, report) = collect(results.await.unwrap()).await;
        assert_eq!(told, sums(250).1);
        assert!(report.is_complete(), "{report}");
    }

    #[tokio::test]
    async fn a_query_whose_token_is_refused_is_made_again_with_a_new_one() {
        let emulator = strict(|builder| builder).await;
        let client = client(&emulator);
        let job = job_in_table(&client, &emulator).await;
        emulator.revoke_tokens();
        let queries = emulator.request_count(Operation::Query);
        read(&client, &job).await;
        assert_eq!(emulator.request_count(Operation::Query) - queries, 2);
        assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 2);
    }

    #[tokio::test]
    async fn a_page_whose_token_is_refused_is_asked_for_again_and_repeats_no_row() {
        let emulator = strict(|builder| builder.query_page_size(100)).await;
        let client = client(&emulator);
        let job = job_in_table(&client, &emulator).await;
        let pages = Operation::GetQueryResults;
        emulator.faults().fail_next(pages, 1, unauthenticated());
        read(&client, &job).await;
        assert_eq!(emulator.request_count(pages), 3);
        assert_eq!(emulator.token_count(TokenKind::AuthorizedUser), 2);
    }

    #[tokio::test]
    async fn the_next_page_comes_while_one_is_read_unless_there_is_one_connection() {
        let emulator = strict(|builder| builder.query_page_size(100)).await;
        let client = client(&emulator);
        let job = job_in_table(&client, &emulator).await;
        let pages = || emulator.request_count(Operation::GetQueryResults);
        let results = client.batches().results(&job);
        let mut results = results.connections(1).await.unwrap();
        for _ in 0..100 {
            results.try_next().await.unwrap();
        }
        assert_eq!(pages(), 0);
        let mut results = client.batches().results(&job).await.unwrap();
        results.try_next().await.unwrap();
        let asked = async {
            while pages() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let asked = tokio::time::timeout(Duration::from_secs(60), asked).await;
        asked.expect("the second page is asked for");
        assert!(results.verify().await.is_ok());
        assert_eq!(pages(), 2);
    }

    #[tokio::test]
    async fn queries_are_repeated_as_the_retry_policy_says() {
        let backend = Backend::vertex().await;
        let emulator = &backend.emulator;
        let job = job_in_table(&backend.client, emulator).await;
        let count = || emulator.request_count(Operation::Query);
        let fail = |times| {
            let failure = Failure::service_unavailable();
            emulator
                .faults()
                .fail_next(Operation::Query, times, failure);
        };
        let before = count();
        fail(5);
        let error = error_of_results(&backend.client, &job).await;
        assert_eq!((error.status(), count() - before), (Some(503), 5));

        let once = vertex_client(emulator)
            .access_token(TOKEN)
            .retry_policy(RetryPolicy::none());
        let before = count();
        fail(1);
        let client = once.build().unwrap();
        let error = error_of_results(&client, &job).await;
        assert_eq!((error.status(), count() - before), (Some(503), 1));
    }

    #[tokio::test]
    async fn what_keeps_a_query_from_being_sent_is_told_apart() {
        let emulator = strict(|builder| builder).await;
        let job = job_in_table(&client(&emulator), &emulator).await;

        // Nothing listens there.
        let unreachable = vertex_client(&emulator)
            .access_token(emulator.issue_token())
            .bigquery_base_url("http://127.0.0.1:9")
            .retry_policy(RetryPolicy::none())
            .build()
            .unwrap();
        let error = error_of_results(&unreachable, &job).await;
        assert!(error.is_retryable() && error.status().is_none(), "{error}");
        assert!(error.to_string().contains("no connection"), "{error}");

        let locked = client(&emulator);
        let refusal = Failure::status(400, "INVALID_ARGUMENT", "the account is locked");
        let tokens = Operation::ExchangeToken;
        emulator.faults().fail_next(tokens, 1, refusal);
        let error = error_of_results(&locked, &job).await;
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("no access token"), "{error}");
    }
}

/// Of what was staged, the service shows another object, and says nothing of the one it took.
#[tokio::test]
async fn staged_requests_that_another_object_replaced_make_no_job() {
    use wiremock::matchers::method;
    use wiremock::{Mock, ResponseTemplate};

    let object = |generation: &str| {
        ResponseTemplate::new(200)
            .insert_header("etag", "\"a\"")
            .insert_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            .insert_header("x-goog-generation", generation)
            .set_body_string("other requests")
    };
    let server = MockServer::start().await;
    for (verb, response) in [("PUT", object("1")), ("HEAD", object("2"))] {
        let mock = Mock::given(method(verb)).respond_with(response);
        mock.mount(&server).await;
    }
    let client = vertex_client_at(&server.uri()).access_token(TOKEN);
    let client = client.build().unwrap();
    let create = client.batches().create(MODEL, sums(3).0);
    let error = create.await.unwrap_err();
    assert!(error.to_string().contains("another object"), "{error}");
    let received = server.received_requests().await.unwrap();
    assert!(received.iter().all(|request| request.method != "POST"));
}
