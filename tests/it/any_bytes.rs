//! What the fuzz targets check (`fuzz/src/`), for the seeds that are kept and for bytes drawn at
//! random.

use proptest::prelude::*;

use crate::checks::{self, lines, naive, reads_alike};

/// Calls a target with each of its seeds.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut seeds = 0;
    for entry in std::fs::read_dir(&folder).expect(&folder) {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        run(&std::fs::read(path).unwrap());
        seeds += 1;
    }
    assert!(seeds > 0, "{folder} is empty");
}

#[test]
fn seeds_of_the_splitter() {
    replay("splitter", checks::splitter);
}

#[test]
fn seeds_of_result_lines() {
    replay("result_line", checks::result_line);
}

#[test]
fn seeds_of_error_bodies() {
    replay("error_body", checks::error_body);
}

#[test]
fn seeds_of_names() {
    replay("names", checks::names);
}

#[test]
fn seeds_of_request_lines() {
    replay("request_line", checks::request_line);
}

/// A line that may be anything: right, odd, or not a line at all.
fn any_line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "key",
        "request",
        "metadata",
        "contents",
        "content",
        "parts",
        "text",
        "role",
        "config",
        "generationConfig",
        "generation_config",
        "temperature",
        "systemInstruction",
        "tools",
        "x",
        "cachedContent",
        "model",
        "max_output_tokens",
    ]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("\"user\"".to_owned()),
        Just("\"a\"".to_owned()),
        Just("1.50".to_owned()),
        Just("12345678901234567890123".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        let field =
            (name.clone(), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(field, 0..5)
                .prop_map(|fields| format!("{{{}}}", fields.join(", "))),
        ]
    })
}

/// A row of each kind that is read in one pass, and some that nearly are.
const ROWS: [&str; 7] = [
    r#"{"key":"a\u00e9\n","response":{"candidates":[{"content":{"parts":[{"text":"One\n\u00e9 two","thoughtSignature":"x"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":60,"candidatesTokenCount":150,"totalTokenCount":210,"promptTokensDetails":[{"modality":"TEXT","tokenCount":60}]},"modelVersion":"m","responseId":"r"}}"#,
    r#"{"response":{"candidates":[{"content":{"parts":[{"text":"plain"}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"totalTokenCount":1.5}},"metadata":{"key":"k","n":[1]}}"#,
    r#"{"status":"","processed_time":"t","request":{"contents":[{"parts":[{"text":"q"}]}]},"response":{"candidates":[{"content":{"parts":[{"text":"t","thought":true},{"text":"response"}]},"finishReason":"STOP","safetyRatings":[{"category":"c","blocked":true}]}],"usageMetadata":{"promptTokenCount":"7"}},"key":"v"}"#,
    r#"{"key":"b","response":{"promptFeedback":{"blockReason":"SAFETY"},"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b"}]},"finishReason":"STOP"}]}}"#,
    r#"{"key":"e","error":{"code":3,"message":"bad"}}"#,
    r#"{"key":"s","status":"","request":{},"response":{"candidates":[{"content":{"parts":[{"text":"\ud83d\ude42 \ud83d"},{"functionCall":{"name":"f"}}]}}]}}"#,
    r#"{"key":"o","response":{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"},{}],"usageMetadata":{"promptTokenCount":1,"promptTokenCount":2}}}"#,
];

#[test]
fn rows_are_read_alike_in_one_pass_and_in_many() {
    for row in ROWS {
        reads_alike(row.as_bytes());
        for end in 0..row.len() {
            reads_alike(&row.as_bytes()[..end]);
        }
    }
}

proptest! {
    #[test]
    fn a_row_with_something_else_within_is_read_alike(
        row in prop::sample::select(&ROWS[..]),
        from in any::<prop::sample::Index>(),
        len in 0usize..12,
        instead in prop::sample::select(vec!["", " ", "\"", "\\", "{", "}", "[", "]", ",", ":", "1",
            "-1", "true", "null", "\"key\":\"z\",", "\"text\":\"w\",", "{},", "[],", "\\n",
            "\u{1}", "\"response\":{},", "\"parts\":[],", "\"error\":null,", "\\u0041", "é"]),
    ) {
        let mut row = row.as_bytes().to_vec();
        let from = from.index(row.len());
        let to = (from + len).min(row.len());
        row.splice(from..to, instead.bytes());
        reads_alike(&row);
    }

    /// Among the texts are those that begin with a byte order mark, or hold half of one.
    #[test]
    fn a_short_text_gives_the_same_lines_however_it_is_cut(
        text in prop::collection::vec(prop::sample::select(b"\xEF\xBB\xBF\n\r a".to_vec()), 0..8),
        mark in any::<bool>(),
    ) {
        let text = match mark {
            true => [b"\xEF\xBB\xBF", &text[..]].concat(),
            false => text,
        };
        let naive = naive(&text);
        for cuts in 0..1u32 << text.len().saturating_sub(1) {
            let mut chunks = Vec::new();
            let mut start = 0;
            for end in 1..text.len() {
                if cuts >> (end - 1) & 1 == 1 {
                    chunks.push(&text[start..end]);
                    start = end;
                }
            }
            chunks.push(&text[start..]);
            prop_assert_eq!(lines(&chunks), naive.clone(), "{:?}", chunks);
        }
    }

    #[test]
    fn any_bytes_in_any_chunks_give_the_lines_of_a_plain_split(
        chunks in prop::collection::vec(prop::collection::vec(
            prop_oneof![3 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b'\r')], 0..20), 0..10)
    ) {
        let chunks: Vec<_> = chunks.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(lines(&chunks), naive(&chunks.concat()));
    }

    #[test]
    fn a_line_of_requests_is_sent_whole_or_refused(line in any_line(), backend in 0..2_u8) {
        let contents = r#""contents":[{"parts":[{"text":"hi"}]}]"#;
        let config = format!(r#"{{"key":"k","request":{{{contents},"generationConfig":{line}}}}}"#);
        for text in [line, config] {
            checks::request_line(&[&[backend], text.as_bytes()].concat());
        }
    }

    #[test]
    fn ids_stay_one_segment(id in "[a-zA-Z0-9@._-]{0,3}[a-zA-Z0-9]") {
        for collection in ["batches", "files", "models", "tunedModels"] {
            checks::names(format!("{collection}/{id}").as_bytes());
        }
    }
}
