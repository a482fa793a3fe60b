//! A line of requests: sent whole, or refused.

use std::collections::BTreeMap;

use genai_batch::Backend;
use genai_batch::internals::{Defaults, Intake, JobKind, Line};
use serde_json::value::RawValue;

/// Fields as they are written.
type Fields = BTreeMap<String, Box<RawValue>>;

/// Whatever a line is, a create refuses it with a reason, or sends all of it and nothing else: to the
/// letter where it checks nothing, and with every value where it does, of which those in the spelling
/// of Google's SDK have another place.
///
/// The first byte says for which backend; the rest is the line.
pub fn request_line(data: &[u8]) {
    let Some((&first, line)) = data.split_first() else {
        return;
    };
    if line.contains(&b'\n') {
        return;
    }
    let backend = match first & 1 {
        0 => Backend::Gemini,
        _ => Backend::Vertex,
    };
    let (kind, defaults) = (JobKind::GenerateContent, Defaults::default());
    let model = Some("gemini-2.5-flash");
    let unchecked = sent(line, &mut Intake::unchecked(kind, &defaults));
    let checked = sent(line, &mut Intake::checked(kind, &defaults, backend, model));
    if let Some(sent) = &unchecked {
        is_sent_to_the_letter(line, sent);
    }
    if let Some(sent) = &checked {
        assert!(unchecked.is_some(), "checks let more pass: {sent}");
        let line = std::str::from_utf8(line).expect("JSON is UTF-8");
        has_all_and_no_more(line, sent);
    }
}

/// The line that is sent, without its end; `None` if it is refused.
fn sent(line: &[u8], intake: &mut Intake) -> Option<String> {
    match Line::parse(line, intake) {
        Ok(line) => {
            let mut out = Vec::new();
            line.write_jsonl(line.key.as_deref().unwrap_or(ASSIGNED), &mut out);
            let mut out = String::from_utf8(out).expect("a line is UTF-8");
            assert_eq!(out.pop(), Some('\n'));
            assert!(!out.contains('\n'), "{out} is more than one line");
            Some(out)
        }
        Err(findings) => {
            assert!(!findings.is_empty(), "refused without a reason");
            None
        }
    }
}

/// The key of a line that has none.
const ASSIGNED: &str = "assigned";

fn fields(json: &str) -> Fields {
    serde_json::from_str(json).expect("what is sent is an object")
}

/// Fields that stand in one of two places, as the texts that they are.
fn texts(fields: &Fields) -> BTreeMap<&str, &str> {
    let fields = fields.iter();
    fields
        .map(|(name, raw)| (name.as_str(), raw.get()))
        .collect()
}

fn is_sent_to_the_letter(line: &[u8], sent: &str) {
    let line = std::str::from_utf8(line).expect("JSON is UTF-8");
    let (mut was, mut is) = (fields(line), fields(sent));
    let inner = |fields: &mut Fields, name: &str| match fields.remove(name) {
        Some(raw) => self::fields(raw.get()),
        None => Fields::new(),
    };
    let (mut metadata, is_metadata) = (inner(&mut was, "metadata"), inner(&mut is, "metadata"));
    let keys = [was.remove("key"), metadata.remove("key")];
    let key = keys.into_iter().flatten().find(|raw| raw.get() != "null");
    let key = key.map(|raw| serde_json::from_str(raw.get()).expect("a key is a text"));
    let is_key: String =
        serde_json::from_str(is.remove("key").expect("a key").get()).expect("a key is a text");
    assert_eq!(is_key, key.unwrap_or_else(|| ASSIGNED.to_owned()));
    assert_eq!(texts(&is_metadata), texts(&metadata));
    let is_request = inner(&mut is, "request");
    let request = match was.contains_key("request") {
        true => inner(&mut was, "request"),
        false => std::mem::take(&mut was),
    };
    assert_eq!(texts(&is_request), texts(&request));
    assert_eq!(texts(&is), texts(&was), "beside the request");
}

fn has_all_and_no_more(line: &str, sent: &str) {
    let mut written = leaves(sent);
    let mut missing = leaves(line);
    missing.retain(|leaf| match written.iter().position(|it| it == leaf) {
        Some(place) => {
            written.swap_remove(place);
            false
        }
        None => true,
    });
    // A setting may stand twice, in `config` and in its place, if it says the same; so may the key.
    missing.retain(|leaf| !sent.contains(leaf));
    // Another spelling of the same text, as the key may have it.
    missing.retain(|leaf| {
        let text = serde_json::from_str::<String>(leaf).ok();
        let same = written
            .iter()
            .position(|it| serde_json::from_str(it).ok() == text);
        match (text, same) {
            (Some(_), Some(place)) => {
                written.swap_remove(place);
                false
            }
            _ => true,
        }
    });
    assert!(missing.is_empty(), "{sent} lost {missing:?} of {line}");
    // What the client adds: a key, and the turn of the user around a text.
    written.retain(|leaf| leaf != "\"assigned\"" && leaf != "\"user\"");
    assert!(
        written.is_empty(),
        "{written:?} came from nowhere in {sent}"
    );
}

/// Every plain value of some JSON. Names are not among them: a field may be moved.
fn leaves(json: &str) -> Vec<String> {
    fn collect(json: &str, found: &mut Vec<String>) {
        if let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
            let values = fields.values();
            values.for_each(|value| collect(value.get(), found));
        } else if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json) {
            list.iter().for_each(|value| collect(value.get(), found));
        } else if json != "null" {
            found.push(json.to_owned());
        }
    }
    let mut found = Vec::new();
    collect(json, &mut found);
    found
}
