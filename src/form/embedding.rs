//! A request for an embedding in OpenAI's words.

use serde_json::{Map, Value};

use super::fields::{Fields, Refused};

pub(super) fn write(
    request: &Map<String, Value>,
    model: &str,
    path: &str,
    refused: &mut Refused,
) -> Map<String, Value> {
    let mut fields = Fields::of_map(request, path, refused);
    // Looked at before.
    fields.take("model");
    let content_path = fields.path("content");
    let texts = match fields.take("content") {
        Some(Value::String(text)) => vec![text.clone()],
        Some(content) => texts_of(content, &content_path, refused),
        None => {
            refused.wrong(&content_path, "the request has no `content`", "give it one");
            Vec::new()
        }
    };
    let dimensions = fields.count("outputDimensionality", refused);
    fields.finish(refused);
    let mut body = Map::new();
    body.insert("model".to_owned(), model.into());
    body.insert("input".to_owned(), texts.join("\n").into());
    body.extend(dimensions.map(|count| ("dimensions".to_owned(), count.into())));
    body
}

fn texts_of(content: &Value, path: &str, refused: &mut Refused) -> Vec<String> {
    let mut content = Fields::of(content, path, refused);
    content.take("role");
    let mut texts = Vec::new();
    for (path, part) in content.list("parts", refused) {
        let mut part = Fields::of(part, &path, refused);
        texts.extend(part.text("text", refused).map(str::to_owned));
        part.finish(refused);
    }
    content.finish(refused);
    texts
}
