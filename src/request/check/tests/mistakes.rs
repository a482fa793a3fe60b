//! Requests that fail for sure, on both backends.

use super::*;

#[test]
fn unknown_fields_have_their_nearest() {
    let found = told(
        Backend::Gemini,
        &json!({
            "contents": [{"parts": [{"txt": "hi"}, {"inline_data": {"mime_type": "a/b", "data": "aGk="}}]}],
            "generationConfig": {"maxOutputToken": 3, "zzzzzzzzz": 1},
            "temperature": 0.5, "messages": [], "safetySettings": "x", "tools": {"urlContext": {}},
            "systemInstruction": "Be brief.",
        }),
    );
    let wanted = [
        "!unknown-field request.contents[0].parts[0].txt: did you mean `text`?",
        "snake-case request.contents[0].parts[1].inline_data: write `inlineData`",
        "snake-case request.contents[0].parts[1].inline_data.mime_type: write `mimeType`",
        "!unknown-field request.generationConfig.maxOutputToken: did you mean `maxOutputTokens`?",
        "unknown-field request.generationConfig.zzzzzzzzz: it may be newer than this client, or be refused",
        "!unknown-field request.messages: write `contents`",
        "!wrong-shape request.safetySettings: ",
        "!wrong-shape request.systemInstruction: ",
        "!unknown-field request.temperature: write `generationConfig.temperature`",
        "wrong-shape request.tools: put it into [ ]",
    ];
    for line in wanted {
        assert!(
            found.iter().any(|it| it == line),
            "{line} is not in {found:#?}"
        );
    }
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
}

/// Requests that fail for sure, each with the path at which it is told.
pub(super) fn wrong_everywhere() -> Vec<(Value, &'static str)> {
    let contents = |contents: Value| json!({ "contents": contents });
    vec![
        // In a neighbouring message.
        (
            config(json!({ "tools": [{ "googleSearch": {} }] })),
            "generationConfig.tools",
        ),
        (
            config(json!({ "safety_settings": [] })),
            "generationConfig.safety_settings",
        ),
        (
            config(json!({ "cachedContent": "cachedContents/a" })),
            "generationConfig.cachedContent",
        ),
        (
            config(json!({ "thinkingBudget": 0 })),
            "generationConfig.thinkingBudget",
        ),
        (
            config(json!({ "max_tokens": 5 })),
            "generationConfig.max_tokens",
        ),
        (config(json!({ "stop": ["x"] })), "generationConfig.stop"),
        (
            with(json!({ "tools": [{ "toolConfig": {} }] })),
            "tools[0].toolConfig",
        ),
        (with(json!({ "imageConfig": {} })), "imageConfig"),
        (
            with(json!({ "generateContentConfig": {} })),
            "generateContentConfig",
        ),
        (
            with(json!({ "systemInstructions": {} })),
            "systemInstructions",
        ),
        // Contents.
        (
            contents(json!([{ "role": "user", "parts": [] }])),
            "contents[0].parts",
        ),
        (
            contents(json!([{ "role": "user", "parts": [{}] }])),
            "contents[0].parts[0]",
        ),
        (
            contents(json!([{ "role": "user", "parts": [{ "text": null }] }])),
            "contents[0].parts[0]",
        ),
        (contents(json!([{ "role": "user" }])), "contents[0]"),
        (
            contents(json!([{ "role": "user", "content": "hi" }])),
            "contents[0].content",
        ),
        (
            contents(json!([{ "role": "assistant", "parts": [{ "text": "a" }] }])),
            "contents[0].role",
        ),
        (
            contents(json!([{ "role": "system", "parts": [{ "text": "a" }] }])),
            "contents[0].role",
        ),
        (
            contents(json!([{ "parts": [{ "role": "user", "text": "a" }] }])),
            "contents[0].parts[0].role",
        ),
        (
            contents(json!([{ "parts": ["a"] }])),
            "contents[0].parts[0]",
        ),
        (contents(json!("hi")), "contents"),
        (
            part(json!({ "text": { "url": "a.png" } })),
            "contents[0].parts[0].text",
        ),
        (
            part(json!({ "type": "image_url", "image_url": {} })),
            "contents[0].parts[0].image_url",
        ),
        (
            part(json!({ "text": "a", "inlineData": { "mimeType": "image/png", "data": "aGk=" } })),
            "contents[0].parts[0]",
        ),
        // Media.
        (
            part(
                json!({ "inlineData": { "mimeType": "image/png", "data": "data:image/png;base64,aGk=" } }),
            ),
            "contents[0].parts[0].inlineData.data",
        ),
        (
            part(json!({ "inlineData": { "mimeType": "image/png", "data": "b'aGk='" } })),
            "contents[0].parts[0].inlineData.data",
        ),
        (
            part(
                json!({ "inlineData": { "mimeType": "application/octet-stream", "data": "aGk=" } }),
            ),
            "contents[0].parts[0].inlineData.mimeType",
        ),
        (
            part(
                json!({ "fileData": { "mimeType": "application/pdf", "fileUri": "/home/me/a.pdf" } }),
            ),
            "contents[0].parts[0].fileData.fileUri",
        ),
        // Values.
        (
            config(json!({ "temperature": "0.2" })),
            "generationConfig.temperature",
        ),
        (
            config(json!({ "temperature": 3 })),
            "generationConfig.temperature",
        ),
        (
            config(json!({ "maxOutputTokens": "many" })),
            "generationConfig.maxOutputTokens",
        ),
        (
            config(json!({ "stopSequences": "END" })),
            "generationConfig.stopSequences",
        ),
        (
            config(json!({ "responseModalities": ["TEXT", 7.5, "IMAG"] })),
            "generationConfig.responseModalities[2]",
        ),
        (
            with(
                json!({ "safetySettings": [{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NON" }] }),
            ),
            "safetySettings[0].threshold",
        ),
        (
            with(
                json!({ "safetySettings": [{ "category": "HARM_CATEGORY_UNSPECIFIED", "threshold": "BLOCK_NONE" }] }),
            ),
            "safetySettings[0].category",
        ),
        (
            with(json!({ "safetySettings": [{ "category": "HARM_CATEGORY_HARASSMENT" }] })),
            "safetySettings[0]",
        ),
        (
            with(json!({ "tools": [{ "type": "function", "function": { "name": "f" } }] })),
            "tools[0].function",
        ),
        // What excludes each other.
        (
            with(json!({ "cachedContent": "cachedContents/a", "tools": [{ "googleSearch": {} }] })),
            "tools",
        ),
        (
            with(
                json!({ "cachedContent": "cachedContents/a", "system_instruction": { "parts": [{ "text": "a" }] } }),
            ),
            "systemInstruction",
        ),
        (
            config(json!({ "thinkingConfig": { "thinkingBudget": 1, "thinkingLevel": "low" } })),
            "generationConfig.thinkingConfig",
        ),
        (
            config(
                json!({ "responseMimeType": "application/json", "responseSchema": { "type": "STRING" }, "responseJsonSchema": {} }),
            ),
            "generationConfig",
        ),
        (
            config(json!({ "responseSchema": { "type": "STRING" } })),
            "generationConfig.responseSchema",
        ),
        (
            config(
                json!({ "speechConfig": { "voiceConfig": {}, "multiSpeakerVoiceConfig": { "speakerVoiceConfigs": [] } } }),
            ),
            "generationConfig.speechConfig",
        ),
        (
            config(json!({ "topP": 0.5, "top_p": 0.6 })),
            "generationConfig.top_p",
        ),
        // Schemas.
        (
            function(
                json!({ "type": "object", "properties": { "m": { "type": "integer", "enum": [1, 2] } } }),
            ),
            "tools[0].functionDeclarations[0].parameters.properties.m.enum",
        ),
        (
            schema(
                json!({ "type": "object", "properties": { "a": { "type": "string", "required": true } } }),
            ),
            "generationConfig.responseSchema.properties.a.required",
        ),
        (
            schema(json!({ "type": ["string", "null"] })),
            "generationConfig.responseSchema.type",
        ),
        (
            schema(json!({ "type": "STRING", "const": "a" })),
            "generationConfig.responseSchema.const",
        ),
        (
            schema(json!({ "allOf": [] })),
            "generationConfig.responseSchema.allOf",
        ),
        (
            schema(
                json!({ "type": "OBJECT", "properties": { "a": { "type": "STRING" } }, "required": ["b"] }),
            ),
            "generationConfig.responseSchema.required",
        ),
        (
            schema(json!({ "type": "ARRAY" })),
            "generationConfig.responseSchema.items",
        ),
        (
            with(
                json!({ "tools": [{ "functionDeclarations": [{ "name": "two words", "description": "d" }] }] }),
            ),
            "tools[0].functionDeclarations[0].name",
        ),
        (with(json!({ "model": "gemini-2.5-pro" })), "model"),
    ]
}

#[test]
fn what_fails_for_sure_is_an_error_at_its_path() {
    for (request, path) in wrong_everywhere() {
        for backend in BACKENDS {
            let found = look(backend, &request);
            let path = format!("request.{path}");
            let is_told = found
                .iter()
                .any(|it| it.is_error() && it.path.as_deref() == Some(&path));
            assert!(is_told, "{backend}: {request}: {found:#?}");
        }
    }
}
