//! The responses of a job: read from its requests, asked of the model, and kept as JSON text that
//! only has to be put together afterwards.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Value, json};

use super::kind::Kind;
use crate::forms::{ask_open, open_error};
use crate::json::field;
use crate::lines::lines;
use crate::model::{Model, RowFailure};

/// The requests of a job, where they come from.
#[derive(Debug)]
pub(crate) enum Requests {
    Inline(Vec<Value>),
    /// The content of a JSONL file.
    Lines(Bytes),
}

impl Requests {
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Inline(requests) => requests.len(),
            Self::Lines(content) => lines(content).count(),
        }
    }
}

impl Requests {
    /// About how many tokens they have.
    pub(crate) fn tokens(&self) -> u64 {
        let bytes = match self {
            Self::Inline(requests) => requests.iter().map(|it| it.to_string().len()).sum(),
            Self::Lines(content) => content.len(),
        };
        (bytes / 4) as u64
    }
}

/// The response to one request.
#[derive(Debug)]
pub(crate) struct Row {
    /// The JSON of its `metadata` (inline) or `key` (file).
    pub(crate) id: Option<String>,
    /// The `"response":{…}` or `"error":{…}` of the response, without the braces around it.
    pub(crate) body: String,
    pub(crate) failed: bool,
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

/// Asks the model every request; fails where no line of the input could be read.
pub(crate) fn answer_all(
    requests: Requests,
    kind: Kind,
    model_name: &str,
    model: &dyn Model,
) -> Result<Answered, RowFailure> {
    let ask = |request: &Value| match kind {
        Kind::GenerateContent => model.generate(request, model_name),
        Kind::EmbedContent => model.embed(request, model_name),
    };
    let rows: Vec<Row> = match requests {
        Requests::Inline(requests) => requests
            .into_iter()
            .map(|entry| {
                let request = field(&entry, "request").unwrap_or(&Value::Null);
                row(entry.get("metadata"), ask(request))
            })
            .collect(),
        Requests::Lines(content) => {
            let mut readable = false;
            let rows = lines(&content)
                .map(|line| match read_line(line) {
                    Ok(line) => {
                        readable = true;
                        match line.get("body") {
                            Some(body) => open_row(&line, body, kind, model_name, model),
                            None => row(line.get("key"), ask(line.get("request").unwrap_or(&line))),
                        }
                    }
                    Err(failure) => row(None, Err(failure)),
                })
                .collect();
            if !readable {
                return Err(RowFailure::invalid_argument(
                    "The input file has no line that is a request.",
                ));
            }
            rows
        }
    };
    let failed = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.failed)
        .map(|(at, _)| at)
        .collect();
    Ok(Answered { rows, failed })
}

/// The row of a line in OpenAI's form, whose key is `custom_id`.
fn open_row(line: &Value, body: &Value, kind: Kind, name: &str, model: &dyn Model) -> Row {
    let answer = ask_open(body, kind == Kind::EmbedContent, name, model);
    let failed = answer.is_err();
    let (response, error) = match answer {
        Ok(body) => (
            json!({"status_code": 200, "request_id": "r", "body": body}),
            Value::Null,
        ),
        Err(failure) => (Value::Null, open_error(&failure)),
    };
    let key = line.get("custom_id").unwrap_or(&Value::Null);
    Row {
        id: None,
        body: format!("\"custom_id\":{key},\"response\":{response},\"error\":{error}"),
        failed,
    }
}

fn read_line(line: &[u8]) -> Result<Value, RowFailure> {
    match serde_json::from_slice(line) {
        Ok(line @ Value::Object(_)) => Ok(line),
        Ok(_) => Err(RowFailure::invalid_argument(
            "The line is not a JSON object.",
        )),
        Err(error) => Err(RowFailure::invalid_argument(format!(
            "The line is not valid JSON: {error}"
        ))),
    }
}

fn row(id: Option<&Value>, answer: Result<Value, RowFailure>) -> Row {
    let failed = answer.is_err();
    let mut body = String::new();
    let written = match answer {
        Ok(response) => write!(body, "\"response\":{response}"),
        Err(failure) => write!(body, "\"error\":{}", failure.to_status()),
    };
    debug_assert!(written.is_ok(), "a string takes whatever is written to it");
    Row {
        id: id.map(Value::to_string),
        body,
        failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DefaultModel;

    fn of_lines(content: &str) -> Result<Answered, RowFailure> {
        let requests = Requests::Lines(Bytes::copy_from_slice(content.as_bytes()));
        answer_all(
            requests,
            Kind::GenerateContent,
            "models/m",
            &DefaultModel::new(),
        )
    }

    #[test]
    fn lines_are_counted_without_blank_ones() {
        let count =
            |text: &'static str| Requests::Lines(Bytes::from_static(text.as_bytes())).count();
        assert_eq!(count(""), 0);
        assert_eq!(count("a"), 1);
        assert_eq!(count("a\r\n\n  \nb\n"), 2);
    }

    #[test]
    fn bad_lines_become_errors() {
        let contents = json!({"contents": [{"parts": [{"text": "What is 1 + 1?"}]}]});
        let answered = of_lines(&format!(
            "{{\"key\":\"a\",\"request\":{contents}}}\nnonsense\n{contents}\n{{\"key\":\"d\",\"request\":{{}}}}"
        ))
        .unwrap();
        let ids: Vec<_> = answered.rows.iter().map(|row| row.id.as_deref()).collect();
        assert_eq!(ids, [Some("\"a\""), None, None, Some("\"d\"")]);
        let failed: Vec<_> = answered.rows.iter().map(|row| row.failed).collect();
        assert_eq!(failed, [false, true, false, true]);
        assert!(answered.rows[1].body.starts_with("\"error\":{\"code\":3,"));
        assert_eq!(answered.failed_among(2), 1);
    }

    #[test]
    fn nothing_readable_fails_the_job() {
        assert_eq!(of_lines("nonsense\n[]").unwrap_err().code, 3);
    }
}
