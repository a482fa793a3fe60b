//! Values that are not what Google's documents say, and requests that say nothing.

use super::*;

/// Whether something is told of a request at this path, and whether it is an error.
fn at(request: &Value, path: &str) -> Option<bool> {
    let found = look(Backend::Gemini, request);
    let path = format!("request.{path}");
    let mut told = found
        .iter()
        .filter(|it| it.path.as_deref() == Some(&*path))
        .map(Finding::is_error);
    told.clone().find(|is_error| *is_error).or(told.next())
}

#[test]
fn numbers_have_their_ranges() {
    let embedding = |fields: Value| {
        let mut request = json!({ "content": { "parts": [{ "text": "a" }] } });
        let own = request.as_object_mut().unwrap();
        own.extend(fields.as_object().unwrap().clone());
        request
    };
    let video = |fps: Value| {
        part(
            json!({ "fileData": { "fileUri": "https://youtu.be/x", "mimeType": "video/mp4" },
            "videoMetadata": { "fps": fps } }),
        )
    };
    let budget = |n: i32| config(json!({ "thinkingConfig": { "thinkingBudget": n } }));
    let fps = "contents[0].parts[0].videoMetadata.fps";
    let (right, error, warning) = (None, Some(true), Some(false));
    for (request, path, wanted) in [
        (
            embedding(json!({ "outputDimensionality": 0 })),
            "outputDimensionality",
            error,
        ),
        (
            embedding(json!({ "output_dimensionality": -1 })),
            "output_dimensionality",
            error,
        ),
        (
            embedding(json!({ "outputDimensionality": 1 })),
            "outputDimensionality",
            right,
        ),
        (video(json!(0)), fps, error),
        (video(json!(25)), fps, error),
        (video(json!(0.5)), fps, right),
        (
            config(json!({ "topK": 0 })),
            "generationConfig.topK",
            warning,
        ),
        (
            config(json!({ "presencePenalty": 2.5 })),
            "generationConfig.presencePenalty",
            warning,
        ),
        (
            config(json!({ "frequency_penalty": -2 })),
            "generationConfig.frequency_penalty",
            right,
        ),
        (
            budget(-2),
            "generationConfig.thinkingConfig.thinkingBudget",
            warning,
        ),
        (
            budget(-1),
            "generationConfig.thinkingConfig.thinkingBudget",
            right,
        ),
        (
            config(json!({ "temperature": "NaN" })),
            "generationConfig.temperature",
            error,
        ),
        (video(json!("Infinity")), fps, error),
    ] {
        // A name in snake case is a note.
        let told = at(&request, path).filter(|_| wanted.is_some() || !path.contains('_'));
        assert_eq!(told, wanted, "{request}");
    }
}

#[test]
fn arguments_and_responses_of_functions_are_objects() {
    let call = |args: Value| part(json!({ "functionCall": { "name": "f", "args": args } }));
    let response = |it: Value| part(json!({ "functionResponse": { "name": "f", "response": it } }));
    let (args, out) = (
        "contents[0].parts[0].functionCall.args",
        "contents[0].parts[0].functionResponse.response",
    );
    for wrong in [json!([1]), json!("x"), json!(7), json!(true)] {
        assert_eq!(at(&call(wrong.clone()), args), Some(true), "{wrong}");
        assert_eq!(at(&response(wrong.clone()), out), Some(true), "{wrong}");
    }
    for right in [json!({}), json!({ "any": [1] })] {
        assert_eq!(at(&call(right.clone()), args), None);
        assert_eq!(at(&response(right), out), None);
    }
    assert_eq!(at(&call(json!(null)), args), None);
}

#[test]
fn what_says_nothing_is_an_error() {
    let texts = |texts: &[&str]| {
        let parts: Vec<_> = texts.iter().map(|text| json!({ "text": text })).collect();
        json!({ "parts": parts })
    };
    let ask = |contents: Value| json!({ "contents": contents });
    for (request, path, wanted) in [
        (ask(json!([texts(&[""])])), "contents", Some(true)),
        (
            ask(json!([texts(&["", ""]), texts(&[""])])),
            "contents",
            Some(true),
        ),
        (ask(json!([texts(&["", "a"])])), "contents", None),
        (ask(json!([texts(&[""]), texts(&["a"])])), "contents", None),
        (json!({ "content": texts(&[""]) }), "content", Some(true)),
        (
            part(json!({ "inlineData": { "mimeType": "image/png", "data": "" } })),
            "contents[0].parts[0].inlineData.data",
            Some(true),
        ),
        (
            part(json!({ "inlineData": { "mimeType": "image/tiff", "data": "aGk=" } })),
            "contents[0].parts[0].inlineData.mimeType",
            Some(false),
        ),
    ] {
        assert_eq!(at(&request, path), wanted, "{request}");
    }
}

#[test]
fn labels_are_of_vertex_ai() {
    let labelled = with(json!({ "labels": { "team": "x" } }));
    assert_eq!(at(&labelled, "labels"), Some(false));
    assert_eq!(at(&with(json!({ "labels": {} })), "labels"), None);
    let found = look(Backend::Vertex, &labelled);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_config_is_wrong_by_itself_or_not_at_all() {
    let wrong = |config: Value| -> Vec<String> {
        let config = config.as_object().unwrap();
        let found = generation_config(config, Backend::Gemini).into_iter();
        let mut paths: Vec<_> = found.filter_map(|it| it.path).collect();
        paths.sort(); // which field comes first is serde_json's choice
        paths
    };
    assert_eq!(
        wrong(json!({ "temperature": "NaN", "topP": 7, "stopSequences": "x" })),
        ["stopSequences", "temperature", "topP"].map(|name| format!("generation_config.{name}"))
    );
    // What a request may make right.
    let right = json!({ "responseSchema": { "type": "STRING" }, "logprobs": 3, "topK": 0 });
    assert!(wrong(right).is_empty());
}
