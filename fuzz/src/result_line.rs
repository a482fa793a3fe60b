//! Result rows of each backend, from bytes to the report and into a saved line.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use genai_batch::internals::gemini::{any_row as any_gemini, read_row as read_gemini};
#[cfg(feature = "vertex")]
use genai_batch::internals::vertex::{any_row as any_vertex, read_row as read_vertex};
use genai_batch::internals::{
    ContentIndex, EmbedForm, Expectation, ReadRow, Row, RowBody, SubmittedKeys,
    SubmittedKeysBuilder, file_results, inline_results, write_line,
};
use genai_batch::response::{Candidate, FinishReason, ResponseError};
use genai_batch::results::KeyMatch;
use genai_batch::{BatchResult, Outcome, Report, Response};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::block_on;
use super::splitter::{cut, naive};

/// The caller's keys among those that were submitted; the other three are assigned.
const OWN_KEYS: [&str; 5] = ["a", "b", "doc-1", "\u{e9} \"x\"\n", "17"];
const ASSIGNED: [u64; 3] = [1, 2, 7];

/// Every row ends in one place of the report, and what is delivered can be saved and read.
///
/// The first byte says how the rows come and what is expected of them, the second how the
/// bytes are cut, and the rest is rows, one a line.
pub fn result_line(data: &[u8]) {
    let Some((&[how, cuts], text)) = data.split_first_chunk::<2>() else {
        return;
    };
    let lines = naive(text);
    let read_row = reader(how);
    let expectation = match how & 12 {
        0 | 4 => Expectation::Keys(expected()),
        8 => Expectation::Count(u64::from(cuts)),
        _ => Expectation::Unknown,
    };
    let keys_known = matches!(expectation, Expectation::Keys(_));

    for (_, line) in &lines {
        if let Ok(row) = read_row(line.clone().into()) {
            holds_together(&row);
        }
        reads_alike(line);
    }
    let contents = (how & 16 > 0).then(contents);
    let mut results = match how & 2 {
        0 => {
            let chunks = cut(text, &[cuts, cuts >> 4]).into_iter().map(Ok);
            let chunks = Box::pin(stream::iter(chunks));
            file_results(chunks, read_row, expectation, contents)
        }
        _ => {
            let rows = lines.iter().map(|(_, line)| line.clone().into()).collect();
            inline_results(rows, read_row, expectation, contents)
        }
    };
    let delivered: Vec<_> = block_on(async {
        let results = results.by_ref();
        results.map(|result| result.unwrap()).collect().await
    });
    let report = results.report();
    adds_up(&report, &delivered, lines.len() as u64);
    if keys_known {
        accounts_for_each_key(&report, &delivered);
    }
    for result in &delivered {
        can_be_asked(result);
        can_be_saved(result);
    }
}

/// What is read in one pass is read as `serde_json` reads it.
pub fn reads_alike(line: &[u8]) {
    let line = Bytes::copy_from_slice(line);
    same_row(read_gemini(line.clone()), any_gemini(line.clone()));
    #[cfg(feature = "vertex")]
    same_row(read_vertex(line.clone()), any_vertex(line));
}

fn same_row(quick: Result<Row, String>, slow: Result<Row, String>) {
    let (quick, slow) = match (quick, slow) {
        (Ok(quick), Ok(slow)) => (quick, slow),
        (quick, slow) => return assert_eq!(quick.err(), slow.err()),
    };
    assert_eq!(quick.key, slow.key);
    assert_eq!(
        (quick.metadata, quick.request, quick.json),
        (slow.metadata, slow.request, slow.json)
    );
    match (&quick.body, &slow.body) {
        (RowBody::Response(quick), RowBody::Response(slow)) => {
            assert_eq!(quick.json(), slow.json());
            assert_eq!(quick.text(), slow.text());
            assert_eq!(quick.usage(), slow.usage());
            let whole = |response: &Response| match response.complete_text() {
                Ok(text) => Ok(text.into_owned()),
                Err(error) => Err(error.to_string()),
            };
            assert_eq!(whole(quick), whole(slow));
        }
        (RowBody::Error(quick), RowBody::Error(slow)) => assert_eq!(quick, slow),
        (quick, slow) => panic!("{quick:?} or {slow:?}"),
    }
}

fn reader(how: u8) -> ReadRow {
    match how & 1 {
        #[cfg(feature = "vertex")]
        1 => read_vertex,
        _ => read_gemini,
    }
}

/// Keys that every run shares: they cost a thread to sort.
fn expected() -> Arc<SubmittedKeys> {
    static EXPECTED: OnceLock<Arc<SubmittedKeys>> = OnceLock::new();
    let make = || {
        block_on(async {
            let mut builder = SubmittedKeysBuilder::default();
            for (place, key) in (10..).zip(OWN_KEYS) {
                builder.push(key, place).await.unwrap();
            }
            for place in ASSIGNED {
                builder.assign(place);
            }
            Arc::new(builder.finish().await.unwrap().unwrap())
        })
    };
    Arc::clone(EXPECTED.get_or_init(make))
}

/// Requests by which rows without a key may be known.
fn contents() -> ContentIndex {
    let form = match cfg!(feature = "vertex") {
        true => EmbedForm::VertexText,
        false => EmbedForm::Gemini,
    };
    let mut contents = ContentIndex::new(form);
    contents.push(r#"{"contents":[{"parts":[{"text":"Tea"}]}]}"#, "a");
    contents.push(r#"{"content":{"parts":[{"text":"hi"}]}}"#, "doc-1");
    contents.push(r#"{"content":"hi","task_type":"T"}"#, "b");
    contents
}

fn submitted_keys() -> BTreeSet<String> {
    let assigned = ASSIGNED.map(|place| format!("request-{place}"));
    OWN_KEYS
        .map(str::to_owned)
        .into_iter()
        .chain(assigned)
        .collect()
}

/// The pieces of a row are JSON, and its key is one that stands in it.
fn holds_together(row: &Row) {
    if let RowBody::Response(response) = &row.body {
        let response = response.json();
        assert!(is_json(response.as_bytes()) && response.starts_with('{'));
    }
    assert!(
        row.metadata
            .iter()
            .chain(&row.request)
            .all(|piece| is_json(piece))
    );
    // A value has less room than a text: lone surrogates, or a hundred levels, are none.
    let Ok(value) = serde_json::from_slice::<Value>(&row.json) else {
        return;
    };
    let inner = match &value["instance"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    };
    let keys = [
        &value["key"],
        &value["metadata"]["key"],
        &inner["key"],
        &value["custom_id"],
    ];
    match (&row.key, keys[0]) {
        (key, Value::String(own)) => assert_eq!(key.as_deref(), Some(&**own)),
        (Some(key), _) => assert!(keys.iter().any(|found| match found {
            Value::String(text) => **key == *text,
            Value::Number(_) => key.starts_with(|c: char| c.is_ascii_digit() || c == '-'),
            _ => false,
        })),
        (None, Value::Number(_)) => panic!("a number is a key"),
        (None, _) => {}
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// Each row that was read is booked once.
fn adds_up(report: &Report, delivered: &[BatchResult], lines: u64) {
    let missing = |result: &&BatchResult| matches!(result.outcome(), Outcome::Missing);
    let rows = delivered.len() as u64 - delivered.iter().filter(missing).count() as u64;
    assert_eq!(rows + report.duplicates + report.unreadable, lines);
    let unmatched = match report.keys_known {
        true => report.unexpected + report.keyless,
        false => 0,
    };
    assert_eq!(rows, report.responses + report.errors + unmatched);
    if let Some(submitted) = report.submitted {
        let accounted = report.responses + report.errors + report.missing;
        assert_eq!(submitted + report.surplus, accounted);
        assert!(report.missing == 0 || report.surplus == 0);
    }
    assert!(report.finished);
    assert!(!report.is_complete() || report.keys_known && rows == lines);
    assert!(!report.to_string().is_empty());
}

/// Each key that was submitted is delivered once, as a row or as missing.
fn accounts_for_each_key(report: &Report, delivered: &[BatchResult]) {
    let matched = delivered
        .iter()
        .filter(|result| result.key_match() == KeyMatch::Matched)
        .map(|result| result.key().unwrap().to_owned());
    let matched: Vec<_> = matched.collect();
    let once: BTreeSet<_> = matched.iter().cloned().collect();
    assert_eq!(once.len(), matched.len());
    assert_eq!(once, submitted_keys());
    let missing = delivered.iter().filter(|result| {
        let missing = matches!(result.outcome(), Outcome::Missing);
        assert!(!missing || result.json().is_empty());
        missing
    });
    let missing: Vec<_> = missing.map(|result| result.key().unwrap()).collect();
    assert_eq!(report.missing_keys, missing);
}

/// Nothing that a caller may ask of a result ends the program.
fn can_be_asked(result: &BatchResult) {
    assert!(!format!("{result:?}").is_empty());
    let _ = (result.to_value(), result.metadata());
    match result.outcome() {
        Outcome::Response(response) => {
            let parts: Vec<_> = response.parts().collect();
            for part in &parts {
                let _ = (part.text(), part.is_thought(), part.to_value());
            }
            let _ = (response.text(), response.finish_reason(), response.usage());
            let _ = (response.model_version(), response.response_id());
            let _ = (response.embedding(), response.to_value());
            let _ = (response.prompt_feedback(), response.usage_details());
            response
                .candidates()
                .for_each(|candidate| can_be_read(&candidate));
            is_whole_or_says_why(result, response);
        }
        Outcome::Error(error) => assert!(!error.to_string().is_empty()),
        Outcome::Missing => {}
    }
}

fn can_be_read(candidate: &Candidate<'_>) {
    let _ = (candidate.thoughts(), candidate.finish_message());
    let _ = (candidate.safety_ratings(), candidate.citations());
    let _ = (candidate.avg_logprobs(), candidate.logprobs());
    for call in candidate.function_calls() {
        let _ = (call.args::<Value>(), call.to_value());
    }
    for media in candidate.inline_data() {
        let _ = (media.mime_type(), media.bytes());
    }
    if let Some(grounding) = candidate.grounding() {
        let _ = (grounding.sources(), grounding.supports());
        let _ = (grounding.web_search_queries(), grounding.rendered_content());
    }
}

/// Only a response that ended as it should is a whole one.
fn is_whole_or_says_why(result: &BatchResult, response: &Response) {
    match (response.complete_text(), result.parse::<Value>()) {
        (Ok(text), parsed) => {
            assert_eq!(response.finish_reason(), Some(FinishReason::STOP));
            assert_eq!(response.text(), Some(text));
            let told = |error: ResponseError| error.is_not_json() || error.is_wrong_shape();
            assert!(parsed.map_or_else(told, |_| true));
        }
        (Err(error), parsed) => {
            assert!(parsed.is_err() && !error.is_not_json());
            assert!(!error.to_string().is_empty());
        }
    }
}

/// A saved result is one line of JSON that reads as the same again.
fn can_be_saved(result: &BatchResult) {
    let mut line = Vec::new();
    write_line(result, &mut line);
    assert_eq!(line.pop(), Some(b'\n'));
    assert!(!line.iter().any(|byte| matches!(byte, b'\n' | b'\r')));
    assert!(is_json(&line));
    let saved: Option<Value> = serde_json::from_slice(&line).ok();
    let again = read_gemini(Bytes::from(line)).unwrap();
    assert!(result.key().is_none() || again.key.as_deref() == result.key());
    match (result.outcome(), &again.body) {
        (Outcome::Response(before), RowBody::Response(after)) => {
            let after: Option<Value> = serde_json::from_str(after.json()).ok();
            assert_eq!(serde_json::from_str(before.json()).ok(), after);
        }
        (Outcome::Error(before), RowBody::Error(after)) => {
            assert_eq!(before.status(), after.status());
        }
        (Outcome::Missing, _) => assert_eq!(saved.unwrap()["missing"], true),
        (before, after) => panic!("{before:?} was saved and reads as {after:?}"),
    }
}
