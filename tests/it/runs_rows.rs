//! Runs whose jobs have rows that are not what they should be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::batches::InlineLimit;
use genai_batch::cost::Pricing;
use genai_batch::runs::{Deviations, Run, RunReport, Stopped};
use genai_batch::{Outcome, Request};
use genai_batch_emulator::{Failure, Model, Operation, RowFailure, Rows};
use serde_json::{Value, json};

use crate::runs::{Place, by_key, quick};
use crate::support::{Backend, Told, on_every_backend, sums};

async fn opened(backend: &Backend, place: &Place, requests: Vec<Request>) -> Run {
    let runs = backend.client.runs();
    let open = runs.open(place.run()).model(backend.model);
    open.source(requests).await.unwrap()
}

async fn events(run: &Run, kind: &str) -> Vec<String> {
    let events: Vec<_> = run.events().try_collect().await.unwrap();
    let events = events.into_iter().filter(|event| event.kind == kind);
    events.filter_map(|event| event.detail).collect()
}

fn counts(report: &RunReport) -> [u64; 4] {
    let Deviations {
        duplicates,
        unexpected,
        keyless,
        unreadable,
        ..
    } = report.deviations;
    [duplicates, unexpected, keyless, unreadable]
}

async fn rows_that_are_off_are_in_the_report(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(20);
    let faults = backend.emulator.faults();
    faults.double_rows(Rows::At(vec![1, 3]));
    faults.add_foreign_rows(3);
    let run = opened(&backend, &place, requests.clone()).await;
    let report = quick(&run).await.unwrap();
    // Of each of two jobs.
    assert_eq!(counts(&report), [4, 6, 0, 0], "{report}");
    let told = "; rows that were off: 4 duplicate, 6 unexpected";
    assert!(report.to_string().ends_with(told), "{report}");
    assert_eq!(by_key(&run).await, expected);
    run.close().await;
    // They are in the file, and not counted twice.
    let run = opened(&backend, &place, requests).await;
    assert_eq!(counts(&run.report().await.unwrap()), [4, 6, 0, 0]);
    let view = backend.client.runs().read(place.run()).await.unwrap();
    assert_eq!(counts(&view.report().await.unwrap()), [4, 6, 0, 0]);
}

async fn rows_of_one_job_come_after_those_of_another(backend: Backend) {
    let place = Place::new();
    let long = "x".repeat(100_000);
    let requests = (0..120).map(|n| Request::text(format!("{n} {long}")).key(format!("sum-{n}")));
    let run = opened(&backend, &place, requests.collect()).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let report = quick(&run)
        .job_requests(60, 60)
        // Both have ended by then.
        .poll_interval(Duration::from_millis(500), Duration::from_millis(500))
        .on_result(move |result| tell.lock().unwrap().push(result.key().unwrap().to_owned()))
        .await
        .unwrap();
    assert_eq!(report.responses, 120, "{report}");
    let told = told.lock().unwrap();
    let is_of_first = |key: &String| key[4..].parse::<u32>().unwrap() < 60;
    let first: Vec<_> = told.iter().map(is_of_first).collect();
    let changes = first.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!((told.len(), changes), (120, 1));
}

async fn rows_without_end_are_given_up_and_what_they_had_is_kept(backend: Backend) {
    let place = Place::new();
    let (requests, _) = sums(10);
    let faults = backend.emulator.faults();
    faults.shuffle_results(3);
    faults.add_foreign_rows(2_000);
    let run = opened(&backend, &place, requests).await;
    let report = quick(&run).attempts(1).await.unwrap();
    assert!(report.is_finished(), "{report}");
    assert_eq!(report.responses + report.missing, 10, "{report}");
    assert!(report.responses > 0 && report.missing > 0, "{report}");
    assert!(report.deviations.unexpected > 1_000, "{report}");
    let told = events(&run, "unreadable").await;
    assert!(told.len() >= 5, "{told:?}");
    for why in told {
        assert!(why.contains("has over 1040 rows"), "{why}");
    }
    assert_eq!(backend.emulator.request_count(backend.create), 1);
}

async fn a_row_that_is_cut_or_of_no_characters_costs_its_request_an_attempt(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(10);
    let faults = backend.emulator.faults();
    faults.drop_rows(Rows::At(vec![2]));
    faults.add_garbage_line();
    let runs = backend.client.runs();
    let open = runs.open(place.run()).model(backend.model);
    // In a file, whichever backend it is.
    let open = open.jobs(|create| create.inline_limit(InlineLimit::NEVER));
    let run = open.source(requests).await.unwrap();
    let report = quick(&run)
        .on_progress(move |progress| {
            if progress.waiting > 0 {
                faults.clear();
            }
        })
        .await
        .unwrap();
    assert_eq!((report.responses, report.missing), (10, 0), "{report}");
    assert_eq!(report.deviations.unreadable, 1, "{report}");
    assert_eq!(by_key(&run).await, expected);
}

/// What every error says.
const QUOTED: &str = "the request with the-api-key-of-the-tests and Bearer \
    the-token-of-the-tests (api%2Dkey%2Dof%2Dthe%2Dtests) is not valid";

struct Quoting;

impl Model for Quoting {
    fn generate(&self, _: &Value, _: &str) -> Result<Value, RowFailure> {
        Err(RowFailure::invalid_argument(QUOTED))
    }
}

/// What no text may have.
const SECRETS: [&str; 4] = [
    "the-api-key-of",
    "the-token-of",
    "of-the-tests",
    "%2Dof%2Dthe",
];

fn assert_clean(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

async fn quoting(backend: Backend) -> Backend {
    match backend.client.backend() {
        #[cfg(feature = "gcs")]
        genai_batch::Backend::Vertex => Backend::vertex_with(|it| it.model(Quoting)).await,
        _ => Backend::gemini_with(|it| it.model(Quoting)).await,
    }
}

async fn no_error_of_a_row_shows_a_credential(backend: Backend) {
    let backend = quoting(backend).await;
    let is_gemini = backend.client.backend() == genai_batch::Backend::Gemini;
    let place = Place::new();
    let run = opened(&backend, &place, sums(3).0).await;
    let report = quick(&run).await.unwrap();
    assert_eq!(report.errors, 3, "{report}");
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    let mine = match is_gemini {
        true => "the-api-key-of-the-tests",
        false => "the-token-of-the-tests",
    };
    for result in &results {
        let Outcome::Error(error) = result.outcome() else {
            panic!("{result:?}");
        };
        for text in [
            format!("{error} {error:?} {result:?} {report:?} {report}"),
            result.to_line(),
            result.json().to_owned(),
        ] {
            assert!(!text.contains(mine), "{text}");
            // Both end in the same letters, and so no text has them.
            assert!(!text.contains("of-the-tests"), "{text}");
        }
        assert!(error.message().contains("[censored]"), "{error}");
    }
    run.save_to(place.out()).await.unwrap();
    assert!(!std::fs::read_to_string(place.out()).unwrap().contains(mine));
    run.close().await;
    let file = std::fs::read(place.run()).unwrap();
    let file = String::from_utf8_lossy(&file);
    assert!(!file.contains(mine));
}

async fn no_error_of_a_job_shows_a_credential(backend: Backend) {
    let place = Place::new();
    backend.emulator.faults().fail_jobs(3, QUOTED);
    let run = opened(&backend, &place, sums(3).0).await;
    let report = quick(&run).await.unwrap();
    assert_eq!(report.errors, 3, "{report}");
    let jobs: Vec<_> = run.jobs().try_collect().await.unwrap();
    let events: Vec<_> = run.events().try_collect().await.unwrap();
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    assert_clean(&format!("{jobs:?} {events:?} {results:?}"));
    let listed = backend.client.batches().list().all().await;
    let error = listed.unwrap()[0].error().unwrap().to_string();
    assert!(error.contains("[censored]"), "{error}");
    assert_clean(&error);
}

on_every_backend! {
    rows_of_one_job_come_after_those_of_another,
    rows_that_are_off_are_in_the_report,
    rows_without_end_are_given_up_and_what_they_had_is_kept,
    a_row_that_is_cut_or_of_no_characters_costs_its_request_an_attempt,
    no_error_of_a_row_shows_a_credential,
    no_error_of_a_job_shows_a_credential,
    a_missing_result_has_its_metadata_and_says_why,
}

/// Answers, and does not say what it counted.
struct Uncounted;

impl Model for Uncounted {
    fn generate(&self, _: &Value, _: &str) -> Result<Value, RowFailure> {
        let parts = json!([{ "text": "5" }]);
        Ok(json!({ "candidates": [{ "content": { "parts": parts }, "finishReason": "STOP" }] }))
    }
}

#[tokio::test]
async fn what_nobody_counts_is_held_against_the_budget_by_estimate() {
    let backend = Backend::gemini_with(|builder| builder.model(Uncounted)).await;
    let place = Place::new();
    let run = opened(&backend, &place, sums(100).0).await;
    // Each request is estimated at some 25 tokens.
    let pricing = Pricing::new(1_000_000.0, 0.0).discount(0.0);
    let finish = quick(&run).max_jobs(1).budget(600.0, pricing);
    let report = finish.await.unwrap();
    assert_eq!(report.stopped, Some(Stopped::Budget), "{report}");
    assert!(report.responses > 0 && report.unfinished > 50, "{report}");
    let told = events(&run, "budget").await;
    assert!(told[0].contains("of it by estimate"), "{told:?}");
}

/// As a proxy sends a page of its own in place of a file. The results are there, and paid for.
#[tokio::test]
async fn results_without_a_row_of_a_job_that_went_well_are_read_again() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let (requests, expected) = sums(150);
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::DownloadFile, 3, Failure::html(200));
    let run = opened(&backend, &place, requests).await;
    let report = quick(&run).job_requests(150, 150).await.unwrap();
    assert_eq!((report.responses, report.missing), (150, 0), "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 1);
    assert_eq!(by_key(&run).await, expected);
    let told = events(&run, "unreadable").await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("no row of its requests"), "{told:?}");
}

/// What is known of a request does not go with its row.
async fn a_missing_result_has_its_metadata_and_says_why(backend: Backend) {
    let place = Place::new();
    backend.emulator.faults().drop_rows(Rows::All);
    let request = Request::text("What is 1 + 1?").key("k").metadata("n", 7);
    let run = opened(&backend, &place, vec![request]).await;
    let soon = Duration::from_millis(20);
    let report = quick(&run).attempts(1).output_timeout(soon).await.unwrap();
    assert_eq!(report.missing, 1, "{report}");
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    assert_eq!(results[0].metadata().unwrap()["n"], 7);
    let line: Value = serde_json::from_str(&results[0].to_line()).unwrap();
    let why = line["message"].as_str().unwrap();
    assert_eq!(results[0].why_missing(), Some(why));
    assert!(why.contains("its results cannot be read"), "{why}");
    run.save_to(place.out()).await.unwrap();
    let saved = std::fs::read_to_string(place.out()).unwrap();
    let saved: Value = serde_json::from_str(&saved).unwrap();
    let expected = json!({"key": "k", "metadata": {"n": 7}, "missing": true, "message": why});
    assert_eq!(saved, expected);
}

/// Where a row shows no request, nothing says whose it is. It is paid for.
async fn rows_that_lost_their_keys_are_not_paid_for_again(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(10);
    let faults = backend.emulator.faults();
    faults.drop_keys(Rows::At(vec![2, 5]));
    let run = opened(&backend, &place, requests).await;
    let report = quick(&run).await.unwrap();
    assert_eq!(
        (report.responses, report.missing, report.generations.len()),
        (8, 2, 1),
        "{report}"
    );
    assert_eq!(counts(&report), [0, 0, 2, 0], "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 1);
    assert_eq!(by_key(&run).await["sum-2"], Told::Missing);
    let file = rusqlite::Connection::open(place.run()).unwrap();
    let sql = "SELECT message FROM results WHERE key = 'sum-5'";
    let why: String = file.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(why.contains("2 rows without a key"), "{why}");
    drop(file);
    // Whoever wants them has them asked.
    faults.clear();
    assert_eq!(run.retry_failed().await.unwrap(), 2);
    let report = quick(&run).await.unwrap();
    assert_eq!((report.responses, report.missing), (10, 0), "{report}");
    assert_eq!(by_key(&run).await, expected);
}

#[tokio::test]
async fn rows_of_gemini_that_lost_their_keys_are_not_paid_for_again() {
    rows_that_lost_their_keys_are_not_paid_for_again(Backend::gemini().await).await;
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn rows_of_open_models_that_lost_their_keys_are_not_paid_for_again() {
    rows_that_lost_their_keys_are_not_paid_for_again(Backend::llama().await).await;
}

/// Where most of what is missing has no row at all, it is asked again.
#[tokio::test]
async fn a_row_without_a_key_holds_up_no_more_requests_than_may_be_its() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let (requests, expected) = sums(10);
    let faults = backend.emulator.faults();
    faults.drop_keys(Rows::At(vec![2]));
    faults.drop_rows(Rows::At(vec![3, 4, 5, 6]));
    let run = opened(&backend, &place, requests).await;
    let report = quick(&run)
        .on_progress(move |progress| {
            if progress.waiting > 0 {
                faults.clear();
            }
        })
        .await
        .unwrap();
    assert_eq!((report.responses, report.missing), (10, 0), "{report}");
    assert_eq!(report.generations[0].retried, 5, "{report}");
    assert_eq!(report.deviations.keyless, 1, "{report}");
    assert_eq!(by_key(&run).await, expected);
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn rows_without_a_key_are_told_apart_by_the_requests_that_they_show() {
    let backend = Backend::vertex().await;
    let place = Place::new();
    let (requests, expected) = sums(10);
    backend.emulator.faults().drop_keys(Rows::Every(2));
    let run = opened(&backend, &place, requests).await;
    let report = quick(&run).await.unwrap();
    assert_eq!(by_key(&run).await, expected, "{report}");
    assert!(report.deviations.is_empty(), "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 1);
}

#[tokio::test]
async fn results_without_end_are_an_error_and_no_error_shows_a_credential() {
    let backend = Backend::gemini().await;
    backend.emulator.faults().add_foreign_rows(5_000);
    let batches = backend.client.batches();
    let job = backend.create(sums(3).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let error = batches.results(&job).await.unwrap().verify().await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("over 1012 rows"), "{error}");
    let place = Place::new();
    let error = batches
        .results(&job)
        .save_to(place.out())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("over 1012 rows"), "{error}");
    assert!(!place.out().exists());
    // By its name alone, the service's count is all that is known, and may be wrong.
    let results = batches.results(job.name()).await.unwrap();
    assert_eq!(results.verify().await.unwrap().surplus, 5_000);

    let backend = quoting(backend).await;
    let job = backend.create(sums(3).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let mut results = backend.client.batches().results(&job).await.unwrap();
    while let Some(result) = results.try_next().await.unwrap() {
        let error = result.error().unwrap();
        let text = format!(
            "{error} {error:?} {result:?} {} {}",
            result.to_line(),
            result.json()
        );
        assert!(!text.contains("the-api-key-of-the-tests"), "{text}");
        assert!(error.message().contains("[censored]"), "{text}");
        assert_eq!(result.to_value()["error"]["code"], 3);
    }
}
