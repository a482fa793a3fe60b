//! A client of a few lines that knows nothing but paths, headers and JSON.

use std::time::Duration;

use genai_batch_emulator::{Builder, Emulator};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// An emulator whose clock stands still, and a client of it.
pub(crate) struct Fixture {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
}

/// How long the jobs of a fixture take.
pub(crate) const JOB: Duration = Duration::from_secs(100);

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(set_up: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Emulator::builder().paused_clock().job_duration(JOB);
        let emulator = set_up(builder).start().await.unwrap();
        Self {
            emulator,
            http: reqwest::Client::new(),
        }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/{path}", self.emulator.base_url());
        self.http
            .request(method, url)
            .header("x-goog-api-key", "test-key")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        ok(self.call(Method::GET, &format!("v1beta/{path}"))).await
    }

    /// The error that a call is answered with, as HTTP status and name.
    pub(crate) async fn refused(&self, method: Method, path: &str) -> (u16, String) {
        refusal(self.call(method, &format!("v1beta/{path}"))).await
    }

    pub(crate) fn create(&self, batch: &Value) -> RequestBuilder {
        self.call(
            Method::POST,
            "v1beta/models/gemini-2.5-flash:batchGenerateContent",
        )
        .json(&json!({ "batch": batch }))
    }

    /// Creates a job of one inline request for each prompt, under the keys `k0`, `k1` and so on.
    pub(crate) async fn create_inline(&self, prompts: &[&str]) -> String {
        let requests: Vec<Value> = prompts
            .iter()
            .enumerate()
            .map(
                |(n, text)| json!({"request": request(text), "metadata": {"key": format!("k{n}")}}),
            )
            .collect();
        let batch = json!({"inputConfig": {"requests": {"requests": requests}}});
        name_of(&ok(self.create(&batch)).await)
    }

    /// Creates a job of a file with a line for each prompt, under the keys `k0`, `k1` and so on.
    pub(crate) async fn create_from_file(&self, prompts: &[&str]) -> String {
        let file = self.upload(&lines(prompts)).await;
        let batch = json!({"inputConfig": {"fileName": file}});
        name_of(&ok(self.create(&batch)).await)
    }

    /// Uploads a file in one piece and answers its name.
    pub(crate) async fn upload(&self, content: &str) -> String {
        let url = self.start_upload(Some(content.len())).await;
        let sent = self
            .chunk(&url, "upload, finalize", 0, content.as_bytes())
            .await;
        assert_eq!(header(&sent, "x-goog-upload-status"), "final");
        name_of(&sent.json::<Value>().await.unwrap()["file"])
    }

    pub(crate) async fn start_upload(&self, length: Option<usize>) -> String {
        let mut start = self
            .call(Method::POST, "upload/v1beta/files")
            .header("x-goog-upload-protocol", "resumable")
            .header("x-goog-upload-command", "start")
            .header("x-goog-upload-header-content-type", "application/jsonl")
            .json(&json!({"file": {"display_name": "requests"}}));
        if let Some(length) = length {
            start = start.header("x-goog-upload-header-content-length", length);
        }
        let started = start.send().await.unwrap();
        assert_eq!(started.status(), 200);
        assert_eq!(header(&started, "x-goog-upload-status"), "active");
        assert_eq!(
            header(&started, "x-goog-upload-chunk-granularity"),
            "262144"
        );
        header(&started, "x-goog-upload-url").to_owned()
    }

    pub(crate) async fn chunk(&self, url: &str, command: &str, at: usize, data: &[u8]) -> Response {
        let chunk = self.http.post(url).header("x-goog-upload-command", command);
        chunk
            .header("x-goog-upload-offset", at)
            .body(data.to_vec())
            .send()
            .await
            .unwrap()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.emulator.clock().advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn download(&self, file: &str) -> String {
        let path = format!("v1beta/{file}:download?alt=media");
        let sent = self.call(Method::GET, &path).send().await.unwrap();
        assert_eq!(sent.status(), 200);
        sent.text().await.unwrap()
    }
}

pub(crate) fn request(text: &str) -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": text}]}]})
}

pub(crate) fn lines(prompts: &[&str]) -> String {
    let line = |(n, text): (usize, &&str)| {
        format!(
            "{}\n",
            json!({"key": format!("k{n}"), "request": request(text)})
        )
    };
    prompts.iter().enumerate().map(line).collect()
}

pub(crate) async fn ok(call: RequestBuilder) -> Value {
    let answer = call.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

pub(crate) async fn refusal(call: RequestBuilder) -> (u16, String) {
    let answer = call.send().await.unwrap();
    let status = answer.status().as_u16();
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["code"], status);
    assert!(error["error"]["message"].is_string());
    (
        status,
        error["error"]["status"].as_str().unwrap().to_owned(),
    )
}

pub(crate) fn name_of(resource: &Value) -> String {
    resource["name"].as_str().unwrap().to_owned()
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

pub(crate) fn inline_rows(job: &Value) -> &[Value] {
    job["response"]["inlinedResponses"]["inlinedResponses"]
        .as_array()
        .unwrap()
}

/// The key and the text, or else the error code, of a row.
pub(crate) fn outcome(row: &Value) -> (Option<&str>, Result<&str, i64>) {
    let key = row["key"].as_str().or(row["metadata"]["key"].as_str());
    let text = row["response"]["candidates"][0]["content"]["parts"][0]["text"].as_str();
    (
        key,
        text.ok_or(row["error"]["code"].as_i64().unwrap_or_default()),
    )
}
