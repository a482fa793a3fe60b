//! Creating a batch: the body is checked the way the service checks it, and the model set to work.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::job::NewJob;
use super::life::Schedule;
use super::resource::{self, View};
use super::rows::Requests;
use super::{Gemini, Job, Kind, parse_json};
use crate::error::{ApiError, ApiResult};
use crate::json::snake_case;
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
        let (requests, input_file) = match asked.source {
            Source::Inline(requests) => (Requests::Inline(requests), None),
            Source::File(name) => {
                let id = name.strip_prefix("files/").unwrap_or(&name);
                let file = self.files.get(id, now)?;
                (Requests::Lines(file.content.clone()), Some(name))
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
        };
        let job = self.jobs.add(new, |new, serial| {
            let count = requests.count();
            let duration = self.settings.job_duration;
            let schedule = Schedule::new(now, duration, count);
            Job::new(new, serial, schedule, count, self.faults.of_new_job())
        });
        let answering = Arc::clone(&job);
        let model = Arc::clone(&self.model);
        tokio::task::spawn_blocking(move || answering.answer(requests, &*model));
        self.report_end_of(&job);
        Ok(reply::json(
            StatusCode::OK,
            &resource::operation(&job, &job.status(now), View::Full),
        ))
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

/// A JSON object read as a message: known fields only, each under its camel or snake case name.
pub(crate) struct Message {
    path: String,
    fields: Map<String, Value>,
}

impl Message {
    pub(crate) fn of(value: Value, path: &str, known: &[&str]) -> ApiResult<Self> {
        Self::check(&value, path, known)?;
        let fields = match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            fields,
        })
    }

    fn check<'a>(
        value: &'a Value,
        path: &str,
        known: &[&str],
    ) -> ApiResult<&'a Map<String, Value>> {
        let Value::Object(fields) = value else {
            return Err(ApiError::bad_field(path, "not an object"));
        };
        let is_known = |name: &str| known.iter().any(|k| *k == name || snake_case(k) == name);
        match fields.keys().find(|name| !is_known(name)) {
            None => Ok(fields),
            Some(name) => {
                let place = if path.is_empty() {
                    String::new()
                } else {
                    format!(" at '{path}'")
                };
                Err(ApiError::invalid_argument(format!(
                    "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."
                )))
            }
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let value = self
            .fields
            .remove(name)
            .or_else(|| self.fields.remove(&snake_case(name)));
        value.filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name) || self.fields.contains_key(&snake_case(name))
    }

    /// A string; the empty one is the same as none.
    pub(crate) fn string(&mut self, name: &str) -> ApiResult<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong_type(name, "string")),
        }
    }

    /// A number, or digits in a string; 0 where there is none.
    pub(super) fn int64(&mut self, name: &str) -> ApiResult<i64> {
        let number = match self.take(name) {
            None => Some(0),
            Some(Value::String(digits)) => digits.parse().ok(),
            Some(number) => number.as_i64(),
        };
        number.ok_or_else(|| self.wrong_type(name, "int64"))
    }

    fn wrong_type(&self, name: &str, wanted: &str) -> ApiError {
        let field = format!("{}.{}", self.path, snake_case(name));
        ApiError::bad_field(&field, &format!("Invalid value, {wanted} expected."))
    }
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
