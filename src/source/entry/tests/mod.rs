//! What becomes of lines: how they are written, what is refused, and what defaults fill in.

mod defaults;
mod forms;
mod properties;
mod refused;

use super::*;
use crate::platform::Backend;
use crate::request::GenerationConfig;
use crate::source::intake::Defaults;

fn intake_of(kind: JobKind, defaults: &Defaults) -> Intake {
    Intake::checked(kind, defaults, Backend::Gemini, Some("gemini-2.5-flash"))
}

fn intake(kind: JobKind) -> Intake {
    intake_of(kind, &Defaults::default())
}

fn reasons(refused: Refused) -> String {
    let reasons: Vec<_> = refused.iter().map(Finding::to_string).collect();
    reasons.join("; ")
}

fn parse(line: &str) -> Result<Line, String> {
    let line = Line::parse(line.as_bytes(), &mut intake(JobKind::GenerateContent));
    line.map_err(reasons)
}

fn jsonl(line: &Line) -> Value {
    let mut out = Vec::new();
    line.write_jsonl("k", &mut out);
    serde_json::from_slice(&out).unwrap()
}

const CONTENTS: &str = r#""contents":[{"parts":[{"text":"hi"}]}]"#;

#[test]
fn both_line_forms_give_the_same_request() {
    let wrapped = parse(&format!(
        r#"{{"key":"a","request":{{{CONTENTS},"new":1.50}}}}"#
    ));
    let bare = parse(&format!(r#"{{"key":"a",{CONTENTS},"new":1.50}}"#));
    let (wrapped, bare) = (wrapped.unwrap(), bare.unwrap());
    assert_eq!(wrapped.key.as_deref(), Some("a"));
    assert_eq!(wrapped.request, bare.request);
    assert!(wrapped.request.contains("1.50"), "kept to the letter");
}

#[test]
fn what_travels_with_a_request_is_kept_in_both_forms() {
    let line = parse(&format!(
        r#"{{"request":{{{CONTENTS}}},"metadata":{{"key":"m","shard":7}},"team":"x"}}"#
    ))
    .unwrap();
    assert_eq!(line.key.as_deref(), Some("m"));
    let value = jsonl(&line);
    assert_eq!(value["metadata"]["shard"], 7);
    assert_eq!(value["team"], "x");
    let mut out = Vec::new();
    let inlined = line.write_inline("k", &mut out);
    let (mut again, mut at_once) = (Vec::new(), Vec::new());
    inlined.write_jsonl(&out, true, &mut again);
    line.write_jsonl("k", &mut at_once);
    assert_eq!(again, at_once);
    let (mut again, mut at_once) = (Vec::new(), Vec::new());
    inlined.write_jsonl(&out, false, &mut again);
    line.write_jsonl_without_metadata("k", &mut at_once);
    assert_eq!(again, at_once);
    let without: Value = serde_json::from_slice(&again).unwrap();
    assert_eq!(
        (without.get("metadata"), &without["team"]),
        (None, &"x".into())
    );
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(
        value["metadata"],
        serde_json::json!({"key":"k","shard":7,"team":"x"})
    );
}

#[test]
fn without_checks_a_request_is_sent_as_it_is() {
    let read = |line: &str| {
        let mut intake = Intake::unchecked(JobKind::GenerateContent, &Defaults::default());
        Line::parse(line.as_bytes(), &mut intake)
            .map(|line| line.request)
            .map_err(reasons)
    };
    for request in [
        r#"{"config":{"temperature":1.50},"contents":"hi"}"#,
        r#"{"contents":[{"parts":[]}],"temperature":"x"}"#,
    ] {
        assert_eq!(read(request).as_deref(), Ok(request));
    }
    assert!(
        read(r#"{"contents":[1],"contents":[2]}"#)
            .unwrap_err()
            .contains("stands there twice")
    );
    assert!(read(r#"{"labels":{}}"#).is_err());
}

#[test]
fn older_embeddings_have_every_field_once() {
    let read = |text: &str| {
        let kind = JobKind::EmbedContent(EmbedForm::VertexText);
        let line = Line::parse(text.as_bytes(), &mut intake(kind));
        line.map_err(reasons)
    };
    let line =
        read(r#"{"key":"a","team":"x","request":{"content":"one","key":"a","metadata":{"n":1}}}"#);
    let mut out = Vec::new();
    line.unwrap().write_jsonl("a", &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"key\":\"a\",\"metadata\":{\"n\":1},\"content\":\"one\",\"team\":\"x\"}\n"
    );
    let line = read(r#"{"request":{"content":"one","key":"inner"}}"#);
    assert_eq!(line.unwrap().key.as_deref(), Some("inner"));
    for (line, reason) in [
        (
            r#"{"key":"outer","request":{"content":"one","key":"inner"}}"#,
            "two keys",
        ),
        (
            r#"{"metadata":{"n":1},"request":{"content":"one","metadata":{"n":2}}}"#,
            "`n` stands",
        ),
        (
            r#"{"content":"mine","request":{"content":"one"}}"#,
            "`content` stands",
        ),
        (
            r#"{"task_type":"A","request":{"content":"one","taskType":"B"}}"#,
            "`task_type` stands",
        ),
        (
            r#"{"team":"x","request":{"content":"one","team":"y"}}"#,
            "`team` stands",
        ),
    ] {
        let error = read(line).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
}
