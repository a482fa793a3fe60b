//! Requests as the builder writes them: each recorded case that has a config of its own, made
//! without a raw field and without a raw patch.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use genai_batch::batches::InlineLimit;
use genai_batch::request::{
    Content, FunctionCallingMode, FunctionDeclaration, HarmBlockThreshold, HarmCategory,
    ImageConfig, MediaResolution, Modality, SafetySetting, ServiceTier, SpeechConfig, TaskType,
    ThinkingConfig, ThinkingLevel, Tool, ToolConfig, VideoMetadata,
};
use genai_batch::{EmbedRequest, GenerationConfig, Part, Request};
use serde_json::{Value, json};

use crate::support::{Backend, on_every_backend};

on_every_backend! {
    a_file_of_written_requests_is_read,
}

fn hi() -> Request {
    "hi".into()
}

fn config(config: GenerationConfig) -> Request {
    hi().generation_config(config)
}

/// Each case whose requests have a config, as our callers would write it.
fn configured() -> Vec<(&'static str, Request)> {
    // The SDK sends a config with every request that was given one, also where it is empty.
    let new = GenerationConfig::new;
    let plain = || config(new());
    vec![
        (
            "cached_content",
            plain().cached_content("cachedContents/c1"),
        ),
        ("empty", plain()),
        (
            "labels_and_tier",
            plain()
                .label("team_name", "search")
                .service_tier(ServiceTier::FLEX),
        ),
        (
            "logprobs",
            config(new().response_logprobs(true).logprobs(3)),
        ),
        (
            "media",
            config(
                new()
                    .media_resolution(MediaResolution::LOW)
                    .response_modalities([Modality::TEXT, Modality::IMAGE])
                    .image_config(ImageConfig::new().aspect_ratio("16:9").image_size("2K")),
            ),
        ),
        (
            "response_json_schema",
            config(
                new()
                    .response_mime_type("application/json")
                    .response_json_schema(json!({
                        "type": "object",
                        "properties": { "snake_key": { "type": "string" } },
                        "additionalProperties": false,
                    })),
            ),
        ),
        (
            "response_schema",
            config(
                new()
                    .response_mime_type("application/json")
                    .response_schema(json!({
                        "type": "OBJECT",
                        "properties": {
                            "full_name": { "type": "STRING", "description": "As on the passport" },
                            "age": { "type": "INTEGER", "minimum": 0 },
                        },
                        "required": ["full_name"],
                        "propertyOrdering": ["full_name", "age"],
                    })),
            ),
        ),
        (
            "safety",
            plain().safety_settings([
                SafetySetting::new(
                    HarmCategory::HATE_SPEECH,
                    HarmBlockThreshold::BLOCK_ONLY_HIGH,
                ),
                SafetySetting::new(
                    HarmCategory::DANGEROUS_CONTENT,
                    HarmBlockThreshold::BLOCK_LOW_AND_ABOVE,
                ),
            ]),
        ),
        (
            "sampling",
            config(
                new()
                    .temperature(0.7)
                    .top_p(0.9)
                    .top_k(10)
                    .max_output_tokens(256)
                    .candidate_count(2)
                    .seed(7)
                    .stop_sequences(["END", "\n\n"])
                    .presence_penalty(0.5)
                    .frequency_penalty(-0.5),
            ),
        ),
        (
            "speech",
            config(
                new()
                    .response_modalities([Modality::AUDIO])
                    .speech_config(SpeechConfig::voice("Kore")),
            ),
        ),
        (
            "system_instruction",
            config(new().temperature(0.2)).system_instruction("I say high, you say low"),
        ),
        (
            "system_instruction_list",
            plain().system_instruction(Content::user(["Be brief.", "Be kind."])),
        ),
        (
            "thinking_budget",
            config(
                new().thinking_config(
                    ThinkingConfig::new()
                        .include_thoughts(true)
                        .thinking_budget(4000),
                ),
            ),
        ),
        (
            "tools_builtin",
            plain()
                .tools([
                    Tool::google_search(),
                    Tool::code_execution(),
                    Tool::url_context(),
                ])
                .tool_config(
                    ToolConfig::new()
                        .lat_lng(37.422, -122.084)
                        .language_code("en"),
                ),
        ),
        (
            "tools_functions",
            plain()
                .tools([Tool::functions([FunctionDeclaration::new(
                    "get_weather",
                    "Now",
                )
                .parameters(json!({
                    "type": "OBJECT",
                    "properties": { "place_name": { "type": "STRING" } },
                    "required": ["place_name"],
                }))])])
                .tool_config(
                    ToolConfig::new()
                        .function_calling_mode(FunctionCallingMode::ANY)
                        .allowed_function_names(["get_weather"]),
                ),
        ),
        (
            "without_contents",
            Request::new().generation_config(new().temperature(0.1)),
        ),
    ]
}

/// Each case about what a request says.
fn contents() -> Vec<(&'static str, Request)> {
    let file = "https://generativelanguage.googleapis.com/v1beta/files/kje1wewvo85z";
    let bytes = [0xfb, 0xff, 0xbe, 0xff, 0xef];
    vec![
        ("content_object", "one content".into()),
        (
            "contents_no_role",
            Request::contents([Content::new(["no role"])]),
        ),
        (
            "file_data",
            Request::parts([
                Part::text("What is in this image?"),
                Part::file_uri("files/kje1wewvo85z", "image/jpeg"),
            ]),
        ),
        (
            "function_turns",
            Request::contents([
                Content::user(["Weather in Oslo?"]),
                Content::model([Part::function_call(
                    "get_weather",
                    json!({ "place_name": "Oslo" }),
                )
                .id("c1")]),
                Content::user([
                    Part::function_response("get_weather", json!({ "temp_c": -3 })).id("c1"),
                ]),
            ]),
        ),
        (
            "inline_data_base64_str",
            Request::parts([Part::bytes("image/png", b"\x89PNG\r\n\x1a\n")]),
        ),
        (
            "inline_data_bytes",
            Request::parts([
                Part::text("Describe."),
                Part::bytes("application/octet-stream", bytes),
            ]),
        ),
        (
            "list_of_text",
            Request::parts(["First.", "Second.", "Third."]),
        ),
        ("part_object", Request::parts(["one part"])),
        ("source", Request::text("via source")),
        ("text", Request::text("What is 1+1?")),
        (
            "turns",
            Request::turns([
                ("user", "My name is Ada."),
                ("model", "Hello Ada."),
                ("user", "What is my name?"),
            ]),
        ),
        (
            "video_metadata",
            Request::parts([Part::file_uri(file, "video/mp4").video_metadata(
                VideoMetadata::new()
                    .start_offset(Duration::ZERO)
                    .end_offset(Duration::from_secs(5))
                    .fps(3.0),
            )]),
        ),
    ]
}

fn embeddings() -> Vec<(&'static str, Vec<EmbedRequest>)> {
    let document = |text: &str| {
        EmbedRequest::text(text)
            .task_type(TaskType::RETRIEVAL_DOCUMENT)
            .title("Manual")
            .output_dimensionality(256)
    };
    let short = |content: Content| EmbedRequest::content(content).output_dimensionality(64);
    let bytes = [0xfb, 0xff, 0xbe, 0xff, 0xef];
    vec![
        ("config_all", vec![document("first"), document("second")]),
        ("config_empty", vec!["x".into(), "y".into()]),
        (
            "image_part",
            vec![Content::new([Part::bytes("image/png", bytes)]).into()],
        ),
        (
            "list_of_contents",
            vec![short(Content::new(["1"])), short(Content::new(["2", "2b"]))],
        ),
        (
            "list_of_text",
            vec!["first".into(), "second".into(), "third".into()],
        ),
        ("named", vec!["a".into()]),
        ("text", vec!["one text".into()]),
    ]
}

/// The requests that each recorded case of this prefix sent, by the rest of its name.
fn recorded(prefix: &str) -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases");
    let mut cases = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let Some(name) = stem.strip_prefix(prefix) else {
            continue;
        };
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let Some(sent) = case["expect_request"].get(0) else {
            continue;
        };
        let body = sent.get("body_canonical").unwrap_or(&sent["body"]);
        let requests = &body["batch"]["inputConfig"]["requests"]["requests"];
        cases.insert(name.to_owned(), with_one_kind_of_number(requests.clone()));
    }
    cases
}

/// The SDK writes some whole numbers as `10.0`.
fn with_one_kind_of_number(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(with_one_kind_of_number).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(name, value)| (name, with_one_kind_of_number(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

fn written<T: serde::Serialize>(requests: &[T]) -> Value {
    with_one_kind_of_number(serde_json::to_value(requests).unwrap())
}

#[test]
fn every_recorded_config_can_be_written() {
    let mut recorded = recorded("gemini_create_inline_config_");
    for (name, request) in configured() {
        let sent = recorded.remove(name).unwrap();
        assert_eq!(written(&[request]), sent, "{name}");
    }
    assert!(recorded.is_empty(), "not written: {:?}", recorded.keys());
}

#[test]
fn every_recorded_content_can_be_written() {
    let recorded = recorded("gemini_create_inline_");
    for (name, request) in contents() {
        assert_eq!(written(&[request]), recorded[name], "{name}");
    }
}

#[test]
fn every_recorded_embedding_can_be_written() {
    let mut recorded = recorded("gemini_embeddings_inline_");
    for (name, requests) in embeddings() {
        let sent = recorded.remove(name).unwrap();
        assert_eq!(written(&requests), sent, "{name}");
    }
    assert!(recorded.is_empty(), "not written: {:?}", recorded.keys());
}

#[test]
fn what_has_no_method_goes_in_raw() {
    let request = hi()
        .generation_config(GenerationConfig::new().seed(7).field("newSetting", 1))
        .field("newField", true)
        .patch(json!({ "generationConfig": { "seed": null, "other": [2] }, "store": false }));
    let body = serde_json::to_value(&request).unwrap()["request"].clone();
    assert_eq!(
        body["generationConfig"],
        json!({ "newSetting": 1, "other": [2] })
    );
    assert_eq!(
        (&body["newField"], &body["store"]),
        (&json!(true), &json!(false))
    );
    let unknown = SafetySetting::new("HARM_CATEGORY_NEW", "BLOCK_SOME").method("BY_HAND");
    assert_eq!(
        Value::from(unknown),
        json!({ "category": "HARM_CATEGORY_NEW", "threshold": "BLOCK_SOME", "method": "BY_HAND" })
    );
}

/// Whether a batch of this backend does what the request asks for.
fn is_right(backend: &Backend, name: &str) -> bool {
    match backend.client.backend() {
        // No model takes bytes of any kind.
        _ if name == "inline_data_bytes" => false,
        genai_batch::Backend::Gemini => true,
        // A cache, images at 2K, and uploads of the other backend.
        _ => !["cached_content", "media", "file_data", "video_metadata"].contains(&name),
    }
}

/// One file serves both backends.
async fn a_file_of_written_requests_is_read(backend: Backend) {
    let backend = backend.echoing().await;
    let requests = configured().into_iter().chain(contents());
    let requests: BTreeMap<_, _> = requests
        .filter(|(name, _)| *name != "without_contents" && is_right(&backend, name))
        .map(|(name, request)| (name.to_owned(), request.key(name)))
        .collect();
    let lines = requests.values().map(|it| it.to_jsonl().unwrap() + "\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines.collect::<String>()).unwrap();
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let received = backend.received(file.path(), limit).await;
        for (name, request) in &requests {
            let written = serde_json::to_value(request).unwrap();
            assert_eq!(received[name], written["request"], "{name}");
        }
        assert_eq!(received.len(), requests.len());
    }
}

/// Fails at a field of a message that Google's description of the API does not have.
fn check_names(api: &Value, schema: &Value, value: &Value, place: &str) {
    let reference = schema
        .get("$ref")
        .or_else(|| schema["allOf"][0].get("$ref"));
    if let Some(reference) = reference.and_then(Value::as_str) {
        let pointer = reference.trim_start_matches('#');
        return check_names(api, api.pointer(pointer).unwrap(), value, place);
    }
    match value {
        Value::Array(items) => {
            for item in items {
                check_names(api, &schema["items"], item, place);
            }
        }
        Value::Object(fields) if schema.get("properties").is_some() => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                let field = schema["properties"].get(name);
                check_names(
                    api,
                    field.unwrap_or_else(|| panic!("{place}")),
                    value,
                    &place,
                );
            }
        }
        _ => {}
    }
}

#[test]
fn every_method_has_googles_spelling() {
    let api: Value = serde_json::from_str(include_str!("../../openapi/gemini.json")).unwrap();
    let schema = |name: &str| api["components"]["schemas"][name].clone();
    let declaration = FunctionDeclaration::new("f", "F")
        .parameters_json_schema(json!({}))
        .response(json!({}))
        .response_json_schema(json!({}));
    let all = Request::parts([
        Part::text("a").media_resolution(MediaResolution::HIGH),
        Part::bytes("image/png", [0]),
    ])
    .generation_config(
        GenerationConfig::new()
            .thinking_config(ThinkingConfig::new().thinking_level(ThinkingLevel::LOW))
            .speech_config(SpeechConfig::speakers([("Ada", "Kore")]).language_code("en-US"))
            .enable_affective_dialog(true)
            .enable_enhanced_civic_answers(true),
    )
    .tools([
        Tool::functions([declaration]),
        Tool::google_maps(),
        Tool::file_search(["fileSearchStores/a"]),
    ]);
    let on_vertex_alone = "labels_and_tier";
    let requests = configured().into_iter().chain(contents());
    let requests = requests.filter(|(name, _)| *name != on_vertex_alone);
    for (name, request) in requests.chain([("all", all)]) {
        let body = serde_json::to_value(request).unwrap()["request"].clone();
        check_names(&api, &schema("GenerateContentRequest"), &body, name);
    }
    for request in embeddings().into_iter().flat_map(|(_, requests)| requests) {
        let body = serde_json::to_value(request).unwrap()["request"].clone();
        check_names(&api, &schema("EmbedContentRequest"), &body, "embedding");
    }
}
