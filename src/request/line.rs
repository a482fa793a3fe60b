//! The one reader of a line of requests: `{"key": …, "request": {…}}`, or a request on its own.
//!
//! ```text
//! bytes, fields ─→ RequestLine ─┬→ source::entry (checked and written for a backend)
//!                               ├→ request::jsonl (a builder again)
//!                               └→ preflight (looked at field by field)
//! ```
//!
//! It takes a line apart, tells a line of another service from one of ours, and says what is
//! wrong, all of it, as [`Finding`]s. What is to be done about them is for who asks.

use super::asks::Asks;
use super::check::{Path, clipped, set_twice};
use super::decode::{half_a_character, no_object, not_json};
use super::fields::{Fields, Once, Shape};
use super::finding::{Finding, FindingCode};
use super::known::{LINE, is_mistaken_for_key};
use super::nearest::nearest;

/// How many names of a line are held against those that are known.
pub(crate) const SEARCHED: usize = 1_000;

/// A line, taken apart.
#[derive(Debug, Default)]
pub(crate) struct RequestLine<F> {
    pub(crate) key: Option<String>,
    /// `None` where a finding says why.
    pub(crate) request: Option<F>,
    /// What comes back with the result, the key not among it.
    pub(crate) metadata: F,
    /// What else stands in the line.
    pub(crate) beside: F,
    /// Whether the request is the line itself.
    pub(crate) is_bare: bool,
    /// What is wrong with the line.
    pub(crate) findings: Vec<Finding>,
}

impl<F: Fields> RequestLine<F> {
    /// Reads a line of JSONL.
    pub(crate) fn parse(line: &[u8], asks: Asks) -> Self {
        match read_object::<F>(line) {
            Ok(read) => {
                let mut line = Self::read(read.fields, asks);
                line.findings.extend(read.twice.into_iter().map(set_twice));
                line
            }
            Err(finding) => Self::refused(*finding),
        }
    }

    /// Reads the fields of a line.
    pub(crate) fn read(mut fields: F, asks: Asks) -> Self {
        if let Some(finding) = of_another_service(&fields) {
            return Self::refused(finding);
        }
        let mut line = Self::default();
        line.take_key_of(&mut fields, "line");
        let is_keyless = line.key.is_none() && line.findings.is_empty();
        line.findings.extend(mistaken_key(&fields, is_keyless));
        let shape = fields.shape("request");
        match fields.take_object("request") {
            None if fields.has("contents") || fields.has("content") => {
                line.is_bare = true;
                line.request = Some(fields);
            }
            None => line.findings.push(no_request(&fields, asks)),
            Some(None) => {
                let wrong = wrong_object("request");
                line.findings.push(match shape {
                    Some(Shape::Text) => {
                        wrong.hint("write the object itself, not a text that holds it")
                    }
                    _ => wrong,
                });
                line.beside = fields;
            }
            Some(Some(request)) => {
                let twice = request.twice.into_iter();
                let twice = twice.map(|name| set_twice(format!("request.{name}")));
                line.findings.extend(twice);
                line.request = Some(request.fields);
                line.beside = fields;
            }
        }
        line.check_whole();
        line
    }

    /// The line of a request that is in parts already.
    pub(crate) fn of_parts(key: Option<String>, request: F, mut metadata: F, beside: F) -> Self {
        let inner = metadata.take_text("key");
        let mut line = Self {
            key,
            request: Some(request),
            metadata,
            beside,
            ..Self::default()
        };
        line.take_key(inner, "metadata");
        let is_keyless = line.key.is_none() && line.findings.is_empty();
        line.findings.extend(mistaken_key(&line.beside, is_keyless));
        line.check_whole();
        line
    }

    /// Takes out of some fields what stands there beside a request: the key and the metadata,
    /// which may have the key too.
    pub(crate) fn take_key_of(&mut self, fields: &mut F, place: &str) {
        self.take_key(fields.take_text("key"), place);
        match fields.take_object("metadata") {
            None => {}
            Some(None) => self.findings.push(wrong_object("metadata")),
            Some(Some(Once {
                fields: metadata,
                twice,
            })) => {
                let twice = twice.into_iter();
                let twice = twice.map(|name| set_twice(format!("metadata.{name}")));
                self.findings.extend(twice);
                if let Some(name) = metadata.names().find(|name| self.metadata.has(name)) {
                    let message =
                        format!("`{name}` stands in the metadata of the line and of its request");
                    let finding = Finding::error(FindingCode::WrongShape, message);
                    self.findings.push(finding.at(name));
                }
                self.metadata.append_all(metadata);
            }
        }
        let inner = self.metadata.take_text("key");
        self.take_key(inner, "metadata");
    }

    /// Takes a key from one of the places where it may stand.
    fn take_key(&mut self, key: Result<Option<String>, String>, place: &str) {
        match (&self.key, key) {
            (_, Ok(None)) => {}
            (None, Ok(key)) => self.key = key,
            (Some(outer), Ok(Some(inner))) if *outer != inner => {
                let message = format!("two keys: {outer:?}, and {inner:?} in its {place}");
                self.findings.push(bad_key(&message));
            }
            (Some(_), Ok(Some(_))) => {}
            (_, Err(found)) => {
                let message = format!("the key must be a string, found {found}");
                self.findings.push(bad_key(&message));
            }
        }
    }

    /// Looks at what only the whole line tells.
    pub(crate) fn check_whole(&mut self) {
        if self.key.as_deref() == Some("") {
            self.key = None;
            self.findings.push(bad_key("the key is empty"));
        }
        let twice = self.metadata.names().find(|name| self.beside.has(name));
        if let Some(name) = twice {
            let message = format!("`{name}` stands in the line and in its metadata");
            let finding = Finding::error(FindingCode::WrongShape, message);
            self.findings.push(finding.at(name));
        }
    }

    /// The first thing for which the line cannot be taken.
    pub(crate) fn take_error(&mut self) -> Option<Finding> {
        let place = self.findings.iter().position(Finding::is_error)?;
        Some(self.findings.swap_remove(place))
    }

    /// What the path of the request begins with.
    pub(crate) fn path(&self) -> Path {
        match self.is_bare {
            true => Path::default(),
            false => Path::of(&["request"]),
        }
    }

    fn refused(finding: Finding) -> Self {
        Self {
            findings: vec![finding],
            ..Self::default()
        }
    }
}

/// The fields of a line, whatever it is a line of.
///
/// # Errors
///
/// If it is not one JSON object.
pub(crate) fn read_object<F: Fields>(line: &[u8]) -> Result<Once<F>, Box<Finding>> {
    let read = serde_json::from_slice::<Once<F>>(line);
    let read = read.map_err(|error| Box::new(no_object(line, &error)))?;
    match half_a_character(line) {
        None => Ok(read),
        Some(error) => Err(Box::new(not_json(&error))),
    }
}

/// A line without a request of ours may be one of another service. One that has a request may
/// have any fields beside it, which come back with the result.
fn of_another_service(fields: &impl Fields) -> Option<Finding> {
    let is_ours = ["request", "contents", "content"];
    if is_ours.iter().any(|name| fields.has(name)) {
        return None;
    }
    let (code, whose) = if fields.has("url") && (fields.has("method") || fields.has("body")) {
        (FindingCode::OpenAiLine, "OpenAI")
    } else if fields.has("custom_id") && fields.has("params") {
        (FindingCode::AnthropicLine, "Anthropic")
    } else {
        return None;
    };
    let finding = Finding::error(code, format!("a line for the batches of {whose}"));
    Some(
        finding.hint(
            "write {\"key\": \"…\", \"request\": {…}} with Google's own fields in the request",
        ),
    )
}

fn mistaken_key(fields: &impl Fields, is_keyless: bool) -> Option<Finding> {
    let code = FindingCode::CustomId;
    if !is_keyless {
        let name = "custom_id";
        let message = "`custom_id` stands beside `key`, which alone is the key";
        let finding = Finding::warning(code, message).at(name);
        return fields.has(name).then(|| finding.hint("leave it out"));
    }
    let name = fields.names().find(|name| is_mistaken_for_key(name))?;
    let finding = Finding::error(code, format!("it has `{name}` and no `key`")).at(name);
    Some(finding.hint("rename it to `key`"))
}

fn bad_key(message: &str) -> Finding {
    Finding::error(FindingCode::BadKey, message).at("key")
}

fn wrong_object(name: &str) -> Finding {
    let message = format!("`{name}` is not a JSON object");
    Finding::error(FindingCode::WrongShape, message).at(name)
}

fn no_request(fields: &impl Fields, asks: Asks) -> Finding {
    let names = || fields.names().filter(|name| !LINE.contains(name));
    // Of a line with more fields than this, no slip is to be found.
    let names = || names().take(SEARCHED);
    let near = |name| Some((name, nearest(name, ["request", "contents"].into_iter())?));
    if let Some((name, near)) = names().find_map(near) {
        let message = format!("it has no `request`, but a field `{name}`");
        let finding = Finding::error(FindingCode::UnknownField, message).at(name);
        return finding.hint(format!("did you mean `{near}`?"));
    }
    let field = asks.field();
    let finding = Finding::error(FindingCode::WrongShape, no_request_but(names()));
    finding.hint(format!(
        "a line is {{\"key\": \"…\", \"request\": {{\"{field}\": …}}}}"
    ))
}

/// Says that there is no `request`, and what there is.
fn no_request_but<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const NAMED: usize = 5;
    let mut names = names.map(|name| format!("`{}`", clipped(name)));
    let mut named: Vec<_> = names.by_ref().take(NAMED).collect();
    if names.next().is_some() {
        named.push("more".to_owned());
    }
    match named.pop() {
        None => "it has no `request`".to_owned(),
        Some(last) if named.is_empty() => format!("it has no `request`, only {last}"),
        Some(last) => format!("it has no `request`, only {} and {last}", named.join(", ")),
    }
}
