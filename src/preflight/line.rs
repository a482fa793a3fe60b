//! One line under the glass: what is wrong with it, and what is needed of it for the rest.

use serde_json::{Map, Value};

use super::fields::{EMBED, GENERATE, Path, Walk};
use super::finding::{Finding, FindingCode, Severity};
use super::nearest::nearest;
use super::tokens::Parts;
use super::uploads::{Reference, references};
use crate::backend::Backend;
use crate::source::entry::{DefaultFields, EmbedForm, JobKind, Line};
use crate::wire::on_one_line;

/// The fields of a line.
const LINE: [&str; 3] = ["key", "request", "metadata"];
/// Names that other services and tools give to the key.
const KEYS_ELSEWHERE: [&str; 3] = ["custom_id", "customId", "id"];

/// What a line is checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) backend: Backend,
    pub(super) kind: JobKind,
    /// The model of the job, where it is known.
    pub(super) model: Option<&'a str>,
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
        let mut severities = self.findings.iter().map(|finding| finding.severity);
        severities.any(|severity| severity == Severity::Error)
    }
}

/// Checks a line.
pub(super) fn check(line: &[u8], rules: Rules<'_>) -> Checked {
    let mut checked = Checked::default();
    let mut fields = match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => {
            let finding = Finding::error(FindingCode::WrongShape, "not a JSON object");
            let hint = "a line is {\"key\": \"…\", \"request\": {…}}";
            checked.findings.push(finding.hint(hint));
            return checked;
        }
        Err(error) => {
            let message = format!("not JSON: {}", on_one_line(&error));
            let finding = Finding::error(FindingCode::NotJson, message);
            checked.findings.push(finding);
            return checked;
        }
    };
    if fields.contains_key("body") && fields.contains_key("url") {
        let finding = Finding::error(
            FindingCode::OpenAiLine,
            "a line for OpenAI's batch service: `url` and `body`",
        );
        let hint = "write {\"key\": …, \"request\": {\"contents\": …}}";
        checked.findings.push(finding.hint(hint));
        return checked;
    }
    check_key(&fields, rules, &mut checked);
    check_request(&mut fields, rules, &mut checked);
    if !checked.has_errors()
        && let Err(reason) = Line::parse(line, rules.kind, &DefaultFields::new())
    {
        let finding = Finding::error(FindingCode::WrongShape, reason);
        checked.findings.push(finding);
    }
    checked
}

fn check_key(fields: &Map<String, Value>, rules: Rules<'_>, checked: &mut Checked) {
    let outer = fields.get("key").filter(|key| !key.is_null());
    let metadata = fields.get("metadata").and_then(Value::as_object);
    checked.has_metadata =
        metadata.is_some_and(|metadata| metadata.keys().any(|name| name != "key"));
    let inner = metadata.and_then(|metadata| metadata.get("key"));
    let bad = |message: String| Finding::error(FindingCode::BadKey, message).at("key");
    match outer.or(inner) {
        Some(Value::String(key)) if key.is_empty() => {
            checked.findings.push(bad("the key is empty".to_owned()));
        }
        Some(Value::String(key)) => {
            checked.key = Some(key.clone());
            if let (Some(_), Some(inner)) = (outer, inner.and_then(Value::as_str))
                && inner != key
            {
                let message = format!("two keys: {key:?}, and {inner:?} in its metadata");
                checked.findings.push(bad(message));
            }
        }
        Some(_) => {
            let finding = bad("the key is not a text".to_owned());
            checked.findings.push(finding.hint("put it into quotes"));
        }
        None => keyless(fields, rules, checked),
    }
    if checked.key.is_some() && fields.contains_key("custom_id") {
        let message = "`custom_id` stands beside `key`, which alone is the key";
        let finding = Finding::warning(FindingCode::CustomId, message).at("custom_id");
        checked.findings.push(finding.hint("leave it out"));
    }
}

fn keyless(fields: &Map<String, Value>, rules: Rules<'_>, checked: &mut Checked) {
    if let Some(name) = KEYS_ELSEWHERE
        .iter()
        .find(|name| fields.contains_key(**name))
    {
        let message = format!("it has `{name}` and no `key`");
        let finding = Finding::error(FindingCode::CustomId, message).at(*name);
        checked.findings.push(finding.hint("rename it to `key`"));
    } else if let Some(severity) = rules.keyless {
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
}

fn check_request(fields: &mut Map<String, Value>, rules: Rules<'_>, checked: &mut Checked) {
    let wrapped = fields.remove("request");
    let (request, root): (_, &[&str]) = match wrapped {
        Some(Value::Object(request)) => {
            beside(fields, rules, checked);
            (request, &["request"])
        }
        Some(_) => {
            let finding = Finding::error(FindingCode::WrongShape, "`request` is not an object");
            checked.findings.push(finding.at("request"));
            return;
        }
        None if fields.contains_key("contents") || fields.contains_key("content") => {
            LINE.iter().for_each(|name| drop(fields.remove(*name)));
            (std::mem::take(fields), &[])
        }
        None => return no_request(fields, checked),
    };
    let mut path = Path::of(root);
    checked.is_embedding = !request.contains_key("contents") && request.contains_key("content");
    checked.parts = Parts::of(&request);
    checked.references = references(&request, &mut path);
    if let Some(model) = request.get("model") {
        check_model(model, &root.join("."), rules, checked);
    }
    // The older models take what stands beside the text as it is.
    let free_form = rules.kind == JobKind::EmbedContent(EmbedForm::VertexText) && root.is_empty();
    if free_form {
        return;
    }
    let mut passed_over = vec!["model"];
    if request.get("content").is_some_and(Value::is_string) {
        passed_over.push("content");
    }
    let message = if checked.is_embedding {
        EMBED
    } else {
        GENERATE
    };
    let mut found = |finding| checked.findings.push(finding);
    Walk::new(rules.backend, &mut found).message(message, &request, &mut path, &passed_over);
}

/// What stands beside key and request: it may be anything, but not nearly one of their names.
fn beside(fields: &Map<String, Value>, rules: Rules<'_>, checked: &mut Checked) {
    for (name, value) in fields {
        if name == "model" {
            check_model(value, "", rules, checked);
        } else if !LINE.contains(&name.as_str())
            && !KEYS_ELSEWHERE.contains(&name.as_str())
            && let Some(near) = nearest(name, LINE.into_iter())
        {
            let message = format!("a line has no field `{name}`");
            let finding = Finding::warning(FindingCode::UnknownField, message).at(name);
            let hint = format!("did you mean `{near}`?");
            checked.findings.push(finding.hint(hint));
        }
    }
}

fn no_request(fields: &Map<String, Value>, checked: &mut Checked) {
    let names = fields.keys().filter(|name| !LINE.contains(&name.as_str()));
    let near = names
        .clone()
        .find_map(|name| Some((name, nearest(name, ["request", "contents"].into_iter())?)));
    let finding = match near {
        Some((name, near)) => {
            let message = format!("no `request`, but a field `{name}`");
            let finding = Finding::error(FindingCode::UnknownField, message).at(name);
            finding.hint(format!("did you mean `{near}`?"))
        }
        None => {
            let names: Vec<_> = names.take(10).map(String::as_str).collect();
            let message = format!("no `request`, only [{}]", names.join(", "));
            let finding = Finding::error(FindingCode::WrongShape, message);
            finding.hint("a line is {\"key\": \"…\", \"request\": {…}}")
        }
    };
    checked.findings.push(finding);
}

/// A model of the request's own. A batch has one for all of them.
fn check_model(model: &Value, root: &str, rules: Rules<'_>, checked: &mut Checked) {
    let id = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let own = model.as_str().unwrap_or_default();
    if rules.model.is_some_and(|model| id(model) == id(own)) {
        return;
    }
    let message = format!(
        "the request names the model {own:?}, but {} answers all requests of a batch with the \
         model of the job",
        rules.backend
    );
    let path = match root {
        "" => "model".to_owned(),
        root => format!("{root}.model"),
    };
    let finding = Finding::warning(FindingCode::ModelIgnored, message).at(path);
    checked
        .findings
        .push(finding.hint("leave it out, and submit requests for another model as another job"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(backend: Backend) -> Rules<'static> {
        Rules {
            backend,
            kind: JobKind::Either(EmbedForm::Gemini),
            model: Some("models/gemini-2.5-flash"),
            keyless: Some(Severity::Note),
        }
    }

    fn codes(line: &str) -> Vec<&'static str> {
        let checked = check(line.as_bytes(), rules(Backend::Gemini));
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
                r#"{"key":"a","request":{"content":"hi","task_type":"X"}}"#.to_owned(),
                vec![],
            ),
        ] {
            assert_eq!(codes(&line), wanted, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            check(&bytes, rules(Backend::Vertex));
        }

        #[test]
        fn what_a_create_refuses_is_an_error_here(value in crate::fuzzing::json(), key in "[a-z]{0,2}") {
            let line = serde_json::json!({ "key": key, "request": value }).to_string();
            for text in [line, value.to_string()] {
                let checked = check(text.as_bytes(), rules(Backend::Gemini));
                let kind = JobKind::Either(EmbedForm::Gemini);
                let refused = Line::parse(text.as_bytes(), kind, &DefaultFields::new()).is_err();
                prop_assert!(!refused || checked.has_errors(), "{text}: {checked:?}");
            }
        }
    }
}
