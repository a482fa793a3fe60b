//! Which responses are complete, and what is told of those that are not.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::json::short_name;
use super::*;
use crate::job::Status;
use crate::results::row::{Row, RowBody};
use crate::results::{KeyMatch, RowError};

#[derive(Debug, PartialEq, Deserialize)]
struct Order {
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Line {
    price: u32,
}

fn result(body: RowBody) -> BatchResult {
    let row = Row {
        has_two_keys: false,
        key: Some("doc-1".into()),
        body,
        metadata: None,
        request: None,
        json: Bytes::new(),
    };
    BatchResult::new(row, KeyMatch::Matched)
}

fn response(response: &Value) -> BatchResult {
    result(RowBody::Response(Response::new(Bytes::from(
        response.to_string(),
    ))))
}

/// A response of one text that ended for this reason.
fn said(text: &str, finish_reason: Option<&str>) -> BatchResult {
    response(&json!({"candidates": [{
        "content": {"parts": [{"text": "Let me see.", "thought": true}, {"text": text}]},
        "finishReason": finish_reason,
    }]}))
}

fn failure(result: &BatchResult) -> ResponseError {
    let error = result.parse::<Order>().unwrap_err();
    assert_eq!(error.key(), Some("doc-1"));
    assert!(error.to_string().starts_with("doc-1: "), "{error}");
    let is = [
        error.is_missing(),
        error.is_failed(),
        error.is_truncated(),
        error.is_blocked(),
        error.is_unfinished(),
        error.is_no_text(),
        error.is_not_json(),
        error.is_wrong_shape(),
    ];
    assert_eq!(is.iter().filter(|is| **is).count(), 1, "{error:?}");
    error
}

#[test]
fn only_a_complete_response_is_read() {
    let order = r#"{"lines":[{"price":3}]}"#;
    let complete = said(order, Some("STOP"));
    let expected = Order {
        lines: vec![Line { price: 3 }],
    };
    assert_eq!(complete.parse::<Order>().unwrap(), expected);
    assert_eq!(complete.complete_text().unwrap(), order);

    let cut = said(order, Some("MAX_TOKENS"));
    assert!(failure(&cut).is_truncated());
    assert!(cut.complete_text().unwrap_err().is_truncated());
    assert_eq!(cut.response().unwrap().text().unwrap(), order);

    for reason in [
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "SPII",
        "BLOCKLIST",
        "MODEL_ARMOR",
    ] {
        let error = failure(&said(order, Some(reason)));
        assert!(error.is_blocked() && error.to_string().contains(reason));
        assert_eq!(error.finish_reason().unwrap().as_str(), reason);
    }
    for reason in [
        Some("OTHER"),
        Some("REASON_OF_TOMORROW"),
        Some("FINISH_REASON_UNSPECIFIED"),
        None,
    ] {
        assert!(failure(&said(order, reason)).is_unfinished());
    }
}

#[test]
fn what_was_blocked_says_why() {
    let error = failure(&response(
        &json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    ));
    assert!(error.is_blocked() && error.message().is_none());
    assert_eq!(error.block_reason().unwrap().as_str(), "PROHIBITED_CONTENT");
    let error = failure(&response(&json!({"candidates": [{
        "content": {"parts": [{"text": "{}"}]},
        "finishReason": "STOP",
        "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "blocked": true}],
    }]})));
    assert!(error.is_blocked());
    let error = failure(&response(&json!({"promptFeedback": {
        "blockReason": "JAILBREAK", "blockReasonMessage": "It tried.",
    }})));
    assert!(
        error.to_string().ends_with("(JAILBREAK): It tried."),
        "{error}"
    );
    let error = failure(&response(&json!({"candidates": [{
        "finishReason": "SAFETY", "finishMessage": "It would harm.",
    }]})));
    assert_eq!(error.message(), Some("It would harm."));
    let rated = response(&json!({
        "promptFeedback": {"blockReason": "BLOCKED_REASON_UNSPECIFIED"},
        "candidates": [{"content": {"parts": [{"text": "7"}]}, "finishReason": "STOP"}],
    }));
    assert_eq!(rated.parse::<u8>().unwrap(), 7);
}

#[test]
fn results_without_a_response_say_so() {
    assert!(failure(&BatchResult::missing("doc-1".to_owned())).is_missing());
    let status = Status::of(8, "busy", &[]);
    let error = failure(&result(RowBody::Error(RowError::new(status))));
    assert!(error.is_failed() && error.row_error().unwrap().is_quota());
    for empty in [
        json!({}),
        json!({"candidates": []}),
        json!({"candidates": [{"finishReason": "STOP"}]}),
    ] {
        assert!(failure(&response(&empty)).is_no_text());
    }
    let thought = json!({"candidates": [{
        "content": {"parts": [{"text": "{}", "thought": true}]}, "finishReason": "STOP",
    }]});
    assert!(failure(&response(&thought)).is_no_text());
    let call = json!({"candidates": [{"content": {"parts": [{"functionCall": {"name": "f"}}]},
        "finishReason": "STOP"}]});
    for (what, instead) in [
        (json!({}), "it is empty"),
        (
            json!({"usageMetadata": {"totalTokenCount": 7}}),
            "no candidate, only `usageMetadata`",
        ),
        (
            json!({"candidates": [{"finishReason": "STOP"}]}),
            "its candidate has no parts",
        ),
        (thought, "its parts have thoughts alone"),
        (call, "its parts have `functionCall` alone"),
    ] {
        let error = failure(&response(&what));
        assert!(
            error.is_no_text() && error.to_string().contains(instead),
            "{error}"
        );
        assert!(response(&what).response().is_some());
    }
}

#[test]
fn the_wrong_shape_is_told_from_what_is_not_json() {
    let error = failure(&said(
        r#"{"lines":[{"price":1},{"price":"two"}]}"#,
        Some("STOP"),
    ));
    assert!(error.is_wrong_shape());
    assert_eq!(error.path(), Some("lines[1].price"));
    assert_eq!(
        error.text(),
        Some(r#"{"lines":[{"price":1},{"price":"two"}]}"#)
    );
    assert!(
        error
            .to_string()
            .contains("does not fit `Order`: at `lines[1].price`"),
        "{error}"
    );
    let texts = [
        "Sorry, I cannot.",
        r#"{"lines":[{"price":"two"}"#,
        r#"{"lines":[]} and more"#,
        "",
        "```json\n{\"lines\":[]}",
    ];
    for text in texts {
        let error = failure(&said(text, Some("STOP")));
        assert!(error.is_not_json(), "{text}: {error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn one_block_of_markdown_is_read() {
    let order = Order { lines: vec![] };
    for text in [
        "```json\n{\"lines\":[]}\n```",
        "```\r\n{\"lines\":\n[]}```\n",
        "\n```JSON\n{\"lines\":[]}\n```\n",
    ] {
        assert_eq!(said(text, Some("STOP")).parse::<Order>().unwrap(), order);
    }
    let text = "```json\n{\"lines\":[{\"price\":-1}]}\n```";
    assert_eq!(
        failure(&said(text, Some("STOP"))).path(),
        Some("lines[0].price")
    );
    let two = "```json\n{\"lines\":[]}\n```\nor\n```json\n{\"lines\":[]}\n```";
    assert!(failure(&said(two, Some("STOP"))).is_not_json());
    assert!(failure(&said(text, Some("MAX_TOKENS"))).is_truncated());
}

#[test]
fn each_candidate_is_whole_or_not_by_itself() {
    let both = response(&json!({"candidates": [
        {"content": {"parts": [{"text": "1"}]}, "finishReason": "MAX_TOKENS"},
        {"content": {"parts": [{"text": "2"}]}, "finishReason": "STOP"},
    ]}));
    let candidates = both.response().unwrap().candidates();
    let numbers: Vec<_> = candidates
        .map(|candidate| candidate.parse::<u8>().ok())
        .collect();
    assert_eq!(numbers, [None, Some(2)]);
    assert!(both.parse::<u8>().unwrap_err().is_truncated());
}

#[test]
fn types_are_named_without_their_modules() {
    assert_eq!(short_name::<Order>(), "Order");
    assert_eq!(short_name::<u8>(), "u8");
    assert!(short_name::<Vec<Order>>().starts_with("Vec<"));
}
