//! What is taken, and what stays as it is.

use serde_json::{Value, json};

use super::*;

fn taken(request: &Value) -> Result<Value, String> {
    let mut fields: RawFields = serde_json::from_str(&request.to_string()).unwrap();
    let mut moved = Moved::default();
    config(&mut fields, &Path::of(&["request"]), &mut moved)
        .map_err(|finding| finding.to_string())?;
    contents(&mut fields, &mut moved);
    Ok(serde_json::from_str(&serde_json::to_string(&fields).unwrap()).unwrap())
}

#[test]
fn contents_are_taken_in_every_clear_form() {
    let user = |parts: Value| json!({ "role": "user", "parts": parts });
    let image = json!({ "inline_data": { "mime_type": "image/png", "data": "aGk=" } });
    let model = json!({ "role": "model", "parts": [{ "text": "b" }] });
    for (written, sent) in [
        (json!("hi"), json!([user(json!([{ "text": "hi" }]))])),
        (
            json!({ "text": "hi" }),
            json!([user(json!([{ "text": "hi" }]))]),
        ),
        (model.clone(), json!([model])),
        (
            json!(["look", image, model, "and?"]),
            json!([
                user(json!([{ "text": "look" }, image])),
                model,
                user(json!([{ "text": "and?" }]))
            ]),
        ),
        (
            json!([{ "role": "user", "parts": ["a", image] }]),
            json!([user(json!([{ "text": "a" }, image]))]),
        ),
        (
            json!([{ "parts": "a" }]),
            json!([{ "parts": [{ "text": "a" }] }]),
        ),
    ] {
        let request = json!({ "contents": written });
        assert_eq!(
            taken(&request).unwrap(),
            json!({ "contents": sent }),
            "{request}"
        );
    }
}

#[test]
fn what_is_right_or_unclear_stays_as_it_is() {
    for contents in [
        json!([{ "role": "user", "parts": [{ "text": "hi" }] }]),
        json!([{ "role": "user", "content": "hi" }]),
        json!([{ "role": "user", "text": "hi" }]),
        json!([{ "parts": { "text": "hi" } }]),
        json!([7]),
        json!(7),
        json!([]),
    ] {
        let request =
            json!({ "contents": contents, "systemInstruction": { "parts": [{ "text": "x" }] } });
        assert_eq!(taken(&request).unwrap(), request);
    }
    let text = r#"{"contents": [ {"parts":[{"text":"1.50"}],"n":1.50} ]}"#;
    let mut fields: RawFields = serde_json::from_str(text).unwrap();
    contents(&mut fields, &mut Moved::default());
    assert_eq!(
        fields["contents"].get(),
        r#"[ {"parts":[{"text":"1.50"}],"n":1.50} ]"#
    );
}

#[test]
fn a_config_stands_beside_settings_that_are_null() {
    let request = json!({ "generationConfig": null, "config": { "temperature": 0.5 } });
    let sent = json!({ "generationConfig": { "temperature": 0.5 } });
    assert_eq!(taken(&request).unwrap(), sent);
}

#[test]
fn a_config_goes_where_the_sdk_puts_it() {
    let request = json!({
        "contents": "hi",
        "generationConfig": { "topP": 0.5 },
        "config": {
            "temperature": 0.5, "max_output_tokens": 8, "systemInstruction": "Be brief.",
            "safety_settings": [{ "category": "X" }], "tools": [{ "google_search": {} }],
            "thinking_config": { "thinking_budget": 0 }, "speech_config": "Kore", "seed": null,
            "labels": { "a": "b" }, "topP": 0.5,
        },
    });
    let sent = json!({
        "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }],
        "generationConfig": {
            "temperature": 0.5, "maxOutputTokens": 8, "topP": 0.5,
            "thinkingConfig": { "thinking_budget": 0 },
            "speechConfig": { "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": "Kore" } } },
        },
        "systemInstruction": { "role": "user", "parts": [{ "text": "Be brief." }] },
        "safetySettings": [{ "category": "X" }], "tools": [{ "google_search": {} }],
        "labels": { "a": "b" },
    });
    assert_eq!(taken(&request).unwrap(), sent);
    let twice = json!({ "contents": "hi", "generation_config": { "top_p": 0.1 }, "config": { "top_p": 0.2 } });
    assert!(taken(&twice).unwrap_err().contains("request.config.top_p"));
    let odd = json!({ "contents": "hi", "config": { "http_options": {} } });
    assert!(taken(&odd).unwrap_err().contains("http_options"));
    let text = json!({ "contents": "hi", "config": "hot" });
    let told = taken(&text).unwrap_err();
    assert!(
        told.contains("request.config: ") && told.contains("this is none"),
        "{told}"
    );
}

#[test]
fn the_content_of_an_embedding_is_taken_in_every_clear_form() {
    let taken = |request: &Value| -> Value {
        let mut fields: RawFields = serde_json::from_str(&request.to_string()).unwrap();
        embedding(&mut fields, &mut Moved::default());
        serde_json::from_str(&serde_json::to_string(&fields).unwrap()).unwrap()
    };
    let content = json!({ "role": "user", "parts": [{ "text": "hi" }] });
    for written in [
        json!({ "text": "hi" }),
        json!([{ "text": "hi" }]),
        json!({ "role": "user", "parts": ["hi"] }),
        json!([content]),
    ] {
        let sent = taken(&json!({ "content": written, "taskType": "X" }));
        assert_eq!(sent, json!({ "content": content, "taskType": "X" }));
    }
    for contents in [content.clone(), json!([content]), json!([{ "text": "hi" }])] {
        let sent = taken(&json!({ "contents": contents, "output_dimensionality": 8 }));
        assert_eq!(
            sent,
            json!({ "content": content, "output_dimensionality": 8 })
        );
    }
    for text in [json!("hi"), json!(["hi"])] {
        let sent = taken(&json!({ "contents": text, "config": { "task_type": "X" } }));
        assert_eq!(
            sent,
            json!({ "content": "hi", "config": { "task_type": "X" } })
        );
    }
    // Several would be several embeddings, and settings of another kind tell of a mistake.
    for request in [
        json!({ "contents": ["a", "b"] }),
        json!({ "content": ["a", "b"] }),
        json!({ "contents": [] }),
        json!({ "contents": "hi", "generationConfig": {} }),
        json!({ "contents": "hi", "content": "ho" }),
    ] {
        assert_eq!(taken(&request), request);
    }
}
