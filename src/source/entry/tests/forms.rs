//! Lines in the forms of other models than Google's.

use super::*;
use crate::form::Writer;
use crate::request::Form;

fn intake_in(form: Form) -> Intake {
    intake(JobKind::GenerateContent).in_form(Some(Writer {
        form,
        is_embedding: false,
        model: "meta/llama".to_owned(),
        is_lenient: false,
    }))
}

fn line(json: &str) -> Result<Value, String> {
    let line = Line::parse(json.as_bytes(), &mut intake_in(Form::OpenAi));
    line.map(|line| jsonl(&line)).map_err(reasons)
}

#[test]
fn a_column_of_the_callers_own_is_not_written_over() {
    for column in [
        r#""custom_id":"k","key":"other""#,
        r#""key":"k","url":"https://other""#,
        r#""key":"k","method":"PUT""#,
    ] {
        let json = format!(r#"{{{column},"request":{{{CONTENTS}}}}}"#);
        assert!(line(&json).is_err(), "{column}");
    }
    let same = r#""custom_id":"k","key":"k","method":"POST","url":"/v2/chat/completions""#;
    let written = line(&format!(r#"{{{same},"request":{{{CONTENTS}}}}}"#)).unwrap();
    assert_eq!(written["url"], "/v2/chat/completions");
    let own =
        r#"{"custom_id":"k","key":"mine","body":{"messages":[{"role":"user","content":"hi"}]}}"#;
    assert_eq!(line(own).unwrap()["key"], "mine");
}

#[test]
fn metadata_beside_a_body_of_the_callers_is_refused_under_its_key() {
    let body = serde_json::json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let Value::Object(body) = body else {
        panic!("an object");
    };
    let request = Request::raw(body).key("k").metadata("doc", 7);
    let refused = Line::from_entry(request.into(), &mut intake_in(Form::OpenAi)).unwrap_err();
    assert_eq!(refused[0].key.as_deref(), Some("k"));
    assert_eq!(refused[0].path.as_deref(), Some("metadata.doc"));
}
