//! One line of a batch, checked and taken apart: key, request, and what else it carries.

mod write;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{embedding, remarks};
use crate::request::pending::Pending;
use crate::request::{Draft, Entry, EntryKind, GenerationConfig, Request};
use crate::scan::write_text;
use crate::wire::on_one_line;
pub(crate) use write::Inlined;
use write::write_fields;

/// What a job does with its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobKind {
    GenerateContent,
    EmbedContent(EmbedForm),
    /// Each request tells by its fields; a text alone is a prompt.
    Either(EmbedForm),
}

/// How a backend and model want requests for embeddings written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "vertex"), allow(dead_code))]
pub(crate) enum EmbedForm {
    /// `{"key", "request": {"content", "taskType", …}}`.
    Gemini,
    /// The same with the settings under `embed_content_config`, in snake case.
    VertexGemini,
    /// `{"key", "content": "…", "task_type", …}`: the older models of Vertex AI.
    VertexText,
}

impl JobKind {
    /// The field that every request of this kind has.
    fn content_field(self) -> &'static str {
        match self {
            Self::GenerateContent | Self::Either(_) => "contents",
            Self::EmbedContent(_) => "content",
        }
    }

    /// The kind of a request with this body.
    fn of(self, body: &Fields) -> Self {
        match self {
            Self::Either(form) if body.contains_key("content") => Self::EmbedContent(form),
            Self::Either(_) => Self::GenerateContent,
            known => known,
        }
    }
}

/// What is put into every request that has none of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defaults {
    pub(crate) generation_config: Option<GenerationConfig>,
    pub(crate) system_instruction: Option<String>,
}

/// Defaults as JSON: field, the same in snake case, value.
pub(crate) type DefaultFields = Vec<(&'static str, &'static str, Box<RawValue>)>;

impl Defaults {
    pub(crate) fn fields(&self) -> DefaultFields {
        let config = self.generation_config.clone().map(Value::from);
        let system = self
            .system_instruction
            .as_ref()
            .map(|text| serde_json::json!({ "role": "user", "parts": [{ "text": text }] }));
        [
            ("generationConfig", "generation_config", config),
            ("systemInstruction", "system_instruction", system),
        ]
        .into_iter()
        .filter_map(|(name, snake, value)| {
            Some((name, snake, serde_json::value::to_raw_value(&value?).ok()?))
        })
        .collect()
    }
}

pub(super) type Fields = BTreeMap<String, Box<RawValue>>;

/// A checked line. The request is kept as the caller wrote it, unknown fields included.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) key: Option<String>,
    pub(crate) request: String,
    metadata: Fields,
    extra: Fields,
    /// What is odd about it, and no reason to refuse it.
    pub(super) remarks: Vec<String>,
}

/// Whether a name is what people write where `key` is meant.
fn is_mistaken_for_key(name: &str) -> bool {
    const MISTAKEN: [&str; 5] = ["custom_id", "customId", "id", "keys", "kye"];
    MISTAKEN.contains(&name) || name.trim().eq_ignore_ascii_case("key")
}

impl Line {
    /// Checks an entry. The error says what is wrong, not where.
    pub(crate) fn from_entry(
        entry: Entry,
        kind: JobKind,
        defaults: &DefaultFields,
    ) -> Result<Self, String> {
        match entry.0 {
            EntryKind::Json(value) => Self::parse(value.to_string().as_bytes(), kind, defaults),
            EntryKind::Text(text) if is_reference(&text) => Err(format!(
                "the text {text:?} is a place, not a prompt: pass places as the source itself, \
                 such as Source::cloud_storage([\"gs://…\"])"
            )),
            EntryKind::Text(text) => {
                let body = match kind {
                    JobKind::GenerateContent | JobKind::Either(_) => {
                        EntryKind::from(Request::text(text))
                    }
                    JobKind::EmbedContent(_) => crate::EmbedRequest::text(text).into(),
                };
                Self::from_entry(Entry(body), kind, defaults)
            }
            EntryKind::Built(Draft {
                pending:
                    Pending {
                        problem: Some(problem),
                        ..
                    },
                ..
            }) => Err(problem),
            EntryKind::Built(draft) => {
                if let Some(line) = Self::of_prompt(&draft, kind, defaults) {
                    return line;
                }
                let raw = |map: Map<String, Value>| -> Result<Fields, String> {
                    map.into_iter()
                        .map(|(name, value)| Ok((name, serde_json::value::to_raw_value(&value)?)))
                        .collect::<Result<_, serde_json::Error>>()
                        .map_err(|e| e.to_string())
                };
                Self::new(
                    draft.key,
                    raw(draft.body.into_fields())?,
                    raw(draft.metadata)?,
                    raw(draft.extra)?,
                    kind,
                    defaults,
                )
            }
        }
    }

    /// The line of a request that is one text, written at once; `None` for any other.
    fn of_prompt(
        draft: &Draft,
        kind: JobKind,
        defaults: &DefaultFields,
    ) -> Option<Result<Self, String>> {
        let (text, fields) = draft.body.as_prompt()?;
        let is_plain = draft.metadata.is_empty() && draft.extra.is_empty();
        if !is_plain || fields.contains_key("content") || matches!(kind, JobKind::EmbedContent(_)) {
            return None;
        }
        if draft.key.as_deref() == Some("") {
            return Some(Err("the key is empty".to_owned()));
        }
        let mut request = Vec::with_capacity(text.len() + text.len() / 8 + 128);
        request.extend_from_slice(b"{\"contents\":[{\"parts\":[{\"text\":");
        write_text(text, &mut request);
        request.extend_from_slice(b"}],\"role\":\"user\"}]");
        for (name, value) in fields {
            request.push(b',');
            write_text(name, &mut request);
            request.push(b':');
            if let Err(error) = serde_json::to_writer(&mut request, value) {
                return Some(Err(error.to_string()));
            }
        }
        let missing = defaults.iter().filter(|(name, snake_case, _)| {
            !fields.contains_key(*name) && !fields.contains_key(*snake_case)
        });
        for (name, _, value) in missing {
            request.push(b',');
            write_text(name, &mut request);
            request.push(b':');
            request.extend_from_slice(value.get().as_bytes());
        }
        request.push(b'}');
        let line = String::from_utf8(request).map(|request| Self {
            key: draft.key.clone(),
            request,
            metadata: Fields::new(),
            extra: Fields::new(),
            remarks: remarks::of(fields.keys(), &Fields::new()),
        });
        Some(line.map_err(|error| error.to_string()))
    }

    /// Checks a line of JSONL: `{"key", "request", …}`, or a request on its own.
    pub(crate) fn parse(
        line: &[u8],
        kind: JobKind,
        defaults: &DefaultFields,
    ) -> Result<Self, String> {
        let mut fields: Fields = serde_json::from_slice(line).map_err(|_| not_an_object(line))?;
        let key = take_key(&mut fields)?;
        let metadata = take_metadata(&mut fields)?;
        if fields.contains_key("method") && fields.contains_key("url") {
            return Err(
                "it is a line of OpenAI's batches: write {\"key\": \"…\", \"request\": {…}} with Google's \
                 own fields in the request"
                    .to_owned(),
            );
        }
        if key.is_none()
            && let Some(name) = fields.keys().find(|name| is_mistaken_for_key(name))
        {
            return Err(format!("it has `{name}` and no `key`: rename it to `key`"));
        }
        if let Some(request) = fields.remove("request") {
            let body = serde_json::from_str(request.get())
                .map_err(|_| "`request` is not a JSON object".to_owned())?;
            Self::new(key, body, metadata, fields, kind, defaults)
        } else if fields.contains_key("contents") || fields.contains_key("content") {
            Self::new(key, fields, metadata, Fields::new(), kind, defaults)
        } else {
            let found: Vec<_> = fields.keys().map(String::as_str).collect();
            Err(format!(
                "it has no `request`, only [{}]: a line is {{\"key\": \"…\", \"request\": {{\"{}\": …}}}}",
                found.join(", "),
                kind.content_field()
            ))
        }
    }

    fn new(
        key: Option<String>,
        mut body: Fields,
        mut metadata: Fields,
        extra: Fields,
        kind: JobKind,
        defaults: &DefaultFields,
    ) -> Result<Self, String> {
        let kind = kind.of(&body);
        let mut key = key;
        if kind == JobKind::EmbedContent(EmbedForm::VertexText) {
            // Written beside the key, the body's own key and metadata would stand there twice.
            key = one_key(key, take_key(&mut body)?, "request")?;
            let inner = take_metadata(&mut body)?;
            if let Some(name) = inner.keys().find(|name| metadata.contains_key(*name)) {
                return Err(format!(
                    "`{name}` stands in the metadata of the line and of its request"
                ));
            }
            metadata.extend(inner);
        }
        let key = one_key(key, take_key(&mut metadata)?, "metadata")?;
        if let Some(name) = metadata.keys().find(|name| extra.contains_key(*name)) {
            return Err(format!("`{name}` stands in the line and in its metadata"));
        }
        if key.as_deref() == Some("") {
            return Err("the key is empty".to_owned());
        }
        let mut extra = extra;
        if let JobKind::EmbedContent(_) = kind {
            embedding::canonicalise(&mut body)?;
        }
        check_content(&body, kind)?;
        let remarks = match kind {
            // There, any field may stand beside the text.
            JobKind::EmbedContent(EmbedForm::VertexText) => Vec::new(),
            _ => remarks::of(body.keys(), &extra),
        };
        if let JobKind::EmbedContent(form) = kind {
            embedding::write_as(form, &mut body, &mut extra)?;
        }
        if kind == JobKind::GenerateContent {
            for (name, snake_case, value) in defaults {
                if !body.contains_key(*name) && !body.contains_key(*snake_case) {
                    body.insert((*name).to_owned(), value.clone());
                }
            }
        }
        // The older embedding models take the fields beside the key.
        let request = match body.is_empty() {
            true => String::new(),
            false => serde_json::to_string(&body).map_err(|e| e.to_string())?,
        };
        Ok(Self {
            key,
            request,
            metadata,
            extra,
            remarks,
        })
    }

    /// What the service may echo of the request, in JSON.
    pub(crate) fn content(&self) -> String {
        if !self.request.is_empty() {
            return self.request.clone();
        }
        let mut out = vec![b'{'];
        write_fields(&self.extra, b"", &mut out);
        out.push(b'}');
        // Written from texts alone.
        String::from_utf8(out).unwrap_or_default()
    }

    /// Whether something travels beside the key.
    pub(crate) fn has_metadata(&self) -> bool {
        !self.metadata.is_empty()
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

fn not_an_object(line: &[u8]) -> String {
    match serde_json::from_slice::<serde::de::IgnoredAny>(line) {
        Ok(_) => "not a JSON object: a line is {\"key\": \"…\", \"request\": {…}}".to_owned(),
        Err(error) => format!("not JSON: {}", on_one_line(&error)),
    }
}

fn take_key(fields: &mut Fields) -> Result<Option<String>, String> {
    let Some(key) = fields.remove("key") else {
        return Ok(None);
    };
    Option::<String>::deserialize(&mut serde_json::Deserializer::from_str(key.get()))
        .map_err(|_| format!("the key must be a string, found {}", key.get()))
}

fn take_metadata(fields: &mut Fields) -> Result<Fields, String> {
    match fields.remove("metadata") {
        Some(metadata) => serde_json::from_str(metadata.get())
            .map_err(|_| "`metadata` is not a JSON object".to_owned()),
        None => Ok(Fields::new()),
    }
}

/// The key of a line that may have it in two places.
fn one_key(
    outer: Option<String>,
    inner: Option<String>,
    place: &str,
) -> Result<Option<String>, String> {
    match (outer, inner) {
        (Some(outer), Some(inner)) if outer != inner => {
            Err(format!("two keys: {outer:?}, and {inner:?} in its {place}"))
        }
        (outer, inner) => Ok(outer.or(inner)),
    }
}

fn check_content(body: &Fields, kind: JobKind) -> Result<(), String> {
    let wanted = kind.content_field();
    let Some(content) = body.get(wanted) else {
        return Err(match kind {
            JobKind::GenerateContent if body.contains_key("content") => {
                "a request for an embedding: `content` is for create_embeddings, \
                 create takes `contents`"
                    .to_owned()
            }
            JobKind::EmbedContent(_) if body.contains_key("contents") => {
                "a request for generated content: `contents` is for create, \
                 create_embeddings takes `content`"
                    .to_owned()
            }
            _ => format!("the request has no `{wanted}`"),
        });
    };
    let text = content.get();
    let opening = match kind {
        JobKind::EmbedContent(_) => '{',
        _ => '[',
    };
    if !text.starts_with(opening) {
        let shape = if opening == '[' {
            "a list"
        } else {
            "an object"
        };
        return Err(format!("`{wanted}` of the request is not {shape}"));
    }
    if text[1..].trim_start().starts_with([']', '}']) {
        return Err(format!("`{wanted}` of the request is empty"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
