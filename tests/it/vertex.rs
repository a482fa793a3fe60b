//! Vertex AI beyond what both backends share: places, sources, destinations, outputs.

use std::io::Write;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::batches::DedicatedResources;
use genai_batch::job::{JobDestination, JobSource};
use genai_batch::{Destination, EmbedRequest, JobState, Request, Source};
use genai_batch_emulator::{Failure, Rows};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Backend, KEY, TOKEN, Told, collect, quick, sums, vertex_client};

fn line(n: usize, key: Option<&str>) -> Value {
    let text = format!("What is {n} + 1000?");
    let contents = json!([{ "role": "user", "parts": [{ "text": text }] }]);
    let mut line = json!({ "request": { "contents": contents } });
    if let Some(key) = key {
        line["key"] = key.into();
    }
    line
}

fn put_lines(backend: &Backend, uri: &str, lines: impl IntoIterator<Item = Value>) {
    let lines: Vec<_> = lines.into_iter().map(|line| line.to_string()).collect();
    backend.emulator.put_object(uri, lines.join("\n"));
}

#[tokio::test]
async fn objects_are_read_from_and_written_to_where_the_caller_says() {
    let backend = Backend::vertex().await;
    let key = |n: usize| format!("sum-{n}");
    put_lines(
        &backend,
        "gs://bucket/a.jsonl",
        (0..5).map(|n| line(n, Some(&key(n)))),
    );
    put_lines(
        &backend,
        "gs://bucket/b.jsonl",
        (5..9).map(|n| line(n, Some(&key(n)))),
    );
    let source = Source::cloud_storage(["gs://bucket/a.jsonl", "gs://bucket/b.jsonl"]);
    let batches = backend.client.batches();
    let job = batches
        .create(backend.model, source)
        .dest("gs://results/out/")
        .label("team", "search")
        .kms_key("projects/p/locations/l/keyRings/r/cryptoKeys/k")
        .service_account("runner@p.iam.gserviceaccount.com")
        .await
        .unwrap();
    let job = backend.wait(&job).await.unwrap();
    assert_eq!(job.labels()["team"], "search");
    assert_eq!(
        job.to_value()["serviceAccount"],
        "runner@p.iam.gserviceaccount.com"
    );
    assert!(matches!(job.source(), Some(JobSource::CloudStorage(uris)) if uris.len() == 2));
    let asked = JobDestination::CloudStorage("gs://results/out/".into());
    assert_eq!(job.destination(), Some(&asked));
    let Some(JobDestination::CloudStorage(directory)) = job.output() else {
        panic!("{job:?}");
    };
    assert!(
        directory.starts_with("gs://results/out/prediction-"),
        "{directory}"
    );
    let keys = (0..9).map(key);
    let results = batches.results(job.name()).expect_keys(keys).await.unwrap();
    let (told, report) = collect(results).await;
    assert_eq!(told, sums(9).1);
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn several_files_are_read_and_each_row_once() {
    let backend = Backend::vertex().await;
    let faults = backend.emulator.faults();
    faults.shard_output(4);
    faults.write_incremental_file(Rows::Every(2));
    faults.write_error_file();
    let (mut requests, mut responses) = sums(200);
    requests.push(Request::text("[[error:3]]").key("bad"));
    responses.insert("bad".into(), Told::Error(3));
    let create = backend.client.batches().create(backend.model, requests);
    let (told, report) = collect(backend.results_of(create).await).await;
    assert_eq!(told, responses);
    assert!(report.is_complete(), "{report}");
}

/// A failed row stands in the predictions and in the file of errors: it is one row, also where
/// the client knows no keys, or the rows have none.
#[tokio::test]
async fn a_failed_row_that_is_repeated_hides_none_that_is_missing() {
    for key in [true, false] {
        let backend = Backend::vertex().await;
        let faults = backend.emulator.faults();
        faults.write_error_file();
        faults.succeed_partially(Rows::At(vec![1]), 13, "lost");
        let failing = |key: Option<&str>| {
            let mut line = line(0, key);
            line["request"]["contents"][0]["parts"][0]["text"] = "[[error:3]]".into();
            line
        };
        let keys = ["a", "b", "c"].map(|name| key.then_some(name));
        let lines = [failing(keys[0]), failing(keys[1]), line(2, keys[2])];
        put_lines(&backend, "gs://bucket/in.jsonl", lines);
        let batches = backend.client.batches();
        let job = batches
            .create(backend.model, "gs://bucket/in.jsonl")
            .await
            .unwrap();
        let job = backend.wait(&job).await.unwrap();

        let (_, report) = collect(batches.results(job.name()).await.unwrap()).await;
        let counts = (report.responses, report.errors, report.missing);
        assert_eq!(counts, (1, 1, 1), "{report}");

        let requests = [failing(Some("a")), failing(Some("b")), line(2, Some("c"))];
        let results = batches.results(&job);
        let results = results.expect_requests(requests.to_vec()).await.unwrap();
        let report = results.verify().await.unwrap();
        let counts = (report.responses, report.errors, report.missing);
        assert_eq!(counts, (1, 1, 1), "{report}");
        assert_eq!(report.keyless + report.duplicates, 0, "{report}");
    }
}

/// Nothing will come where the job has failed, so nothing is waited for.
#[tokio::test]
async fn a_failed_job_with_an_empty_directory_is_told_at_once() {
    let backend = Backend::vertex().await;
    let name = "projects/my-project/locations/us-central1/batchPredictionJobs/1";
    let server = MockServer::start().await;
    let job = json!({
        "name": name,
        "state": "JOB_STATE_FAILED",
        "error": { "code": 13, "message": "a worker died" },
        "outputInfo": { "gcsOutputDirectory": "gs://bucket/nothing" },
    });
    let response = ResponseTemplate::new(200).set_body_string(format!("{job:#}"));
    Mock::given(any())
        .respond_with(response)
        .expect(1)
        .mount(&server)
        .await;
    let client = vertex_client(&backend.emulator)
        .base_url(server.uri())
        .access_token(TOKEN)
        .build()
        .unwrap();
    let error = client.batches().results(name).await.unwrap_err();
    assert!(error.is_job_ended(), "{error}");
    assert!(error.to_string().contains("a worker died"), "{error}");
}

#[tokio::test]
async fn rows_of_an_input_without_keys_are_told_apart_by_their_content() {
    let backend = Backend::vertex().await;
    put_lines(
        &backend,
        "gs://bucket/in.jsonl",
        (0..20).map(|n| line(n, None)),
    );
    let batches = backend.client.batches();
    let job = batches
        .create(backend.model, "gs://bucket/in.jsonl")
        .await
        .unwrap();
    let job = backend.wait(&job).await.unwrap();
    let unmatched = batches.results(&job).await.unwrap().verify().await.unwrap();
    assert_eq!((unmatched.keyless, unmatched.responses), (20, 20));

    let submitted = || Source::requests((0..20).map(|n| line(n, Some(&format!("sum-{n}")))));
    let both = batches.results(&job).expect_keys(["sum-1"]);
    let error = both.expect_requests(submitted()).await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    assert!(error.to_string().contains("`expect_keys`"), "{error}");
    let results = batches.results(&job).expect_requests(submitted());
    let (told, report) = collect(results.await.unwrap()).await;
    assert_eq!(told, sums(20).1);
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn embeddings_without_keys_are_told_apart_by_their_content() {
    let backend = Backend::vertex().await;
    backend.emulator.faults().drop_keys(Rows::Every(2));
    for model in ["text-embedding-005", "gemini-embedding-001"] {
        let requests = || {
            let request = |n: u32| {
                EmbedRequest::text(format!("document {n}"))
                    .key(format!("doc-{n}"))
                    .metadata("n", n)
                    .task_type("RETRIEVAL_DOCUMENT")
                    .output_dimensionality(n + 2)
            };
            Source::requests((0..6).map(request))
        };
        let batches = backend.client.batches();
        let job = batches.create_embeddings(model, requests()).await.unwrap();
        let job = backend.wait(&job).await.unwrap();
        let results = batches.results(job.name()).expect_requests(requests());
        let mut results = results.await.unwrap();
        while let Some(result) = results.try_next().await.unwrap() {
            // How many values there are tells which request was answered.
            let values = result.response().unwrap().embedding().unwrap().len();
            assert_eq!(result.key(), Some(&*format!("doc-{}", values - 2)));
        }
        assert!(results.report().is_complete(), "{}", results.report());
    }
}

#[tokio::test]
async fn requests_need_a_place_to_be_put_and_leave_it_if_asked() {
    let backend = Backend::vertex().await;
    let nowhere = genai_batch::Client::builder()
        .vertex()
        .project("my-project")
        .location("us-central1")
        .base_url(backend.emulator.base_url())
        .access_token(TOKEN)
        .build()
        .unwrap();
    let error = nowhere
        .batches()
        .create(backend.model, sums(1).0)
        .await
        .unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    assert!(
        error
            .to_string()
            .contains("staging(\"gs://bucket/prefix\")"),
        "{error}"
    );
    assert!(backend.emulator.requests().is_empty());

    let create = |remove| {
        backend
            .client
            .batches()
            .create(backend.model, sums(3).0)
            .staging("gs://other-bucket/tmp/")
            .remove_staged_input(remove)
    };
    let staged = || {
        let objects = backend.emulator.objects("gs://other-bucket/tmp/");
        let is_input = |uri: &&String| uri.ends_with("/requests.jsonl");
        objects.iter().filter(is_input).count()
    };
    let results = backend.results_of(create(false)).await;
    assert_eq!(collect(results).await.0, sums(3).1);
    assert_eq!(staged(), 1);
    let job = create(true).await.unwrap();
    assert_eq!(staged(), 2);
    let states = backend.wait(&job).into_stream();
    states.try_for_each(async |_| Ok(())).await.unwrap();
    assert_eq!(staged(), 1);
    let job = create(true).await.unwrap();
    assert_eq!(staged(), 2);
    let job = backend.wait(&job).await.unwrap();
    assert_eq!(staged(), 1);
    let results = backend.client.batches().results(&job).await.unwrap();
    assert_eq!(collect(results).await.0, sums(3).1);
}

#[tokio::test]
async fn input_staged_for_a_refused_job_is_removed_or_named() {
    let backend = Backend::vertex().await;
    let faults = backend.emulator.faults();
    let create = |remove| {
        let batches = backend.client.batches();
        let create = batches.create(backend.model, sums(1).0).adopt(false);
        create.remove_staged_input(remove)
    };
    let staged = || backend.emulator.objects("gs://staging-bucket/");
    let refusal = || Failure::status(400, "INVALID_ARGUMENT", "no");

    for remove in [true, false] {
        faults.fail_next(backend.create, 1, refusal());
        let error = create(remove).await.unwrap_err();
        assert_eq!(error.status(), Some(400));
        assert_eq!(staged(), Vec::<String>::new());
        assert!(!error.to_string().contains("gs://"), "{error}");
    }

    // A job may have come of it, and need its input.
    faults.fail_next(backend.create, 1, Failure::service_unavailable());
    let error = create(true).await.unwrap_err();
    assert_eq!(staged().len(), 1);
    let kept = format!("{}, which is kept", staged()[0]);
    assert!(error.to_string().contains(&kept), "{error}");
}

#[tokio::test]
async fn older_embedding_models_are_written_and_read_in_their_own_form() {
    let backend = Backend::vertex().await;
    for model in ["text-embedding-005", "gemini-embedding-001"] {
        let requests: Vec<_> = (0..5)
            .map(|n| {
                EmbedRequest::text(format!("document {n}"))
                    .key(format!("doc-{n}"))
                    .output_dimensionality(8)
            })
            .collect();
        let create = backend.client.batches().create_embeddings(model, requests);
        let mut results = backend.results_of(create).await;
        let mut keys = Vec::new();
        while let Some(result) = results.try_next().await.unwrap() {
            assert_eq!(result.response().unwrap().embedding().unwrap().len(), 8);
            keys.push(result.key().unwrap().to_owned());
        }
        keys.sort();
        assert_eq!(keys, ["doc-0", "doc-1", "doc-2", "doc-3", "doc-4"]);
        assert!(results.report().is_complete(), "{}", results.report());
    }
}

#[tokio::test]
async fn a_job_of_another_place_is_asked_for_there() {
    let backend = Backend::vertex().await;
    let elsewhere = vertex_client(&backend.emulator)
        .project("other-project")
        .location("europe-west4")
        .access_token(TOKEN)
        .build()
        .unwrap();
    let create = elsewhere.batches().create(backend.model, sums(1).0);
    let job = create.await.unwrap();
    assert!(
        job.name()
            .starts_with("projects/other-project/locations/europe-west4/")
    );
    let found = backend.client.batches().get(job.name()).await.unwrap();
    assert_eq!(found.name(), job.name());
    let number = job.name().rsplit('/').next().unwrap();
    assert!(elsewhere.batches().get(number).await.is_ok());
    let short = format!("batchPredictionJobs/{number}");
    assert!(elsewhere.batches().get(short).await.is_ok());
    assert!(
        backend
            .client
            .batches()
            .get(number)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn deletes_tell_their_outcome() {
    let backend = Backend::vertex().await;
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(1).0).await.unwrap();
    backend.wait(&job).await.unwrap();
    backend.emulator.faults().fail_deletes(9, "it is held");
    let error = batches.delete(&job).await.unwrap_err();
    assert!(error.to_string().contains("it is held"), "{error}");
    assert_eq!((error.code(), error.status()), (Some(9), None));
    assert_eq!(error.status_name(), Some("FAILED_PRECONDITION"));
    backend.emulator.faults().clear();
    backend
        .emulator
        .faults()
        .delay_deletes(Duration::from_millis(400));
    batches.delete(&job).await.unwrap();
    assert!(batches.get(&job).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn the_service_filters_lists() {
    let backend = Backend::vertex().await;
    let batches = backend.client.batches();
    for name in ["one", "two"] {
        let create = batches.create(backend.model, sums(1).0);
        create.display_name(name).await.unwrap();
    }
    let found = batches
        .list()
        .filter("displayName=\"two\"")
        .all()
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].display_name(), Some("two"));
    let gemini = Backend::gemini().await;
    let error = gemini
        .client
        .batches()
        .list()
        .filter("x")
        .all()
        .await
        .unwrap_err();
    assert!(
        error.is_invalid_input() && error.to_string().contains("`filter`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_job_that_succeeds_in_part_has_results_and_says_what_failed() {
    let backend = Backend::vertex().await;
    let faults = backend.emulator.faults();
    faults.succeed_partially(Rows::At(vec![2]), 13, "a shard broke");
    let job = backend.client.batches().create(backend.model, sums(5).0);
    let job = backend.wait(&job.await.unwrap()).await.unwrap();
    assert_eq!(job.state(), &JobState::PartiallySucceeded);
    assert_eq!(job.partial_failures()[0].message, "a shard broke");
    let results = backend.client.batches().results(&job).await.unwrap();
    let (told, report) = collect(results).await;
    assert_eq!(told["sum-2"], Told::Missing);
    assert_eq!((report.responses, report.missing), (4, 1));
}

#[tokio::test]
async fn an_expired_job_keeps_what_it_finished() {
    let backend = Backend::vertex().await;
    backend.emulator.faults().expire_jobs();
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(10).0)
        .await
        .unwrap();
    backend
        .emulator
        .clock()
        .advance(Duration::from_secs(80 * 3600));
    let error = backend.wait(&job).await.unwrap_err();
    let expired = error.job().unwrap();
    assert_eq!(expired.state(), &JobState::Expired);
    let results = backend.client.batches().results(expired).await.unwrap();
    let report = results.verify().await.unwrap();
    assert_eq!(report.responses + report.missing, 10);
    assert!(report.responses > 0, "{report}");
}

#[tokio::test]
async fn every_state_of_a_job_is_seen() {
    let backend = Backend::vertex().await;
    backend.emulator.clock().pause();
    let batches = backend.client.batches();
    for state in [
        "JOB_STATE_UNSPECIFIED",
        "JOB_STATE_QUEUED",
        "JOB_STATE_PENDING",
        "JOB_STATE_PAUSED",
        "JOB_STATE_UPDATING",
        "JOB_STATE_OF_TOMORROW",
    ] {
        backend.emulator.faults().show_running_as(state);
        let job = batches.create(backend.model, sums(1).0).await.unwrap();
        backend.emulator.clock().advance(Duration::from_millis(30));
        let seen = batches.get(&job).await.unwrap();
        assert_eq!(seen.state().as_str(), state);
        assert!(seen.is_active());
    }
}

#[tokio::test]
async fn express_mode_needs_a_key_and_no_project() {
    let backend = Backend::vertex().await;
    let express = genai_batch::Client::builder()
        .vertex()
        .api_key(KEY)
        .base_url(backend.emulator.base_url())
        .build()
        .unwrap();
    put_lines(&backend, "gs://bucket/in.jsonl", [line(1, Some("a"))]);
    let batches = express.batches();
    let job = batches
        .create(backend.model, "gs://bucket/in.jsonl")
        .await
        .unwrap();
    let number = job.name().rsplit('/').next().unwrap();
    assert_eq!(batches.get(number).await.unwrap().name(), job.name());
    assert_eq!(batches.list().all().await.unwrap().len(), 1);
    let error = batches.cancel(number).await.unwrap_err();
    assert!(error.to_string().contains("express"), "{error}");
    let job = quick(batches.wait(&job)).await.unwrap();
    let error = batches.results(&job).await.unwrap_err();
    assert!(
        error.to_string().contains("takes no API key") && !error.is_retryable(),
        "{error}"
    );
}

#[tokio::test]
async fn what_vertex_ai_lacks_is_refused_before_anything_is_sent() {
    let backend = Backend::vertex().await;
    let batches = backend.client.batches();
    let gs = "gs://bucket/in.jsonl";
    for (create, named) in [
        (batches.create(backend.model, "files/abc"), "files/abc"),
        (batches.create(backend.model, gs).priority(1), "`priority`"),
        (
            batches
                .create(backend.model, gs)
                .dedicated_resources(DedicatedResources::new("n1-standard-8")),
            "`dedicated_resources`",
        ),
        (
            batches
                .create(backend.model, gs)
                .webhook(genai_batch::batches::WebhookConfig::new(["https://x"])),
            "`webhook`",
        ),
        (
            batches.create(backend.model, gs).system_instruction("x"),
            "`system_instruction`",
        ),
        (
            batches.create(backend.model, gs).dest("s3://b/o"),
            "s3://b/o",
        ),
        (
            batches.create(backend.model, "gs://bucket/part-*"),
            "`dest`",
        ),
        (batches.create(backend.model, "gs://bucket"), "gs://bucket"),
        (batches.create("../x", gs), "../x"),
        (batches.create("tunedModels/x", gs), "tunedModels/x"),
        (
            batches.create(backend.model, Source::dataset("../../x?y")),
            "../../x?y",
        ),
        (
            batches
                .create(backend.model, sums(1).0)
                .dest(Destination::CloudStorage("nonsense".into())),
            "nonsense",
        ),
        (
            batches.create(backend.model, sums(1).0).dest("bq://p/d"),
            "bq://p/d",
        ),
        (
            batches.create(backend.model, sums(1).0).staging("nowhere"),
            "nowhere",
        ),
    ] {
        let error = create.await.unwrap_err();
        assert!(
            error.is_invalid_input() && error.to_string().contains(named),
            "{error}"
        );
    }
    let error = backend.client.files().get("files/a").await.unwrap_err();
    assert!(error.to_string().contains("Vertex AI"), "{error}");
    assert!(
        batches
            .update("123")
            .priority(1)
            .await
            .unwrap_err()
            .is_invalid_input()
    );
    assert!(backend.emulator.requests().is_empty());
}

#[tokio::test]
async fn results_are_saved_whole_to_a_file_or_an_object() {
    let backend = Backend::vertex().await;
    let (mut requests, _) = sums(50);
    requests.push(Request::text("[[error:3]]").key("bad"));
    let batches = backend.client.batches();
    let job = batches.create(backend.model, requests).await.unwrap();
    let job = backend.wait(&job).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.jsonl");
    let report = batches.results(&job).save_to(&path).await.unwrap();
    assert!(report.is_complete(), "{report}");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 51);
    let bad = lines.iter().find(|line| line["key"] == "bad").unwrap();
    assert_eq!(bad["error"]["code"], 3);
    assert!(
        batches
            .results(&job)
            .save_to(&path)
            .await
            .unwrap_err()
            .is_invalid_input()
    );

    let uri = "gs://results/saved.jsonl";
    batches.results(&job).save_to(uri).await.unwrap();
    let saved = backend.emulator.object(uri).unwrap();
    assert_eq!(saved.iter().filter(|byte| **byte == b'\n').count(), 51);
    let again = batches.results(&job).save_to(uri).await.unwrap_err();
    assert!(again.is_invalid_input(), "{again}");
    batches
        .results(&job)
        .save_to(uri)
        .overwrite(true)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_large_staged_file_goes_up_in_parts() {
    let backend = Backend::vertex().await;
    let filler = "x".repeat(20_000);
    let mut file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    for n in 0..1000 {
        let mut line = line(n, Some(&format!("sum-{n}")));
        line["filler"] = filler.as_str().into();
        writeln!(file, "{line}").unwrap();
    }
    let create = backend.client.batches().create(backend.model, file.path());
    let (told, report) = collect(backend.results_of(create).await).await;
    assert_eq!(told, sums(1000).1);
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn a_result_file_that_breaks_off_is_read_on() {
    let backend = Backend::vertex().await;
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(50).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    backend.emulator.faults().cut_next_object(1000);
    let (told, report) = collect(batches.results(&job).await.unwrap()).await;
    assert_eq!(told, sums(50).1);
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn a_project_that_is_denied_is_told() {
    let backend = Backend::vertex().await;
    backend.emulator.faults().deny_project("my-project");
    let batches = backend.client.batches();
    let error = batches.list().all().await.unwrap_err();
    assert!(error.is_permission_denied(), "{error:?}");
    let create = batches.create(backend.model, "gs://bucket/in.jsonl");
    let error = create.await.unwrap_err();
    assert!(
        error.is_permission_denied() && error.attempts() == 1,
        "{error:?}"
    );
}

#[tokio::test]
async fn a_bucket_that_is_missing_or_forbidden_is_named() {
    let backend = Backend::vertex().await;
    let faults = backend.emulator.faults();
    faults.miss_bucket("staging-bucket");
    let error = backend
        .client
        .batches()
        .create(backend.model, sums(1).0)
        .await
        .unwrap_err();
    assert!(
        error.is_not_found() && error.to_string().contains("gs://staging-bucket"),
        "{error}"
    );
    faults.clear();
    faults.forbid_bucket("staging-bucket");
    let error = backend
        .client
        .batches()
        .create(backend.model, sums(1).0)
        .await
        .unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
}
