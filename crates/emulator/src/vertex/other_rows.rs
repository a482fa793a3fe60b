//! Rows of the models that are not Google's, with the columns that Google describes for each.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::rows::{Asker, Fields, Row, parse_request, quoted};
use super::status_text::http_of;
use crate::forms::{self, Form};
use crate::ids;
use crate::model::RowFailure;

impl Asker<'_> {
    /// The row of a request in the form of another model; `None` if it is in Google's.
    pub(super) fn other_row(
        &self,
        fields: &Fields<'_>,
        keyless: bool,
        is_table: bool,
    ) -> Option<Row> {
        let form = match self.name.form {
            // What a model of one's own takes, its lines tell.
            Form::Google if self.name.is_own() && fields.contains_key("body") => Form::OpenAi,
            form => form,
        };
        if form == Form::Google {
            return None;
        }
        let key = fields.get("custom_id").filter(|_| !keyless);
        let mut row = json!({});
        let columns = fields
            .iter()
            .filter(|(name, _)| is_table && **name != "custom_id");
        for (name, value) in columns {
            row[&**name] = parsed(value);
        }
        if let Some(key) = key {
            row["custom_id"] = parsed(key);
        }
        match form {
            Form::Google => None,
            Form::Claude => Some(self.claude(fields, row)),
            Form::OpenAi => Some(self.open(fields, row)),
        }
    }

    fn claude(&self, fields: &Fields<'_>, mut row: Value) -> Row {
        let request = body(fields, "request");
        row["request"] = fields.get("request").map_or(json!({}), |raw| parsed(raw));
        let answer = request.and_then(|it| forms::ask_claude(&it, &self.name.short, self.model));
        let failed = answer.as_ref().err().map(|failure| failure.code);
        match answer {
            Ok(message) => (row["response"], row["status"]) = (message, "".into()),
            Err(failure) => {
                let http = http_of(failure.code).0;
                let reason = axum::http::StatusCode::from_u16(http).ok();
                let reason = reason
                    .and_then(|it| it.canonical_reason())
                    .unwrap_or("Error");
                let error = forms::claude_error(&failure);
                row["response"] = json!({});
                row["status"] = format!("{reason}: {error}").into();
            }
        }
        finished(&row, failed)
    }

    fn open(&self, fields: &Fields<'_>, mut row: Value) -> Row {
        for dropped in ["method", "url"] {
            row.as_object_mut().map(|row| row.remove(dropped));
        }
        let key = fields.get("custom_id").map_or("", |key| key.get());
        let id = format!("batch_req_{:016x}", ids::hash(key));
        let url = fields.get("url").map_or("", |url| url.get());
        let is_embedding =
            url.contains("embeddings") || self.name.asks == super::names::Asks::Embeddings;
        let answer = body(fields, "body")
            .and_then(|it| forms::ask_open(&it, is_embedding, &self.name.short, self.model));
        let failed = answer.as_ref().err().map(|failure| failure.code);
        row["id"] = id.as_str().into();
        match answer {
            Ok(body) => {
                row["response"] = json!({"status_code": 200, "request_id": id, "body": body});
                row["error"] = Value::Null;
            }
            Err(failure) => {
                row["response"] = Value::Null;
                row["error"] = forms::open_error(&failure);
            }
        }
        finished(&row, failed)
    }
}

/// The body of a request, which a table may hold as text.
fn body(fields: &Fields<'_>, name: &str) -> Result<Value, RowFailure> {
    match fields.get(name) {
        Some(raw) => parse_request(raw),
        None => Err(RowFailure::invalid_argument(format!(
            "The line has no field named {name}."
        ))),
    }
}

fn parsed(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn finished(row: &Value, failed: Option<i32>) -> Row {
    Row {
        json: row.to_string().into_boxed_str(),
        failed,
    }
}

/// The response under `key` to a request that nobody sent, in this form.
pub(crate) fn foreign(form: Form, key: &str) -> Option<Box<str>> {
    let key: Value = serde_json::from_str(&quoted(key)).unwrap_or_default();
    let response = |body: Value| json!({"status_code": 200, "request_id": "r", "body": body});
    let row = match form {
        Form::Google => return None,
        Form::Claude => json!({
            "custom_id": key, "request": {}, "status": "",
            "response": {"type": "message", "content": [{"type": "text", "text": "Nobody asked this."}],
                "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}},
        }),
        Form::OpenAi => json!({
            "id": "batch_req_0", "custom_id": key, "error": null,
            "response": response(json!({"choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Nobody asked this."}}]})),
        }),
    };
    Some(row.to_string().into_boxed_str())
}

/// Nothing of the line, where it cannot be read.
pub(super) fn unreadable(form: Form, failure: &RowFailure) -> Option<Row> {
    let row = match form {
        Form::Google => return None,
        Form::Claude => {
            let error = forms::claude_error(failure);
            json!({"request": {}, "response": {}, "status": format!("Bad Request: {error}")})
        }
        Form::OpenAi => json!({"response": null, "error": forms::open_error(failure)}),
    };
    Some(finished(&row, Some(failure.code)))
}
