//! A line in the form of another model than Google's, under the glass: what a create would refuse of
//! it, and about how many tokens it has.

use serde_json::{Map, Value, json};

use super::Checked;
use crate::preflight::tokens::Parts;
use crate::source::entry::Line;
use crate::source::intake::Intake;

/// Checks a line.
pub(super) fn check(bytes: &[u8], intake: &mut Intake) -> Checked {
    let is_embedding = intake.writer().is_some_and(|writer| writer.is_embedding);
    match Line::parse(bytes, intake) {
        Ok(line) => Checked {
            is_embedding,
            parts: parts(&line.request, is_embedding),
            findings: line.remarks,
            key: line.key,
            ..Checked::default()
        },
        Err(findings) => Checked {
            is_embedding,
            key: findings.first().and_then(|finding| finding.key.clone()),
            findings,
            ..Checked::default()
        },
    }
}

/// What a body is made of: its texts and images, and the limit on its response.
fn parts(body: &str, is_embedding: bool) -> Parts {
    let body: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    let mut found = Vec::new();
    body.values().for_each(|value| gather(value, &mut found));
    let mut request = Map::new();
    if is_embedding {
        request.insert("content".to_owned(), json!({ "parts": found }));
    } else {
        request.insert("contents".to_owned(), json!([{ "parts": found }]));
    }
    let limit = body
        .get("max_tokens")
        .or_else(|| body.get("max_completion_tokens"));
    if let Some(limit) = limit {
        let config = json!({ "maxOutputTokens": limit });
        request.insert("generationConfig".to_owned(), config);
    }
    Parts::of(&request)
}

fn gather(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::String(text) => found.push(json!({ "text": text })),
        Value::Array(each) => each.iter().for_each(|value| gather(value, found)),
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str);
            if matches!(kind, Some("image" | "image_url")) {
                found.push(json!({ "inlineData": { "mimeType": "image/png", "data": "" } }));
            } else if kind == Some("document") {
                found.push(json!({ "inlineData": { "mimeType": "application/pdf", "data": "" } }));
            } else {
                let said = fields
                    .iter()
                    .filter(|(name, _)| !matches!(name.as_str(), "type" | "role"));
                said.for_each(|(_, value)| gather(value, found));
            }
        }
        _ => {}
    }
}
