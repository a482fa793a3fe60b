//! The one text that stands for all spellings of a request: fields sorted, names in camel case, numbers
//! by their decimal value, and what a service leaves out or spells anew, as proto3 JSON does, before it
//! gives a request back.
//!
//! Numbers are compared digit by digit: as `f64`, integers above 2⁵³ would pass for each other. What a
//! service can tell apart stays apart: `"temperature": 0` is not the absence of one.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::spelling::{self, Meaning};

/// How deep values may stand in each other, which is what `serde_json` reads too.
const DEPTH: usize = 128;

/// The canonical text of a value; `None` if it is not JSON, or too deep.
pub(super) fn canonical(json: &[u8]) -> Option<String> {
    let value: &RawValue = serde_json::from_slice(json).ok()?;
    let mut text = String::with_capacity(json.len());
    write(value.get(), DEPTH, Meaning::Message, &mut text)?;
    Some(text)
}

fn write(json: &str, depth: usize, meaning: Meaning, out: &mut String) -> Option<()> {
    let deeper = depth.checked_sub(1)?;
    match json.as_bytes().first()? {
        b'{' => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            let spelled = fields.into_iter().map(|(name, value)| match meaning {
                Meaning::Own | Meaning::Map => (name, value),
                _ => (camel_case(name), value),
            });
            let mut fields: Vec<_> = spelled.collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            out.push('{');
            for (name, value) in fields {
                let within = meaning.of_field(&name);
                if meaning.is_left_out(&name, within, value.get()) {
                    continue;
                }
                out.push_str(&serde_json::to_string(&name).ok()?);
                out.push(':');
                write(value.get(), deeper, within, out)?;
                out.push(',');
            }
            out.push('}');
        }
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            out.push('[');
            for element in elements {
                write(element.get(), deeper, meaning, out)?;
                out.push(',');
            }
            out.push(']');
        }
        b'"' => {
            let text: String = serde_json::from_str(json).ok()?;
            match spelling::of_text(meaning, &text) {
                Some(spelled) => out.push_str(&spelled),
                None => out.push_str(&serde_json::to_string(&text).ok()?),
            }
        }
        b'-' | b'0'..=b'9' => out.push_str(&spelling::of_number(meaning, json)?),
        _ => out.push_str(json),
    }
    Some(())
}

/// `file_data` as `fileData`.
fn camel_case(name: String) -> String {
    if !name.contains('_') {
        return name;
    }
    let mut camel = String::with_capacity(name.len());
    let mut is_after_underscore = false;
    for c in name.chars() {
        match std::mem::replace(&mut is_after_underscore, c == '_') {
            _ if c == '_' => {}
            true => camel.push(c.to_ascii_uppercase()),
            false => camel.push(c),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        canonical(a.as_bytes()).unwrap() == canonical(b.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_are_told_apart_by_their_value() {
        for (a, b) in [
            ("10", "10.0"),
            ("10", "1e1"),
            ("-0.50", "-5E-1"),
            ("0", "-0.0"),
            ("9007199254740993", "9007199254740993.00"),
            ("123e5", "12300000"),
            ("[1.0, [2e0]]", "[1, [2]]"),
            (r#"{"a":[{"b":[10.0]}]}"#, r#"{"a":[{"b":[1e1]}]}"#),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.10000000000000001"),
            ("1", "-1"),
            ("1e400", "1e401"),
            ("10", "1"),
            ("1", r#""1""#),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn order_nulls_and_spelling_do_not_matter() {
        let one = r#"{"b": [1, null, {"x": null}], "a": "\u00e9\/", "c": null}"#;
        assert!(same(one, r#"{"a":"é/","b":[1.0,null,{}]}"#));
        assert!(!same(one, r#"{"a":"é/","b":[1.0,{}]}"#));
        assert!(!same(r#"{"a":1}"#, r#"{"b":1}"#));
        assert!(!same(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#));
    }

    #[test]
    fn nulls_and_names_within_the_callers_own_values_count() {
        for (a, b) in [
            (
                r#"{"functionCall":{"args":{"x":null}}}"#,
                r#"{"functionCall":{"args":{}}}"#,
            ),
            (
                r#"{"responseJsonSchema":{"const":null}}"#,
                r#"{"responseJsonSchema":{}}"#,
            ),
            (
                r#"{"responseSchema":{"default":{"a_b":1}}}"#,
                r#"{"responseSchema":{"default":{"aB":1}}}"#,
            ),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
        assert!(same(
            r#"{"functionCall":{"args":null}}"#,
            r#"{"functionCall":{}}"#
        ));
    }

    #[test]
    fn names_are_googles_in_either_spelling_and_the_callers_as_they_are() {
        let sent = r#"{"system_instruction":{"parts":[{"text":"a"}]},"contents":[{"parts":[{"text":"q"}]}]}"#;
        let echo = r#"{"contents":[{"parts":[{"fileData":null,"text":"q"}],"role":null}],
            "systemInstruction":{"parts":[{"text":"a","thought_signature":null}]}}"#;
        assert!(same(sent, echo));
        let args =
            |name: &str| format!(r#"{{"functionCall":{{"args":{{"{name}":{{"x_y":1}}}}}}}}"#);
        assert!(!same(&args("my_key"), &args("myKey")));
        assert!(same(
            &args("my_key"),
            &args("my_key").replace("functionCall", "function_call")
        ));
    }

    #[test]
    fn what_a_service_writes_anew_means_the_same() {
        let config = |fields: &str| format!(r#"{{"generationConfig":{{{fields}}}}}"#);
        let schema = |fields: &str| config(&format!(r#""responseSchema":{{{fields}}}"#));
        let part = |fields: &str| format!(r#"{{"contents":[{{"parts":[{{{fields}}}]}}]}}"#);
        for (sent, echoed) in [
            (part(r#""text":"a","thought":false"#), part(r#""text":"a""#)),
            (
                r#"{"tools":[],"labels":{},"safetySettings":[]}"#.to_owned(),
                "{}".to_owned(),
            ),
            (schema(r#""properties":{},"required":[]"#), schema("")),
            (
                schema(r#""nullable":false,"maxItems":"100""#),
                schema(r#""maxItems":100"#),
            ),
            (
                schema(r#""properties":{"a_b":{"min_items":"1","nullable":false}}"#),
                schema(r#""properties":{"a_b":{"minItems":1}}"#),
            ),
            (
                config(r#""maxOutputTokens":"100""#),
                config(r#""maxOutputTokens":100.0"#),
            ),
            (
                config(r#""temperature":0.12345678901"#),
                config(r#""temperature":0.12345679"#),
            ),
            (config(r#""topP":"0.95""#), config(r#""topP":0.95"#)),
            (
                part(r#""inlineData":{"data":"-_-_YQ","mimeType":"m"}"#),
                part(r#""inlineData":{"data":"+/+/YQ==","mimeType":"m"}"#),
            ),
            (
                part(r#""thought_signature":"_w""#),
                part(r#""thoughtSignature":"/w==""#),
            ),
            (
                part(r#""videoMetadata":{"startOffset":"1.500s","endOffset":"2s"}"#),
                part(r#""videoMetadata":{"startOffset":"1.5s","endOffset":"2.000s"}"#),
            ),
            (
                r#"{"timeRangeFilter":{"startTime":"2026-01-01T01:00:00+01:00"}}"#.to_owned(),
                r#"{"timeRangeFilter":{"startTime":"2026-01-01T00:00:00.000Z"}}"#.to_owned(),
            ),
        ] {
            assert!(same(&sent, &echoed), "{sent} {echoed}");
        }
        for (a, b) in [
            (config(r#""temperature":0"#), config("")),
            (config(r#""includeThoughts":false"#), config("")),
            (part(r#""text":"""#), part("")),
            (part(r#""text":"100""#), part(r#""text":100"#)),
            (part(r#""text":"-_""#), part(r#""text":"+/""#)),
            (
                r#"{"tools":[{"googleSearch":{}}]}"#.to_owned(),
                r#"{"tools":[{}]}"#.to_owned(),
            ),
            (
                part(r#""functionCall":{"args":{"a":[]}}"#),
                part(r#""functionCall":{"args":{}}"#),
            ),
            (
                part(r#""functionCall":{"args":{"thought":false,"data":"-_"}}"#),
                part(r#""functionCall":{"args":{"thought":false,"data":"+/"}}"#),
            ),
            (
                schema(r#""properties":{"tools":{}}"#),
                schema(r#""properties":{}"#),
            ),
            (schema(r#""maxItems":"100""#), schema(r#""maxItems":"101""#)),
            (
                config(r#""temperature":0.5"#),
                config(r#""temperature":0.5000001"#),
            ),
        ] {
            assert!(!same(&a, &b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_too_deep_is_not_compared() {
        let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(canonical(nested(100).as_bytes()).is_some());
        assert!(canonical(nested(100_000).as_bytes()).is_none());
        assert!(canonical(b"not json").is_none());
    }
}
