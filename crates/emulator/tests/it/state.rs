//! What outlives the process: an emulator is killed, and the next one goes on from its folder.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{header, inline_rows, lines, name_of, ok, outcome, request};

const CHUNK: usize = 256 * 1024;
const PLACE: &str = "v1beta1/projects/p/locations/us-central1/batchPredictionJobs";

/// The program, on a folder of its own.
struct Program {
    child: Child,
    url: String,
    http: reqwest::Client,
}

impl Program {
    fn start(folder: &Path, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_genai-batch-emulator"))
            .arg("--state")
            .arg(folder)
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let url = first.strip_prefix("export GOOGLE_GEMINI_BASE_URL=");
        Self {
            url: url.unwrap_or_else(|| panic!("{first}")).to_owned(),
            child,
            http: reqwest::Client::new(),
        }
    }

    /// Kills it; nothing of it has a chance to tidy up.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/{path}", self.url);
        let call = self.http.request(method, url);
        call.header("x-goog-api-key", "any")
    }

    async fn get(&self, path: &str) -> Value {
        ok(self.call(Method::GET, path)).await
    }

    async fn text(&self, path: &str) -> String {
        let got = self.call(Method::GET, path).send().await.unwrap();
        assert_eq!(got.status(), 200, "{path}");
        got.text().await.unwrap()
    }

    async fn create(&self, input: Value) -> String {
        let path = "v1beta/models/gemini-2.5-flash:batchGenerateContent";
        let batch = json!({"batch": {"displayName": "kept", "inputConfig": input}});
        name_of(&ok(self.call(Method::POST, path).json(&batch)).await)
    }

    async fn upload(&self, content: &str) -> String {
        let url = self.start_upload().await;
        let sent = self.chunk(&url, "upload, finalize", 0, content.as_bytes());
        name_of(&ok(sent).await["file"])
    }

    async fn start_upload(&self) -> String {
        let start = self
            .call(Method::POST, "upload/v1beta/files")
            .header("x-goog-upload-protocol", "resumable")
            .header("x-goog-upload-command", "start")
            .json(&json!({"file": {"display_name": "requests"}}));
        header(&start.send().await.unwrap(), "x-goog-upload-url").to_owned()
    }

    fn chunk(&self, url: &str, command: &str, at: usize, data: &[u8]) -> RequestBuilder {
        let chunk = self.http.post(url).header("x-goog-upload-command", command);
        chunk.header("x-goog-upload-offset", at).body(data.to_vec())
    }

    async fn ended(&self, name: &str) -> Value {
        loop {
            let job = self.get(&format!("v1beta/{name}")).await;
            if job["done"] == true {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn put(&self, object: &str, content: &str) {
        let path = format!("upload/storage/v1/b/bucket/o?uploadType=media&name={object}");
        ok(self.call(Method::POST, &path).body(content.to_owned())).await;
    }

    async fn object(&self, object: &str) -> String {
        self.text(&format!("storage/v1/b/bucket/o/{object}?alt=media"))
            .await
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_job_that_was_under_way_ends_after_a_kill() {
    let folder = folder();
    // It takes longer than it takes to kill the process, and no longer than anybody waits.
    let options = ["--job-duration", "1500ms"];
    let first = Program::start(folder.path(), &options);
    let file = first
        .upload(&lines(&["What is 1 + 2?", "[[error:8]]"]))
        .await;
    let of_file = first.create(json!({"fileName": file})).await;
    let inline = json!({"requests": {"requests": [
        {"request": request("What is 3 + 4?"), "metadata": {"key": "k0"}},
    ]}});
    let inline = first.create(inline).await;
    // What a job asks is its own from the beginning.
    ok(first.call(Method::DELETE, &format!("v1beta/{file}"))).await;
    let created = first.get(&format!("v1beta/{of_file}")).await["metadata"]["createTime"].clone();
    assert_eq!(
        first.get(&format!("v1beta/{inline}")).await["done"],
        Value::Null
    );
    first.kill();

    let second = Program::start(folder.path(), &options);
    let job = second.ended(&of_file).await;
    assert_eq!(job["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
    assert_eq!(job["metadata"]["createTime"], created);
    assert_eq!(job["metadata"]["displayName"], "kept");
    let output = job["response"]["responsesFile"]
        .as_str()
        .unwrap()
        .to_owned();
    let output = format!("v1beta/{output}:download?alt=media");
    let rows = second.text(&output).await;
    let parsed: Vec<Value> = rows
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let outcomes: Vec<_> = parsed.iter().map(outcome).collect();
    assert_eq!(outcomes, [(Some("k0"), Ok("3")), (Some("k1"), Err(8))]);
    let job = second.ended(&inline).await;
    assert_eq!(outcome(&inline_rows(&job)[0]), (Some("k0"), Ok("7")));
    second.kill();

    // What has ended stays as it was told.
    let third = Program::start(folder.path(), &options);
    assert_eq!(third.text(&output).await, rows);
    assert_eq!(third.get(&format!("v1beta/{inline}")).await, job);
    let files = third.get("v1beta/files").await;
    assert_eq!(files["files"].as_array().unwrap().len(), 1);
    third.kill();
}

#[tokio::test]
async fn an_upload_goes_on_at_its_url() {
    let folder = folder();
    let content = "x".repeat(CHUNK) + "rest";
    let first = Program::start(folder.path(), &[]);
    let url = first.start_upload().await;
    ok(first.chunk(&url, "upload", 0, &content.as_bytes()[..CHUNK])).await;
    first.kill();

    let second = Program::start(folder.path(), &[]);
    let query = second.chunk(&url, "query", 0, b"").send().await.unwrap();
    assert_eq!(
        header(&query, "x-goog-upload-size-received"),
        CHUNK.to_string()
    );
    let rest = &content.as_bytes()[CHUNK..];
    let file = ok(second.chunk(&url, "upload, finalize", CHUNK, rest)).await;
    let name = name_of(&file["file"]);
    second.kill();

    let third = Program::start(folder.path(), &[]);
    let again = ok(third.chunk(&url, "finalize", content.len(), b"")).await;
    assert_eq!(again, file);
    let kept = third.get(&format!("v1beta/{name}")).await;
    assert_eq!(kept["sizeBytes"], content.len().to_string());
    assert_eq!(kept["sha256Hash"], file["file"]["sha256Hash"]);
    third.kill();
}

#[tokio::test]
async fn objects_and_their_uploads_are_kept() {
    let folder = folder();
    let first = Program::start(folder.path(), &[]);
    first.put("a", "one").await;
    first.put("b", "two").await;
    first.put("a", "three").await;
    let delete = first.call(Method::DELETE, "storage/v1/b/bucket/o/b");
    assert_eq!(delete.send().await.unwrap().status(), 204);
    let told = first.get("storage/v1/b/bucket/o/a").await;
    let start = first
        .call(
            Method::POST,
            "upload/storage/v1/b/bucket/o?uploadType=resumable",
        )
        .json(&json!({"name": "chunks", "metadata": {"owner": "me"}}));
    let url = header(&start.send().await.unwrap(), "location").to_owned();
    let content = "y".repeat(CHUNK) + "rest";
    let range = format!("bytes 0-{}/*", CHUNK - 1);
    let sent = first.http.put(&url).header("content-range", range);
    let sent = sent.body(content[..CHUNK].to_owned()).send().await.unwrap();
    assert_eq!(sent.status(), 308);
    let started = first
        .call(Method::POST, "bucket/parts?uploads")
        .send()
        .await
        .unwrap();
    let started = started.text().await.unwrap();
    let id = started
        .split("<UploadId>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let part = first.call(
        Method::PUT,
        &format!("bucket/parts?partNumber=1&uploadId={id}"),
    );
    let part = part.body("part").send().await.unwrap();
    let tag = header(&part, "etag").to_owned();
    first.kill();

    let second = Program::start(folder.path(), &[]);
    assert_eq!(second.object("a").await, "three");
    assert_eq!(second.get("storage/v1/b/bucket/o/a").await, told);
    let listed = second.get("storage/v1/b/bucket/o").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let total = content.len();
    let range = format!("bytes {CHUNK}-{}/{total}", total - 1);
    let sent = second.http.put(&url).header("content-range", range);
    let made = ok(sent.body(content[CHUNK..].to_owned())).await;
    assert_eq!(made["metadata"]["owner"], "me");
    assert_eq!(second.object("chunks").await, content);
    let complete = second.call(Method::POST, &format!("bucket/parts?uploadId={id}"));
    let complete = complete.body(format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part></CompleteMultipartUpload>"
    ));
    assert_eq!(complete.send().await.unwrap().status(), 200);
    second.kill();

    let third = Program::start(folder.path(), &[]);
    assert_eq!(third.object("chunks").await, content);
    assert_eq!(third.object("parts").await, "part");
    // What is done is answered again, and nothing is written anew.
    let again = third
        .http
        .put(&url)
        .header("content-range", format!("bytes */{total}"));
    assert_eq!(ok(again).await["generation"], made["generation"]);
    third.kill();
}

#[tokio::test]
async fn a_job_of_vertex_ai_reads_and_writes_across_a_kill() {
    let folder = folder();
    let options = ["--job-duration", "1500ms"];
    let first = Program::start(folder.path(), &options);
    let line = json!({"request": request("What is 20 + 3?"), "key": "k"});
    first.put("in.jsonl", &format!("{line}\n")).await;
    let dataset = json!({"datasetReference": {"datasetId": "d"}, "location": "EU"});
    let datasets = first.call(Method::POST, "bigquery/v2/projects/p/datasets");
    ok(datasets.json(&dataset)).await;
    let table = json!({"tableReference": {"tableId": "t"}, "schema": {"fields": [
        {"name": "request", "type": "JSON"},
    ]}});
    let tables = first.call(Method::POST, "bigquery/v2/projects/p/datasets/d/tables");
    ok(tables.json(&table)).await;
    let rows = json!({"rows": [{"json": {"request": request("What is 40 + 2?").to_string()}}]});
    let insert = "bigquery/v2/projects/p/datasets/d/tables/t/insertAll";
    ok(first.call(Method::POST, insert).json(&rows)).await;
    let create = async |input: Value, output: Value| {
        let job = json!({
            "displayName": "d",
            "model": "publishers/google/models/gemini-2.5-flash",
            "inputConfig": input,
            "outputConfig": output,
        });
        name_of(&ok(first.call(Method::POST, PLACE).json(&job)).await)
    };
    let to_bucket = create(
        json!({"instancesFormat": "jsonl", "gcsSource": {"uris": ["gs://bucket/in.jsonl"]}}),
        json!({"predictionsFormat": "jsonl", "gcsDestination": {"outputUriPrefix": "gs://bucket/out"}}),
    )
    .await;
    let to_table = create(
        json!({"instancesFormat": "bigquery", "bigquerySource": {"inputUri": "bq://p.d.t"}}),
        json!({"predictionsFormat": "bigquery", "bigqueryDestination": {"outputUri": "bq://p.d.out"}}),
    )
    .await;
    let delete = first.call(Method::DELETE, "storage/v1/b/bucket/o/in.jsonl");
    assert_eq!(delete.send().await.unwrap().status(), 204);
    first.kill();

    let second = Program::start(folder.path(), &options);
    for name in [&to_bucket, &to_table] {
        loop {
            let job = second.get(&format!("v1beta1/{name}")).await;
            match job["state"].as_str().unwrap() {
                "JOB_STATE_SUCCEEDED" => break,
                "JOB_STATE_FAILED" => panic!("{job}"),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
    let job = second.get(&format!("v1beta1/{to_bucket}")).await;
    let place = job["outputInfo"]["gcsOutputDirectory"].as_str().unwrap();
    let object = format!(
        "{}/predictions.jsonl",
        place.strip_prefix("gs://bucket/").unwrap()
    );
    let object = object.replace('/', "%2F").replace(':', "%3A");
    let written = second.object(&object).await;
    assert!(written.contains("\"text\":\"23\""), "{written}");
    let rows = "bigquery/v2/projects/p/datasets/d/tables/out/data";
    let predicted = second.get(rows).await;
    assert_eq!(predicted["totalRows"], "1");
    second.kill();

    let third = Program::start(folder.path(), &options);
    assert_eq!(third.get(&format!("v1beta1/{to_bucket}")).await, job);
    assert_eq!(third.object(&object).await, written);
    assert_eq!(third.get(rows).await, predicted);
    let dataset = third.get("bigquery/v2/projects/p/datasets/d").await;
    assert_eq!(dataset["location"], "EU");
    third.kill();
}

#[tokio::test]
async fn what_was_answered_is_there_whenever_the_process_is_killed() {
    let folder = folder();
    let mut answered = 0;
    for round in 1..=5 {
        let mut program = Program::start(folder.path(), &[]);
        for earlier in 0..answered {
            let content = program.object(&format!("o{earlier}")).await;
            assert_eq!(content, format!("content {earlier}"));
        }
        // It is killed in the midst of writing, after some more answers each time.
        let until = answered + 7 * round;
        let writes = async {
            loop {
                let path =
                    format!("upload/storage/v1/b/bucket/o?uploadType=media&name=o{answered}");
                let write = program.call(Method::POST, &path);
                match write.body(format!("content {answered}")).send().await {
                    Ok(response) if response.status() == 200 => answered += 1,
                    _ => return,
                }
                if answered == until {
                    return;
                }
            }
        };
        writes.await;
        let (call, more) = (
            program.call(
                Method::POST,
                "upload/storage/v1/b/bucket/o?uploadType=media&name=big",
            ),
            "z".repeat(4 << 20),
        );
        let big = tokio::spawn(call.body(more).send());
        program.child.kill().unwrap();
        program.child.wait().unwrap();
        let _ = big.await.unwrap();
    }
    assert_eq!(answered, 7 * 15);
}
