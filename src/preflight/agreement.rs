//! Odd lines, through every reader of lines: [`Request::from_jsonl`], a create and a preflight
//! refuse the same ones, in the same words.

use super::finding::{Finding, Severity};
use super::line::{Rules, check};
use crate::platform::Backend;
use crate::source::entry::Line;
use crate::source::intake::{Defaults, Intake};
use crate::source::kind::{EmbedForm, JobKind};
use crate::{EmbedRequest, Request, request};

/// What each reader says of a line.
struct Said {
    by_builder: Option<String>,
    by_create: Option<String>,
    by_preflight: Vec<Finding>,
}

fn read(line: &str, kind: JobKind) -> Said {
    let built = match kind {
        JobKind::EmbedContent(_) => EmbedRequest::from_jsonl(line).map(drop),
        _ => Request::from_jsonl(line).map(drop),
    };
    let rules = Rules {
        backend: Backend::Gemini,
        kind,
        is_held: false,
        keyless: Some(Severity::Note),
    };
    let defaults = Defaults::default();
    let mut intake = Intake::checked(kind, &defaults, Backend::Gemini, None);
    let created = Line::parse(line.as_bytes(), &mut intake);
    let of_request = request::check::Rules::new(Backend::Gemini, None);
    let mut thorough = Intake::thorough(kind, &defaults, of_request, false);
    Said {
        by_builder: built.err().map(|error| error.to_string()),
        by_create: created.err().map(|refused| refused[0].reason()),
        by_preflight: check(line.as_bytes(), rules, &mut thorough).findings,
    }
}

impl Said {
    fn errors(&self) -> Vec<String> {
        let errors = self.by_preflight.iter().filter(|it| it.is_error());
        errors.map(Finding::reason).collect()
    }

    #[track_caller]
    fn is_taken(&self, line: &str) {
        assert_eq!(self.by_builder, None, "{line}");
        assert_eq!(self.by_create, None, "{line}");
        assert_eq!(self.errors(), Vec::<String>::new(), "{line}");
    }

    #[track_caller]
    fn is_refused(&self, line: &str, reason: &str) {
        let created = self.by_create.as_deref().unwrap_or_default();
        assert!(created.contains(reason), "{line}: {created}");
        assert_eq!(
            self.by_builder,
            Some(format!("not a line of requests: {created}")),
            "{line}"
        );
        assert!(self.errors().iter().any(|it| it == created), "{line}");
    }
}

const CONTENTS: &str = r#""contents":[{"parts":[{"text":"hi"}]}]"#;

/// Lines with `@` for contents, and why they are refused; nothing where they are taken.
const LINES: &[(&str, &str)] = &[
    (r#"{"key":"a","request":{@}}"#, ""),
    (r#"{"request":{@}}"#, ""),
    (r#"{@}"#, ""),
    (r#"{"key":null,@}"#, ""),
    (r#"{"key":"a","request":{@},"team":"x"}"#, ""),
    (r#"{"key":"a","request":{@,"newer":1}}"#, ""),
    (r#"{"key":"a","request":{@},"metadata":{"n":1}}"#, ""),
    (r#"{"request":{@},"metadata":{"key":"a"}}"#, ""),
    (r#"{"request":{@},"metadata":{"key":null}}"#, ""),
    (r#"{"key":"a","request":{@},"metadata":{"key":"a"}}"#, ""),
    // What stands beside a request of ours comes back with the result.
    (
        r#"{"key":"a","request":{@},"url":"/v1","method":"x","body":1}"#,
        "",
    ),
    (r#"{"key":"a","request":{@},"custom_id":"b"}"#, ""),
    (
        r#"{"custom_id":"b","request":{@},"metadata":{"key":"a"}}"#,
        "",
    ),
    ("", "not JSON"),
    ("{", "not JSON"),
    ("[1,", "not JSON"),
    (r#"{"key":"a","request":{@}} {}"#, "not JSON"),
    ("[1]", "not a JSON object"),
    ("17", "not a JSON object"),
    (
        r#"{"method":"POST","url":"/v1","body":{}}"#,
        "the batches of OpenAI",
    ),
    (
        r#"{"custom_id":"a","method":"POST","url":"/v1"}"#,
        "the batches of OpenAI",
    ),
    (
        r#"{"custom_id":"a","url":"/v1","body":{}}"#,
        "the batches of OpenAI",
    ),
    (
        r#"{"custom_id":"a","params":{"messages":[]}}"#,
        "the batches of Anthropic",
    ),
    (r#"{"custom_id":"a","request":{@}}"#, "rename it to `key`"),
    (r#"{"kye":"a","request":{@}}"#, "rename it to `key`"),
    (r#"{"Key":"a","request":{@}}"#, "rename it to `key`"),
    (r#"{"id":"a",@}"#, "rename it to `key`"),
    (r#"{"key":7,"request":{@}}"#, "must be a string, found 7"),
    (r#"{"key":"","request":{@}}"#, "the key is empty"),
    (
        r#"{"request":{@},"metadata":{"key":7}}"#,
        "must be a string, found 7",
    ),
    (
        r#"{"key":"a","request":{@},"metadata":{"key":"b"}}"#,
        "two keys",
    ),
    (
        r#"{"key":"a","request":{@},"metadata":[]}"#,
        "`metadata` is not",
    ),
    (
        r#"{"key":"a","request":{@},"n":1,"metadata":{"n":1}}"#,
        "`n` stands in",
    ),
    (r#"{"key":"a","request":[]}"#, "`request` is not"),
    (r#"{"key":"a","request":null}"#, "`request` is not"),
    (r#"{"key":"a","requests":{@}}"#, "did you mean `request`?"),
    (
        r#"{"key":"a","prompt":"hi"}"#,
        "no `request`, only `prompt`",
    ),
    (
        r#"{"key":"a","request":{"contents":[{"parts":[{"text":"\ud83d"}]}]}}"#,
        "not JSON",
    ),
];

#[test]
fn the_readers_of_a_line_agree() {
    for (line, reason) in LINES {
        let line = line.replace('@', CONTENTS);
        let said = read(&line, JobKind::GenerateContent);
        match *reason {
            "" => said.is_taken(&line),
            reason => said.is_refused(&line, reason),
        }
    }
}

#[test]
fn they_agree_on_embeddings() {
    let kind = JobKind::EmbedContent(EmbedForm::Gemini);
    for line in [
        r#"{"key":"a","request":{"content":{"parts":[{"text":"hi"}]}}}"#,
        r#"{"key":"a","request":{"content":"hi","task_type":"CLUSTERING"}}"#,
        r#"{"key":"a","content":"hi"}"#,
        r#"{"key":"a","request":{"contents":"hi","config":{"task_type":"CLUSTERING"}}}"#,
        r#"{"key":"a","request":{"contents":[{"parts":[{"text":"hi"}]}]}}"#,
        r#"{"key":"a","request":{"content":{"text":"hi"}}}"#,
        r#"{"key":"a","contents":["hi"],"output_dimensionality":8}"#,
    ] {
        read(line, kind).is_taken(line);
    }
    for (line, reason) in [
        (
            r#"{"key":"a","request":{"contents":["a","b"]}}"#,
            "`contents` is for create,",
        ),
        (
            r#"{"id":"a","request":{"content":"hi"}}"#,
            "rename it to `key`",
        ),
    ] {
        read(line, kind).is_refused(line, reason);
    }
    let line = r#"{"key":"a","request":{"content":{"parts":[{"text":"hi"}]}}}"#;
    read(line, JobKind::GenerateContent).is_refused(line, "`content` is for create_embeddings");
}

/// A builder may be given its content yet.
#[test]
fn a_request_without_content_is_read_and_not_sent() {
    for (request, reason) in [
        ("{}", "no `contents`"),
        (r#"{"labels":{}}"#, "no `contents`"),
        (r#"{"contents":[ ]}"#, "is empty"),
        (r#"{"contents":7}"#, "is not a list"),
    ] {
        let line = format!(r#"{{"key":"a","request":{request}}}"#);
        let said = read(&line, JobKind::GenerateContent);
        let created = said.by_create.as_deref().unwrap();
        assert!(created.contains(reason), "{line}: {created}");
        assert!(!said.errors().is_empty(), "{line}");
        assert_eq!(
            said.by_builder.is_some(),
            reason == "is not a list",
            "{line}"
        );
    }
}

/// What is wrong within a request, a builder passes on: it is no reader of requests.
#[test]
fn a_create_refuses_what_a_preflight_calls_an_error() {
    for (request, is_refused) in [
        (r#"{@,"generationConfig":{"tools":[]}}"#, true),
        (r#"{@,"config":{"temperature":1}}"#, false),
        (r#"{@,"config":{"temperature":"x"}}"#, true),
        (r#"{@,"config":{"http_options":{}}}"#, true),
        (r#"{@,"config":"hot"}"#, true),
        (r#"{"messages":[]}"#, true),
        (r#"{"contents":"hi"}"#, false),
        (r#"{"contents":[{"parts":["hi"]}]}"#, false),
        (r#"{"contents":[{"parts":[]}]}"#, true),
        (r#"{@,"newSettings":{}}"#, false),
        (r#"{@,"labels":{"a":"b"},"labels":{"a":"c"}}"#, true),
        (r#"{@,"generationConfig":{"seed":1,"seed":2}}"#, true),
        (r#"{@,"config":{"seed":1,"seed":2}}"#, true),
    ] {
        let request = request.replace('@', CONTENTS);
        for line in [
            format!(r#"{{"key":"a","request":{request}}}"#),
            request.clone(),
        ] {
            let said = read(&line, JobKind::GenerateContent);
            assert_eq!(
                said.by_create.is_some(),
                is_refused,
                "{line}: {:?}",
                said.by_create
            );
            assert_eq!(
                !said.errors().is_empty(),
                is_refused,
                "{line}: {:?}",
                said.errors()
            );
        }
    }
    for (beside, is_refused) in [
        (r#""config":{"temperature":1}"#, true),
        (r#""generation_config":{}"#, true),
        (r#""temperature":1"#, true),
        (r#""labels":{},"title":"x""#, false),
        (r#""team":"x""#, false),
    ] {
        let line = format!(r#"{{"key":"a","request":{{{CONTENTS}}},{beside}}}"#);
        let said = read(&line, JobKind::GenerateContent);
        assert_eq!(
            said.by_create.is_some(),
            is_refused,
            "{line}: {:?}",
            said.by_create
        );
        assert_eq!(
            !said.errors().is_empty(),
            is_refused,
            "{line}: {:?}",
            said.errors()
        );
    }
}
