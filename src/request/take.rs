//! Requests as Google's Python SDK lets them be written, put into the form of the API: whatever has
//! one clear meaning is taken, wherever the client writes the line itself.
//!
//! | as it is written | as it is sent |
//! |---|---|
//! | `contents`: a text, a part, a content, or a list of these | a list of contents |
//! | a part as a text | `{"text": …}` |
//! | `systemInstruction`: a text, a part, or a list of these | a content |
//! | `config: {…}` | `generationConfig`, and what belongs beside it |
//! | `content` of an embedding: a text, a part, or a list of one | a content |
//! | `contents` of an embedding: one of these | `content` |

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::check::Path;
use super::fields::RawFields;
use super::finding::{Finding, FindingCode};
use super::known::{EMBED, KNOWN, PART_DATA, camel_case, snake_case};
use super::moved::Moved;

/// Fields of the SDK's `config` that belong to the request itself.
const BESIDE: [&str; 10] = [
    "systemInstruction",
    "safetySettings",
    "tools",
    "toolConfig",
    "cachedContent",
    "labels",
    "serviceTier",
    "store",
    "modelArmorConfig",
    "continuationToken",
];

/// Fields of it that tell the SDK what to do, not the service.
const FOR_THE_SDK: [&str; 3] = [
    "httpOptions",
    "shouldReturnHttpResponse",
    "automaticFunctionCalling",
];

/// Puts the SDK's `config` where its fields belong; whether there was one. The path is that of the
/// request, and `moved` notes what went where.
///
/// # Errors
///
/// If it is no object, a field has no place in a request, or is set in its own place too, to
/// something else.
pub(crate) fn config(
    request: &mut RawFields,
    path: &Path,
    moved: &mut Moved,
) -> Result<bool, Box<Finding>> {
    let Some(written) = request.remove("config") else {
        return Ok(false);
    };
    if written.get() == "null" {
        return Ok(false);
    }
    let Ok(config) = serde_json::from_str::<RawFields>(written.get()) else {
        let says = "`config` is the settings of Google's SDK, an object, and this is none";
        let finding = Finding::error(FindingCode::WrongShape, says).at(path.to_field("config"));
        return Err(Box::new(finding.hint("write {\"temperature\": …}")));
    };
    let name = match request.contains_key("generation_config") {
        true => "generation_config",
        false => "generationConfig",
    };
    let own = request
        .get(name)
        .filter(|own| own.get() != "null")
        .map(|own| serde_json::from_str::<RawFields>(own.get()));
    let mut generation = match own {
        None => {
            moved.add(name, "config");
            RawFields::new()
        }
        Some(Ok(own)) => own,
        // Told as what it is.
        Some(Err(_)) => return Ok(true),
    };
    for (written, value) in config {
        if value.get() == "null" {
            continue;
        }
        let field = camel_case(&written);
        if FOR_THE_SDK.contains(&field.as_str()) {
            let says =
                format!("`{written}` tells Google's SDK what to do, and has no place in a request");
            let finding = Finding::error(FindingCode::UnsupportedHere, says);
            let finding = finding.at(path.to_field(&format!("config.{written}")));
            return Err(Box::new(finding.hint("leave it out")));
        }
        let value = match field.as_str() {
            "speechConfig" if value.get().starts_with('"') => json(
                format!(r#"{{"voiceConfig":{{"prebuiltVoiceConfig":{{"voiceName":{value}}}}}}}"#),
                value,
            ),
            _ => value,
        };
        let (place, field, sent) = match field.as_str() {
            field if BESIDE.contains(&field) => (&mut *request, field.to_owned(), field.to_owned()),
            "modelSelectionConfig" => {
                let field = "modelConfig".to_owned();
                (&mut generation, field, format!("{name}.modelConfig"))
            }
            _ => {
                let sent = format!("{name}.{field}");
                (&mut generation, field, sent)
            }
        };
        moved.add(sent, format!("config.{written}"));
        put_once(place, field, value)
            .map_err(|finding| Box::new(finding.at(path.to_field(&format!("config.{written}")))))?;
    }
    if !generation.is_empty() {
        let fields = serde_json::value::to_raw_value(&generation);
        request.extend(fields.ok().map(|fields| (name.to_owned(), fields)));
    }
    Ok(true)
}

fn put_once(
    place: &mut RawFields,
    field: String,
    value: Box<RawValue>,
) -> Result<(), Box<Finding>> {
    let own = place.get(&field).or_else(|| place.get(&snake_case(&field)));
    match own {
        Some(own) if own.get() != value.get() => {
            let says =
                format!("`{field}` is set in `config` and in its own place, to something else");
            let finding = Finding::error(FindingCode::DuplicateField, says);
            Err(Box::new(finding.hint("leave one out")))
        }
        Some(_) => Ok(()),
        None => {
            place.insert(field, value);
            Ok(())
        }
    }
}

/// Puts contents and system instruction into the form of the API. `moved` notes what went where.
pub(crate) fn contents(request: &mut RawFields, moved: &mut Moved) {
    if let Some(contents) = request.get("contents")
        && let Some(taken) = list_of_contents(contents.get(), moved)
    {
        request.insert("contents".to_owned(), taken);
    }
    for name in ["systemInstruction", "system_instruction"] {
        if let Some(instruction) = request.get(name)
            && let Some(taken) = content(instruction.get())
        {
            request.insert(name.to_owned(), taken);
        }
    }
}

/// Puts the content of a request for an embedding into the form of the API. `contents` are taken for
/// it where they are one, and nothing else is there that only a request for generated content has.
pub(crate) fn embedding(request: &mut RawFields, moved: &mut Moved) {
    let is_setting = |name: &str| {
        let known = [&KNOWN.gemini, &KNOWN.vertex];
        let is_known = |fields: &BTreeMap<String, String>| fields.contains_key(&camel_case(name));
        matches!(name, "contents" | "config")
            || known.iter().any(|it| it.get(EMBED).is_some_and(is_known))
    };
    if !request.contains_key("content")
        && request.keys().all(|name| is_setting(name))
        && let Some(contents) = request.get("contents")
        && let Some(one) = the_only(contents.get())
    {
        request.remove("contents");
        request.insert("content".to_owned(), one);
        moved.add("content", "contents");
    }
    let Some(one) = request.get("content").and_then(|it| the_only(it.get())) else {
        return;
    };
    // A text is put into a content whatever is checked.
    let taken = content(one.get()).filter(|_| !one.get().starts_with('"'));
    request.insert("content".to_owned(), taken.unwrap_or(one));
}

/// What contents are that are one; of a list of one, what stands in it.
fn the_only(written: &str) -> Option<Box<RawValue>> {
    match written.as_bytes().first()? {
        b'"' | b'{' => RawValue::from_string(written.to_owned()).ok(),
        b'[' => {
            let list: Vec<Box<RawValue>> = serde_json::from_str(written).ok()?;
            let [one] = <[Box<RawValue>; 1]>::try_from(list).ok()?;
            one.get().starts_with(['"', '{']).then_some(one)
        }
        _ => None,
    }
}

/// What stands in a list of contents.
enum Item<'a> {
    /// A content, changed where its parts were texts.
    Content(String),
    /// A part on its own.
    Part(std::borrow::Cow<'a, str>),
}

/// The contents, where they are not in the form of the API.
fn list_of_contents(written: &str, moved: &mut Moved) -> Option<Box<RawValue>> {
    let is_list = written.starts_with('[');
    let items: Vec<&RawValue> = match is_list {
        true => serde_json::from_str(written).ok()?,
        false => vec![serde_json::from_str(written).ok()?],
    };
    let mut contents: Vec<String> = Vec::new();
    let mut parts: Vec<std::borrow::Cow<'_, str>> = Vec::new();
    let mut is_changed = !is_list;
    let mut places = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let place = match is_list {
            true => format!("contents[{index}]"),
            false => "contents".to_owned(),
        };
        match read(item.get())? {
            Item::Content(content) => {
                is_changed |= content != item.get();
                contents.extend(turn(&mut parts));
                places.push((format!("contents[{}]", contents.len()), place));
                contents.push(content);
            }
            Item::Part(part) => {
                is_changed = true;
                let sent = format!("contents[{}].parts[{}]", contents.len(), parts.len());
                if item.get().starts_with('"') {
                    places.push((format!("{sent}.text"), place.clone()));
                }
                places.push((sent, place));
                parts.push(part);
            }
        }
    }
    contents.extend(turn(&mut parts));
    if is_changed {
        places
            .into_iter()
            .for_each(|(sent, written)| moved.add(sent, written));
    }
    is_changed.then(|| RawValue::from_string(format!("[{}]", contents.join(","))).ok())?
}

/// One turn of the user, of these parts.
fn turn(parts: &mut Vec<std::borrow::Cow<'_, str>>) -> Option<String> {
    let list = std::mem::take(parts).join(",");
    (!list.is_empty()).then(|| format!(r#"{{"role":"user","parts":[{list}]}}"#))
}

/// A content, where it is not in the form of the API.
fn content(written: &str) -> Option<Box<RawValue>> {
    let mut parts = Vec::new();
    let items: Vec<&RawValue> = match written.as_bytes().first()? {
        b'[' => serde_json::from_str(written).ok()?,
        _ => vec![serde_json::from_str(written).ok()?],
    };
    for item in items {
        match read(item.get())? {
            Item::Content(content) if content != written && !written.starts_with('[') => {
                return RawValue::from_string(content).ok();
            }
            Item::Content(_) => return None,
            Item::Part(part) => parts.push(part),
        }
    }
    RawValue::from_string(turn(&mut parts)?).ok()
}

/// What an element is; `None` if it is nothing that is clear.
fn read(written: &str) -> Option<Item<'_>> {
    match written.as_bytes().first()? {
        b'"' => Some(Item::Part(format!(r#"{{"text":{written}}}"#).into())),
        b'{' => {
            let fields: RawFields = serde_json::from_str(written).ok()?;
            let Some(parts) = fields.get("parts") else {
                let is_part = fields
                    .keys()
                    .any(|name| PART_DATA.contains(&&*camel_case(name)));
                // A content whose parts stand in it by mistake says its role.
                let is_turn = fields.contains_key("role");
                return match is_part && !is_turn {
                    true => Some(Item::Part(written.into())),
                    false => Some(Item::Content(written.to_owned())),
                };
            };
            Some(Item::Content(match list_of_parts(parts.get()) {
                Some(list) => {
                    let mut fields = fields;
                    fields.insert("parts".to_owned(), list);
                    serde_json::to_string(&fields).ok()?
                }
                None => written.to_owned(),
            }))
        }
        _ => None,
    }
}

/// The parts of a content, where one of them is a text.
fn list_of_parts(written: &str) -> Option<Box<RawValue>> {
    let text = |text: &str| format!(r#"{{"text":{text}}}"#);
    let list = match written.as_bytes().first()? {
        b'"' => text(written),
        b'[' => {
            let parts: Vec<&RawValue> = serde_json::from_str(written).ok()?;
            parts.iter().find(|part| part.get().starts_with('"'))?;
            let parts = parts.iter().map(|part| match part.get().starts_with('"') {
                true => text(part.get()),
                false => part.get().to_owned(),
            });
            parts.collect::<Vec<_>>().join(",")
        }
        _ => return None,
    };
    RawValue::from_string(format!("[{list}]")).ok()
}

fn json(text: String, otherwise: Box<RawValue>) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests;
