//! Creating a batch: the body is checked the way the service checks it, and the model set to work.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::job::{Job, NewJob};
use super::kind::Kind;
use super::life::Schedule;
use super::resource::{self, View};
use super::rows::Requests;
use super::service::Gemini;
use crate::body::parse_json;
use crate::error::{ApiError, ApiResult};
use crate::faults::Quota;
use crate::message::Message;
use crate::state::Kept;
use crate::{ids, reply};

/// The fields of a batch.
pub(super) const BATCH: &[&str] = &[
    "batchStats",
    "createTime",
    "displayName",
    "endTime",
    "inputConfig",
    "model",
    "name",
    "output",
    "priority",
    "state",
    "updateTime",
    "webhookConfig",
];

/// What a create call asks for.
#[derive(Debug)]
struct Asked {
    display_name: Option<String>,
    priority: i64,
    webhook_config: Option<Value>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Inline(Vec<Value>),
    /// `files/…`
    File(String),
}

impl Gemini {
    pub(crate) async fn create_batch(
        self: &Arc<Self>,
        kind: Kind,
        model: String,
        body: Bytes,
    ) -> ApiResult<Response> {
        let asked = read(parse_json(&body)?)?;
        drop(body);
        let now = self.clock.now();
        let (requests, input_file, kept) = match asked.source {
            Source::Inline(requests) => {
                let kept = self.keep_inline(&requests);
                (Requests::Inline(requests), None, kept)
            }
            Source::File(name) => {
                let id = name.strip_prefix("files/").unwrap_or(&name);
                let file = self.files.get(id, now)?;
                if file.work.state() != "ACTIVE" {
                    return Err(ApiError::failed_precondition(format!(
                        "The File {id} is not in an ACTIVE state and usage is not allowed."
                    )));
                }
                let kept = file.kept.clone();
                (Requests::Lines(file.content.clone()), Some(name), kept)
            }
        };
        let new = NewJob {
            id: ids::batch(),
            kind,
            model,
            display_name: asked.display_name,
            priority: asked.priority,
            webhook_config: asked.webhook_config,
            input_file,
            tokens: requests.tokens(),
            kept,
        };
        let tokens = new.tokens;
        let quota = self.faults.quota();
        let allows = |jobs: &mut dyn Iterator<Item = &Arc<Job>>| match quota {
            Some(quota) => within(quota, tokens, jobs, now),
            None => Ok(()),
        };
        let job = self.jobs.add(new, allows, |new, serial| {
            let count = requests.count();
            let duration = self.settings.job_duration;
            let schedule = Schedule::new(now, duration, count);
            let faults = self.faults.of_new_job();
            Job::new(new, serial, schedule, count, faults, self.state.clone())
        })?;
        self.answer(&job, requests);
        self.report_end_of(&job);
        let job = self.shown_for(job);
        Ok(reply::json(
            StatusCode::OK,
            &resource::operation(&job, &job.status(now), View::Full),
        ))
    }
}

impl Gemini {
    /// Sets the model to work.
    pub(super) fn answer(&self, job: &Arc<Job>, requests: Requests) {
        let (answering, model) = (Arc::clone(job), Arc::clone(&self.model));
        tokio::task::spawn_blocking(move || answering.answer(requests, &*model));
    }

    /// Writes requests down that came inline.
    fn keep_inline(&self, requests: &[Value]) -> Kept {
        if !self.state.is_on() {
            return Kept::default();
        }
        // What was read from JSON is written as JSON.
        let content = serde_json::to_vec(requests).unwrap_or_default();
        self.state.keep(&content)
    }
}

/// Refuses a job of so many tokens that is more than the quota leaves beside those that are active.
fn within(
    quota: Quota,
    tokens: u64,
    jobs: &mut dyn Iterator<Item = &Arc<Job>>,
    now: DateTime<Utc>,
) -> ApiResult<()> {
    let active = jobs.filter(|job| job.status(now).ended.is_none());
    let (count, enqueued) = active.fold((0, 0), |(count, sum), job| (count + 1, sum + job.tokens));
    match count < quota.jobs && enqueued + tokens <= quota.tokens {
        true => Ok(()),
        false => Err(ApiError::resource_exhausted(
            "You exceeded your current quota of enqueued batches.",
        )),
    }
}

fn read(body: Value) -> ApiResult<Asked> {
    let mut root = Message::of(body, "", &["batch"])?;
    let batch = root
        .take("batch")
        .ok_or_else(|| ApiError::bad_field("batch", "required"))?;
    let mut batch = Message::of(batch, "batch", BATCH)?;
    Ok(Asked {
        display_name: batch.string("displayName")?,
        priority: batch.int64("priority")?,
        webhook_config: batch.take("webhookConfig"),
        source: source(&mut batch)?,
    })
}

fn source(batch: &mut Message) -> ApiResult<Source> {
    const FIELD: &str = "batch.input_config";
    let config = batch
        .take("inputConfig")
        .ok_or_else(|| ApiError::bad_field(FIELD, "Either requests or a file name is required."))?;
    let mut config = Message::of(config, FIELD, &["fileName", "requests"])?;
    let file = config.string("fileName")?;
    match (config.take("requests"), file) {
        (Some(_), Some(_)) => Err(ApiError::bad_field(
            FIELD,
            "Only one of requests and a file name may be given.",
        )),
        (None, None) => Err(ApiError::bad_field(
            FIELD,
            "Either requests or a file name is required.",
        )),
        (None, Some(file)) => Ok(Source::File(file)),
        (Some(requests), None) => inline(requests).map(Source::Inline),
    }
}

fn inline(requests: Value) -> ApiResult<Vec<Value>> {
    const FIELD: &str = "batch.input_config.requests";
    let mut requests = Message::of(requests, FIELD, &["requests"])?;
    let requests = match requests.take("requests") {
        Some(Value::Array(requests)) if !requests.is_empty() => requests,
        Some(Value::Array(_)) | None => {
            return Err(ApiError::bad_field(
                &format!("{FIELD}.requests"),
                "must not be empty",
            ));
        }
        Some(_) => {
            return Err(ApiError::bad_field(
                &format!("{FIELD}.requests"),
                "not a list",
            ));
        }
    };
    for (at, entry) in requests.iter().enumerate() {
        let field = format!("{FIELD}.requests[{at}]");
        let entry = Message::check(entry, &field, &["metadata", "request"])?;
        for part in ["metadata", "request"] {
            if entry
                .get(part)
                .is_some_and(|part| !part.is_object() && !part.is_null())
            {
                return Err(ApiError::bad_field(
                    &format!("{field}.{part}"),
                    "not an object",
                ));
            }
        }
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_are_read() {
        let camel = json!({"batch": {
            "displayName": "d", "priority": "7", "inputConfig": {"fileName": "files/a"},
        }});
        let snake = json!({"batch": {
            "display_name": "d", "priority": 7, "input_config": {"file_name": "files/a"},
        }});
        for body in [camel, snake] {
            let asked = read(body).unwrap();
            assert_eq!(
                (asked.display_name.as_deref(), asked.priority),
                (Some("d"), 7)
            );
            assert!(matches!(asked.source, Source::File(name) if name == "files/a"));
        }
    }

    #[test]
    fn bad_bodies_are_refused() {
        let request = json!({"request": {}});
        for body in [
            json!([]),
            json!({}),
            json!({"batch": {}}),
            json!({"batch": {"inputConfig": {}}}),
            json!({"batch": {"inputConfig": {"requests": {}}}}),
            json!({"batch": {"inputConfig": {"requests": {"requests": []}}}}),
            json!({"batch": {"inputConfig": {"requests": {"requests": [1]}}}}),
            json!({"batch": {"inputConfig": {"requests": {"requests": [{"key": "a"}]}}}}),
            json!({"batch": {"inputConfig": {"requests": {"requests": [{"metadata": "a"}]}}}}),
            json!({"batch": {"inputConfig": {"requests": {"requests": [request]}, "fileName": "f"}}}),
            json!({"batch": {"inputConfig": {"fileName": "files/a"}, "priority": "high"}}),
            json!({"batch": {"inputConfig": {"fileName": "files/a"}, "displayNam": "d"}}),
        ] {
            assert!(read(body.clone()).is_err(), "{body}");
        }
    }
}
