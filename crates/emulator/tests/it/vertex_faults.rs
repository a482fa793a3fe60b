//! The fault switches that jobs of Vertex AI know, each seen from outside.

use std::time::Duration;

use genai_batch_emulator::Rows;
use reqwest::Method;
use serde_json::json;

use crate::support::{Fixture, refusal};
use crate::vertex::{PLACE, SUMS, folder_of, ids};

#[tokio::test]
async fn rows_are_lost_doubled_and_mixed_up() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.drop_keys(Rows::At(vec![0]));
    faults.drop_rows(Rows::At(vec![1]));
    faults.double_rows(Rows::At(vec![3]));
    faults.add_foreign_rows(1);
    faults.add_garbage_line();
    let path = fixture.create_sums(&SUMS).await;
    fixture.advance(100);
    let job = fixture.read(&path).await;
    assert_eq!(job["completionStats"]["successfulCount"], "3");
    let file = format!("{}/predictions.jsonl", folder_of(&job));
    let content = fixture.emulator.object(&file).unwrap();
    let lines: Vec<_> = std::str::from_utf8(&content).unwrap().lines().collect();
    assert_eq!(lines.len(), 6);
    let rows: Vec<serde_json::Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(ids(&rows), ["k2", "k3", "k3"]);
    assert_eq!(
        rows.iter().filter(|row| row["key"] == "foreign-1").count(),
        1
    );
}

#[tokio::test]
async fn output_comes_in_several_files() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.shard_output(3);
    faults.write_incremental_file(Rows::At(vec![0, 1]));
    faults.write_error_file();
    let path = fixture.create_sums(&SUMS).await;
    fixture.advance(100);
    let job = fixture.read(&path).await;
    let folder = folder_of(&job);
    let names = [
        "errors_0001.jsonl",
        "incremental_predictions.jsonl",
        "predictions_0001.jsonl",
        "predictions_0002.jsonl",
        "predictions_0003.jsonl",
    ];
    let files = names.map(|name| format!("{folder}/{name}"));
    assert_eq!(fixture.emulator.objects(folder), files);
    let of_file = |at: usize| fixture.rows(&files[at]);
    assert_eq!(
        of_file(0)[0]["request"]["contents"][0]["parts"][0]["text"],
        SUMS[2]
    );
    assert_eq!(ids(&of_file(1)), ["k0", "k1"]);
    let rows = [of_file(2), of_file(3), of_file(4)];
    assert!(rows.iter().all(|rows| !rows.is_empty()));
    assert_eq!(ids(&rows.concat()), ["k0", "k1", "k2", "k3"]);
}

#[tokio::test]
async fn output_and_its_files_may_be_late() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.delay_output(Duration::from_secs(10));
    faults.delay_output_file(Duration::from_secs(20));
    let path = fixture.create_sums(&SUMS).await;
    fixture.advance(100);
    let job = fixture.read(&path).await;
    assert_eq!(job["state"], "JOB_STATE_SUCCEEDED");
    assert_eq!(job.get("outputInfo"), None);
    fixture.advance(10);
    let job = fixture.read(&path).await;
    let folder = folder_of(&job);
    assert!(fixture.emulator.objects(folder).is_empty());
    let list = "storage/v1/b/bucket/o?prefix=out/";
    assert_eq!(fixture.read(list).await.get("items"), None);
    fixture.advance(10);
    let listed = fixture.read(list).await;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(fixture.emulator.objects(folder).len(), 1);
}

#[tokio::test]
async fn jobs_end_in_other_ways() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.fail_jobs(8, "Too many tokens.");
    let failing = fixture.create_sums(&SUMS).await;
    faults.clear();
    faults.expire_jobs();
    let expiring = fixture.create_sums(&SUMS).await;
    faults.clear();
    faults.succeed_partially(Rows::At(vec![1]), 13, "shard 3");
    let partial = fixture.create_sums(&SUMS).await;
    fixture.advance(100);

    let job = fixture.read(&failing).await;
    assert_eq!(job["state"], "JOB_STATE_FAILED");
    assert_eq!(
        job["error"],
        json!({"code": 8, "message": "Too many tokens."})
    );

    let job = fixture.read(&expiring).await;
    assert_eq!(job["state"], "JOB_STATE_EXPIRED");
    let rows = fixture.rows(&format!("{}/predictions.jsonl", folder_of(&job)));
    assert_eq!(ids(&rows), ["k0", "k1"]);
    assert_eq!(job["completionStats"]["incompleteCount"], "2");

    let job = fixture.read(&partial).await;
    assert_eq!(job["state"], "JOB_STATE_PARTIALLY_SUCCEEDED");
    assert_eq!(
        job["partialFailures"],
        json!([{"code": 13, "message": "shard 3"}])
    );
    let rows = fixture.rows(&format!("{}/predictions.jsonl", folder_of(&job)));
    assert_eq!(ids(&rows), ["k0", "k2", "k3"]);
    assert_eq!(job["completionStats"]["incompleteCount"], "1");
}

#[tokio::test]
async fn jobs_are_held_and_shown_in_other_states() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.pause_jobs(Duration::from_secs(50));
    let paused = fixture.create_sums(&SUMS).await;
    faults.update_jobs(Duration::from_secs(50));
    let updated = fixture.create_sums(&SUMS).await;
    faults.clear();
    faults.show_running_as("JOB_STATE_UNSPECIFIED");
    let unspecified = fixture.create_sums(&SUMS).await;
    fixture.advance(70);
    for (path, state) in [
        (&paused, "JOB_STATE_PAUSED"),
        (&updated, "JOB_STATE_UPDATING"),
        (&unspecified, "JOB_STATE_UNSPECIFIED"),
    ] {
        assert_eq!(fixture.read(path).await["state"], state);
    }
    fixture.advance(50);
    assert_eq!(fixture.read(&paused).await["state"], "JOB_STATE_RUNNING");
    fixture.advance(30);
    for path in [&paused, &updated, &unspecified] {
        assert_eq!(fixture.read(path).await["state"], "JOB_STATE_SUCCEEDED");
    }
}

#[tokio::test]
async fn buckets_and_projects_may_be_out_of_reach() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.forbid_bucket("bucket");
    let path = fixture.create_sums(&SUMS).await;
    fixture.advance(100);
    let job = fixture.read(&path).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("JOB_STATE_FAILED"), &json!(7))
    );

    faults.deny_project("my-project");
    let denied = refusal(fixture.vertex(Method::GET, &path)).await;
    assert_eq!(denied, (403, "PERMISSION_DENIED".to_owned()));
    let other = PLACE.replace("my-project", "other");
    fixture.read(&format!("{other}/batchPredictionJobs")).await;
}

#[tokio::test]
async fn tables_may_be_named_in_full_and_counts_stand_still() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.name_tables_in_full();
    faults.freeze_listed_stats();
    fixture.put_requests("gs://bucket/in.jsonl", &SUMS);
    let mut asked = crate::vertex::body("table");
    asked["outputConfig"] = json!({
        "predictionsFormat": "bigquery",
        "bigqueryDestination": {"outputUri": "bq://p.d.t"},
    });
    fixture.create_vertex(&asked).await;
    fixture.advance(100);
    let listed = fixture.read(&format!("{PLACE}/batchPredictionJobs")).await;
    let job = &listed["batchPredictionJobs"][0];
    assert_eq!(job["outputInfo"]["bigqueryOutputTable"], "bq://p.d.t");
    assert_eq!(job["completionStats"]["incompleteCount"], "-1");
    assert_eq!(fixture.emulator.table("p.d.t").unwrap().len(), 4);
}
