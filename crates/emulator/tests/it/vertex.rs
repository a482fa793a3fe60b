//! The life of jobs of Vertex AI, and what they read and write.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Fixture, name_of, ok, outcome, refusal, request};

pub(crate) const PLACE: &str = "v1beta1/projects/my-project/locations/us-central1";
pub(crate) const SUMS: [&str; 4] = [
    "What is 1 + 1?",
    "What is 2 + 2?",
    "[[error:8]]",
    "What is 4 + 4?",
];

/// The body of a job from and to Cloud Storage.
pub(crate) fn body(display_name: &str) -> Value {
    json!({
        "displayName": display_name,
        "model": "publishers/google/models/gemini-2.5-flash",
        "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": ["gs://bucket/in.jsonl"]}},
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": "gs://bucket/out"},
        },
    })
}

impl Fixture {
    pub(crate) fn vertex(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/{path}", self.emulator.base_url()))
    }

    /// Puts a line for each prompt into an object, under `id` as `k0`, `k1` and so on.
    pub(crate) fn put_requests(&self, uri: &str, prompts: &[&str]) {
        let line = |(n, text): (usize, &&str)| {
            format!(
                "{}\n",
                json!({"id": format!("k{n}"), "request": request(text)})
            )
        };
        let lines: String = prompts.iter().enumerate().map(line).collect();
        self.emulator.put_object(uri, lines);
    }

    pub(crate) async fn create_vertex(&self, body: &Value) -> Value {
        let path = format!("{PLACE}/batchPredictionJobs");
        ok(self.vertex(Method::POST, &path).json(body)).await
    }

    /// Creates a job of these prompts and answers the path of its resource.
    pub(crate) async fn create_sums(&self, prompts: &[&str]) -> String {
        self.put_requests("gs://bucket/in.jsonl", prompts);
        let job = self.create_vertex(&body("sums")).await;
        format!("v1beta1/{}", name_of(&job))
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        ok(self.vertex(Method::GET, path)).await
    }

    /// The rows of an object of JSON lines.
    pub(crate) fn rows(&self, uri: &str) -> Vec<Value> {
        let content = self.emulator.object(uri).unwrap();
        let lines = std::str::from_utf8(&content).unwrap().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

pub(crate) fn folder_of(job: &Value) -> &str {
    job["outputInfo"]["gcsOutputDirectory"].as_str().unwrap()
}

/// The ids of rows, sorted.
pub(crate) fn ids(rows: &[Value]) -> Vec<&str> {
    let mut ids: Vec<_> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_job_waits_runs_and_writes_its_predictions() {
    let fixture = Fixture::new().await;
    fixture.put_requests("gs://bucket/in.jsonl", &SUMS);
    let mut asked = body("sums");
    asked["labels"] = json!({"team": "search"});
    asked["serviceAccount"] = json!("sa@my-project.iam.gserviceaccount.com");
    asked["modelParameters"] = json!({"temperature": 0.1});
    asked["encryptionSpec"] =
        json!({"kmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/k"});
    let job = fixture.create_vertex(&asked).await;
    let name = name_of(&job);
    let id = name.rsplit('/').next().unwrap();
    assert_eq!(
        name,
        format!("projects/my-project/locations/us-central1/batchPredictionJobs/{id}")
    );
    assert!(id.len() > 15 && id.bytes().all(|b| b.is_ascii_digit()));
    for field in asked.as_object().unwrap().keys() {
        assert_eq!(job[field], asked[field], "{field}");
    }
    assert_eq!(job["state"], "JOB_STATE_QUEUED");
    assert_eq!(job["createTime"], job["updateTime"]);
    assert_eq!(job.get("completionStats"), None);

    let path = format!("v1beta1/{name}");
    let state = async |seconds| {
        fixture.advance(seconds);
        fixture.read(&path).await["state"].clone()
    };
    assert_eq!(state(10).await, "JOB_STATE_PENDING");
    assert_eq!(state(10).await, "JOB_STATE_RUNNING");
    let job = fixture.read(&path).await;
    assert!(job["startTime"].is_string());
    assert_eq!(job["completionStats"]["incompleteCount"], "-1");
    assert_eq!(job.get("outputInfo"), None);

    fixture.advance(80);
    let job = fixture.read(&path).await;
    assert_eq!(job["state"], "JOB_STATE_SUCCEEDED");
    assert_eq!(job["endTime"], job["updateTime"]);
    assert_eq!(
        job["completionStats"],
        json!({"successfulCount": "3", "failedCount": "1", "incompleteCount": "0"})
    );
    let folder = folder_of(&job);
    assert!(folder.starts_with("gs://bucket/out/prediction-model-2"));
    let created = job["createTime"].as_str().unwrap();
    assert!(!folder.contains(&created[..23]));
    let file = format!("{folder}/predictions.jsonl");
    assert_eq!(
        fixture.emulator.objects("gs://bucket/out/"),
        [file.as_str()]
    );

    let rows = fixture.rows(&file);
    assert_eq!(ids(&rows), ["k0", "k1", "k2", "k3"]);
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("k1")["status"], "");
    assert_eq!(outcome(row("k1")).1, Ok("4"));
    assert_eq!(row("k1")["request"], request("What is 2 + 2?"));
    let time = row("k1")["processed_time"].as_str().unwrap();
    assert!(time.ends_with("+00:00") && time.len() == 29, "{time}");
    assert_eq!(row("k2")["response"], json!({}));
    let status = row("k2")["status"].as_str().unwrap();
    assert!(status.starts_with("Too Many Requests: {"), "{status}");

    let snapshot = fixture.emulator.vertex_job(&name).unwrap();
    assert_eq!((snapshot.request_count, snapshot.resource), (Some(4), job));
}

#[tokio::test]
async fn several_objects_and_wildcards_are_read() {
    let fixture = Fixture::new().await;
    fixture.put_requests("gs://bucket/a/1.jsonl", &SUMS[..1]);
    fixture.put_requests("gs://bucket/a/2.jsonl", &SUMS[..2]);
    fixture.put_requests("gs://bucket/b.jsonl", &SUMS[..3]);
    let mut asked = body("many");
    asked["inputConfig"]["gcsSource"]["uris"] =
        json!(["gs://bucket/a/*.jsonl", "gs://bucket/b.jsonl"]);
    fixture.create_vertex(&asked).await;
    fixture.advance(100);
    let name = &fixture.emulator.vertex_jobs()[0].name;
    let job = fixture.read(&format!("v1/{name}")).await;
    assert_eq!(fixture.emulator.vertex_jobs()[0].request_count, Some(6));
    assert_eq!(job["completionStats"]["successfulCount"], "5");
}

#[tokio::test]
async fn unreadable_input_fails_the_job() {
    let fixture = Fixture::new().await;
    fixture
        .emulator
        .put_object("gs://bucket/nonsense", "nonsense\n");
    for (uri, code) in [
        ("gs://bucket/missing.jsonl", 5),
        ("gs://bucket/missing-*", 5),
        ("gs://bucket/nonsense", 3),
    ] {
        let mut asked = body("unreadable");
        asked["inputConfig"]["gcsSource"]["uris"] = json!([uri]);
        let name = name_of(&fixture.create_vertex(&asked).await);
        fixture.advance(100);
        let mut job = fixture.read(&format!("v1beta1/{name}")).await;
        // The input is read on a thread of its own.
        while job["state"] == "JOB_STATE_RUNNING" {
            job = fixture.read(&format!("v1beta1/{name}")).await;
        }
        assert_eq!(job["state"], "JOB_STATE_FAILED");
        assert_eq!(job["error"]["code"], code, "{uri}");
        assert_eq!(job["endTime"], job["startTime"]);
        assert_eq!(job.get("outputInfo"), None);
    }
}

#[tokio::test]
async fn tables_are_read_and_written() {
    let fixture = Fixture::new().await;
    let rows = [
        json!({"n": 1, "request": request("What is 1 + 1?")}),
        json!({"n": 2, "request": request("What is 2 + 2?").to_string()}),
    ];
    fixture.emulator.put_table("my-project.data.in", rows);
    let mut asked = body("tables");
    asked["inputConfig"] = json!({
        "instancesFormat": "bigquery",
        "bigquerySource": {"inputUri": "bq://my-project.data.in"},
    });
    let to = |uri: &str| json!({"predictionsFormat": "bigquery", "bigqueryDestination": {"outputUri": uri}});
    for uri in [
        "bq://my-project.out",
        "bq://my-project.out.named",
        "bq://my-project",
    ] {
        asked["outputConfig"] = to(uri);
        let name = name_of(&fixture.create_vertex(&asked).await);
        fixture.advance(100);
        let job = fixture.read(&format!("v1beta1/{name}")).await;
        assert_eq!(job["state"], "JOB_STATE_SUCCEEDED");
        let info = |field: &str| job["outputInfo"][field].as_str().unwrap();
        let (dataset, table) = (info("bigqueryOutputDataset"), info("bigqueryOutputTable"));
        assert!(dataset.starts_with("bq://my-project."), "{dataset}");
        assert!(
            table == "named" || table.starts_with("predictions_2"),
            "{table}"
        );
        let mut rows = fixture
            .emulator
            .table(&format!("{dataset}.{table}"))
            .unwrap();
        rows.sort_by_key(|row| row["n"].as_i64());
        assert_eq!(rows.len(), 2);
        assert_eq!(outcome(&rows[1]).1, Ok("4"));
        assert_eq!(rows[1]["status"], "");
        assert!(rows[0]["request"].is_object() && rows[1]["request"].is_string());
    }
}

#[tokio::test]
async fn datasets_are_read_and_written() {
    let fixture = Fixture::new().await;
    let source = "projects/my-project/locations/us-central1/datasets/7857316250517504000";
    let row = json!({"request": request("What is 1 + 1?")});
    fixture.emulator.put_dataset(source, [row]);
    let mut asked = body("datasets");
    asked["outputConfig"] = json!({
        "predictionsFormat": "vertex-dataset",
        "vertexMultimodalDatasetDestination": {
            "bigqueryDestination": {"outputUri": "bq://my-project.out.results"},
            "displayName": "results",
        },
    });
    let from = |name: &str| {
        json!({
            "instancesFormat": "vertex-dataset",
            "vertexMultimodalDatasetSource": {"datasetName": name},
        })
    };
    asked["inputConfig"] = from(source);
    let name = name_of(&fixture.create_vertex(&asked).await);
    fixture.advance(100);
    let job = fixture.read(&format!("v1beta1/{name}")).await;
    assert_eq!(job["outputConfig"], asked["outputConfig"]);
    let info = &job["outputInfo"];
    assert_eq!(info["bigqueryOutputTable"], "bq://my-project.out.results");
    let rows = fixture.emulator.table("my-project.out.results").unwrap();
    assert_eq!(outcome(&rows[0]).1, Ok("2"));

    // What a job wrote is there for the next.
    let mut next = body("next");
    next["inputConfig"] = from(info["vertexMultimodalDatasetName"].as_str().unwrap());
    let name = name_of(&fixture.create_vertex(&next).await);
    fixture.advance(100);
    let job = fixture.read(&format!("v1beta1/{name}")).await;
    assert_eq!(job["completionStats"]["successfulCount"], "1");
}

#[tokio::test]
async fn embeddings_come_in_two_forms() {
    let fixture = Fixture::new().await;
    let gemini = json!({
        "key": "a",
        "request": {
            "content": {"parts": [{"text": "one"}]},
            "embed_content_config": {"output_dimensionality": 4},
        },
    });
    let older = json!({"key": "a", "content": "one", "outputDimensionality": 4, "title": "t"});
    let mut answers = Vec::new();
    for (model, line) in [
        ("gemini-embedding-001", &gemini),
        ("text-embedding-005", &older),
    ] {
        fixture
            .emulator
            .put_object("gs://bucket/in.jsonl", line.to_string());
        let mut asked = body("embeddings");
        asked["model"] = json!(format!("publishers/google/models/{model}"));
        let name = name_of(&fixture.create_vertex(&asked).await);
        fixture.advance(100);
        let job = fixture.read(&format!("v1beta1/{name}")).await;
        let file = format!("{}/predictions.jsonl", folder_of(&job));
        answers.push(fixture.rows(&file).remove(0));
    }
    let values = &answers[0]["response"]["embedding"]["values"];
    assert_eq!(values.as_array().map(Vec::len), Some(4));
    assert_eq!(
        (&answers[0]["key"], &answers[0]["status"]),
        (&json!("a"), &json!(""))
    );
    let statistics = json!({"token_count": 1, "truncated": false});
    let embeddings = json!({"statistics": statistics, "values": values});
    assert_eq!(
        answers[1],
        json!({"instance": older, "predictions": [{"embeddings": embeddings}], "status": ""})
    );
}

#[tokio::test]
async fn cancelled_jobs_keep_what_was_finished() {
    let fixture = Fixture::new().await;
    let path = fixture.create_sums(&SUMS).await;
    fixture.advance(60);
    let cancel = format!("{path}:cancel");
    assert_eq!(ok(fixture.vertex(Method::POST, &cancel)).await, json!({}));
    assert_eq!(fixture.read(&path).await["state"], "JOB_STATE_CANCELLING");
    fixture.advance(10);
    let job = fixture.read(&path).await;
    assert_eq!(job["state"], "JOB_STATE_CANCELLED");
    assert_eq!(
        job["completionStats"],
        json!({"successfulCount": "2", "failedCount": "0", "incompleteCount": "2"})
    );
    let rows = fixture.rows(&format!("{}/predictions.jsonl", folder_of(&job)));
    assert_eq!(ids(&rows), ["k0", "k1"]);
    let refused = refusal(fixture.vertex(Method::POST, &cancel)).await;
    assert_eq!(refused, (400, "FAILED_PRECONDITION".to_owned()));

    let path = fixture.create_sums(&SUMS).await;
    ok(fixture.vertex(Method::POST, &format!("{path}:cancel"))).await;
    fixture.advance(10);
    let job = fixture.read(&path).await;
    assert_eq!(job["state"], "JOB_STATE_CANCELLED");
    assert_eq!((job.get("outputInfo"), job.get("startTime")), (None, None));
}

#[tokio::test]
async fn jobs_that_never_start_expire() {
    let fixture = Fixture::with(|b| b.job_duration(std::time::Duration::MAX)).await;
    let path = fixture.create_sums(&SUMS).await;
    fixture.advance(72 * 3600);
    let job = fixture.read(&path).await;
    assert_eq!(job["state"], "JOB_STATE_EXPIRED");
    assert_eq!(job.get("outputInfo"), None);
}
