//! What may go: new fields, and what one backend takes and the other does not.

use super::*;
use crate::request::finding::Severity;

#[test]
fn free_form_values_and_what_is_new_are_left_alone() {
    let newer = part(json!({ "text": "a", "audioMetadata": { "startOffset": "1s" } }));
    let layers = json!({ "fileData": { "fileUri": "gs://b/a.pdf", "mimeType": "application/pdf" },
        "documentMetadata": { "contentLayers": ["PAGE_IMAGE"] } });
    let thinking = config(json!({ "thinkingConfig": { "thinkingLevel": "XHIGH" } }));
    for request in [
        json!({
            "contents": [{"parts": [{"functionCall": {"name": "f", "args": {"any_thing": {}}}}]}],
            "generationConfig": {
                "responseMimeType": "application/json",
                "responseJsonSchema": {"$ref": "#/x", "additionalProperties": false},
            },
            "labels": {"any_team": "x"},
        }),
        schema(
            json!({ "type": "OBJECT", "properties": { "a_b": { "type": "STRING", "nullable": null } } }),
        ),
        json!({"content": {"parts": [{"text": "a"}]}, "embed_content_config": {"task_type": "CLUSTERING"}}),
        part(layers),
        newer,
        thinking,
    ] {
        assert_eq!(
            told(Backend::Vertex, &request),
            Vec::<String>::new(),
            "{request}"
        );
    }
}

#[test]
fn the_backends_differ_as_their_documents_say() {
    use Backend::{Gemini, Vertex};
    let uri = |uri: &str| part(json!({ "fileData": { "mimeType": "image/png", "fileUri": uri } }));
    for (request, wrong) in [
        (
            schema(
                json!({ "type": "OBJECT", "properties": { "a": { "ref": "#/defs/a" } }, "defs": { "a": { "type": "STRING" } } }),
            ),
            &[Gemini][..],
        ),
        (
            schema(
                json!({ "type": "OBJECT", "properties": { "a": { "type": "STRING" } }, "additionalProperties": false }),
            ),
            &[Gemini],
        ),
        (
            schema(
                json!({ "type": "OBJECT", "$defs": {}, "properties": { "a": { "$ref": "#/$defs/a" } } }),
            ),
            &[Gemini, Vertex],
        ),
        (
            with(json!({ "cachedContent": "cachedContents/a" })),
            &[Vertex],
        ),
        (uri("gs://bucket/a.png"), &[Gemini]),
        (uri("https://example.com/a.png"), &[Vertex]),
        (uri("files/abc"), &[Vertex]),
        (uri("https://www.youtube.com/watch?v=x"), &[]),
        (
            part(json!({ "inlineData": { "data": "aGk=" } })),
            &[Gemini, Vertex],
        ),
        (
            part(json!({ "fileData": { "fileUri": "https://youtu.be/x" } })),
            &[Vertex],
        ),
        (
            config(json!({ "imageConfig": { "imageSize": "4K" } })),
            &[Vertex],
        ),
        (config(json!({ "responseModalities": ["image"] })), &[]),
    ] {
        for backend in BACKENDS {
            let found = look(backend, &request);
            let is_wrong = found.iter().any(Finding::is_error);
            assert_eq!(
                is_wrong,
                wrong.contains(&backend),
                "{backend} {request}: {found:#?}"
            );
        }
    }
    for word in ["$ref", "$defs", "const", "additionalProperties", "oneOf"] {
        let found = told(
            Backend::Gemini,
            &schema(json!({ "type": "STRING", word: {} })),
        );
        assert!(
            found.iter().any(|it| it.contains("responseJsonSchema")),
            "{word}: {found:?}"
        );
        let found = told(
            Backend::Gemini,
            &function(json!({ "type": "OBJECT", word: {} })),
        );
        assert!(
            found.iter().any(|it| it.contains("parametersJsonSchema")),
            "{word}: {found:?}"
        );
    }
}

#[test]
fn what_may_go_is_no_error() {
    for (request, code) in [
        (
            config(json!({ "mediaResolution": "MEDIA_RESOLUTION_SIDEWAYS" })),
            FindingCode::WrongValue,
        ),
        (
            with(json!({ "smellSettings": {} })),
            FindingCode::UnknownField,
        ),
        (
            json!({ "contents": [{ "parts": [{ "text": "" }, { "text": "a" }] }] }),
            FindingCode::WrongValue,
        ),
        (
            json!({ "contents": [{ "parts": { "text": "a" } }] }),
            FindingCode::WrongShape,
        ),
        (
            with(
                json!({ "tools": [{ "functionDeclarations": [{ "name": "f", "parameters": { "type": "OBJECT" } }] }] }),
            ),
            FindingCode::UnsupportedSchema,
        ),
    ] {
        let found = look(Backend::Gemini, &request);
        assert!(
            found.iter().any(|it| it.code == code),
            "{request}: {found:?}"
        );
        assert!(!found.iter().any(Finding::is_error), "{request}: {found:?}");
    }
    let several = json!({ "content": { "parts": [{ "text": "a" }, { "text": "b" }] } });
    let found = look(Backend::Gemini, &several);
    assert_eq!((found.len(), found[0].severity), (1, Severity::Note));
    // An echo has nulls for what is absent.
    let echo = json!({ "contents": [{ "role": "user", "parts": [
        { "file_data": null, "text": "a" },
        { "file_data": { "file_uri": "gs://b/o", "mime_type": "image/png" }, "text": null },
    ] }] });
    assert!(!look(Backend::Vertex, &echo).iter().any(Finding::is_error));
}
