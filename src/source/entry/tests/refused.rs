//! Lines that are refused, and in which words.

use super::*;

#[test]
fn all_that_is_wrong_with_a_line_is_told() {
    let line = format!(
        r#"{{"key":"a","config":{{}},"request":{{{CONTENTS},"generationConfig":{{"topP":9,"tools":[]}}}}}}"#
    );
    let told = parse(&line).unwrap_err();
    for part in [
        "config",
        "request.generationConfig.topP",
        "request.generationConfig.tools",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_place_is_not_a_prompt() {
    let read =
        |text: &str| Line::from_entry(text.into(), &mut intake(JobKind::GenerateContent)).map(drop);
    for text in ["gs://bucket/in.jsonl", "bq://p.d.t", "files/abc"] {
        assert!(
            reasons(read(text).unwrap_err()).contains("Source::cloud_storage"),
            "{text}"
        );
    }
    assert!(read("gs:// is a scheme, what does it mean?").is_ok());
}

#[test]
fn wrong_lines_are_told_apart() {
    for (line, reason) in [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("17", "not a JSON object"),
        (r#"{"custom_id":"1","body":{}}"#, "rename it to `key`"),
        (
            r#"{"key":"1","body":{}}"#,
            "no `request`, only `body`: a line is",
        ),
        (r#"{"key":"1"}"#, "no `request`: a line is"),
        (
            r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}"#,
            "only `a`, `b`, `c`, `d`, `e` and more",
        ),
        (r#"{"a":1,"b":1}"#, "only `a` and `b`"),
        ("key,request", "does not begin with `{`: a line is"),
        (r#"{"key":"a","request":{}}"#, "no `contents`"),
        (r#"{"key":"a","request":{"contents":[ ]}}"#, "empty"),
        (r#"{"key":"a","request":{"contents":7}}"#, "not a list"),
        (
            r#"{"key":"a","key":"b","request":{"contents":[1]}}"#,
            "stands there twice",
        ),
        (
            r#"{"key":"a","request":{"contents":[1],"labels":{},"labels":{}}}"#,
            "at request.labels",
        ),
        (
            r#"{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"seed":1,"seed":2}}"#,
            "at generationConfig.seed",
        ),
        (
            r#"{"key":"a","request":"{\"contents\": []}"}"#,
            "not a text that holds it",
        ),
        (r#"[{"contents":[1]}]"#, "jq"),
        (
            r#"{"contents":[1],"generationConfig":{"temperature":NaN}}"#,
            "JSON has no NaN",
        ),
        (r#"{"key":"a","request":7}"#, "not a JSON object"),
        (
            r#"{"key":7,"request":{"contents":[1]}}"#,
            "must be a string",
        ),
        (
            r#"{"id":"a","request":{"contents":[1]}}"#,
            "rename it to `key`",
        ),
        (
            r#"{"metadata":{"x":1},"x":2,"request":{"contents":[1]}}"#,
            "`x` stands",
        ),
        (r#"{"key":"","request":{"contents":[1]}}"#, "empty"),
        (
            r#"{"key":"a","metadata":{"key":"b"},"contents":[1]}"#,
            "two keys",
        ),
        (r#"{"content":{"parts":[]}}"#, "create_embeddings"),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
}

/// What a request is once it was written under a key and read again.

#[test]
fn a_request_under_other_names_is_told_with_the_right_ones() {
    let told = parse(r#"{"key":"a","request":{"messages":[{"role":"user"}],"max_tokens":5}}"#);
    let told = told.unwrap_err();
    for part in [
        "has no `contents`",
        "at request.messages",
        "write `contents`",
        "at request.max_tokens",
        "write `generationConfig.maxOutputTokens`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn numbers_that_are_none_are_refused_and_not_left_out() {
    use crate::request::{Content, ToolConfig, VideoMetadata};
    let config = GenerationConfig::new;
    let video = |fps| {
        let part = crate::Part::file_uri("https://youtu.be/x", "video/mp4");
        Request::from(Content::user([
            part.video_metadata(VideoMetadata::new().fps(fps))
        ]))
    };
    let with = |config: GenerationConfig| Request::text("hi").generation_config(config);
    let tool = ToolConfig::new().lat_lng(0.0, f64::NAN);
    for (request, path) in [
        (
            with(config().temperature(f64::NAN)),
            "generationConfig.temperature",
        ),
        (with(config().top_p(f64::INFINITY)), "generationConfig.topP"),
        (
            with(config().presence_penalty(f64::NEG_INFINITY)),
            "generationConfig.presencePenalty",
        ),
        (
            with(config().frequency_penalty(f64::NAN)),
            "generationConfig.frequencyPenalty",
        ),
        (
            video(f64::INFINITY),
            "contents[0].parts[0].videoMetadata.fps",
        ),
        (
            Request::text("hi").tool_config(tool),
            "toolConfig.retrievalConfig.latLng.longitude",
        ),
    ] {
        let read = Line::from_entry(request.into(), &mut intake(JobKind::GenerateContent));
        let told = reasons(read.unwrap_err());
        let is_told = told.contains(&format!("at request.{path}")) && told.contains("finite");
        assert!(is_told, "{path}: {told}");
    }
}

#[test]
fn settings_of_older_embeddings_are_looked_at() {
    let read = |text: &str| {
        let kind = JobKind::EmbedContent(EmbedForm::VertexText);
        Line::parse(text.as_bytes(), &mut intake(kind)).map_err(reasons)
    };
    let told = read(r#"{"request":{"content":"a","outputDimensionality":0}}"#).unwrap_err();
    assert!(told.contains("request.outputDimensionality"), "{told}");
    let told = read(r#"{"request":{"content":""}}"#).unwrap_err();
    assert!(told.contains("empty text"), "{told}");
    assert!(read(r#"{"request":{"content":"a","outputDimensionality":8}}"#).is_ok());
}
