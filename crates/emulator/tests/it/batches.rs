//! The life of jobs, and the calls that read and steer them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Fixture, inline_rows, name_of, ok, outcome, request};

const SUMS: [&str; 5] = [
    "What is 1 + 1?",
    "What is 2 + 2?",
    "What is 3 + 3?",
    "What is 4 + 4?",
    "[[error:8]]",
];

fn stats(job: &Value) -> Value {
    job["metadata"]["batchStats"].clone()
}

#[tokio::test]
async fn inline_job_waits_runs_and_succeeds() {
    let fixture = Fixture::new().await;
    let name = fixture.create_inline(&SUMS).await;
    assert_eq!(name.len(), "batches/".len() + 36);

    let job = fixture.get(&name).await;
    let created = job["metadata"]["createTime"].as_str().unwrap();
    assert_eq!(created.len(), "2026-01-02T03:04:05.123456789Z".len());
    assert_eq!(
        job,
        json!({
            "name": name,
            "metadata": {
                "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
                "model": "models/gemini-2.5-flash",
                "createTime": created,
                "updateTime": created,
                "batchStats": {"requestCount": "5", "pendingRequestCount": "5"},
                "state": "BATCH_STATE_PENDING",
                "name": name,
            },
        })
    );

    fixture.advance(20);
    assert_eq!(
        fixture.get(&name).await["metadata"]["state"],
        "BATCH_STATE_RUNNING"
    );

    fixture.advance(80);
    let job = fixture.get(&name).await;
    assert_eq!(job["done"], true);
    assert_eq!(job["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
    assert!(job["metadata"]["endTime"].is_string());
    assert_eq!(
        stats(&job),
        json!({"requestCount": "5", "successfulRequestCount": "4", "failedRequestCount": "1"})
    );
    assert_eq!(
        job["response"]["@type"],
        "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput"
    );
    assert_eq!(
        job["response"]["inlinedResponses"],
        job["metadata"]["output"]["inlinedResponses"]
    );
    let outcomes: Vec<_> = inline_rows(&job).iter().map(outcome).collect();
    assert_eq!(
        outcomes,
        [
            (Some("k0"), Ok("2")),
            (Some("k1"), Ok("4")),
            (Some("k2"), Ok("6")),
            (Some("k3"), Ok("8")),
            (Some("k4"), Err(8)),
        ]
    );
}

#[tokio::test]
async fn file_job_writes_a_result_file() {
    let fixture = Fixture::new().await;
    let name = fixture.create_from_file(&SUMS).await;
    let job = fixture.get(&name).await;
    assert!(
        job["metadata"]["inputConfig"]["fileName"]
            .as_str()
            .unwrap()
            .starts_with("files/")
    );

    fixture.advance(100);
    let job = fixture.get(&name).await;
    let file = name.replace("batches/", "files/batch-");
    assert_eq!(job["metadata"]["output"], json!({"responsesFile": file}));
    assert_eq!(job["response"]["responsesFile"], file.as_str());
    let content = fixture.download(&file).await;
    let rows: Vec<Value> = content
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let outcomes: Vec<_> = rows.iter().map(outcome).collect();
    assert_eq!(outcomes[3], (Some("k3"), Ok("8")));
    assert_eq!(outcomes[4], (Some("k4"), Err(8)));
    assert_eq!(outcomes.len(), 5);
}

#[tokio::test]
async fn embeddings_have_their_own_types() {
    let fixture = Fixture::new().await;
    let embed =
        |text: &str| json!({"content": {"parts": [{"text": text}]}, "outputDimensionality": 4});
    let requests = json!([
        {"request": embed("one"), "metadata": {"key": "a"}},
        {"request": {}, "metadata": {"key": "b"}},
    ]);
    let path = "v1/models/gemini-embedding-001:asyncBatchEmbedContent";
    let body = json!({"batch": {"input_config": {"requests": {"requests": requests}}}});
    let name = name_of(&ok(fixture.call(Method::POST, path).json(&body)).await);
    fixture.advance(100);
    let job = fixture.get(&name).await;
    let batch_type = "type.googleapis.com/google.ai.generativelanguage.v1main.EmbedContentBatch";
    assert_eq!(job["metadata"]["@type"], batch_type);
    assert_eq!(job["response"]["@type"], batch_type);
    let rows = inline_rows(&job);
    assert_eq!(
        rows[0]["response"]["embedding"]["values"]
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    assert_eq!(rows[0]["metadata"]["key"], "a");
    assert_eq!(rows[1]["error"]["code"], 3);
}

#[tokio::test]
async fn progress_is_counted_while_running() {
    let fixture = Fixture::new().await;
    let name = fixture.create_inline(&SUMS).await;
    fixture.advance(68);
    // The model answers on a thread of its own; it is through once the counts move.
    let mut job = fixture.get(&name).await;
    while stats(&job)["pendingRequestCount"] == "5" {
        tokio::task::yield_now().await;
        job = fixture.get(&name).await;
    }
    assert_eq!(
        stats(&job),
        json!({"requestCount": "5", "successfulRequestCount": "3", "pendingRequestCount": "2"})
    );
}

#[tokio::test]
async fn cancelled_before_the_start_has_no_results() {
    let fixture = Fixture::new().await;
    let name = fixture.create_inline(&SUMS).await;
    let cancel = format!("v1beta/{name}:cancel");
    assert_eq!(ok(fixture.call(Method::POST, &cancel)).await, json!({}));
    let job = fixture.get(&name).await;
    assert_eq!(job["metadata"]["state"], "BATCH_STATE_CANCELLED");
    assert_eq!(job["done"], true);
    assert_eq!(job["error"]["code"], 13);
    assert_eq!(job.get("response"), None);
    assert_eq!(
        fixture
            .refused(Method::POST, &format!("{name}:cancel"))
            .await,
        (400, "FAILED_PRECONDITION".to_owned())
    );
}

#[tokio::test]
async fn cancelled_after_the_start_keeps_what_was_served() {
    let fixture = Fixture::new().await;
    let name = fixture.create_inline(&SUMS).await;
    fixture.advance(60);
    ok(fixture.call(Method::POST, &format!("v1beta/{name}:cancel"))).await;
    let job = fixture.get(&name).await;
    assert_eq!(job["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
    assert_eq!(
        stats(&job),
        json!({"requestCount": "5", "successfulRequestCount": "2", "failedRequestCount": "3"})
    );
    let rows = inline_rows(&job);
    assert_eq!(outcome(&rows[1]), (Some("k1"), Ok("4")));
    assert_eq!(
        rows[2],
        json!({"error": {"code": 1}, "metadata": {"key": "k2"}})
    );
}

#[tokio::test]
async fn a_job_that_never_finishes_expires() {
    let fixture = Fixture::with(|b| b.job_duration(std::time::Duration::MAX)).await;
    let name = fixture.create_inline(&SUMS).await;
    fixture.advance(48 * 3600 - 1);
    assert_eq!(
        fixture.get(&name).await["metadata"]["state"],
        "BATCH_STATE_PENDING"
    );
    fixture.advance(1);
    let job = fixture.get(&name).await;
    assert_eq!(job["metadata"]["state"], "BATCH_STATE_EXPIRED");
    assert_eq!(job["done"], true);
    assert_eq!(job.get("response"), None);
}

#[tokio::test]
async fn listings_come_in_pages_without_inline_results() {
    let fixture = Fixture::new().await;
    let mut names = Vec::new();
    for _ in 0..5 {
        names.insert(0, fixture.create_inline(&SUMS[..1]).await);
    }
    fixture.advance(100);
    let (mut listed, mut token) = (Vec::new(), String::new());
    for page in 1.. {
        let call = fixture.call(Method::GET, "v1beta/batches");
        let answer = ok(call.query(&[("pageSize", "2"), ("pageToken", &token)])).await;
        for job in answer["operations"].as_array().unwrap() {
            assert_eq!(job["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
            assert_eq!(job["metadata"].get("output"), None);
            listed.push(name_of(job));
        }
        let Some(next) = answer["nextPageToken"].as_str() else {
            assert_eq!(page, 3);
            break;
        };
        assert!(next.contains(['+', '/', '=', ' ', '&']));
        next.clone_into(&mut token);
    }
    assert_eq!(listed, names);
    assert_eq!(Fixture::new().await.get("batches").await, json!({}));
}

#[tokio::test]
async fn deleted_jobs_are_gone() {
    let fixture = Fixture::new().await;
    let name = fixture.create_inline(&SUMS).await;
    assert_eq!(
        ok(fixture.call(Method::DELETE, &format!("v1beta/{name}"))).await,
        json!({})
    );
    assert_eq!(
        fixture.refused(Method::GET, &name).await,
        (404, "NOT_FOUND".to_owned())
    );
    assert!(fixture.emulator.jobs().is_empty());
}

#[tokio::test]
async fn updates_change_what_the_mask_names() {
    let fixture = Fixture::new().await;
    let batch = json!({
        "displayName": "first",
        "priority": 3,
        "webhookConfig": {"uris": ["https://example.com/hook"]},
        "inputConfig": {"requests": {"requests": [{"request": request("hi")}]}},
    });
    let name = name_of(&ok(fixture.create(&batch)).await);
    let path = format!("v1beta/{name}:updateGenerateContentBatch");
    let patch = |mask: &str, body: Value| {
        ok(fixture
            .call(Method::PATCH, &path)
            .query(&[("updateMask", mask)])
            .json(&body))
    };
    let body = json!({"displayName": "second", "priority": "9"});
    let changed = patch("display_name", body.clone()).await;
    assert_eq!(
        (&changed["displayName"], &changed["priority"]),
        (&json!("second"), &json!("3"))
    );
    assert_eq!(changed["name"], name.as_str());
    let changed = patch("priority", body).await;
    assert_eq!(changed["priority"], "9");
    let job = fixture.emulator.job(&name).unwrap();
    assert_eq!(
        (job.display_name.as_deref(), job.priority),
        (Some("second"), 9)
    );
    assert_eq!(
        job.webhook_config.unwrap()["uris"][0],
        "https://example.com/hook"
    );
    assert_eq!(
        fixture
            .refused(Method::PATCH, &format!("{name}:updateEmbedContentBatch"))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn a_file_of_nonsense_fails_its_job() {
    let fixture = Fixture::new().await;
    let file = fixture.upload("nonsense\n").await;
    let batch = json!({"inputConfig": {"fileName": file}});
    let name = name_of(&ok(fixture.create(&batch)).await);
    fixture.advance(100);
    let job = fixture.get(&name).await;
    assert_eq!(job["metadata"]["state"], "BATCH_STATE_FAILED");
    assert_eq!(job["error"]["code"], 3);
    assert_eq!(
        stats(&job),
        json!({"requestCount": "1", "failedRequestCount": "1"})
    );
}
