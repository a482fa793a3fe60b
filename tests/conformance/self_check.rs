//! Checks the checks, before anything is replayed: a comparison that notices nothing would
//! pass every case.

use serde_json::{Value, json};

use super::case::{Case, ExpectedRequest};
use super::deviations::{Deviations, Verdict, matches};
use super::diff::{Differ, Extra};
use super::server::Sent;
use super::{request, response};

pub(crate) fn run() {
    json_differences_are_found();
    requests_are_compared_in_every_part();
    responses_are_compared();
    rules_cover_exactly_what_they_tell();
}

fn diff(extra: Extra, expected: Value, actual: Value) -> Vec<String> {
    let mut found = Vec::new();
    Differ::new("it", extra, &mut found).compare(&expected, &actual);
    // The order of keys is whatever `serde_json` was built for.
    found.sort();
    found
}

fn json_differences_are_found() {
    let expected = || json!({ "a": 10, "list": [1, { "b": "x" }], "nothing": null });
    let same = json!({ "nothing": null, "list": [1.0, { "b": "x" }], "a": 10.0 });
    assert!(diff(Extra::Differs, expected(), same).is_empty());
    let other = json!({ "a": "10", "list": [1, { "b": "x", "c": 0 }, 2], "more": true });
    let found = diff(Extra::Differs, expected(), other.clone());
    assert_eq!(
        found,
        [
            "it /a: expected 10, got \"10\"",
            "it /list/1/c: extra 0",
            "it /list/2: extra 2",
            "it /more: extra true",
            "it /nothing: missing, expected null",
        ]
    );
    let found = diff(Extra::Allowed, expected(), other);
    assert_eq!(
        found,
        ["it /a: expected 10, got \"10\"", "it /list/2: extra 2"]
    );
    let found = diff(
        Extra::Allowed,
        json!({ "a": { "b": 1 } }),
        json!({ "a": {} }),
    );
    assert_eq!(found, ["it /a/b: missing, expected 1"]);
    let found = diff(
        Extra::Differs,
        json!({}),
        json!({ "n": "genai-batch-20260101-0f" }),
    );
    assert_eq!(found, ["it /n: extra \"genai-batch-…\""]);
    let unique = || json!(["a_{{UNIQUE}}", "{{UNIQUE}}/b"]);
    let compare = |a: &str, b: &str| diff(Extra::Differs, unique(), json!([a, b])).len();
    let (one, other) = ("20260101000000_0a1b2", "20260101000000_0a1b3");
    assert_eq!(compare(&format!("a_{one}"), &format!("{one}/b")), 0);
    assert_eq!(compare(&format!("a_{one}"), &format!("{other}/b")), 1);
    assert_eq!(compare(&format!("a_{one}"), "20260101_0a1b2/b"), 1);
    assert_eq!(compare("a_20260101000000_0A1B2", one), 2);
}

fn requests_are_compared_in_every_part() {
    let expected: ExpectedRequest = serde_json::from_value(json!({
        "method": "POST",
        "path": "/v1/a%20b",
        "query": { "q": "1" },
        "headers": { "x-goog-api-key": "k", "x-custom-a": "1" },
        "body": { "snake_case": 1 },
        "body_canonical": { "snakeCase": 1 },
    }))
    .unwrap();
    let sent = |path: &str, headers: Value, body: &str| Sent {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: json!({ "q": "1" }).as_object().unwrap().clone(),
        headers: headers.as_object().unwrap().clone(),
        body: body.into(),
    };
    let compare = |sent: &[Sent]| {
        let mut found = Vec::new();
        request::compare(std::slice::from_ref(&expected), sent, &mut found);
        found.sort();
        found
    };
    let headers = json!({ "x-goog-api-key": "k", "x-custom-a": "1", "accept": "*/*" });
    let good = || sent("/v1/a%20b", headers.clone(), r#"{"snakeCase":1}"#);
    assert!(compare(&[good()]).is_empty());
    let wrong = json!({ "x-goog-api-key": "other", "authorization": "Bearer t" });
    let found = compare(&[
        sent("/v1/a b", wrong, r#"{"snakeCase":1,"more":2}"#),
        good(),
    ]);
    assert_eq!(
        found,
        [
            "request 0 body /more: extra 2",
            "request 0 header /authorization: extra \"Bearer t\"",
            "request 0 header /x-custom-a: missing, expected \"1\"",
            "request 0 header /x-goog-api-key: expected \"k\", got \"other\"",
            "request 0 path: expected \"/v1/a%20b\", got \"/v1/a b\"",
            "request 1: extra POST /v1/a%20b",
        ]
    );
    assert_eq!(
        compare(&[]),
        ["request 0: missing, expected POST /v1/a%20b"]
    );
}

fn responses_are_compared() {
    let case = |error: Value| -> Case {
        serde_json::from_value(json!({
            "id": "check", "backend": "gemini", "client": {},
            "call": { "method": "batches.get", "args": {} },
            "expect_request": [], "responses": [],
            "expect_result": { "state": "JOB_STATE_FAILED" }, "expect_error": error,
        }))
        .unwrap()
    };
    let compare = |case: &Case, result, sent| {
        let mut found = Vec::new();
        response::compare(case, &response::Outcome { result, sent }, &mut found);
        found
    };
    let fails = case(json!({ "kind": "before_send", "exception": "ValueError" }));
    let works = case(Value::Null);
    let refused = || Err(genai_batch::Source::try_from("what?").unwrap_err());
    assert!(compare(&fails, refused(), 0).is_empty());
    assert_eq!(compare(&fails, refused(), 1).len(), 1);
    assert_eq!(compare(&fails, Ok(json!({})), 0).len(), 1);
    assert_eq!(compare(&works, refused(), 0).len(), 1);
    assert_eq!(compare(&works, Ok(json!({ "state": "other" })), 1).len(), 1);
    let good = json!({ "state": "JOB_STATE_FAILED", "more": 1 });
    assert!(compare(&works, Ok(good.clone()), 1).is_empty());
    // A client is compared in full.
    let mut client = case(Value::Null);
    client.call.method = "client.new".to_owned();
    assert_eq!(compare(&client, Ok(good), 1).len(), 1);
}

fn rules_cover_exactly_what_they_tell() {
    let case = |id: &str, method: &str| -> Case {
        serde_json::from_value(json!({
            "id": id, "backend": "gemini", "client": {},
            "call": { "method": method, "args": { "name": "batches/b" } },
            "expect_request": [], "responses": [], "expect_result": null, "expect_error": null,
        }))
        .unwrap()
    };
    let deviations = Deviations::parse(
        r#"
        [[rule]]
        reason = "on purpose"
        calls = ["gemini batches.*", "vertex *"]
        cases = ["a*", "z"]
        differs = ["request * body /name: extra *", "request 1: missing*"]
        [[rule]]
        reason = "by its name"
        calls = ["gemini batches.get"]
        differs = ['request 0 path: expected *, got "/{name}"']
        "#,
    )
    .unwrap();
    let name = "request 0 body /name: extra \"x\"";
    let gone = "request 1: missing, expected GET /";
    let mut uses = Vec::new();
    let mut judge = |case: &Case, found: &[&str]| {
        let found: Vec<String> = found.iter().map(|line| (*line).to_owned()).collect();
        deviations.judge(case, &found, &mut uses)
    };
    let untold = |verdict| match verdict {
        Verdict::Unexplained(lines) => lines.len(),
        _ => 0,
    };
    let get = case("a1", "batches.get");
    assert_eq!(judge(&get, &[name, gone]), Verdict::Deviates);
    assert_eq!(
        judge(&case("a2", "batches.get"), &[name, gone]),
        Verdict::Deviates,
        "a new case"
    );
    assert_eq!(judge(&get, &[]), Verdict::Matched);
    assert_eq!(untold(judge(&get, &[name])), 1, "half of the rule");
    assert_eq!(
        untold(judge(&get, &[name, gone, "result /state: missing"])),
        1,
        "one too many"
    );
    assert_eq!(
        untold(judge(&case("b", "batches.get"), &[name, gone])),
        2,
        "another case"
    );
    assert_eq!(
        untold(judge(&case("a1", "files.get"), &[name, gone])),
        2,
        "another call"
    );
    let path = |name: &str| format!("request 0 path: expected \"/x\", got \"/{name}\"");
    assert_eq!(
        untold(judge(&get, &[&path("batches/c")])),
        1,
        "another name"
    );
    let unused = |uses: &[_]| deviations.unused(uses).len();
    assert_eq!((unused(&uses), unused(&[])), (3, 2));
    let mut judge = |found: &str| deviations.judge(&get, &[found.to_owned()], &mut uses);
    assert_eq!(judge(&path("batches/b")), Verdict::Deviates);
    assert_eq!(unused(&uses), 2, "classes without a case");
    for (pattern, text, expected) in [
        ("a*c", "abc", true),
        ("a*c", "abcd", false),
        ("*b*", "abc", true),
        ("a*a", "a", false),
        ("abc", "abcd", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
    for (reason, more, differs) in [("", "", "a"), ("x", "why = 1", "a"), ("x", "", "**")] {
        let text = format!(
            "[[rule]]\nreason = \"{reason}\"\n{more}\ncalls = [\"*\"]\ndiffers = [\"{differs}\"]"
        );
        assert!(Deviations::parse(&text).is_err(), "{text}");
    }
}
