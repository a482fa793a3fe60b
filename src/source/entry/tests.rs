use proptest::prelude::*;

use super::*;

fn parse(line: &str) -> Result<Line, String> {
    Line::parse(line.as_bytes(), JobKind::GenerateContent, &Vec::new())
}

fn jsonl(line: &Line) -> Value {
    let mut out = Vec::new();
    line.write_jsonl("k", &mut out);
    serde_json::from_slice(&out).unwrap()
}

const CONTENTS: &str = r#""contents":[{"parts":[{"text":"hi"}]}]"#;

#[test]
fn both_line_forms_give_the_same_request() {
    let wrapped = parse(&format!(
        r#"{{"key":"a","request":{{{CONTENTS},"new":1.50}}}}"#
    ));
    let bare = parse(&format!(r#"{{"key":"a",{CONTENTS},"new":1.50}}"#));
    let (wrapped, bare) = (wrapped.unwrap(), bare.unwrap());
    assert_eq!(wrapped.key.as_deref(), Some("a"));
    assert_eq!(wrapped.request, bare.request);
    assert!(wrapped.request.contains("1.50"), "kept to the letter");
}

#[test]
fn what_travels_with_a_request_is_kept_in_both_forms() {
    let line = parse(&format!(
        r#"{{"request":{{{CONTENTS}}},"metadata":{{"key":"m","shard":7}},"team":"x"}}"#
    ))
    .unwrap();
    assert_eq!(line.key.as_deref(), Some("m"));
    let value = jsonl(&line);
    assert_eq!(value["metadata"]["shard"], 7);
    assert_eq!(value["team"], "x");
    let mut out = Vec::new();
    let inlined = line.write_inline("k", &mut out);
    let (mut again, mut at_once) = (Vec::new(), Vec::new());
    inlined.write_jsonl(&out, &mut again);
    line.write_jsonl("k", &mut at_once);
    assert_eq!(again, at_once);
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(
        value["metadata"],
        serde_json::json!({"key":"k","shard":7,"team":"x"})
    );
}

#[test]
fn a_prompt_gives_the_same_line_as_its_fields() {
    let defaults = Defaults {
        generation_config: Some(GenerationConfig::new().temperature(0.5)),
        system_instruction: Some("Be brief.".into()),
    }
    .fields();
    let plain = Request::text("Why?\n\"\u{1}");
    let kinds = [
        JobKind::GenerateContent,
        JobKind::Either(EmbedForm::Gemini),
        JobKind::EmbedContent(EmbedForm::Gemini),
    ];
    for request in [
        plain.clone(),
        plain.clone().key("k"),
        plain.clone().key(""),
        plain
            .clone()
            .field("generation_config", 7)
            .field("odd", true),
        plain.clone().field("content", "x"),
        plain.clone().field("contents", Vec::<Value>::new()),
        plain.clone().metadata("key", "m"),
        plain.patch(serde_json::json!({"model": "m", "contents": null})),
    ] {
        for kind in kinds {
            let mut spelled = draft_of(request.clone());
            spelled.body.fields_mut();
            let quick = Line::from_entry(request.clone().into(), kind, &defaults);
            let slow = Line::from_entry(Entry(EntryKind::Built(spelled)), kind, &defaults);
            match (quick, slow) {
                (Ok(quick), Ok(slow)) => {
                    assert_eq!(quick.key, slow.key);
                    assert_eq!(jsonl(&quick), jsonl(&slow));
                    assert_eq!(quick.remarks, slow.remarks);
                }
                (quick, slow) => assert_eq!(quick.err(), slow.err()),
            }
        }
    }
}

fn draft_of(request: Request) -> Draft {
    match Entry::from(request).0 {
        EntryKind::Built(draft) => draft,
        _ => unreachable!("a request is built"),
    }
}

#[test]
fn defaults_fill_only_what_is_missing() {
    let defaults = Defaults {
        generation_config: Some(GenerationConfig::new().temperature(0.5)),
        system_instruction: Some("Be brief.".into()),
    }
    .fields();
    let line = |text: &str| {
        let line = Line::parse(text.as_bytes(), JobKind::GenerateContent, &defaults).unwrap();
        jsonl(&line)["request"].clone()
    };
    let filled = line(&format!("{{{CONTENTS}}}"));
    assert_eq!(filled["generationConfig"]["temperature"], 0.5);
    assert_eq!(filled["systemInstruction"]["parts"][0]["text"], "Be brief.");
    let own = line(&format!(r#"{{{CONTENTS},"generation_config":{{}}}}"#));
    assert!(own.get("generationConfig").is_none());
}

#[test]
fn older_embeddings_have_every_field_once() {
    let read = |text: &str| {
        let kind = JobKind::EmbedContent(EmbedForm::VertexText);
        Line::parse(text.as_bytes(), kind, &Vec::new())
    };
    let line =
        read(r#"{"key":"a","team":"x","request":{"content":"one","key":"a","metadata":{"n":1}}}"#);
    let mut out = Vec::new();
    line.unwrap().write_jsonl("a", &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"key\":\"a\",\"metadata\":{\"n\":1},\"content\":\"one\",\"team\":\"x\"}\n"
    );
    let line = read(r#"{"request":{"content":"one","key":"inner"}}"#);
    assert_eq!(line.unwrap().key.as_deref(), Some("inner"));
    for (line, reason) in [
        (
            r#"{"key":"outer","request":{"content":"one","key":"inner"}}"#,
            "two keys",
        ),
        (
            r#"{"metadata":{"n":1},"request":{"content":"one","metadata":{"n":2}}}"#,
            "`n` stands",
        ),
        (
            r#"{"content":"mine","request":{"content":"one"}}"#,
            "`content` stands",
        ),
        (
            r#"{"task_type":"A","request":{"content":"one","taskType":"B"}}"#,
            "`task_type` stands",
        ),
        (
            r#"{"team":"x","request":{"content":"one","team":"y"}}"#,
            "`team` stands",
        ),
    ] {
        let error = read(line).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
}

#[test]
fn a_place_is_no_prompt() {
    let read =
        |text: &str| Line::from_entry(text.into(), JobKind::GenerateContent, &Vec::new()).map(drop);
    for text in ["gs://bucket/in.jsonl", "bq://p.d.t", "files/abc"] {
        assert!(
            read(text).unwrap_err().contains("Source::cloud_storage"),
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
        (r#"{"key":"1","body":{}}"#, "only [body]"),
        (r#"{"key":"a","request":{}}"#, "no `contents`"),
        (r#"{"key":"a","request":{"contents":[ ]}}"#, "empty"),
        (r#"{"key":"a","request":{"contents":"hi"}}"#, "not a list"),
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
/// The line of a file, which is the same where the request was to go inline first.
fn written(line: &Line, key: &str) -> Vec<u8> {
    let mut out = Vec::new();
    line.write_jsonl(key, &mut out);
    let (mut inline, mut again) = (b"{},".to_vec(), Vec::new());
    let inlined = line.write_inline(key, &mut inline);
    inline.extend_from_slice(b",{}");
    inlined.write_jsonl(&inline, &mut again);
    assert_eq!(again, out);
    out
}

fn metadata() -> impl Strategy<Value = Vec<(String, Value)>> {
    let name = any::<String>().prop_filter("the key's own name", |name| name != "key");
    let fields = prop::collection::btree_map(name, crate::fuzzing::json(), 0..3);
    fields.prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #[test]
    fn a_request_is_one_line_that_reads_as_the_same_request(
        text in any::<String>(),
        key in any::<String>().prop_filter("a key", |key| !key.is_empty()),
        metadata in metadata(),
        field in crate::fuzzing::json(),
    ) {
        let mut request = Request::text(&*text).key(&*key).field("x", field);
        for (name, value) in &metadata {
            request = request.metadata(&**name, value.clone());
        }
        let kind = JobKind::GenerateContent;
        let line = Line::from_entry(request.into(), kind, &Vec::new()).unwrap();
        prop_assert_eq!(line.key.as_deref(), Some(&*key));
        let out = written(&line, &key);
        prop_assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));

        let again = Line::parse(&out, kind, &Vec::new()).unwrap();
        prop_assert_eq!(again.key.as_deref(), Some(&*key));
        prop_assert_eq!(&again.request, &line.request);
        prop_assert_eq!(written(&again, &key), out);
        let request: Value = serde_json::from_str(&again.request).unwrap();
        prop_assert_eq!(&request["contents"][0]["parts"][0]["text"], &Value::from(&*text));

        let mut inline = Vec::new();
        line.write_inline(&key, &mut inline);
        let inline: Value = serde_json::from_slice(&inline).unwrap();
        prop_assert_eq!(&inline["request"], &request);
        let mut travels: Map<String, Value> = metadata.into_iter().collect();
        travels.insert("key".to_owned(), key.into());
        prop_assert_eq!(&inline["metadata"], &Value::Object(travels));
    }

    #[test]
    fn an_embedding_is_one_line_that_reads_as_the_same_in_every_form(
        text in any::<String>(),
        key in any::<String>().prop_filter("a key", |key| !key.is_empty()),
        title in prop::option::of(any::<String>()),
        dimensions in prop::option::of(any::<u32>()),
        metadata in metadata(),
    ) {
        let mut request = crate::EmbedRequest::text(&*text).key(&*key);
        if let Some(title) = title {
            request = request.task_type("RETRIEVAL_DOCUMENT").title(title);
        }
        if let Some(dimensions) = dimensions {
            request = request.output_dimensionality(dimensions);
        }
        for (name, value) in metadata {
            request = request.metadata(name, value);
        }
        for form in [EmbedForm::Gemini, EmbedForm::VertexGemini, EmbedForm::VertexText] {
            let kind = JobKind::EmbedContent(form);
            let line = Line::from_entry(request.clone().into(), kind, &Vec::new()).unwrap();
            let out = written(&line, &key);
            prop_assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));
            let again = Line::parse(&out, kind, &Vec::new()).unwrap();
            prop_assert_eq!(again.key.as_deref(), Some(&*key));
            prop_assert_eq!(again.content(), line.content());
            prop_assert_eq!(written(&again, &key), out);
        }
    }
}
