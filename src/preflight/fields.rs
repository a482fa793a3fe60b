//! The fields that Google describes for a request, and a walk through one that tells which of
//! its fields are not among them.
//!
//! `openapi/fields.json` has them, written by `cargo xtask regen` from Google's descriptions. A
//! field that is newer than these is unknown here and may well be right.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::finding::{Finding, FindingCode};
use super::nearest::nearest;
use crate::backend::Backend;

type Messages = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Deserialize)]
struct Both {
    gemini: Messages,
    vertex: Messages,
}

static BOTH: LazyLock<Both> = LazyLock::new(|| {
    let text = include_str!("../../openapi/fields.json");
    // Part of this crate, and read by a test.
    serde_json::from_str(text).unwrap_or(Both {
        gemini: Messages::new(),
        vertex: Messages::new(),
    })
});

/// The message that a request for content is.
pub(super) const GENERATE: &str = "GenerateContentRequest";
/// The message that a request for an embedding is.
pub(super) const EMBED: &str = "EmbedContentRequest";
/// Settings of embeddings, which files of Vertex AI have in snake case and the client in both.
const EITHER_CASE: [&str; 3] = [
    EMBED,
    "EmbedContentConfig",
    "EmbedContentRequestEmbedContentConfig",
];
/// Names of other services, and what stands for them here.
const FOREIGN: [(&str, &str); 5] = [
    ("messages", "contents"),
    ("prompt", "contents"),
    ("system", "systemInstruction"),
    ("max_tokens", "generationConfig.maxOutputTokens"),
    ("response_format", "generationConfig.responseSchema"),
];

fn messages(backend: Backend) -> &'static Messages {
    match backend {
        Backend::Gemini => &BOTH.gemini,
        Backend::Vertex => &BOTH.vertex,
    }
}

/// Whether a field of a request is one of those that either backend describes, in any case.
pub(crate) fn is_known_anywhere(name: &str) -> bool {
    let describes = |name: &str| {
        [&BOTH.gemini, &BOTH.vertex].into_iter().any(|messages| {
            let fields = [GENERATE, EMBED].into_iter();
            let mut fields = fields.filter_map(|root| messages.get(root));
            fields.any(|fields| fields.contains_key(name))
        })
    };
    describes(name) || describes(&camel_case(name))
}

/// The field of a request that looks most like this one.
pub(crate) fn nearest_anywhere(name: &str) -> Option<&'static str> {
    let roots = [GENERATE, EMBED].into_iter();
    let fields = roots.filter_map(|root| BOTH.gemini.get(root));
    nearest(
        name,
        fields.flat_map(|fields| fields.keys()).map(String::as_str),
    )
}

/// Walks through requests of one backend.
pub(super) struct Walk<'a> {
    messages: &'static Messages,
    backend: Backend,
    found: &'a mut dyn FnMut(Finding),
}

impl<'a> Walk<'a> {
    pub(super) fn new(backend: Backend, found: &'a mut dyn FnMut(Finding)) -> Self {
        Self {
            messages: messages(backend),
            backend,
            found,
        }
    }

    /// Checks the fields of a message, but for those `passed_over`.
    pub(super) fn message(
        &mut self,
        name: &str,
        fields: &Map<String, Value>,
        path: &mut Path,
        passed_over: &[&str],
    ) {
        let Some(known) = self.messages.get(name) else {
            return;
        };
        for (field, value) in fields {
            if passed_over.contains(&field.as_str()) {
                continue;
            }
            path.push_field(field);
            match known.get(field) {
                Some(shape) => self.value(shape, value, path),
                None => self.stranger(name, known, field, value, path),
            }
            path.pop();
        }
    }

    fn value(&mut self, shape: &str, value: &Value, path: &mut Path) {
        let inner = |open, close| shape.strip_prefix(open)?.strip_suffix(close);
        let wanted = match (shape, value) {
            ("*", _) | (_, Value::Null) => return,
            ("", Value::Array(_) | Value::Object(_)) => "a plain value",
            ("", _) => return,
            (_, Value::Array(elements)) if inner('[', ']').is_some() => {
                let shape = inner('[', ']').unwrap_or_default();
                for (index, element) in elements.iter().enumerate() {
                    path.push_index(index);
                    self.value(shape, element, path);
                    path.pop();
                }
                return;
            }
            (_, Value::Object(fields)) if inner('{', '}').is_some() => {
                let shape = inner('{', '}').unwrap_or_default();
                for (name, value) in fields {
                    path.push_field(name);
                    self.value(shape, value, path);
                    path.pop();
                }
                return;
            }
            (_, Value::Object(fields)) if inner('[', ']').is_none() => {
                return self.message(shape, fields, path, &[]);
            }
            (_, Value::Object(_)) => {
                // Google's services have been seen to take one for a list of one.
                let finding = Finding::warning(
                    FindingCode::WrongShape,
                    "one object, where the API describes a list",
                );
                return (self.found)(finding.at(path.to_string()).hint("put it into [ ]"));
            }
            _ if inner('[', ']').is_some() => "a list",
            _ => "an object",
        };
        let message = format!("{}, where the API describes {wanted}", kind_of(value));
        let finding = Finding::error(FindingCode::WrongShape, message);
        (self.found)(finding.at(path.to_string()));
    }

    fn stranger(
        &mut self,
        message: &str,
        known: &'static BTreeMap<String, String>,
        field: &str,
        value: &Value,
        path: &mut Path,
    ) {
        let camel = camel_case(field);
        if let Some(shape) = known.get(&camel) {
            if !EITHER_CASE.contains(&message) {
                let finding = Finding::warning(
                    FindingCode::SnakeCase,
                    format!("`{field}` is in snake case, and the API describes camel case"),
                );
                (self.found)(
                    finding
                        .at(path.to_string())
                        .hint(format!("write `{camel}`")),
                );
            }
            return self.value(shape, value, path);
        }
        // JSON Schema's own words, such as `$ref`.
        if field.starts_with(['$', '@']) {
            return;
        }
        let says = format!("{} describes no field `{field}` of {message}", self.backend);
        let foreign = FOREIGN.iter().find(|(name, _)| *name == field);
        let misplaced = (message == GENERATE)
            .then(|| self.messages.get("GenerationConfig")?.get_key_value(&camel))
            .flatten();
        let hint = match (misplaced, foreign) {
            (Some((name, _)), _) => Some(format!("write `generationConfig.{name}`")),
            (_, Some((_, ours))) if message == GENERATE => Some(format!("write `{ours}`")),
            _ => nearest(field, known.keys().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?")),
        };
        let finding = match hint {
            Some(hint) => Finding::error(FindingCode::UnknownField, says).hint(hint),
            None => Finding::warning(FindingCode::UnknownField, says)
                .hint("it may be newer than this client, or be refused"),
        };
        (self.found)(finding.at(path.to_string()));
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `max_output_tokens` as `maxOutputTokens`; a name without `_` stays as it is.
pub(super) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel
}

/// Where one is in a JSON value.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn of(root: &[&str]) -> Self {
        Self(root.iter().map(|&name| name.to_owned()).collect())
    }

    pub(super) fn push_field(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    pub(super) fn push_index(&mut self, index: usize) {
        self.0.push(format!("[{index}]"));
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            if depth > 0 && !step.starts_with('[') {
                f.write_str(".")?;
            }
            f.write_str(step)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::preflight::finding::Severity;

    fn walk(backend: Backend, request: Value) -> Vec<String> {
        let mut found = Vec::new();
        let mut push = |finding: Finding| {
            let hint = finding.hint.unwrap_or_default();
            let sign = if finding.severity == Severity::Error {
                "!"
            } else {
                ""
            };
            let path = finding.path.unwrap_or_default();
            found.push(format!("{sign}{} {path}: {hint}", finding.code));
        };
        let root = match request.get("content") {
            Some(_) => EMBED,
            None => GENERATE,
        };
        let fields = request.as_object().unwrap();
        Walk::new(backend, &mut push).message(root, fields, &mut Path::of(&["request"]), &[]);
        found
    }

    #[test]
    fn the_fields_are_there() {
        for backend in [Backend::Gemini, Backend::Vertex] {
            let messages = messages(backend);
            assert!(messages[GENERATE].contains_key("contents"));
            assert!(messages[EMBED].contains_key("content"));
            assert!(messages["Part"].contains_key("fileData"));
        }
        assert!(is_known_anywhere("generation_config") && is_known_anywhere("labels"));
        assert_eq!(nearest_anywhere("contnets"), Some("contents"));
    }

    #[test]
    fn unknown_fields_have_their_nearest() {
        let found = walk(
            Backend::Gemini,
            json!({
                "contents": [{"parts": [{"txt": "hi"}, {"inline_data": {"mime_type": "a/b"}}]}],
                "generationConfig": {"maxOutputToken": 3, "zzzzzzzzz": 1},
                "temperature": 0.5, "messages": [], "safetySettings": "x", "tools": {"urlContext": {}},
                "systemInstruction": "Be brief.",
            }),
        );
        let wanted = [
            "!unknown-field request.contents[0].parts[0].txt: did you mean `text`?",
            "snake-case request.contents[0].parts[1].inline_data: write `inlineData`",
            "snake-case request.contents[0].parts[1].inline_data.mime_type: write `mimeType`",
            "!unknown-field request.generationConfig.maxOutputToken: did you mean `maxOutputTokens`?",
            "unknown-field request.generationConfig.zzzzzzzzz: it may be newer than this client, or be refused",
            "!unknown-field request.messages: write `contents`",
            "!wrong-shape request.safetySettings: ",
            "!wrong-shape request.systemInstruction: ",
            "!unknown-field request.temperature: write `generationConfig.temperature`",
            "wrong-shape request.tools: put it into [ ]",
        ];
        for line in wanted {
            assert!(
                found.iter().any(|it| it == line),
                "{line} is not in {found:#?}"
            );
        }
        assert_eq!(found.len(), wanted.len(), "{found:#?}");
    }

    #[test]
    fn free_form_values_are_left_alone() {
        let found = walk(
            Backend::Vertex,
            json!({
                "contents": [{"parts": [{"functionCall": {"name": "f", "args": {"any_thing": {}}}}]}],
                "generationConfig": {
                    "responseJsonSchema": {"$ref": "#/x", "additionalProperties": false},
                    "responseSchema": {"properties": {"a_b": {"type": "STRING", "nullable": null}}},
                },
                "labels": {"any_team": "x"},
            }),
        );
        assert!(found.is_empty(), "{found:?}");
        let snake = json!({"content": {"parts": []}, "embed_content_config": {"task_type": "X"}});
        assert!(walk(Backend::Vertex, snake).is_empty());
    }
}
