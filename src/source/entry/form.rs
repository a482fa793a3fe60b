//! Lines in the forms of other models than Google's: a request of ours, written in theirs, or a line
//! of the caller's that is in it already.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::write::Wire;
use super::{Intake, Line, Refused, accepted, raw, wrong};
use crate::form::Writer;
use crate::request::asks::{Asks, no_content, wrong_content};
use crate::request::check::{Path, set_twice, twice};
use crate::request::fields::{Fields, Once, RawFields};
use crate::request::finding::{Finding, FindingCode};
use crate::request::line::{RequestLine, read_object};
use crate::request::{Draft, Form};
use crate::source::intake::taken_apart;
use crate::source::kind::JobKind;

/// Reads a line whose key is in this field.
pub(super) fn keyed_by(
    field: &str,
    line: &[u8],
    asks: Asks,
) -> Result<RequestLine<RawFields>, Refused> {
    let read = read_object::<RawFields>(line).map_err(|finding| vec![*finding])?;
    let Once { mut fields, twice } = read;
    let key = take_key(&mut fields, field)?.ok_or_else(|| no_key(field))?;
    if field != "key" && fields.has("key") {
        let message = format!("it has `key` beside `{field}`, which is to be the key");
        let finding = Finding::error(FindingCode::BadKey, message).at("key");
        return Err(vec![finding.hint("leave one out")]);
    }
    fields.insert("key".to_owned(), text(&key)?);
    let mut line = RequestLine::read(fields, asks);
    line.findings.extend(twice.into_iter().map(set_twice));
    Ok(line)
}

impl Line {
    /// A request of the caller's in another form than Google's.
    pub(super) fn in_form_of_draft(draft: Draft, intake: &mut Intake) -> Result<Self, Refused> {
        let Some(writer) = intake.writer.clone() else {
            return Err(wrong("the form is Google's".to_owned()));
        };
        let (key, is_raw) = (draft.key, draft.is_raw);
        if key.as_deref() == Some("") {
            return Err(vec![bad_key("the key is empty")]);
        }
        let of_key = key.clone();
        let body = raw(draft.body.into_fields())?;
        let beside = raw(draft.extra)?;
        let line = RequestLine::of_parts(key, body, raw(draft.metadata)?, beside);
        match is_raw {
            false => Self::of_google(line, &writer, intake),
            true => {
                let body = to_raw_value(&line.request.unwrap_or_default());
                let body = body.map_err(|error| wrong(error.to_string()))?;
                let metadata = kept_metadata(line.metadata, &writer, intake);
                metadata.and_then(|metadata| {
                    let own = Self::own(line.key, &body, line.beside, &writer, intake)?;
                    Ok(Self { metadata, ..own })
                })
            }
        }
        .map_err(|refused| with_key(refused, of_key.as_deref()))
    }

    /// A line of JSONL in another form than Google's, or to be put into one.
    pub(super) fn in_form(line: &[u8], intake: &mut Intake) -> Result<Self, Refused> {
        let Some(writer) = intake.writer.clone() else {
            return Err(wrong("the form is Google's".to_owned()));
        };
        let read = read_object::<RawFields>(line).map_err(|finding| vec![*finding])?;
        let Once { mut fields, twice } = read;
        if !twice.is_empty() {
            return Err(twice.into_iter().map(set_twice).collect());
        }
        if writer.form == Form::Instances {
            return Self::instance(line, fields, intake);
        }
        let is_own = !is_of_google(&fields, &writer);
        if !is_own && intake.is_held {
            let message = format!(
                "a line in Google's words, and the model reads the form {}",
                writer.form
            );
            let finding = Finding::error(FindingCode::WrongShape, message);
            let example = writer.form.example(writer.is_embedding);
            return Err(vec![finding.hint(format!("write {example}"))]);
        }
        let key = key_of(&mut fields, intake.key_field.as_deref(), &writer)?;
        let result = match is_own {
            true => {
                let body = body_of(&mut fields, &writer)?;
                Self::own(key.clone(), &body, fields, &writer, intake)
            }
            false => {
                if let Some(key) = &key {
                    let column = fields.get("key").cloned();
                    let other = take_key(&mut fields, "key");
                    if other.map_or(true, |other| other.is_some_and(|other| other != *key)) {
                        let found = column.as_deref().map_or("null", RawValue::get);
                        let message = format!(
                            "it has the `key` {found} beside {key:?}, which is to be the key"
                        );
                        let finding = bad_key(&message).hint("leave one out, or rename it");
                        return Err(with_key(vec![finding], Some(key)));
                    }
                    fields.insert("key".to_owned(), text(key)?);
                }
                let line = RequestLine::read(fields, asks(&writer));
                Self::of_google(line, &writer, intake)
            }
        };
        result.map_err(|refused| with_key(refused, key.as_deref()))
    }

    /// A line that is sent as it is.
    fn instance(line: &[u8], mut fields: RawFields, intake: &Intake) -> Result<Self, Refused> {
        let key = match &intake.key_field {
            Some(field) => Some(take_key(&mut fields, field)?.ok_or_else(|| no_key(field))?),
            None => ["key", "custom_id"]
                .into_iter()
                .find_map(|field| take_key(&mut fields, field).ok().flatten()),
        };
        let mut remarks = Vec::new();
        if key.is_none() {
            let message = "no key, so that nothing tells which result is its own";
            let finding = Finding::warning(FindingCode::KeyMissing, message);
            remarks
                .push(finding.hint("name the field that tells instances apart, with `key_field`"));
        }
        let text = String::from_utf8(line.trim_ascii().to_vec());
        Ok(Self {
            key,
            request: text.map_err(|error| wrong(error.to_string()))?,
            metadata: RawFields::new(),
            extra: RawFields::new(),
            wire: Wire::AsItIs,
            remarks,
        })
    }

    /// A request in Google's words, put into others.
    fn of_google(
        mut line: RequestLine<RawFields>,
        writer: &Writer,
        intake: &mut Intake,
    ) -> Result<Self, Refused> {
        let mut path = line.path();
        let key = line.key.take();
        let mut body = line.request.take().unwrap_or_default();
        let refuse = |findings| Err(with_key(findings, key.as_deref()));
        let mut findings = match accepted(std::mem::take(&mut line.findings)) {
            Ok(findings) => findings,
            Err(refused) => return refuse(refused),
        };
        let metadata = match kept_metadata(std::mem::take(&mut line.metadata), writer, intake) {
            Ok(metadata) => metadata,
            Err(refused) => return refuse(refused),
        };
        if !writer.beside().is_empty() {
            let beside = |name: &str| {
                let value = line.beside.get(name)?;
                serde_json::from_str::<Value>(value.get()).ok()
            };
            let (method, url) = (beside("method"), beside("url"));
            let found = writer.look_beside(method.as_ref(), url.as_ref());
            if !found.is_empty() {
                return refuse(found);
            }
        }
        let asks = asks(writer);
        let wrong_content = wrong_content(&body, asks).or_else(|| no_content(&body, asks));
        if let Some(finding) = wrong_content {
            return refuse(vec![finding]);
        }
        let kind = match (writer.is_embedding, intake.kind) {
            (true, kind) => kind,
            (false, _) => JobKind::GenerateContent,
        };
        let doubled = twice(&body, &mut path);
        if !doubled.is_empty() {
            return refuse(doubled);
        }
        if kind == JobKind::GenerateContent {
            let moved = intake.take_content(kind, &mut body);
            let taken = intake.take(kind, body, &mut path, moved);
            match accepted(taken.findings) {
                Ok(more) => findings.extend(more),
                Err(refused) => return refuse(refused),
            }
            body = taken.body;
        }
        let body = taken_apart(&body).map_err(|error| wrong(error.to_string()))?;
        let at = if line.is_bare { "" } else { "request" };
        match writer.write(&body, at) {
            Ok(written) => {
                findings.extend(written.remarks);
                let mut extra = line.beside;
                for (name, value) in writer.beside() {
                    let value = serde_json::from_str::<Box<RawValue>>(value);
                    let value = value.map_err(|error| wrong(error.to_string()))?;
                    // What the caller has there was looked at.
                    extra.entry((*name).to_owned()).or_insert(value);
                }
                Ok(Self {
                    key,
                    request: Value::Object(written.body).to_string(),
                    metadata,
                    extra,
                    wire: Wire::Other(writer.form.body_field()),
                    remarks: findings,
                })
            }
            Err(refused) => refuse(refused),
        }
    }

    /// A body that the caller wrote in the form.
    fn own(
        key: Option<String>,
        body: &RawValue,
        beside: RawFields,
        writer: &Writer,
        intake: &Intake,
    ) -> Result<Self, Refused> {
        if let Some(option) = intake.default_option() {
            let message = format!(
                "the option `{option}` cannot be put into a request that is in the form {} already",
                writer.form
            );
            let finding = Finding::error(FindingCode::UnsupportedHere, message);
            return Err(vec![
                finding.hint("write it into the request, and leave the option out"),
            ]);
        }
        let mut remarks = Vec::new();
        if intake.is_checked {
            let name = writer.form.body_field();
            let fields = RawFields::from([(name.to_owned(), body.to_owned())]);
            let doubled = twice(&fields, &mut Path::default());
            let parsed: Result<Map<String, Value>, _> = serde_json::from_str(body.get());
            let parsed = parsed.map_err(|error| wrong(error.to_string()))?;
            let beside = |name: &str| {
                let value = beside.get(name)?;
                serde_json::from_str::<Value>(value.get()).ok()
            };
            let (method, url) = (beside("method"), beside("url"));
            let mut found = doubled;
            found.extend(writer.look_at(&parsed, name));
            found.extend(writer.look_beside(method.as_ref(), url.as_ref()));
            remarks = accepted(found)?;
        }
        Ok(Self {
            key,
            request: body.get().to_owned(),
            metadata: RawFields::new(),
            extra: beside,
            wire: Wire::Other(writer.form.body_field()),
            remarks,
        })
    }
}

/// The metadata of a request that is kept; else it is refused, since no form but Google's has a place for it.
fn kept_metadata(
    metadata: RawFields,
    writer: &Writer,
    intake: &Intake,
) -> Result<RawFields, Refused> {
    let Some(name) = metadata.keys().next().filter(|_| !intake.keeps_metadata) else {
        return Ok(metadata);
    };
    let message = format!("the form {} has no place for metadata", writer.form);
    let finding = Finding::error(FindingCode::UnsupportedHere, message);
    let finding = finding.at(format!("metadata.{name}"));
    Err(vec![finding.hint("make what you need part of the key")])
}

fn asks(writer: &Writer) -> Asks {
    match writer.is_embedding {
        true => Asks::Embedding,
        false => Asks::Content,
    }
}

/// Whether a line is in Google's words.
fn is_of_google(fields: &RawFields, writer: &Writer) -> bool {
    let has_content = |fields: &RawFields| fields.has("contents") || fields.has("content");
    if has_content(fields) {
        return true;
    }
    if writer.form.body_field() != "request" && fields.has("body") {
        return false;
    }
    let request = fields.get("request");
    let request = request.map(|raw| serde_json::from_str::<RawFields>(raw.get()));
    matches!(request, Some(Ok(request)) if has_content(&request))
}

/// The body of a line in the form.
fn body_of(fields: &mut RawFields, writer: &Writer) -> Result<Box<RawValue>, Refused> {
    let form = writer.form;
    let name = form.body_field();
    let hint = || format!("a line is {}", form.example(writer.is_embedding));
    let another = match form {
        Form::Anthropic if fields.has("params") && !fields.has("request") => Some((
            FindingCode::AnthropicLine,
            "a line for Anthropic's own batches, whose `params` is `request` on Vertex AI",
        )),
        Form::Anthropic if fields.has("body") && !fields.has("request") => {
            Some((FindingCode::OpenAiLine, "a line in the form of OpenAI"))
        }
        _ => None,
    };
    if let Some((code, message)) = another {
        return Err(vec![Finding::error(code, message).hint(hint())]);
    }
    // Written by `Request::to_jsonl`, which knows one name.
    let body = fields.remove(name).or_else(|| fields.remove("request"));
    match body {
        Some(body) if body.get().starts_with('{') => Ok(body),
        Some(_) => {
            let finding = Finding::error(FindingCode::WrongShape, "the request is not an object");
            Err(vec![finding.at(name).hint(hint())])
        }
        None => {
            let message = format!("it has no `{name}`");
            let finding = Finding::error(FindingCode::WrongShape, message);
            Err(vec![finding.at(name).hint(hint())])
        }
    }
}

/// The key of a line: in the field that the caller names, or in `custom_id` or `key`.
fn key_of(
    fields: &mut RawFields,
    field: Option<&str>,
    writer: &Writer,
) -> Result<Option<String>, Refused> {
    let own = writer.form.key_field();
    let Some(field) = field.filter(|field| *field != own) else {
        let outer = take_key(fields, own)?;
        let key = match (outer, fields.has("key")) {
            (Some(outer), false) => Some(outer),
            (None, _) => take_key(fields, "key")?,
            // A column of the caller's own, beside the key.
            (Some(outer), true) => Some(outer),
        };
        return Ok(key);
    };
    let named = fields.get(field).cloned();
    let key = take_key(fields, field)?.ok_or_else(|| no_key(field))?;
    if let Some(outer) = take_key(fields, own)?.filter(|outer| *outer != key) {
        let message = format!("two keys: {key:?}, and {outer:?} in its `{own}`");
        return Err(vec![bad_key(&message)]);
    }
    // It stays where it was, to be found again.
    fields.extend(named.map(|raw| (field.to_owned(), raw)));
    Ok(Some(key))
}

/// Takes a key, which may be a whole number.
fn take_key(fields: &mut RawFields, field: &str) -> Result<Option<String>, Refused> {
    match fields.take_text(field) {
        Ok(Some(key)) if key.is_empty() => Err(vec![bad_key("the key is empty")]),
        Ok(key) => Ok(key),
        Err(found) if found.parse::<i128>().is_ok() => Ok(Some(found)),
        Err(found) => {
            let message = format!("the key must be a string, found {found}");
            Err(vec![bad_key(&message)])
        }
    }
}

fn bad_key(message: &str) -> Finding {
    Finding::error(FindingCode::BadKey, message).at("key")
}

fn no_key(field: &str) -> Refused {
    let message = format!("it has no `{field}`, which is to be the key");
    vec![Finding::error(FindingCode::BadKey, message).at(field)]
}

fn text(text: &str) -> Result<Box<RawValue>, Refused> {
    to_raw_value(text).map_err(|error| wrong(error.to_string()))
}

/// The same, with the key of the request.
fn with_key(mut refused: Refused, key: Option<&str>) -> Refused {
    for finding in &mut refused {
        if finding.key.is_none() {
            finding.key = key.map(str::to_owned);
        }
    }
    refused
}
