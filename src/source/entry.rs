//! One line of a batch, checked and taken apart: key, request, and what else it carries.

mod form;
mod write;

use serde_json::{Map, Value};

use super::embedding;
use super::intake::Intake;
use super::kind::{EmbedForm, JobKind};
use crate::request::asks::{no_content, wrong_content};
use crate::request::fields::RawFields;
use crate::request::finding::{Finding, FindingCode, Severity};
use crate::request::line::RequestLine;
use crate::request::pending::Pending;
use crate::request::{Draft, Entry, EntryKind, Request};
use crate::scan::write_text;
pub(crate) use write::Inlined;
use write::Wire;

/// Why a line is refused: never empty.
pub(crate) type Refused = Vec<Finding>;

/// A checked line. The request is kept as the caller wrote it, unknown fields included.
#[derive(Debug)]
pub struct Line {
    /// The key of the caller.
    pub key: Option<String>,
    pub(crate) request: String,
    metadata: RawFields,
    extra: RawFields,
    /// In whose words it is written.
    wire: Wire,
    /// What is odd about it, and no reason to refuse it.
    pub(crate) remarks: Vec<Finding>,
}

impl Line {
    /// Checks an entry. The findings say why it is refused, not where it stands.
    ///
    /// # Errors
    ///
    /// If there is anything for which it cannot be sent.
    pub fn from_entry(entry: Entry, intake: &mut Intake) -> Result<Self, Refused> {
        match entry.0 {
            EntryKind::Built(draft)
                if intake.writer.is_some() && draft.pending.problem.is_none() =>
            {
                Self::in_form_of_draft(draft, intake)
            }
            EntryKind::Json(value) => Self::parse(value.to_string().as_bytes(), intake),
            #[cfg(feature = "runs")]
            EntryKind::Line(line) => Self::parse(line.as_bytes(), intake),
            EntryKind::Text(text) if is_reference(&text) => Err(wrong(format!(
                "the text {text:?} is a place, not a prompt: pass places as the source itself, \
                 such as Source::cloud_storage([\"gs://…\"])"
            ))),
            EntryKind::Text(text) => {
                let body = match intake.kind {
                    JobKind::GenerateContent | JobKind::Either(_) => {
                        EntryKind::from(Request::text(text))
                    }
                    JobKind::EmbedContent(_) => crate::EmbedRequest::text(text).into(),
                };
                Self::from_entry(Entry(body), intake)
            }
            EntryKind::Built(Draft {
                pending:
                    Pending {
                        problem: Some(problem),
                        ..
                    },
                ..
            }) => Err(wrong(problem)),
            EntryKind::Built(draft) => {
                let mut remarks = Vec::new();
                if let Some(mut line) = Self::of_prompt(&draft, intake, &mut remarks) {
                    line.remarks = remarks;
                    return Ok(line);
                }
                let line = RequestLine::of_parts(
                    draft.key,
                    raw(draft.body.into_fields())?,
                    raw(draft.metadata)?,
                    raw(draft.extra)?,
                );
                let mut line = Self::new(line, intake)?;
                line.remarks.extend(remarks);
                Ok(line)
            }
        }
    }

    /// The line of a request that is one text, written at once; `None` for any other.
    fn of_prompt(draft: &Draft, intake: &mut Intake, remarks: &mut Vec<Finding>) -> Option<Self> {
        let (text, fields) = draft.body.as_prompt()?;
        let is_plain = draft.metadata.is_empty() && draft.extra.is_empty() && !text.is_empty();
        let is_odd = ["content", "config"]
            .iter()
            .any(|name| fields.contains_key(*name))
            || draft.key.as_deref() == Some("");
        if !is_plain || is_odd || matches!(intake.kind, JobKind::EmbedContent(_)) {
            return None;
        }
        // What takes a closer look is read like any other.
        let request = written_prompt(text, fields, intake, remarks)?;
        Some(Self {
            key: draft.key.clone(),
            request,
            metadata: RawFields::new(),
            extra: RawFields::new(),
            wire: Wire::Google,
            remarks: Vec::new(),
        })
    }

    /// Checks a line of JSONL.
    ///
    /// # Errors
    ///
    /// If there is anything for which it cannot be sent.
    pub fn parse(line: &[u8], intake: &mut Intake) -> Result<Self, Refused> {
        if intake.writer.is_some() {
            return Self::in_form(line, intake);
        }
        Self::new(Self::taken_apart(line, intake), intake)
    }

    /// Takes apart a line in Google's words.
    pub(crate) fn taken_apart(line: &[u8], intake: &Intake) -> RequestLine<RawFields> {
        let asks = intake.kind.asks();
        match &intake.key_field {
            None => RequestLine::parse(line, asks),
            Some(field) => {
                form::keyed_by(field, line, asks).unwrap_or_else(|findings| RequestLine {
                    findings,
                    ..RequestLine::default()
                })
            }
        }
    }

    /// Checks a line that was read.
    pub(crate) fn new(
        mut line: RequestLine<RawFields>,
        intake: &mut Intake,
    ) -> Result<Self, Refused> {
        let mut path = line.path();
        let mut body = line.request.take().unwrap_or_default();
        let kind = intake.kind.of(&body);
        if kind == JobKind::EmbedContent(EmbedForm::VertexText) {
            // Written beside the key, the body's own key and metadata would stand there twice.
            line.take_key_of(&mut body, "request");
            line.check_whole();
        }
        let mut findings = accepted(std::mem::take(&mut line.findings))?;
        let moved = intake.take_content(kind, &mut body);
        let wrong_content = wrong_content(&body, kind.asks());
        // What else is wrong may be why: the content stands under another name.
        findings.extend(wrong_content.or_else(|| no_content(&body, kind.asks())));
        findings.extend(intake.look_beside(kind, &line.beside));
        let taken = intake.take(kind, body, &mut path, moved);
        findings.extend(taken.findings);
        let (mut body, mut extra) = (taken.body, line.beside);
        let remarks = accepted(findings)?;
        if let JobKind::EmbedContent(form) = kind {
            embedding::canonicalise(&mut body).map_err(wrong)?;
            embedding::write_as(form, &mut body, &mut extra).map_err(wrong)?;
        }
        // The older embedding models take the fields beside the key.
        let request = match body.is_empty() {
            true => String::new(),
            false => serde_json::to_string(&body).map_err(|e| wrong(e.to_string()))?,
        };
        Ok(Self {
            key: line.key,
            request,
            metadata: line.metadata,
            extra,
            wire: Wire::Google,
            remarks,
        })
    }
}

impl From<Request> for EntryKind {
    fn from(request: Request) -> Self {
        Entry::from(request).0
    }
}

impl From<crate::EmbedRequest> for EntryKind {
    fn from(request: crate::EmbedRequest) -> Self {
        Entry::from(request).0
    }
}

/// Whether a text names a place where requests may be. Taken for a prompt, it would be billed.
fn is_reference(text: &str) -> bool {
    let schemes = ["gs://", "bq://", "files/"];
    schemes.iter().any(|scheme| text.starts_with(scheme)) && !text.contains(char::is_whitespace)
}

/// What is to be remarked of a line, if there is nothing to refuse it for. A create says nothing of
/// what is merely good to know, and of spellings that the services take too.
fn accepted(mut findings: Vec<Finding>) -> Result<Vec<Finding>, Refused> {
    if findings.iter().any(Finding::is_error) {
        findings.retain(Finding::is_error);
        return Err(findings);
    }
    findings.retain(|it| it.severity == Severity::Warning && it.code != FindingCode::SnakeCase);
    Ok(findings)
}

/// A request of one text; `None` if it takes a closer look.
fn written_prompt(
    text: &str,
    fields: &Map<String, Value>,
    intake: &mut Intake,
    remarks: &mut Vec<Finding>,
) -> Option<String> {
    if fields.values().any(Value::is_null) {
        return None;
    }
    let mut request = Vec::with_capacity(text.len() + text.len() / 8 + 128);
    request.extend_from_slice(b"{\"contents\":[{\"parts\":[{\"text\":");
    write_text(text, &mut request);
    request.extend_from_slice(b"}],\"role\":\"user\"}]");
    let mut places = Vec::new();
    let begin = |request: &mut Vec<u8>, name: &str| {
        request.push(b',');
        write_text(name, request);
        request.push(b':');
        request.len()
    };
    for (name, value) in fields {
        let start = begin(&mut request, name);
        serde_json::to_writer(&mut request, value).ok()?;
        if matches!(name.as_str(), "generationConfig" | "generation_config")
            && let Some((filled, told)) = intake.filled(&request[start..])
        {
            request.truncate(start);
            request.extend_from_slice(filled.get().as_bytes());
            remarks.extend(told);
        }
        places.push((name.as_str(), start..request.len()));
    }
    for (name, value) in intake.missing(|name| fields.contains_key(name)) {
        let start = begin(&mut request, name);
        request.extend_from_slice(value.get().as_bytes());
        places.push((name, start..request.len()));
    }
    request.push(b'}');
    // Written from texts alone.
    let request = String::from_utf8(request).ok()?;
    let places = places.into_iter();
    let values = places.filter_map(|(name, place)| Some((name, request.get(place)?)));
    intake.is_sent_as_written(values).then_some(request)
}

fn wrong(message: String) -> Refused {
    vec![Finding::error(FindingCode::WrongShape, message)]
}

fn raw(fields: Map<String, Value>) -> Result<RawFields, Refused> {
    let fields = fields.into_iter();
    let fields = fields.map(|(name, value)| Ok((name, serde_json::value::to_raw_value(&value)?)));
    let fields: Result<_, serde_json::Error> = fields.collect();
    fields.map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod chains;
#[cfg(test)]
mod tests;
