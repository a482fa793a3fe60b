//! Requests: what a create takes, and as what it is sent; what it refuses, and where it says that
//! the mistake is. A preflight says the same.

use std::io::Write;

use genai_batch::Source;
use genai_batch::batches::InlineLimit;
use genai_batch::preflight::{Diagnosis, FindingCode, Severity};
use serde_json::{Value, json};

use crate::support::Backend;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// A line of a request with these fields beside a turn.
fn line(key: &str, fields: Value) -> Value {
    let mut request =
        json!({ "contents": [{ "role": "user", "parts": [{ "text": "How deep is it?" }] }] });
    request
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({ "key": key, "request": request })
}

fn config(key: &str, fields: Value) -> Value {
    line(key, json!({ "generationConfig": fields }))
}

fn contents(key: &str, contents: Value) -> Value {
    json!({ "key": key, "request": { "contents": contents } })
}

fn parts(key: &str, parts: Value) -> Value {
    contents(key, json!([{ "role": "user", "parts": parts }]))
}

fn schema(key: &str, schema: Value) -> Value {
    config(
        key,
        json!({ "responseMimeType": "application/json", "responseSchema": schema }),
    )
}

fn paths(diagnosis: &Diagnosis) -> Vec<&str> {
    let errors = diagnosis
        .findings
        .iter()
        .filter(|it| it.severity == Severity::Error);
    errors
        .map(|it| it.path.as_deref().unwrap_or_default())
        .collect()
}

/// Has each line refused, alone in a file after a right one: by the create with file, line and path
/// before anything is sent, by the preflight with the same.
async fn refused(backend: &Backend, cases: Vec<(Value, &str)>) {
    let right = line("right", json!({}));
    for (wrong, path) in cases {
        let file = file(format!("{right}\n{wrong}\n").as_bytes());
        let create = || backend.client.batches().create(backend.model, file.path());
        let diagnosis = create().preflight().await.unwrap();
        assert!(paths(&diagnosis).contains(&path), "{wrong}\n{diagnosis}");
        let error = create().await.unwrap_err().to_string();
        let place = format!("{}:2", file.path().display());
        assert!(
            error.contains(&place) && error.contains(path),
            "{wrong}: {error}"
        );
        assert!(
            !error.contains(&format!("{}:1,", file.path().display())),
            "{error}"
        );
        for path in paths(&diagnosis) {
            assert!(error.contains(path), "{wrong}: {path} is not in {error}");
        }
    }
    assert!(backend.emulator.requests().is_empty(), "nothing is sent");
}

/// Has each line taken, and sent as the request that stands beside it.
async fn taken(backend: Backend, cases: Vec<(Value, Value)>) {
    let backend = backend.echoing().await;
    let lines: Vec<Value> = cases.iter().map(|(line, _)| line.clone()).collect();
    let diagnosis = Source::from(lines.clone())
        .preflight(&backend.client)
        .model(backend.model);
    let diagnosis = diagnosis.await.unwrap();
    assert!(diagnosis.is_ok(), "{diagnosis}");
    let text: Vec<_> = lines.iter().map(Value::to_string).collect();
    let file = file(text.join("\n").as_bytes());
    for source in [Source::path(file.path()), Source::from(lines)] {
        let received = backend.received(source, InlineLimit::default()).await;
        for (line, sent) in &cases {
            let key = line["key"].as_str().unwrap();
            assert_eq!(received[key], *sent, "{line}");
        }
    }
}

#[tokio::test]
async fn settings_in_a_neighbouring_message() {
    let cases = vec![
        (
            config(
                "search",
                json!({ "temperature": 0, "tools": [{ "google_search": {} }] }),
            ),
            "request.generationConfig.tools",
        ),
        (
            config("cache", json!({ "cachedContent": "cachedContents/lakes" })),
            "request.generationConfig.cachedContent",
        ),
        (
            config("harm", json!({ "safetySettings": [] })),
            "request.generationConfig.safetySettings",
        ),
        (
            config(
                "system",
                json!({ "systemInstruction": { "parts": [{ "text": "In metres." }] } }),
            ),
            "request.generationConfig.systemInstruction",
        ),
        (
            line(
                "snake",
                json!({ "generation_config": { "tool_config": {} } }),
            ),
            "request.generation_config.tool_config",
        ),
        (
            line("tool", json!({ "tools": [{ "safetySettings": [] }] })),
            "request.tools[0].safetySettings",
        ),
        (
            config("budget", json!({ "thinkingBudget": 0 })),
            "request.generationConfig.thinkingBudget",
        ),
        (
            line(
                "thinking",
                json!({ "thinkingConfig": { "thinkingBudget": 0 } }),
            ),
            "request.thinkingConfig",
        ),
        (
            line("image", json!({ "imageConfig": { "aspectRatio": "16:9" } })),
            "request.imageConfig",
        ),
        (
            config("openai", json!({ "max_tokens": 5 })),
            "request.generationConfig.max_tokens",
        ),
        (
            config("many", json!({ "n": 2 })),
            "request.generationConfig.n",
        ),
        (
            config(
                "format",
                json!({ "response_format": { "type": "json_object" } }),
            ),
            "request.generationConfig.response_format.type",
        ),
        (
            line("top", json!({ "max_tokens": 5 })),
            "request.max_tokens",
        ),
    ];
    refused(&Backend::gemini().await, cases.clone()).await;
    #[cfg(feature = "gcs")]
    refused(&Backend::vertex().await, cases).await;
}

#[tokio::test]
async fn settings_beside_the_request() {
    let beside = |key: &str, fields: Value| {
        let mut line = line(key, json!({}));
        line.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        line
    };
    let cases = vec![
        (
            beside("a", json!({ "config": { "temperature": 0.5 } })),
            "config",
        ),
        (
            beside("b", json!({ "generationConfig": { "temperature": 0.5 } })),
            "generationConfig",
        ),
        (
            beside(
                "c",
                json!({ "system_instruction": { "parts": [{ "text": "x" }] } }),
            ),
            "system_instruction",
        ),
        (
            beside("d", json!({ "maxOutputTokens": 8 })),
            "maxOutputTokens",
        ),
        (
            line(
                "e",
                json!({ "system_instructions": { "parts": [{ "text": "x" }] } }),
            ),
            "request.system_instructions",
        ),
        (
            line("f", json!({ "systemInstructions": "x" })),
            "request.systemInstructions",
        ),
        (
            line(
                "g",
                json!({ "generateContentConfig": { "temperature": 0.5 } }),
            ),
            "request.generateContentConfig",
        ),
        (
            line("h", json!({ "model": "gemini-2.5-pro" })),
            "request.model",
        ),
    ];
    refused(&Backend::gemini().await, cases).await;
}

#[tokio::test]
async fn the_config_of_googles_sdk() {
    let user = |text: &str| json!({ "role": "user", "parts": [{ "text": text }] });
    let asked = user("How deep is it?");
    let cases = vec![
        (
            line(
                "config",
                json!({ "config": { "response_mime_type": "application/json", "maxOutputTokens": 9,
                "safety_settings": [{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF" }] } }),
            ),
            json!({ "contents": [asked], "generationConfig": { "responseMimeType": "application/json", "maxOutputTokens": 9 },
                "safetySettings": [{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF" }] }),
        ),
        (
            line(
                "unspecified",
                json!({ "config": { "safety_settings": [{ "category": "HARM_CATEGORY_UNSPECIFIED", "threshold": "OFF" }] } }),
            ),
            json!({ "contents": [asked], "safetySettings": [{ "category": "HARM_CATEGORY_UNSPECIFIED", "threshold": "OFF" }] }),
        ),
        (
            line("system", json!({ "systemInstruction": "In metres." })),
            json!({ "contents": [asked], "systemInstruction": user("In metres.") }),
        ),
        (
            contents("text", json!("How wide?")),
            json!({ "contents": [user("How wide?")] }),
        ),
        (
            contents("texts", json!(["How", "wide?"])),
            json!({ "contents": [{ "role": "user", "parts": [{ "text": "How" }, { "text": "wide?" }] }] }),
        ),
        (
            parts("part", json!(["How wide?"])),
            json!({ "contents": [user("How wide?")] }),
        ),
        (
            json!({ "key": "bare", "contents": "Why?", "config": { "seed": 7 } }),
            json!({ "contents": [user("Why?")], "generationConfig": { "seed": 7 } }),
        ),
    ];
    taken(Backend::gemini().await, cases.clone()).await;
    #[cfg(feature = "gcs")]
    taken(Backend::vertex().await, cases).await;
}

#[tokio::test]
async fn fields_of_tomorrow_are_sent() {
    let contents = json!([{ "role": "user", "parts": [{ "text": "a", "audioMetadata": { "startOffset": "1s" }, "smellMetadata": {} }] }]);
    let request = json!({ "contents": contents, "generationConfig": { "thinkingConfig": { "thinkingLevel": "XHIGH" }, "speed": 1 } });
    let cases = vec![(json!({ "key": "new", "request": request }), request)];
    taken(Backend::gemini().await, cases).await;
}

#[tokio::test]
async fn contents_that_always_fail() {
    let cases = vec![
        (parts("none", json!([])), "request.contents[0].parts"),
        (parts("empty", json!([{}])), "request.contents[0].parts[0]"),
        (
            parts("null", json!([{ "text": null }])),
            "request.contents[0].parts[0]",
        ),
        (parts("silent", json!([{ "text": "" }])), "request.contents"),
        (
            parts(
                "call",
                json!([{ "functionCall": { "name": "f", "args": [1] } }]),
            ),
            "request.contents[0].parts[0].functionCall.args",
        ),
        (
            parts(
                "returned",
                json!([{ "functionResponse": { "name": "f", "response": "x" } }]),
            ),
            "request.contents[0].parts[0].functionResponse.response",
        ),
        (
            json!({ "key": "messages", "request": { "messages": [{ "role": "user", "content": "a" }] } }),
            "request.messages",
        ),
        (
            contents("no-parts", json!([{ "role": "user" }])),
            "request.contents[0]",
        ),
        (
            contents(
                "assistant",
                json!([{ "role": "assistant", "parts": [{ "text": "40 m" }] }]),
            ),
            "request.contents[0].role",
        ),
        (
            contents(
                "system",
                json!([{ "role": "system", "parts": [{ "text": "In metres." }] }]),
            ),
            "request.contents[0].role",
        ),
        (
            contents(
                "in-parts",
                json!([{ "parts": { "role": "user", "text": "a" } }]),
            ),
            "request.contents[0].parts.role",
        ),
        (
            parts("in-part", json!([{ "role": "user", "text": "a" }])),
            "request.contents[0].parts[0].role",
        ),
        (
            contents("content", json!([{ "role": "user", "content": "a" }])),
            "request.contents[0].content",
        ),
        (
            parts("text", json!([{ "text": { "url": "lake.png" } }])),
            "request.contents[0].parts[0].text",
        ),
        (
            parts(
                "image",
                json!([{ "type": "image_url", "image_url": { "url": "https://example.com/lake.png" } }]),
            ),
            "request.contents[0].parts[0].image_url",
        ),
    ];
    refused(&Backend::gemini().await, cases).await;
}

#[tokio::test]
async fn media_that_cannot_be_read() {
    let data = |key: &str, fields: Value| {
        parts(
            key,
            json!([{ "inlineData": fields }, { "text": "Which lake?" }]),
        )
    };
    let uri = |key: &str, uri: &str| {
        parts(
            key,
            json!([{ "fileData": { "mimeType": "image/png", "fileUri": uri } }]),
        )
    };
    let at = "request.contents[0].parts[0].inlineData.data";
    let mime = "request.contents[0].parts[0].inlineData.mimeType";
    let file_uri = "request.contents[0].parts[0].fileData.fileUri";
    let cases = vec![
        (
            data(
                "url",
                json!({ "mimeType": "application/pdf", "data": "data:application/pdf;base64,JVBERg==" }),
            ),
            at,
        ),
        (
            data(
                "python",
                json!({ "mimeType": "image/png", "data": "b'iVBORw0K'" }),
            ),
            at,
        ),
        (data("no-type", json!({ "data": "iVBORw0K" })), mime),
        (
            data("none", json!({ "mimeType": "image/png", "data": "" })),
            at,
        ),
        (
            data(
                "octets",
                json!({ "mimeType": "application/octet-stream", "data": "iVBORw0K" }),
            ),
            mime,
        ),
        (uri("path", "/home/ada/lake.png"), file_uri),
        (uri("windows", "C:\\lakes\\lake.png"), file_uri),
        (uri("bucket", "gs://lakes/lake.png"), file_uri),
    ];
    refused(&Backend::gemini().await, cases).await;
    #[cfg(feature = "gcs")]
    {
        let cases = vec![
            (uri("web", "https://example.com/lake.png"), file_uri),
            (uri("upload", "files/lake"), file_uri),
            (
                line(
                    "cached",
                    json!({ "cachedContent": "projects/p/locations/l/cachedContents/1" }),
                ),
                "request.cachedContent",
            ),
        ];
        refused(&Backend::vertex().await, cases).await;
    }
}

#[tokio::test]
async fn values_and_fields_that_exclude_each_other() {
    let cached = |key: &str, fields: Value| {
        let mut line = line(key, fields);
        line["request"]["cachedContent"] = json!("cachedContents/lakes");
        line
    };
    let harm = |key: &str, category: &str, threshold: &str| {
        line(
            key,
            json!({ "safetySettings": [{ "category": category, "threshold": threshold }] }),
        )
    };
    let cases = vec![
        (
            cached(
                "system",
                json!({ "systemInstruction": { "parts": [{ "text": "a" }] } }),
            ),
            "request.systemInstruction",
        ),
        (
            cached("tools", json!({ "tools": [{ "googleSearch": {} }] })),
            "request.tools",
        ),
        (
            config(
                "thinking",
                json!({ "thinkingConfig": { "thinkingBudget": 512, "thinkingLevel": "low" } }),
            ),
            "request.generationConfig.thinkingConfig",
        ),
        (
            config(
                "schemas",
                json!({ "responseMimeType": "application/json", "responseSchema": { "type": "string" }, "responseJsonSchema": { "type": "string" } }),
            ),
            "request.generationConfig",
        ),
        (
            harm("category", "HARM_CATEGORY_UNSPECIFIED", "BLOCK_NONE"),
            "request.safetySettings[0].category",
        ),
        (
            harm("threshold", "HARM_CATEGORY_HARASSMENT", "BLOCK_NON"),
            "request.safetySettings[0].threshold",
        ),
        (
            config("text", json!({ "temperature": "0.2" })),
            "request.generationConfig.temperature",
        ),
        (
            config("word", json!({ "maxOutputTokens": "many" })),
            "request.generationConfig.maxOutputTokens",
        ),
        (
            line(
                "openai",
                json!({ "tools": [{ "type": "function", "function": { "name": "f" } }] }),
            ),
            "request.tools[0].function",
        ),
        (
            config("spelled", json!({ "topP": 0.1, "top_p": 0.2 })),
            "request.generationConfig.top_p",
        ),
    ];
    refused(&Backend::gemini().await, cases).await;
}

#[tokio::test]
async fn schemas_beyond_the_subset() {
    let depth = |fields: Value| json!({ "type": "object", "properties": { "depth": fields } });
    let closed = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": false });
    let closed = schema("closed", closed);
    let enums = schema(
        "enum",
        depth(json!({ "type": "integer", "enum": [4, 6, 8] })),
    );
    let function = line(
        "function",
        json!({ "tools": [{ "functionDeclarations": [
        { "name": "sound", "description": "d", "parameters": depth(json!({ "type": "integer", "enum": [1] })) } ] }] }),
    );
    let within =
        |field: &str| format!("request.generationConfig.responseSchema.properties.depth.{field}");
    let named = [
        (enums, within("enum")),
        (
            schema(
                "required",
                depth(json!({ "type": "string", "required": true })),
            ),
            within("required"),
        ),
        (
            schema("ref", depth(json!({ "$ref": "#/$defs/depth" }))),
            within("$ref"),
        ),
        (
            schema("const", depth(json!({ "type": "string", "const": "a" }))),
            within("const"),
        ),
        (
            function,
            "request.tools[0].functionDeclarations[0].parameters.properties.depth.enum".to_owned(),
        ),
        (
            closed,
            "request.generationConfig.responseSchema.additionalProperties".to_owned(),
        ),
    ];
    let cases = named
        .iter()
        .map(|(line, path)| (line.clone(), path.as_str()));
    let cases = cases.collect();
    refused(&Backend::gemini().await, cases).await;
    let right = schema("text", json!({ "type": "string", "enum": ["a", "b"] }));
    let request = right["request"].clone();
    taken(Backend::gemini().await, vec![(right, request)]).await;
}

#[tokio::test]
async fn a_field_twice() {
    let backend = Backend::gemini().await;
    let contents = r#""contents":[{"parts":[{"text":"a"}]}]"#;
    for (line, path) in [
        (
            format!(
                r#"{{"key":"a","request":{{{contents},"generationConfig":{{"seed":1}},"generationConfig":{{"topP":1}}}}}}"#
            ),
            "request.generationConfig",
        ),
        (
            format!(r#"{{"key":"a","key":"b","request":{{{contents}}}}}"#),
            "at key",
        ),
        (
            format!(r#"{{"key":"a","request":{{{contents},"labels":{{"x":"1","x":"2"}}}}}}"#),
            "request.labels.x",
        ),
        (
            r#"{"key":"a","contents":[{"parts":[{"text":"a","text":"b"}]}]}"#.to_owned(),
            "contents[0].parts[0].text",
        ),
    ] {
        let file = file(format!("{line}\n").as_bytes());
        let error = backend
            .client
            .batches()
            .create(backend.model, file.path())
            .await
            .unwrap_err();
        let error = error.to_string();
        assert!(error.contains(":1, ") && error.contains(path), "{error}");
        let diagnosis = Source::path(file.path())
            .preflight(&backend.client)
            .await
            .unwrap();
        assert_eq!(
            diagnosis.counts[&FindingCode::DuplicateField],
            1,
            "{diagnosis}"
        );
    }
    assert!(backend.emulator.requests().is_empty());
}

#[tokio::test]
async fn files_that_are_not_lines_of_json() {
    let backend = Backend::gemini().await;
    let request =
        json!({ "key": "a", "request": { "contents": [{ "parts": [{ "text": "café" }] }] } });
    let pretty = serde_json::to_string_pretty(&request).unwrap();
    let wide: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(request.to_string().encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let latin: Vec<u8> = request.to_string().chars().map(|c| c as u8).collect();
    let list = json!([request, request]).to_string();
    for (bytes, part) in [
        (pretty.into_bytes(), "over several lines"),
        (serde_json::to_vec_pretty(&json!([request])).unwrap(), "over several lines"),
        (wide, "UTF-16"),
        (b"id,prompt\n1,What is AI?\n".to_vec(), "a table (CSV, with commas): read it and make a request of each row"),
        (b"What is AI?\nWhat is ML?\n".to_vec(), "plain text: a line is {"),
        (b"PK\x03\x04\x14\0\x06\0\n\0".to_vec(), "XLSX"),
        (b"PAR1\x15\x04\n".to_vec(), "is Parquet"),
        (latin, "is not UTF-8"),
        (list.into_bytes(), "a list of them"),
        (br#"{"key":"a","request":{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"temperature":NaN}}}"#.to_vec(), "JSON has no NaN"),
        (br#"{"key":"a","request":"{\"contents\": []}"}"#.to_vec(), "not a text that holds it"),
    ] {
        let file = file(&bytes);
        let error = backend.client.batches().create(backend.model, file.path()).await.unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
        let diagnosis = Source::path(file.path()).preflight(&backend.client).await.unwrap();
        assert_eq!(diagnosis.errors, 1, "one cause is told: {diagnosis}");
        assert!(diagnosis.to_string().contains(part), "{diagnosis}");
    }
    assert!(backend.emulator.requests().is_empty());
}

#[tokio::test]
async fn embeddings() {
    let backend = Backend::gemini().await;
    let content = |texts: &[&str]| json!({ "parts": texts.iter().map(|text| json!({ "text": text })).collect::<Vec<_>>() });
    let check = |line: Value| {
        let preflight = Source::from(vec![line])
            .preflight(&backend.client)
            .model(backend.embedding_model);
        async { preflight.await.unwrap() }
    };
    let several =
        check(json!({ "key": "a", "request": { "content": content(&["a", "b", "c"]) } })).await;
    assert!(
        several.is_ok() && several.of(FindingCode::OneEmbedding).count() == 1,
        "{several}"
    );
    let sdk = json!({ "key": "a", "request": { "content": content(&["a"]), "config": { "output_dimensionality": 8, "task_type": "CLUSTERING" } } });
    assert!(check(sdk).await.is_clean());
    let task =
        json!({ "key": "a", "request": { "content": content(&["a"]), "taskType": "CLUSTER" } });
    assert!(!check(task).await.is_clean());
    let one = json!({ "key": "a", "request": { "contents": [content(&["a"])], "output_dimensionality": 8 } });
    assert!(check(one).await.is_clean());
    let object = json!({ "key": "a", "request": { "content": { "parts": { "text": "a" } } } });
    assert!(check(object.clone()).await.is_ok() && !check(object).await.is_clean());
    for request in [
        json!({ "contents": [content(&["a"]), content(&["b"])] }),
        json!({ "content": ["a", "b"] }),
        json!({ "content": content(&[""]) }),
        json!({ "content": content(&["a"]), "outputDimensionality": 0 }),
    ] {
        let line = json!({ "key": "a", "request": request });
        assert!(!check(line.clone()).await.is_ok(), "{line}");
        let create = backend
            .client
            .batches()
            .create_embeddings(backend.embedding_model, vec![line]);
        assert!(create.await.unwrap_err().is_invalid_input());
    }
}

#[tokio::test]
async fn mistakes_are_told_together_and_their_number_is_bounded() {
    let backend = Backend::gemini().await;
    let create = |wrong: usize| {
        let lines = (0..wrong).map(|n| config(&format!("k{n}"), json!({ "temperature": "hot" })));
        let lines: Vec<_> = std::iter::once(line("right", json!({})))
            .chain(lines)
            .collect();
        backend.client.batches().create(backend.model, lines)
    };
    let three = create(3).await.unwrap_err().to_string();
    for part in [
        "3 mistakes",
        "request 2, at",
        "request 3, at",
        "request 4, at",
    ] {
        assert!(three.contains(part), "{part}: {three}");
    }
    assert_eq!(three.lines().count(), 1 + 3, "{three}");
    let many = create(500).await.unwrap_err().to_string();
    assert!(
        many.contains("20 mistakes") && many.contains("preflight"),
        "{many}"
    );
    assert_eq!(many.lines().count(), 1 + 20, "{many}");
    assert!(backend.emulator.requests().is_empty());
}

#[cfg(feature = "gcs")]
mod held {
    //! Files in Cloud Storage, which the service reads as they are.

    use super::*;

    async fn told(model: &str, lines: &[Value]) -> Diagnosis {
        let backend = Backend::vertex().await;
        let text: Vec<_> = lines.iter().map(Value::to_string).collect();
        backend
            .emulator
            .put_object("gs://lakes/in.jsonl", text.join("\n").into_bytes());
        let source = Source::cloud_storage(["gs://lakes/in.jsonl"]);
        source
            .preflight(&backend.client)
            .model(model)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_spelling_of_googles_sdk_is_an_error() {
        for (request, path) in [
            (json!({ "contents": "How deep?" }), "request.contents"),
            (
                json!({ "contents": [{ "parts": ["How deep?"] }] }),
                "request.contents[0].parts[0]",
            ),
            (
                line("a", json!({ "config": { "seed": 1 } }))["request"].clone(),
                "request.config",
            ),
            (
                line("a", json!({ "systemInstruction": "In metres." }))["request"].clone(),
                "request.systemInstruction",
            ),
        ] {
            let diagnosis = told(
                "gemini-2.5-flash",
                &[json!({ "key": "a", "request": request })],
            )
            .await;
            assert!(paths(&diagnosis).contains(&path), "{diagnosis}");
        }
    }

    #[tokio::test]
    async fn embeddings_have_the_form_of_their_model() {
        let content = json!({ "parts": [{ "text": "a" }] });
        for (model, line, is_right) in [
            (
                "gemini-embedding-001",
                json!({ "key": "a", "request": { "content": content } }),
                true,
            ),
            (
                "gemini-embedding-001",
                json!({ "key": "a", "request": { "contents": [content] } }),
                false,
            ),
            (
                "gemini-embedding-001",
                json!({ "key": "a", "content": content }),
                false,
            ),
            (
                "text-embedding-005",
                json!({ "key": "a", "content": "hi" }),
                true,
            ),
            (
                "text-embedding-005",
                json!({ "key": "a", "content": content }),
                false,
            ),
            (
                "text-embedding-005",
                json!({ "key": "a", "request": { "content": content } }),
                false,
            ),
        ] {
            let diagnosis = told(model, std::slice::from_ref(&line)).await;
            assert_eq!(diagnosis.is_ok(), is_right, "{model} {line}\n{diagnosis}");
        }
    }

    #[tokio::test]
    async fn an_echo_may_be_submitted_again() {
        let request = json!({ "contents": [{ "role": "user", "parts": [
            { "file_data": null, "text": "What is it?" },
            { "file_data": { "file_uri": "gs://lakes/lake.png", "mime_type": "image/png" }, "text": null },
        ] }], "generationConfig": { "temperature": 0.4 } });
        assert!(
            told(
                "gemini-2.5-flash",
                &[json!({ "key": "again", "request": request })]
            )
            .await
            .is_ok()
        );
    }

    #[tokio::test]
    async fn patterns_and_folders_are_read() {
        let backend = Backend::vertex().await;
        for (name, key) in [
            ("in/1.jsonl", "a"),
            ("in/2.jsonl", "b"),
            ("in/deep/3.jsonl", "c"),
            ("other.jsonl", "d"),
        ] {
            let line = line(key, json!({})).to_string();
            backend
                .emulator
                .put_object(&format!("gs://lakes/{name}"), line.into_bytes());
        }
        for (uri, requests) in [
            ("gs://lakes/in/*.jsonl", 2),
            ("gs://lakes/in/**.jsonl", 3),
            ("gs://lakes/in/", 3),
            ("gs://lakes/in/[2-9].jsonl", 1),
        ] {
            let diagnosis = Source::cloud_storage([uri])
                .preflight(&backend.client)
                .await
                .unwrap();
            assert_eq!(
                (diagnosis.requests, diagnosis.errors),
                (requests, 0),
                "{uri}: {diagnosis}"
            );
        }
        let none = Source::cloud_storage(["gs://lakes/none/*"])
            .preflight(&backend.client)
            .await;
        assert!(none.unwrap_err().to_string().contains("gs://lakes/none/*"));
    }
}
