//! The fault switches, each seen from outside.

use std::time::Duration;

use genai_batch_emulator::{Failure, Model, Operation, OutputPlace, RowFailure, Rows};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Fixture, inline_rows, ok, outcome, refusal, request};

#[tokio::test]
async fn a_created_job_may_go_unanswered() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.fail_next(
        Operation::BatchGenerateContent,
        1,
        Failure::CloseAfterEffect,
    );
    faults.fail_next(
        Operation::BatchGenerateContent,
        1,
        Failure::CloseBeforeAnswer,
    );
    let requests = json!({"requests": [{"request": request("hi")}]});
    let batch = json!({"displayName": "lost", "inputConfig": {"requests": requests}});
    assert!(fixture.create(&batch).send().await.is_err());
    assert_eq!(fixture.emulator.jobs().len(), 1);
    assert!(fixture.create(&batch).send().await.is_err());
    let jobs = fixture.emulator.jobs();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].display_name.as_deref(), Some("lost"));
    assert_eq!(fixture.emulator.requests()[0].status, None);
}

#[tokio::test]
async fn canned_failures_come_in_order() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.fail_next(Operation::ListBatches, 2, Failure::service_unavailable());
    let wait = Failure::too_many_requests(Duration::from_millis(17_500));
    faults.fail_next(
        Operation::ListBatches,
        1,
        wait.with_header("retry-after", "18"),
    );
    faults.fail_next(Operation::ListBatches, 1, Failure::html(502));
    faults.fail_next(Operation::ListBatches, 1, Failure::CutAnswer { after: 1 });
    let list = || fixture.call(Method::GET, "v1beta/batches");
    assert_eq!(refusal(list()).await, (503, "UNAVAILABLE".to_owned()));
    assert_eq!(refusal(list()).await, (503, "UNAVAILABLE".to_owned()));
    let answer = list().send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"18".parse().unwrap())
    );
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["details"][0]["retryDelay"], "17.5s");
    let answer = list().send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let cut = list().send().await.unwrap();
    assert_eq!(cut.status(), 200);
    assert!(cut.text().await.is_err());
    assert_eq!(ok(list()).await, json!({}));
}

#[tokio::test]
async fn answers_are_cut_at_a_share_and_come_in_drips() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    let name = fixture.create_inline(&["a"]).await;
    let path = format!("v1beta/{name}");
    let get = || fixture.call(Method::GET, &path).send();
    let whole = get().await.unwrap().bytes().await.unwrap();
    for permille in [0, 500, 1000] {
        faults.fail_next(Operation::GetBatch, 1, Failure::CutAnswerAt { permille });
        let mut cut = get().await.unwrap();
        let mut received = Vec::new();
        let error = loop {
            match cut.chunk().await {
                Ok(Some(piece)) => received.extend_from_slice(&piece),
                Ok(None) => panic!("the answer is whole"),
                Err(error) => break error,
            }
        };
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        let share = whole.len() * usize::from(permille) / 1000;
        assert_eq!(received, &whole[..share.min(whole.len() - 1)]);
    }
    let drip = Failure::Drip {
        piece: whole.len() / 3,
        pause: Duration::from_millis(1),
    };
    faults.fail_next(Operation::GetBatch, 1, drip);
    let mut answer = get().await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = answer.chunk().await.unwrap() {
        pieces.push(piece);
    }
    assert!(pieces.len() > 1 && pieces.concat() == whole);
}

#[tokio::test]
async fn a_cut_that_meets_another_is_no_empty_answer() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    let name = fixture.create_from_file(&["a"]).await;
    fixture.advance(100);
    let file = name.replace("batches/", "files/batch-");
    let path = format!("v1beta/{file}:download?alt=media");
    let (piece, pause) = (10, Duration::from_millis(1));
    for failure in [
        Failure::Drip { piece, pause },
        Failure::CutAnswerAt { permille: 500 },
    ] {
        faults.cut_next_download(20);
        faults.fail_next(Operation::DownloadFile, 1, failure);
        assert!(fixture.call(Method::GET, &path).send().await.is_err());
    }
}

#[tokio::test]
async fn a_call_may_be_cut_on_its_way_or_arrive_twice() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    let operation = Operation::BatchGenerateContent;
    faults.fail_next(operation, 1, Failure::CutRequest { after: 10 });
    faults.fail_next(operation, 1, Failure::DeliverTwice);
    let requests = json!({"requests": [{"request": request("hi")}]});
    let batch = json!({"displayName": "twice", "inputConfig": {"requests": requests}});
    assert!(fixture.create(&batch).send().await.is_err());
    assert!(fixture.emulator.jobs().is_empty());
    let created = ok(fixture.create(&batch)).await;
    let jobs = fixture.emulator.jobs();
    assert_eq!(jobs.len(), 2);
    assert_eq!(created["name"], *jobs[0].name);
    assert_eq!(faults.failures_left(operation), 0);
}

#[tokio::test]
async fn connections_are_counted_while_they_are_open() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.emulator.open_connections(), 0);
    fixture.create_inline(&["a"]).await;
    assert_eq!(fixture.emulator.open_connections(), 1);
}

#[tokio::test]
async fn a_listing_may_be_mended() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.repeat_page_token();
    assert!(fixture.get("batches").await["nextPageToken"].is_string());
    faults.mend_pages();
    assert_eq!(fixture.get("batches").await.get("nextPageToken"), None);
}

#[tokio::test]
async fn rows_are_lost_doubled_and_mixed_up() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.drop_keys(Rows::At(vec![0]));
    faults.drop_rows(Rows::At(vec![1]));
    faults.double_rows(Rows::At(vec![2]));
    faults.add_foreign_rows(1);
    faults.shuffle_results(3);
    let name = fixture.create_inline(&["a", "b", "c", "d"]).await;
    fixture.advance(100);
    let job = fixture.get(&name).await;
    let mut keys: Vec<_> = inline_rows(&job).iter().map(|row| outcome(row).0).collect();
    assert_ne!(
        keys,
        [None, Some("k2"), Some("k2"), Some("k3"), Some("foreign-1")]
    );
    keys.sort_unstable();
    assert_eq!(
        keys,
        [None, Some("foreign-1"), Some("k2"), Some("k2"), Some("k3")]
    );
    assert_eq!(job["metadata"]["batchStats"]["successfulRequestCount"], "4");

    faults.clear();
    let name = fixture.create_inline(&["a", "b"]).await;
    fixture.advance(100);
    let job = fixture.get(&name).await;
    let keys: Vec<_> = inline_rows(&job).iter().map(|row| outcome(row).0).collect();
    assert_eq!(keys, [Some("k0"), Some("k1")]);
}

#[tokio::test]
async fn output_and_its_file_may_be_late() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.delay_output(Duration::from_secs(10));
    faults.delay_output_file(Duration::from_secs(20));
    let name = fixture.create_from_file(&["a"]).await;
    fixture.advance(100);
    let job = fixture.get(&name).await;
    assert_eq!((&job["done"], job.get("response")), (&json!(true), None));
    assert_eq!(job["metadata"].get("output"), None);
    fixture.advance(10);
    let file = fixture.get(&name).await["response"]["responsesFile"]
        .as_str()
        .unwrap()
        .to_owned();
    let download = format!("{file}:download?alt=media");
    assert_eq!(fixture.refused(Method::GET, &download).await.0, 404);
    fixture.advance(10);
    assert_eq!(fixture.download(&file).await.lines().count(), 1);
}

#[tokio::test]
async fn output_may_be_in_one_place_only() {
    let fixture = Fixture::new().await;
    for (place, in_metadata) in [
        (OutputPlace::Metadata, true),
        (OutputPlace::Response, false),
    ] {
        fixture.emulator.faults().put_output(place);
        let name = fixture.create_inline(&["a"]).await;
        fixture.advance(100);
        let job = fixture.get(&name).await;
        assert_eq!(job["metadata"].get("output").is_some(), in_metadata);
        assert_eq!(job.get("response").is_some(), !in_metadata);
    }
}

#[tokio::test]
async fn jobs_may_fail_or_expire() {
    let fixture = Fixture::new().await;
    fixture
        .emulator
        .faults()
        .fail_jobs(8, "Too many enqueued tokens.");
    let failing = fixture.create_inline(&["a"]).await;
    fixture.emulator.faults().expire_jobs();
    let expiring = fixture.create_inline(&["a"]).await;
    fixture.advance(100);
    let failed = fixture.get(&failing).await;
    assert_eq!(failed["metadata"]["state"], "BATCH_STATE_FAILED");
    assert_eq!(
        failed["error"],
        json!({"code": 8, "message": "Too many enqueued tokens."})
    );
    assert_eq!(
        fixture.get(&expiring).await["metadata"]["state"],
        "BATCH_STATE_EXPIRED"
    );
}

#[tokio::test]
async fn counts_may_stand_still() {
    let fixture = Fixture::new().await;
    fixture.emulator.faults().freeze_listed_stats();
    fixture.create_inline(&["a", "b"]).await;
    fixture.advance(100);
    let listed = &fixture.get("batches").await["operations"][0]["metadata"];
    assert_eq!(listed["state"], "BATCH_STATE_SUCCEEDED");
    assert_eq!(
        listed["batchStats"],
        json!({"requestCount": "2", "pendingRequestCount": "2"})
    );
}

#[tokio::test]
async fn downloads_may_be_cut_and_taken_up_again() {
    let fixture = Fixture::new().await;
    let name = fixture.create_from_file(&["a", "b", "c"]).await;
    fixture.advance(100);
    let file = name.replace("batches/", "files/batch-");
    let whole = fixture.download(&file).await;

    fixture.emulator.faults().cut_next_download(100);
    let path = format!("v1beta/{file}:download?alt=media");
    let mut cut = fixture.call(Method::GET, &path).send().await.unwrap();
    let mut received = Vec::new();
    while let Ok(Some(piece)) = cut.chunk().await {
        received.extend_from_slice(&piece);
    }
    assert_eq!(received, &whole.as_bytes()[..100]);
    let rest = fixture
        .call(Method::GET, &path)
        .header("range", "bytes=100-");
    assert_eq!(
        rest.send().await.unwrap().text().await.unwrap(),
        whole[100..]
    );
}

#[tokio::test]
async fn a_model_of_ones_own_answers() {
    struct Upper;

    impl Model for Upper {
        fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
            let prompt = genai_batch_emulator::prompt_of(request)?;
            assert_ne!(prompt, "panic", "as asked");
            Ok(genai_batch_emulator::text_response(
                model,
                &prompt,
                &prompt.to_uppercase(),
            ))
        }
    }

    let fixture = Fixture::with(|builder| builder.model(Upper)).await;
    let name = fixture.create_inline(&["loud"]).await;
    let broken = fixture.create_inline(&["panic"]).await;
    fixture.advance(100);
    let job = fixture.get(&name).await;
    assert_eq!(outcome(&inline_rows(&job)[0]).1, Ok("LOUD"));
    assert_eq!(fixture.get(&broken).await["error"]["code"], 13);
}

#[tokio::test]
async fn a_storm_meets_calls_of_every_kind() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.fail_next(
        Operation::ListBatches,
        1,
        Failure::status(500, "INTERNAL", "own"),
    );
    faults.fail_all_next(2, Failure::too_many_requests(Duration::ZERO));
    let calm = (500, "INTERNAL".to_owned());
    let busy = (429, "RESOURCE_EXHAUSTED".to_owned());
    assert_eq!(fixture.refused(Method::GET, "batches").await, busy);
    assert_eq!(faults.failures_of_all_left(), 1);
    assert_eq!(fixture.refused(Method::GET, "files").await, busy);
    assert_eq!(fixture.refused(Method::GET, "batches").await, calm);
    assert_eq!(faults.failures_of_all_left(), 0);
}

#[tokio::test]
async fn a_call_may_get_the_record_of_another_job() {
    let fixture = Fixture::new().await;
    let other = fixture.create_inline(&["other"]).await;
    let path = format!("/v1beta/{other}");
    let answer = || Failure::AnswerOf { path: path.clone() };
    let faults = fixture.emulator.faults();
    faults.fail_next(Operation::BatchGenerateContent, 1, answer());
    assert_eq!(fixture.create_inline(&["mine"]).await, other);
    let jobs = fixture.emulator.jobs();
    assert_eq!(jobs.len(), 2);
    faults.fail_next(Operation::GetBatch, 1, answer());
    assert_eq!(fixture.get(&jobs[0].name).await["name"], other);
    assert_eq!(fixture.get(&jobs[0].name).await["name"], jobs[0].name);
}

#[tokio::test]
async fn an_error_may_show_what_the_call_carried() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    let echo = Failure::Echo { code: 500 };
    faults.fail_next(Operation::BatchGenerateContent, 1, echo);
    let batch = json!({"displayName": "of mine"});
    let answer = fixture.create(&batch).send().await.unwrap();
    assert_eq!(answer.status(), 500);
    let text = answer.text().await.unwrap();
    assert!(text.contains("x-goog-api-key: test-key"), "{text}");
    assert!(text.contains("of mine"), "{text}");
    assert!(fixture.emulator.jobs().is_empty());
}
