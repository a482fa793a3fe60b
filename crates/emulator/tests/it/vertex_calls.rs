//! The calls that list and delete jobs of Vertex AI, those without a project, and those refused.

use genai_batch_emulator::{Failure, Operation};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Fixture, name_of, ok, refusal};
use crate::vertex::{PLACE, SUMS, body};

#[tokio::test]
async fn listings_are_filtered_and_paged() {
    let fixture = Fixture::new().await;
    fixture.put_requests("gs://bucket/in.jsonl", &SUMS[..1]);
    for n in 0..4 {
        let mut asked = body(&format!("mark-{n}"));
        asked["labels"] = json!({"odd": (n % 2 == 1).to_string()});
        fixture.create_vertex(&asked).await;
        fixture.advance(40);
    }
    let list = format!("{PLACE}/batchPredictionJobs");
    let listed = async |filter: &str| -> Vec<String> {
        let (mut names, mut token) = (Vec::new(), String::new());
        loop {
            let query = [("pageSize", "1"), ("filter", filter), ("pageToken", &token)];
            let page = ok(fixture.vertex(Method::GET, &list).query(&query)).await;
            let jobs = page["batchPredictionJobs"].as_array();
            for job in jobs.map(Vec::as_slice).unwrap_or_default() {
                names.push(job["displayName"].as_str().unwrap().to_owned());
            }
            match page["nextPageToken"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => return names,
            }
        }
    };
    assert_eq!(listed("").await, ["mark-3", "mark-2", "mark-1", "mark-0"]);
    assert_eq!(listed(r#"displayName="mark-2""#).await, ["mark-2"]);
    assert_eq!(
        listed(r#"display_name:"mark-*" AND labels.odd=true"#).await,
        ["mark-3", "mark-1"]
    );
    let running = r#"state="JOB_STATE_RUNNING""#;
    assert_eq!(listed(running).await, ["mark-3", "mark-2"]);
    let succeeded = r#"state="JOB_STATE_SUCCEEDED" AND labels.odd="false""#;
    assert_eq!(listed(succeeded).await, ["mark-0"]);

    let refused = fixture
        .vertex(Method::GET, &list)
        .query(&[("filter", "name=x")]);
    assert_eq!(refusal(refused).await, (400, "INVALID_ARGUMENT".to_owned()));
    let elsewhere = list.replace("us-central1", "europe-west4");
    assert_eq!(fixture.read(&elsewhere).await, json!({}));
}

#[tokio::test]
async fn deletions_are_operations() {
    let fixture = Fixture::new().await;
    let path = fixture.create_sums(&SUMS).await;
    let delete = || ok(fixture.vertex(Method::DELETE, &path));
    let running = delete().await;
    assert_eq!(running["done"], true);
    assert_eq!(running["error"]["code"], 9);

    fixture.advance(100);
    let faults = fixture.emulator.faults();
    faults.fail_deletes(13, "Try again.");
    assert_eq!(delete().await["error"]["code"], 13);
    faults.clear();
    faults.delay_deletes(std::time::Duration::from_secs(5));
    let pending = delete().await;
    assert_eq!(pending.get("done"), None);
    assert_eq!(
        pending["metadata"]["@type"],
        "type.googleapis.com/google.cloud.aiplatform.v1beta1.DeleteOperationMetadata"
    );
    let operation = format!("v1beta1/{}", name_of(&pending));
    let wait = format!("{operation}:wait");
    let waited = ok(fixture
        .vertex(Method::POST, &wait)
        .json(&json!({"timeout": "10s"})))
    .await;
    assert_eq!(waited.get("done"), None);
    fixture.read(&path).await;
    fixture.advance(5);
    let done = fixture.read(&operation).await;
    let empty = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
    assert_eq!((&done["done"], &done["response"]), (&json!(true), &empty));
    let error: Value = fixture
        .vertex(Method::GET, &path)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        error,
        json!({"error": {
            "code": 404,
            "message": "The BatchPredictionJob does not exist.",
            "status": "NOT_FOUND",
        }})
    );
    let missing = fixture.vertex(Method::GET, &format!("{PLACE}/operations/1"));
    assert_eq!(refusal(missing).await.0, 404);
}

#[tokio::test]
async fn express_jobs_need_no_project() {
    let fixture = Fixture::new().await;
    fixture.put_requests("gs://bucket/in.jsonl", &SUMS);
    let create = fixture.vertex(Method::POST, "v1beta1/batchPredictionJobs");
    let job = ok(create.header("x-goog-api-key", "k").json(&body("express"))).await;
    let id = job["name"].as_str().unwrap().rsplit('/').next().unwrap();
    let path = format!("v1beta1/batchPredictionJobs/{id}");
    assert_eq!(fixture.read(&path).await["name"], job["name"]);
    let listed = fixture.read("v1beta1/batchPredictionJobs").await;
    assert_eq!(listed["batchPredictionJobs"][0]["name"], job["name"]);
    fixture.advance(100);
    let gone = ok(fixture.vertex(Method::DELETE, &path)).await;
    assert_eq!(gone["done"], true);
}

#[tokio::test]
async fn bad_jobs_are_refused_with_the_field() {
    let fixture = Fixture::new().await;
    let mut asked = body("refused");
    asked.as_object_mut().unwrap().remove("outputConfig");
    let create = format!("{PLACE}/batchPredictionJobs");
    let answer = fixture
        .vertex(Method::POST, &create)
        .json(&asked)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let error: Value = answer.json().await.unwrap();
    assert_eq!(
        error["error"]["details"][0]["fieldViolations"][0]["field"],
        "batch_prediction_job.output_config"
    );
    let mut asked = body("refused");
    asked["lables"] = json!({});
    let refused = refusal(fixture.vertex(Method::POST, &create).json(&asked)).await;
    assert_eq!(refused, (400, "INVALID_ARGUMENT".to_owned()));
    assert!(fixture.emulator.vertex_jobs().is_empty());
}

#[tokio::test]
async fn a_created_job_may_go_unanswered() {
    let fixture = Fixture::new().await;
    let create = Operation::CreateBatchPredictionJob;
    fixture
        .emulator
        .faults()
        .fail_next(create, 1, Failure::CloseAfterEffect);
    let path = format!("{PLACE}/batchPredictionJobs");
    let sent = fixture
        .vertex(Method::POST, &path)
        .json(&body("lost"))
        .send()
        .await;
    assert!(sent.is_err());
    assert_eq!(fixture.emulator.vertex_jobs()[0].display_name, "lost");
    assert_eq!(fixture.emulator.request_count(create), 1);
}
