//! One line under the glass: what is wrong with it, and what is needed of it for the rest.

use super::finding::{Finding, FindingCode, Severity};
use super::tokens::Parts;
use super::uploads::{Reference, references};
use crate::platform::Backend;
use crate::request::asks::{Asks, no_content, wrong_content};
use crate::request::fields::{Fields, RawFields, Shape};
use crate::request::line::RequestLine;
use crate::source::entry::Line;
use crate::source::intake::{Intake, taken_apart};
use crate::source::kind::{EmbedForm, JobKind};

/// What a source is checked against, beside each of its requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) backend: Backend,
    pub(super) kind: JobKind,
    /// Whether the service has the requests already, and reads them as they are.
    pub(super) is_held: bool,
    /// How bad a request without a key is; `None` where it is none of the caller's business.
    pub(super) keyless: Option<Severity>,
}

/// What a line is, once it was checked.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) key: Option<String>,
    pub(super) is_embedding: bool,
    pub(super) has_metadata: bool,
    pub(super) parts: Parts,
    pub(super) references: Vec<Reference>,
    pub(super) findings: Vec<Finding>,
}

impl Checked {
    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

mod form;

/// Checks a line.
pub(super) fn check(bytes: &[u8], rules: Rules, intake: &mut Intake) -> Checked {
    if intake.writer().is_some() {
        return form::check(bytes, intake);
    }
    let mut line = Line::taken_apart(bytes, intake);
    let mut checked = Checked {
        key: line.key.clone(),
        has_metadata: !line.metadata.is_empty(),
        findings: std::mem::take(&mut line.findings),
        ..Checked::default()
    };
    if let Some(request) = &line.request {
        check_request(request.clone(), &line, rules, intake, &mut checked);
        keyless(rules, &mut checked);
    }
    let mut unchecked = intake.to_write();
    if !checked.has_errors()
        && let Err(refused) = Line::new(line, &mut unchecked)
    {
        checked.findings.extend(refused);
    }
    checked
}

/// Looks at a request field by field.
fn check_request(
    mut request: RawFields,
    line: &RequestLine<RawFields>,
    rules: Rules,
    intake: &mut Intake,
    checked: &mut Checked,
) {
    let kind = intake.kind.of(&request);
    let moved = intake.take_content(kind, &mut request);
    checked.is_embedding = Asks::Either.of(&request) == Asks::Embedding;
    checked
        .findings
        .extend(intake.look_beside(kind, &line.beside));
    let wrong = wrong_content(&request, kind.asks()).or_else(|| no_content(&request, kind.asks()));
    if let Some(finding) = wrong {
        checked.findings.push(finding);
    }
    if rules.is_held {
        checked
            .findings
            .extend(held_embedding(&request, line, kind));
    }
    let taken = intake.take(kind, request, &mut line.path(), moved);
    checked.findings.extend(taken.findings);
    // What cannot be taken apart is told by now.
    if let Ok(request) = taken_apart(&taken.body) {
        checked.parts = Parts::of(&request);
        checked.references = references(&request, &mut line.path());
    }
}

/// What is wrong with a request for an embedding that the model reads as it is.
fn held_embedding(
    request: &RawFields,
    line: &RequestLine<RawFields>,
    kind: JobKind,
) -> Option<Finding> {
    let shape = request.shape("content");
    let (message, hint) = match kind {
        JobKind::EmbedContent(EmbedForm::VertexText) if !matches!(shape, Some(Shape::Text)) => (
            "the model embeds texts, and `content` is not one",
            "write {\"content\": \"…\"}",
        ),
        JobKind::EmbedContent(EmbedForm::VertexText) if !line.is_bare => (
            "the model reads `content` beside the key, and not within a request",
            "write {\"content\": \"…\"}",
        ),
        JobKind::EmbedContent(EmbedForm::VertexGemini) if line.is_bare => (
            "the model reads what stands in `request`, and there is none",
            "write {\"key\": \"…\", \"request\": {\"content\": …}}",
        ),
        JobKind::EmbedContent(EmbedForm::VertexGemini | EmbedForm::Gemini)
            if matches!(shape, Some(Shape::Text)) =>
        {
            (
                "`content` is a text, where the API describes an object",
                "write {\"parts\": [{\"text\": …}]}",
            )
        }
        _ => return None,
    };
    Some(
        Finding::error(FindingCode::WrongShape, message)
            .at("content")
            .hint(hint),
    )
}

/// What is said of a request whose key is nowhere, not even under another name.
fn keyless(rules: Rules, checked: &mut Checked) {
    let is_told =
        |finding: &Finding| matches!(finding.code, FindingCode::BadKey | FindingCode::CustomId);
    if checked.key.is_some() || checked.findings.iter().any(is_told) {
        return;
    }
    let Some(severity) = rules.keyless else {
        return;
    };
    let (message, hint) = if severity == Severity::Note {
        ("no key", "it is submitted as `request-N`, N being its line")
    } else {
        (
            "no key, so that nothing tells which result is its own",
            "give every request a key",
        )
    };
    let finding = Finding::new(severity, FindingCode::KeyMissing, message);
    checked.findings.push(finding.hint(hint));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::check;
    use crate::source::intake::Defaults;

    const KIND: JobKind = JobKind::Either(EmbedForm::Gemini);

    fn look(line: &[u8], backend: Backend) -> Checked {
        let rules = Rules {
            backend,
            kind: KIND,
            is_held: false,
            keyless: Some(Severity::Note),
        };
        let of_request = check::Rules::new(backend, Some("models/gemini-2.5-flash"));
        let mut intake = Intake::thorough(KIND, &Defaults::default(), of_request, false);
        check(line, rules, &mut intake)
    }

    fn codes(line: &str) -> Vec<&'static str> {
        let checked = look(line.as_bytes(), Backend::Gemini);
        let codes = checked.findings.iter();
        codes.map(|finding| finding.code.as_str()).collect()
    }

    #[test]
    fn every_mistake_has_its_code() {
        let contents = r#""contents":[{"parts":[{"text":"hi"}]}]"#;
        for (line, wanted) in [
            ("{".to_owned(), vec!["not-json"]),
            ("[]".to_owned(), vec!["wrong-shape"]),
            (
                r#"{"custom_id":"a","method":"POST","url":"/v1","body":{}}"#.to_owned(),
                vec!["openai-line"],
            ),
            (
                format!(r#"{{"custom_id":"a","request":{{{contents}}}}}"#),
                vec!["custom-id"],
            ),
            (
                format!(r#"{{"request":{{{contents}}}}}"#),
                vec!["key-missing"],
            ),
            (
                format!(r#"{{"key":7,"request":{{{contents}}}}}"#),
                vec!["bad-key"],
            ),
            (
                format!(r#"{{"key":"","request":{{{contents}}}}}"#),
                vec!["bad-key"],
            ),
            (
                format!(r#"{{"key":"a","metadata":{{"key":"b"}},{contents}}}"#),
                vec!["bad-key"],
            ),
            (
                format!(r#"{{"key":"a","requests":{{{contents}}}}}"#),
                vec!["unknown-field"],
            ),
            (
                r#"{"key":"a","request":[]}"#.to_owned(),
                vec!["wrong-shape"],
            ),
            (
                r#"{"key":"a","request":{"contents":[]}}"#.to_owned(),
                vec!["wrong-shape"],
            ),
            (
                r#"{"key":"a","request":{}}"#.to_owned(),
                vec!["wrong-shape"],
            ),
            (
                format!(r#"{{"key":"a","metdata":{{}},"request":{{{contents}}}}}"#),
                vec!["unknown-field"],
            ),
            (
                format!(r#"{{"key":"a","request":{{"model":"x",{contents}}}}}"#),
                vec!["model-ignored"],
            ),
            (
                format!(r#"{{"key":"a","model":"x","request":{{{contents}}}}}"#),
                vec!["model-ignored"],
            ),
            (
                format!(
                    r#"{{"key":"a","request":{{"model":"models/gemini-2.5-flash",{contents}}}}}"#
                ),
                vec![],
            ),
            (
                format!(r#"{{"key":"a","team":"x","request":{{{contents}}}}}"#),
                vec![],
            ),
            (format!(r#"{{"key":"a",{contents}}}"#), vec![]),
            (
                r#"{"key":"a","request":{"content":"hi","task_type":"CLUSTERING"}}"#.to_owned(),
                vec![],
            ),
        ] {
            assert_eq!(codes(&line), wanted, "{line}");
        }
    }

    proptest! {
        #[test]
        fn bytes_that_are_no_object_are_told(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let checked = look(&bytes, Backend::Vertex);
            prop_assert!(checked.has_errors(), "{checked:?}");
            prop_assert_eq!(checked.key, None);
        }

        #[test]
        fn what_a_create_refuses_is_an_error_here(value in crate::testing::json(), key in "[a-z]{0,2}") {
            let line = serde_json::json!({ "key": key, "request": value }).to_string();
            for text in [line, value.to_string()] {
                let checked = look(text.as_bytes(), Backend::Gemini);
                let model = Some("gemini-2.5-flash");
                let mut intake = Intake::checked(KIND, &Defaults::default(), Backend::Gemini, model);
                let refused = Line::parse(text.as_bytes(), &mut intake).is_err();
                prop_assert_eq!(refused, checked.has_errors(), "{}: {:?}", text, checked);
            }
        }
    }
}
