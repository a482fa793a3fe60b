use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Writer;
use crate::request::{Content, Form, FunctionDeclaration, Tool, ToolConfig};
use crate::{GenerationConfig, Part, Request};

fn fields(request: &Request) -> Map<String, Value> {
    let line: Value = serde_json::to_value(request).unwrap();
    line["request"].as_object().unwrap().clone()
}

fn writer(form: Form) -> Writer {
    Writer {
        form,
        is_embedding: false,
        model: "meta/llama".to_owned(),
        is_lenient: false,
    }
}

fn written(form: Form, request: &Request) -> Value {
    Value::Object(
        writer(form)
            .write(&fields(request), "request")
            .unwrap()
            .body,
    )
}

fn refused(form: Form, request: &Request) -> Vec<String> {
    let findings = writer(form).write(&fields(request), "request").unwrap_err();
    let told = findings.into_iter();
    told.map(|it| format!("{}: {}", it.path.clone().unwrap_or_default(), it.reason()))
        .collect()
}

fn full() -> Request {
    let lookup = FunctionDeclaration::new("lookup", "Looks it up.").parameters(json!({
        "type": "OBJECT", "properties": { "q": { "type": "STRING", "nullable": true } },
        "propertyOrdering": ["q"],
    }));
    Request::contents([
        Content::user([
            Part::text("What is this?"),
            Part::bytes("image/png", b"png"),
        ]),
        Content::model([Part::function_call("lookup", json!({ "q": "x" }))]),
        Content::user([Part::function_response("lookup", json!({ "found": 1 }))]),
    ])
    .system_instruction("Be brief.")
    .tools([Tool::functions([lookup])])
    .tool_config(
        ToolConfig::new()
            .function_calling_mode("ANY")
            .allowed_function_names(["lookup"]),
    )
    .generation_config(
        GenerationConfig::new()
            .temperature(0.5)
            .top_p(0.9)
            .top_k(40)
            .max_output_tokens(100)
            .stop_sequences(["END"])
            .response_mime_type("application/json")
            .response_schema(json!({
                "type": "OBJECT",
                "properties": { "stars": { "type": "INTEGER", "minimum": 1, "maximum": 5 } },
            })),
    )
}

#[test]
fn a_request_is_written_in_anthropics_words() {
    assert_eq!(
        written(Form::Anthropic, &full()),
        json!({
            "anthropic_version": "vertex-2023-10-16",
            "system": "Be brief.",
            "messages": [
                { "role": "user", "content": [
                    { "type": "text", "text": "What is this?" },
                    { "type": "image", "source":
                        { "type": "base64", "media_type": "image/png", "data": "cG5n" } },
                ] },
                { "role": "assistant", "content": [
                    { "type": "tool_use", "id": "call_1", "name": "lookup", "input": { "q": "x" } },
                ] },
                { "role": "user", "content": [
                    { "type": "tool_result", "tool_use_id": "call_1", "content": r#"{"found":1}"# },
                ] },
            ],
            "max_tokens": 100, "temperature": 0.5, "top_p": 0.9, "top_k": 40,
            "stop_sequences": ["END"],
            "output_config": { "format": { "type": "json_schema", "schema": {
                "type": "object", "additionalProperties": false,
                "properties":
                    { "stars": { "type": "integer", "description": "maximum: 5, minimum: 1" } },
            } } },
            "tools": [{ "name": "lookup", "description": "Looks it up.", "input_schema": {
                "type": "object", "properties": { "q": { "type": ["string", "null"] } },
            } }],
            "tool_choice": { "type": "tool", "name": "lookup" },
        })
    );
}

#[test]
fn a_request_is_written_in_openais_words() {
    assert_eq!(
        written(Form::OpenAi, &full()),
        json!({
            "model": "meta/llama",
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": [
                    { "type": "text", "text": "What is this?" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,cG5n" } },
                ] },
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": "call_1", "type": "function",
                      "function": { "name": "lookup", "arguments": r#"{"q":"x"}"# } },
                ] },
                { "role": "tool", "tool_call_id": "call_1", "content": r#"{"found":1}"# },
            ],
            "max_tokens": 100, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "stop": ["END"],
            "response_format": { "type": "json_schema", "json_schema": { "name": "response",
                "schema": { "type": "object", "properties":
                    { "stars": { "type": "integer", "minimum": 1, "maximum": 5 } } } } },
            "tools": [{ "type": "function", "function": { "name": "lookup",
                "description": "Looks it up.", "parameters": {
                "type": "object", "properties": { "q": { "type": ["string", "null"] } },
            } } }],
            "tool_choice": { "type": "function", "function": { "name": "lookup" } },
        })
    );
}

#[test]
fn what_a_form_cannot_say_is_refused_by_name() {
    let limited = |config: GenerationConfig| {
        Request::text("hi").generation_config(config.max_output_tokens(9))
    };
    for (request, part) in [
        (Request::text("hi"), "needs a limit on the tokens"),
        (
            limited(GenerationConfig::new().seed(1)),
            "no place for `seed`",
        ),
        (
            limited(GenerationConfig::new().temperature(1.5)),
            "temperature is 1.5",
        ),
        (
            limited(GenerationConfig::new().candidate_count(2)),
            "several candidates",
        ),
        (
            limited(GenerationConfig::new().response_mime_type("application/json")),
            "without a schema",
        ),
        (
            limited(GenerationConfig::new()).cached_content("cachedContents/x"),
            "no place for `cachedContent`",
        ),
        (
            limited(GenerationConfig::new()).tools([Tool::google_search()]),
            "`googleSearch`",
        ),
        (
            limited(GenerationConfig::new()).field("safetySettings", json!([1])),
            "`safetySettings`",
        ),
        (
            limited(GenerationConfig::new()).field("newer", 1),
            "`newer`",
        ),
        (
            limited(GenerationConfig::new())
                .turn(Content::user([Part::file_uri("gs://b/o", "image/png")])),
            "no place for `fileData`",
        ),
        (
            limited(GenerationConfig::new()).turn(Content::user([Part::bytes("audio/mp3", b"x")])),
            "audio/mp3",
        ),
        (
            limited(GenerationConfig::new())
                .turn(Content::user([Part::function_response("f", json!({}))])),
            "no call of `f`",
        ),
    ] {
        let told = refused(Form::Anthropic, &request);
        assert!(
            told.len() == 1 && told[0].contains(part),
            "{part}: {told:?}"
        );
        assert!(told[0].starts_with("request."), "{told:?}");
    }
    let thinking = limited(GenerationConfig::new()).field(
        "generationConfig",
        json!({
        "thinkingConfig": { "thinkingBudget": 5 } }),
    );
    assert!(refused(Form::OpenAi, &thinking)[0].contains("`thinkingBudget`"));
    // A text needs nothing more where the form does not.
    let plain = written(Form::OpenAi, &Request::text("hi"));
    assert_eq!(
        plain["messages"],
        json!([{ "role": "user", "content": "hi" }])
    );
}

#[test]
fn bodies_of_the_callers_own_are_looked_at() {
    let look = |form: Form, body: Value| {
        let body = body.as_object().unwrap().clone();
        let found = writer(form).look_at(&body, "request");
        found
            .into_iter()
            .map(|it| it.path.unwrap())
            .collect::<Vec<_>>()
    };
    let messages = json!([{ "role": "user", "content": "hi" }]);
    let right = json!({ "messages": messages, "max_tokens": 5,
        "anthropic_version": "vertex-2023-10-16" });
    assert!(look(Form::Anthropic, right).is_empty());
    assert_eq!(
        look(Form::Anthropic, json!({ "messages": messages })),
        ["request.max_tokens", "request.anthropic_version"]
    );
    let system = json!([{ "role": "system", "content": "hi" }]);
    assert_eq!(
        look(
            Form::Anthropic,
            json!({ "messages": system, "max_tokens": 0, "stream": true,
            "anthropic_version": "vertex-2023-10-16" })
        ),
        [
            "request.messages[0].role",
            "request.max_tokens",
            "request.stream"
        ]
    );
    assert!(look(Form::OpenAi, json!({ "messages": system })).is_empty());
    assert_eq!(
        look(Form::OpenAi, json!({ "messages": [] })),
        ["request.messages"]
    );
    assert_eq!(look(Form::OpenAi, json!({})), ["request.messages"]);
}

proptest! {
    #[test]
    fn whatever_a_request_says_nothing_fails(
        part in crate::testing::json(),
        value in crate::testing::json(),
        place in prop::sample::select(vec!["generationConfig", "tools", "toolConfig",
            "systemInstruction", "newer"]),
    ) {
        let request = json!({
            "contents": [{ "role": "user", "parts": [part, { "text": "hi" }] }],
            place: value,
        });
        let request = request.as_object().unwrap().clone();
        let unknown = place == "newer" && !value.is_null();
        for form in [Form::Anthropic, Form::OpenAi, Form::Instances] {
            let writer = Writer { is_lenient: true, ..writer(form) };
            match writer.write(&request, "") {
                Ok(_) => prop_assert!(!unknown && form != Form::Instances),
                Err(findings) => prop_assert!(findings.iter().all(|it| it.is_error())),
            }
            writer.look_at(&request, "request");
        }
        let writer = Writer { is_embedding: true, ..writer(Form::OpenAi) };
        let embed = json!({ "content": part, place: value });
        let _ = writer.write(embed.as_object().unwrap(), "").is_ok();
    }
}

fn told(form: Form, request: Value) -> Vec<String> {
    let Value::Object(mut request) = request else {
        panic!("an object");
    };
    if !request.contains_key("contents") {
        let contents = json!([{ "role": "user", "parts": [{ "text": "hi" }] }]);
        request.insert("contents".to_owned(), contents);
    }
    match writer(form).write(&request, "request") {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().filter_map(|it| it.path.clone()).collect(),
    }
}

#[test]
fn a_thinking_budget_is_a_whole_number_in_any_spelling() {
    for (budget, written) in [
        (json!(1024.0), Some(1024)),
        (json!(1.5e3), Some(1500)),
        (json!(1024.5), None),
        (json!(1e300), None),
    ] {
        let config =
            json!({ "maxOutputTokens": 2000, "thinkingConfig": { "thinkingBudget": budget } });
        let contents = json!([{ "role": "user", "parts": [{ "text": "hi" }] }]);
        let request = json!({ "contents": contents, "generationConfig": config });
        let result = writer(Form::Anthropic).write(request.as_object().unwrap(), "request");
        let found = result
            .ok()
            .map(|it| it.body["thinking"]["budget_tokens"].clone());
        assert_eq!(found, written.map(Value::from), "{budget}");
    }
}

#[test]
fn of_two_schemas_none_is_dropped() {
    let two =
        json!({ "parameters": { "type": "OBJECT" }, "parametersJsonSchema": {}, "name": "f" });
    let tools = json!([{ "functionDeclarations": [two] }]);
    assert_eq!(
        told(Form::OpenAi, json!({ "tools": tools })),
        ["request.tools[0].functionDeclarations[0].parameters"]
    );
    let config = json!({
        "responseMimeType": "application/json",
        "responseJsonSchema": { "type": "string" }, "_responseJsonSchema": { "type": "number" },
    });
    assert_eq!(
        told(Form::OpenAi, json!({ "generationConfig": config })),
        ["request.generationConfig.responseSchema"]
    );
}

#[test]
fn ids_of_calls_are_not_given_twice() {
    let call = |id: Option<&str>| {
        let mut call = json!({ "name": "f", "args": {} });
        call.as_object_mut()
            .unwrap()
            .extend(id.map(|id| ("id".to_owned(), id.into())));
        json!({ "functionCall": call })
    };
    let returned = json!({ "functionResponse": { "name": "f", "id": "call_1", "response": {} } });
    let request = json!({ "contents": [
        { "role": "user", "parts": [{ "text": "hi" }] },
        { "role": "model", "parts": [call(None), call(Some("call_1")), call(None)] },
        { "role": "user", "parts": [returned] },
    ] });
    let written = writer(Form::OpenAi).write(request.as_object().unwrap(), "request");
    let body = Value::Object(written.unwrap().body);
    let calls = body["messages"][1]["tool_calls"].as_array().unwrap();
    let ids: Vec<_> = calls
        .iter()
        .map(|call| call["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids[1], "call_1");
    assert!(
        ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2],
        "{ids:?}"
    );
}

#[test]
fn keywords_of_a_schema_are_read_in_snake_case() {
    let schema = json!({
        "type": "ARRAY", "min_items": "2", "property_ordering": ["a"],
        "items": { "type": "OBJECT", "properties": { "max_length": { "type": "STRING", "max_length": "5" } } },
    });
    assert_eq!(
        super::schema::of_openapi(&schema),
        json!({
            "type": "array", "minItems": 2,
            "items": { "type": "object", "properties": { "max_length": { "type": "string", "maxLength": 5 } } },
        })
    );
}

#[test]
fn googles_words_are_refused_in_a_body_of_another_form() {
    let tools = json!([{ "functionDeclarations": [{ "name": "f" }] }]);
    let body = json!({
        "messages": [{ "role": "user", "content": "hi" }],
        "generationConfig": {}, "system_instruction": {}, "contents": [], "tools": tools,
    });
    let found = writer(Form::OpenAi).look_at(body.as_object().unwrap(), "body");
    let mut paths: Vec<_> = found.iter().filter_map(|it| it.path.clone()).collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "body.contents",
            "body.generationConfig",
            "body.system_instruction",
            "body.tools"
        ]
    );
    let own = json!({
        "messages": [{ "role": "user", "content": "hi" }],
        "tools": [{ "type": "function", "function": { "name": "f" } }],
    });
    assert!(
        writer(Form::OpenAi)
            .look_at(own.as_object().unwrap(), "body")
            .is_empty()
    );
}

#[test]
fn values_that_no_model_takes_are_refused() {
    let parts = |parts: Value| json!({ "contents": [{ "role": "user", "parts": parts }] });
    let config = |config: Value| json!({ "generationConfig": config });
    let image =
        |data: &str| parts(json!([{ "inlineData": { "mimeType": "image/png", "data": data } }]));
    let choice =
        json!({ "functionCallingConfig": { "mode": "ANY", "allowedFunctionNames": ["f"] } });
    let call = json!({ "functionCall": { "name": "", "args": "x" } });
    for (request, path) in [
        (image("***"), "contents[0].parts[0].inlineData.data"),
        (image(""), "contents[0].parts[0].inlineData.data"),
        (parts(json!([{ "text": "" }])), "contents[0].parts[0].text"),
        (
            config(json!({ "stopSequences": ["a", 5] })),
            "generationConfig.stopSequences[1]",
        ),
        (
            config(json!({ "temperature": -1 })),
            "generationConfig.temperature",
        ),
        (config(json!({ "topP": 2 })), "generationConfig.topP"),
        (
            config(json!({ "maxOutputTokens": 0 })),
            "generationConfig.maxOutputTokens",
        ),
        (
            json!({ "tools": [{ "functionDeclarations": [{ "description": "d" }] }] }),
            "tools[0].functionDeclarations[0].name",
        ),
        (
            json!({ "contents": [{ "role": "model", "parts": [call] }] }),
            "contents[0].parts[0].functionCall.name",
        ),
        (
            json!({ "toolConfig": choice }),
            "toolConfig.functionCallingConfig.allowedFunctionNames",
        ),
    ] {
        let told = told(Form::OpenAi, request);
        assert!(
            told.contains(&format!("request.{path}")),
            "{path}: {told:?}"
        );
    }
    for fine in [
        image("cG5n"),
        image("__-_"),
        config(json!({ "temperature": 0, "topP": 1 })),
    ] {
        assert!(told(Form::OpenAi, fine).is_empty());
    }
}

#[test]
fn a_body_for_another_open_model_is_refused() {
    let mut writer = writer(Form::OpenAi);
    writer.model = "meta/llama-3.3-70b-instruct-maas".to_owned();
    let is_refused = |writer: &Writer, model: &str| {
        let body = json!({ "model": model, "messages": [{ "role": "user", "content": "a" }] });
        let found = writer.look_at(body.as_object().unwrap(), "body");
        found
            .iter()
            .any(|it| it.is_error() && it.path.as_deref() == Some("body.model"))
    };
    for same in [
        "meta/llama-3.3-70b-instruct-maas",
        "llama-3.3-70b-instruct-maas",
    ] {
        assert!(!is_refused(&writer, same), "{same}");
    }
    assert!(is_refused(&writer, "openai/gpt-oss-120b-maas"));
    // A model of one's own is known by a number.
    writer.model = "projects/p/locations/l/models/5".to_owned();
    assert!(!is_refused(&writer, "llama"));
}
