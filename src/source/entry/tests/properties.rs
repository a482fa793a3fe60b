//! Any text, key and metadata: one line, which reads as the same request.

use proptest::prelude::*;

use super::*;

/// The line of a file, which is the same where the request was to go inline first.
fn written(line: &Line, key: &str) -> Vec<u8> {
    let mut out = Vec::new();
    line.write_jsonl(key, &mut out);
    let (mut inline, mut again) = (b"{},".to_vec(), Vec::new());
    let inlined = line.write_inline(key, &mut inline);
    inline.extend_from_slice(b",{}");
    inlined.write_jsonl(&inline, true, &mut again);
    assert_eq!(again, out);
    out
}

fn metadata() -> impl Strategy<Value = Vec<(String, Value)>> {
    let name = any::<String>().prop_filter("the key's own name", |name| name != "key");
    let fields = prop::collection::btree_map(name, crate::testing::json(), 0..3);
    fields.prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #[test]
    fn a_request_is_one_line_that_reads_as_the_same_request(
        text in any::<String>().prop_filter("a text", |text| !text.is_empty()),
        key in any::<String>().prop_filter("a key", |key| !key.is_empty()),
        metadata in metadata(),
        field in crate::testing::json(),
    ) {
        let mut request = Request::text(&*text).key(&*key).field("x", field);
        for (name, value) in &metadata {
            request = request.metadata(&**name, value.clone());
        }
        let kind = JobKind::GenerateContent;
        let line = Line::from_entry(request.into(), &mut intake(kind)).unwrap();
        prop_assert_eq!(line.key.as_deref(), Some(&*key));
        let out = written(&line, &key);
        prop_assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));

        let again = Line::parse(&out, &mut intake(kind)).unwrap();
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
        text in any::<String>().prop_filter("a text", |text| !text.is_empty()),
        key in any::<String>().prop_filter("a key", |key| !key.is_empty()),
        title in prop::option::of(any::<String>()),
        dimensions in prop::option::of(1..4000_u32),
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
            let line = Line::from_entry(request.clone().into(), &mut intake(kind)).unwrap();
            let out = written(&line, &key);
            prop_assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));
            let again = Line::parse(&out, &mut intake(kind)).unwrap();
            prop_assert_eq!(again.key.as_deref(), Some(&*key));
            prop_assert_eq!(again.content(), line.content());
            prop_assert_eq!(written(&again, &key), out);
        }
    }
}
