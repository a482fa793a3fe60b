//! Requests for embeddings: read in every spelling that a service documents, written in the
//! one that the backend and model want.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::kind::EmbedForm;
use crate::request::fields::RawFields;

/// The settings, as Gemini spells them and as Vertex AI's files do.
const SETTINGS: [(&str, &str); 4] = [
    ("taskType", "task_type"),
    ("title", "title"),
    ("outputDimensionality", "output_dimensionality"),
    ("autoTruncate", "auto_truncate"),
];

/// Where settings stand: as files of Vertex AI have it, Gemini's documents, and Google's SDK.
const CONFIGS: [&str; 3] = ["embed_content_config", "embedContentConfig", "config"];

/// Brings a request to Gemini's form: content as an object, settings in camel case beside it. A
/// setting that has a place in the config alone stays there.
pub(super) fn canonicalise(body: &mut RawFields) -> Result<(), String> {
    let mut others = RawFields::new();
    for name in CONFIGS {
        let config = body
            .get(name)
            .map(|raw| serde_json::from_str::<RawFields>(raw.get()));
        if let Some(Ok(config)) = config {
            body.remove(name);
            for (name, value) in config {
                let is_setting = SETTINGS
                    .iter()
                    .any(|(camel, snake)| *camel == name || *snake == name);
                let place = if is_setting { &mut *body } else { &mut others };
                put_once(place, name, value)?;
            }
        }
    }
    if !others.is_empty() {
        let others = to_raw_value(&others).map_err(|e| e.to_string())?;
        body.insert("embedContentConfig".to_owned(), others);
    }
    for (camel, snake) in SETTINGS {
        if camel != snake
            && let Some(value) = body.remove(snake)
        {
            put_once(body, camel.to_owned(), value)?;
        }
    }
    let text = body
        .get("content")
        .map(|raw| serde_json::from_str::<String>(raw.get()));
    if let Some(Ok(text)) = text
        && let Ok(content) = to_raw_value(&json!({ "role": "user", "parts": [{ "text": text }] }))
    {
        body.insert("content".to_owned(), content);
    }
    Ok(())
}

fn put_once(body: &mut RawFields, name: String, value: Box<RawValue>) -> Result<(), String> {
    match body.get(&name) {
        Some(other) if other.get() != value.get() => Err(format!(
            "`{name}` is set twice, to {} and to {}: leave one out",
            other.get(),
            value.get()
        )),
        _ => {
            body.insert(name, value);
            Ok(())
        }
    }
}

/// Rewrites a canonical request; `beside` are the fields that stand next to the key.
pub(super) fn write_as(
    form: EmbedForm,
    body: &mut RawFields,
    beside: &mut RawFields,
) -> Result<(), String> {
    match form {
        EmbedForm::Gemini => Ok(()),
        EmbedForm::VertexGemini => {
            let others = body.remove("embedContentConfig");
            let others = others.and_then(|raw| serde_json::from_str::<RawFields>(raw.get()).ok());
            let mut config = others.unwrap_or_default();
            for (camel, snake) in SETTINGS {
                if let Some(value) = body.remove(camel) {
                    config.insert(snake.to_owned(), value);
                }
            }
            if !config.is_empty() {
                let config = to_raw_value(&config).map_err(|e| e.to_string())?;
                body.insert("embed_content_config".to_owned(), config);
            }
            Ok(())
        }
        EmbedForm::VertexText => {
            let content = body.remove("content").unwrap_or_default();
            let text = plain_text(&content)?;
            if text.get() == "\"\"" {
                return Err("an empty text is all that the request says".to_owned());
            }
            put_beside(beside, "content", text)?;
            for (camel, snake) in SETTINGS {
                if let Some(value) = body.remove(camel) {
                    // This form alone has it in camel case.
                    let name = if camel == "outputDimensionality" {
                        camel
                    } else {
                        snake
                    };
                    put_beside(beside, name, value)?;
                }
            }
            for (name, value) in std::mem::take(body) {
                put_beside(beside, &name, value)?;
            }
            Ok(())
        }
    }
}

fn put_beside(beside: &mut RawFields, name: &str, value: Box<RawValue>) -> Result<(), String> {
    match beside.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(format!(
            "`{name}` stands in the line and in its request, which are one for this model: \
             rename or leave out one of them"
        )),
    }
}

/// What makes two requests for embeddings the same, however they are spelled: content and
/// settings, not what stands beside them in the older form. `None` if it is not such a request.
pub(crate) fn comparable(request: &[u8], form: EmbedForm) -> Option<Value> {
    let mut body: RawFields = serde_json::from_slice(request).ok()?;
    if body.contains_key("contents") || !body.contains_key("content") {
        return None;
    }
    canonicalise(&mut body).ok()?;
    if form == EmbedForm::VertexText {
        let text = plain_text(body.get("content")?).ok()?;
        body.insert("content".to_owned(), text);
        let is_setting = |name: &str| SETTINGS.iter().any(|(camel, _)| *camel == name);
        body.retain(|name, _| name == "content" || is_setting(name));
    }
    serde_json::to_value(body).ok()
}

/// The text of a content, all that the older models take.
fn plain_text(content: &RawValue) -> Result<Box<RawValue>, String> {
    let content: Value = serde_json::from_str(content.get()).map_err(|e| e.to_string())?;
    let parts = content["parts"].as_array();
    let texts: Option<Vec<&str>> = parts
        .map(|parts| parts.iter().map(|part| part["text"].as_str()).collect())
        .unwrap_or_default();
    let texts = texts.ok_or("this model embeds text alone, and the content has other parts")?;
    to_raw_value(&texts.join("\n")).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: EmbedForm, request: Value) -> (Value, Value) {
        let mut body: RawFields = serde_json::from_value(request).unwrap();
        let mut beside = RawFields::new();
        canonicalise(&mut body).unwrap();
        write_as(form, &mut body, &mut beside).unwrap();
        (
            serde_json::to_value(body).unwrap(),
            serde_json::to_value(beside).unwrap(),
        )
    }

    #[test]
    fn every_spelling_becomes_every_form() {
        let content = json!({ "role": "user", "parts": [{ "text": "hi" }] });
        let config = json!({ "task_type": "T", "output_dimensionality": 8 });
        for spelling in [
            json!({ "content": content, "taskType": "T", "outputDimensionality": 8 }),
            json!({ "content": "hi", "task_type": "T", "outputDimensionality": 8 }),
            json!({ "content": content, "embed_content_config": config }),
            json!({ "content": content, "embedContentConfig": config }),
        ] {
            let (gemini, _) = written(EmbedForm::Gemini, spelling.clone());
            let canonical =
                json!({ "content": content, "taskType": "T", "outputDimensionality": 8 });
            assert_eq!(gemini, canonical);
            let (vertex, _) = written(EmbedForm::VertexGemini, spelling.clone());
            assert_eq!(
                vertex,
                json!({ "content": content, "embed_content_config": config })
            );
            let (rest, beside) = written(EmbedForm::VertexText, spelling);
            assert_eq!(rest, json!({}));
            let flat = json!({ "content": "hi", "task_type": "T", "outputDimensionality": 8 });
            assert_eq!(beside, flat);
        }
    }

    #[test]
    fn a_setting_that_is_spelled_twice_says_one_thing() {
        let read = |value| {
            let mut body: RawFields = serde_json::from_value(value).unwrap();
            canonicalise(&mut body)
        };
        let same = json!({ "content": "hi", "taskType": "T", "task_type": "T" });
        assert_eq!(read(same), Ok(()));
        let newer = json!({ "content": "hi", "config": { "documentOcr": true, "task_type": "T" } });
        let (gemini, _) = written(EmbedForm::Gemini, newer.clone());
        assert_eq!(gemini["embedContentConfig"], json!({ "documentOcr": true }));
        assert_eq!(gemini["taskType"], "T");
        let (vertex, _) = written(EmbedForm::VertexGemini, newer);
        let config = json!({ "documentOcr": true, "task_type": "T" });
        assert_eq!(vertex["embed_content_config"], config);
        for other in [
            json!({ "content": "hi", "taskType": "T", "task_type": "U" }),
            json!({ "content": "hi", "taskType": "T", "embedContentConfig": { "task_type": "U" } }),
        ] {
            let error = read(other).unwrap_err();
            assert!(error.contains("`taskType` is set twice"), "{error}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused_where_only_text_is_taken() {
        let mut body: RawFields =
            serde_json::from_value(json!({ "content": { "parts": [{ "inlineData": {} }] } }))
                .unwrap();
        assert!(write_as(EmbedForm::VertexText, &mut body, &mut RawFields::new()).is_err());
    }
}
