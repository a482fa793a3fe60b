//! The responses of a job: each request read, asked of the model, and kept as the JSON object that it
//! makes in the output.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::input::Input;
use super::life::Schedule;
use super::names::{Asks, ModelName};
use super::other_rows::unreadable;
use super::status_text::status_text;
use crate::faults::Rows;
use crate::json::field;
use crate::model::{Model, RowFailure, token_count};

/// What the service itself writes into a row, and takes from no request.
const OWN_FIELDS: [&str; 6] = [
    "instance",
    "predictions",
    "processed_time",
    "request",
    "response",
    "status",
];

/// What the lines for older embedding models may say beside their content.
const EMBEDDING_FIELDS: [&str; 3] = ["output_dimensionality", "task_type", "title"];

/// The response to one request.
#[derive(Debug)]
pub(crate) struct Row {
    /// The whole object.
    pub(crate) json: Box<str>,
    /// The `google.rpc.Code` of a request that failed.
    pub(crate) failed: Option<i32>,
}

/// The responses to all requests, in their order.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) rows: Vec<Row>,
    /// The positions of the rows that failed.
    failed: Vec<usize>,
}

impl Answered {
    /// How many of the first `served` rows failed.
    pub(crate) fn failed_among(&self, served: usize) -> usize {
        self.failed.partition_point(|row| *row < served)
    }
}

/// Asks the requests of a job.
pub(crate) struct Asker<'a> {
    pub(crate) model: &'a dyn Model,
    pub(crate) name: &'a ModelName,
    pub(crate) schedule: &'a Schedule,
    pub(crate) drop_keys: &'a Rows,
}

impl Asker<'_> {
    /// Asks the model every request; fails where none of them could be read.
    pub(crate) fn answer_all(&self, input: &Input) -> Result<Answered, RowFailure> {
        let count = input.count();
        let mut rows = Vec::with_capacity(count);
        let mut failed = Vec::new();
        let mut readable = count == 0 && input.is_table();
        for (at, line) in input.each().enumerate() {
            let fields = read_line(&line);
            readable |= fields.is_ok();
            let row = match fields {
                Ok(fields) => self.row(at, count, fields, input.is_table()),
                Err(failure) => {
                    let time = self.schedule.served_at(at, count);
                    unreadable(self.name.form, &failure).unwrap_or_else(|| {
                        let answer = Answer::failed(failure);
                        object(BTreeMap::new(), false, Some("{}"), &answer, time)
                    })
                }
            };
            if row.failed.is_some() {
                failed.push(at);
            }
            rows.push(row);
        }
        if !readable {
            let message = "The input has no line that is a request.";
            return Err(RowFailure::invalid_argument(message));
        }
        Ok(Answered { rows, failed })
    }

    fn row(&self, at: usize, count: usize, fields: Fields<'_>, is_table: bool) -> Row {
        let keyless = self.drop_keys.contains(at);
        let time = self.schedule.served_at(at, count);
        if let Some(row) = self.other_row(&fields, keyless, is_table) {
            return row;
        }
        if self.name.asks == Asks::Embeddings
            && !fields.contains_key("request")
            && fields.contains_key("content")
        {
            return self.embedding(fields, keyless, is_table);
        }
        let request = fields.get("request").copied();
        let answer = match request.map(parse_request) {
            Some(Ok(request)) => Answer::of(self.ask(&request)),
            Some(Err(failure)) => Answer::failed(failure),
            None => {
                let message = "The line has no field named request.";
                Answer::failed(RowFailure::invalid_argument(message))
            }
        };
        object(fields, keyless, request.map(RawValue::get), &answer, time)
    }

    fn ask(&self, request: &Value) -> Result<Value, RowFailure> {
        let is_embedding = match self.name.asks {
            Asks::Text => false,
            Asks::Embeddings => true,
            Asks::Either => {
                field(request, "contents").is_none() && field(request, "content").is_some()
            }
        };
        if is_embedding {
            self.model.embed(request, &self.name.short)
        } else {
            self.model.generate(request, &self.name.short)
        }
    }

    /// The response of an older embedding model, whose requests are the lines themselves.
    fn embedding(&self, mut fields: Fields<'_>, keyless: bool, is_table: bool) -> Row {
        let parse = |name: &str| {
            let raw = fields
                .get(name)
                .or_else(|| fields.get(&*camel_case(name)))?;
            serde_json::from_str::<Value>(raw.get()).ok()
        };
        let content = parse("content").and_then(|content| content.as_str().map(str::to_owned));
        let answer = match &content {
            None => Err(RowFailure::invalid_argument("content must be a string.")),
            Some(content) => {
                let mut request = json!({"content": {"parts": [{"text": content}]}});
                for name in EMBEDDING_FIELDS {
                    if let Some(value) = parse(name) {
                        request[camel_case(name)] = value;
                    }
                }
                self.model.embed(&request, &self.name.short)
            }
        };
        let tokens = content.as_deref().map_or(0, token_count);
        let (predictions, status, failed) = match answer {
            Ok(response) => {
                let values = response.pointer("/embedding/values").cloned();
                let statistics = json!({"token_count": tokens, "truncated": false});
                let embeddings = json!({
                    "statistics": statistics,
                    "values": values.unwrap_or_default(),
                });
                (json!([{"embeddings": embeddings}]), String::new(), None)
            }
            Err(failure) => (json!([]), status_text(&failure), Some(failure.code)),
        };
        if keyless {
            let known = |name: &str| {
                EMBEDDING_FIELDS
                    .iter()
                    .any(|k| *k == name || camel_case(k) == name)
            };
            fields.retain(|name, _| name == "content" || known(name));
        }
        let mut json = String::from("{");
        if is_table {
            write_fields(&mut json, &fields);
        } else {
            json.push_str("\"instance\":{");
            write_fields(&mut json, &fields);
            close(&mut json);
            json.push(',');
        }
        // Writing to a string does not fail.
        let _ = write!(
            json,
            "\"predictions\":{predictions},\"status\":{}}}",
            quoted(&status)
        );
        Row {
            json: json.into_boxed_str(),
            failed,
        }
    }
}

pub(super) type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn read_line(line: &[u8]) -> Result<Fields<'_>, RowFailure> {
    serde_json::from_slice(line).map_err(|error| {
        RowFailure::invalid_argument(format!("The line is not a JSON object: {error}"))
    })
}

/// Reads a request, which a table may hold as text.
pub(super) fn parse_request(raw: &RawValue) -> Result<Value, RowFailure> {
    let parsed = serde_json::from_str(raw.get()).and_then(|value| match value {
        Value::String(text) => serde_json::from_str(&text),
        value => Ok(value),
    });
    match parsed {
        Ok(request @ Value::Object(_)) => Ok(request),
        _ => Err(RowFailure::invalid_argument(
            "The request is not a JSON object.",
        )),
    }
}

/// The `status` and `response` of a row.
struct Answer {
    status: String,
    response: String,
    failed: Option<i32>,
}

impl Answer {
    fn of(answer: Result<Value, RowFailure>) -> Self {
        match answer {
            Ok(response) => Self {
                status: String::new(),
                response: response.to_string(),
                failed: None,
            },
            Err(failure) => Self::failed(failure),
        }
    }

    fn failed(failure: RowFailure) -> Self {
        Self {
            status: status_text(&failure),
            response: "{}".to_owned(),
            failed: Some(failure.code),
        }
    }
}

/// A row of `request` and its response, with the other fields of the line unless it is `keyless`.
fn object(
    mut fields: Fields<'_>,
    keyless: bool,
    request: Option<&str>,
    answer: &Answer,
    time: DateTime<Utc>,
) -> Row {
    fields.retain(|name, _| !keyless && !OWN_FIELDS.contains(&&**name));
    let mut json = String::from("{");
    write_fields(&mut json, &fields);
    // Writing to a string does not fail.
    let _ = write!(
        json,
        "\"status\":{},\"processed_time\":\"{}\",\"request\":{},\"response\":{}}}",
        quoted(&answer.status),
        processed_time(time),
        request.unwrap_or("{}"),
        answer.response,
    );
    Row {
        json: json.into_boxed_str(),
        failed: answer.failed,
    }
}

/// The response under `key` to a request that nobody sent.
pub(crate) fn foreign(key: &str, response: Value, time: DateTime<Utc>) -> Box<str> {
    let raw = RawValue::from_string(quoted(key)).unwrap_or_default();
    let fields = BTreeMap::from([(Cow::Borrowed("key"), &*raw)]);
    object(fields, false, None, &Answer::of(Ok(response)), time).json
}

/// Writes the fields, each with a comma behind it.
fn write_fields(json: &mut String, fields: &Fields<'_>) {
    for (name, value) in fields {
        json.push_str(&quoted(name));
        json.push(':');
        json.push_str(value.get());
        json.push(',');
    }
}

/// Closes an object whose last field may have a comma behind it.
fn close(json: &mut String) {
    if json.ends_with(',') {
        json.pop();
    }
    json.push('}');
}

pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The form of `processed_time`, which has an offset where other timestamps have a `Z`.
fn processed_time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for word in name.split('_') {
        match word.chars().next().filter(|_| !camel.is_empty()) {
            Some(first) => {
                camel.push(first.to_ascii_uppercase());
                camel.push_str(&word[first.len_utf8()..]);
            }
            None => camel.push_str(word),
        }
    }
    camel
}
