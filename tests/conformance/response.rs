//! Compares what the client made of the responses with what the SDK made of them.

use genai_batch::Error;
use serde_json::{Value, json};

use super::case::{Case, ErrorKind, ExpectedError};
use super::diff::{Differ, Extra, shorten};

/// What came of a call, and whether it had sent anything by then.
pub(crate) struct Outcome {
    pub(crate) result: Result<Value, Error>,
    pub(crate) sent: usize,
}

pub(crate) fn compare(case: &Case, outcome: &Outcome, found: &mut Vec<String>) {
    match (&case.expect_error, &outcome.result) {
        (None, Ok(result)) => {
            // What the SDK says of a client is all there is to say.
            let extra = match case.call.method.as_str() {
                "client.new" => Extra::Differs,
                _ => Extra::Allowed,
            };
            Differ::new("result", extra, found).compare(&case.expect_result, result);
        }
        (None, Err(error)) => {
            found.push(format!("result: expected success, got {}", describe(error)));
        }
        (Some(expected), Ok(_)) => {
            found.push(format!("error: expected {}, got success", name(expected)));
        }
        (Some(expected), Err(error)) => compare_errors(expected, error, outcome.sent, found),
    }
}

fn compare_errors(expected: &ExpectedError, error: &Error, sent: usize, found: &mut Vec<String>) {
    let fits = match expected.kind {
        ErrorKind::BeforeSend => sent == 0,
        ErrorKind::Api => error.status().is_some(),
        ErrorKind::AfterResponse => sent > 0,
    };
    if !fits {
        let got = describe(error);
        found.push(format!("error: expected {}, got {got}", name(expected)));
        return;
    }
    if expected.kind != ErrorKind::Api {
        return;
    }
    let mut differ = Differ::new("error", Extra::Differs, found);
    let ours = json!({
        "code": error.status(),
        "status": error.status_name(),
        "message": error.message(),
        "details": decoded(error.body()),
    });
    let theirs = json!({
        "code": expected.code,
        "status": expected.status,
        "message": expected.message,
        "details": expected.details,
    });
    differ.compare(&theirs, &ours);
    // Our accessor and the SDK's body, which hold the same.
    let details = expected.details.pointer("/error/details");
    let details = details.cloned().unwrap_or_else(|| json!([]));
    let ours = Value::from(error.details().to_vec());
    Differ::new("error details", Extra::Differs, found).compare(&details, &ours);
}

/// An error body as the SDK shows it: decoded, and out of the list that it may be in.
fn decoded(body: &str) -> Value {
    match serde_json::from_str(body) {
        Ok(Value::Array(list)) if list.len() == 1 => list[0].clone(),
        Ok(value) => value,
        Err(_) => Value::from(body),
    }
}

fn name(expected: &ExpectedError) -> String {
    let exception = &expected.exception;
    match expected.kind {
        ErrorKind::BeforeSend => format!("{exception} before_send"),
        ErrorKind::Api => format!("{exception} of status {}", expected.code.unwrap_or(0)),
        ErrorKind::AfterResponse => format!("{exception} after_response"),
    }
}

fn describe(error: &Error) -> String {
    let message = shorten(error.message());
    match error.status() {
        Some(status) => format!("an error of status {status}: {message}"),
        None => format!("an error: {message}"),
    }
}
