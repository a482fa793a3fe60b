//! Plain values: what proto3 takes for each of its types in JSON.

use serde_json::Value;

use super::spelling::meant;
use super::table::Kind;

/// What is wrong with a value that is not null, and what to do about it.
pub(super) fn wrong(kind: Kind, value: &Value) -> Option<(String, Option<&'static str>)> {
    let unquoted = matches!(value, Value::String(_)).then_some("write it without quotes");
    let told = |hint| {
        Some((
            format!(
                "{}, where the API describes {}",
                kind_of(value),
                kind.words()
            ),
            hint,
        ))
    };
    match (kind, value) {
        (Kind::Text, Value::String(_)) | (Kind::Bool, Value::Bool(_)) => None,
        (Kind::Number, Value::Number(_)) => None,
        (Kind::Number, Value::String(text))
            if matches!(&**text, "NaN" | "Infinity" | "-Infinity") =>
        {
            let says = format!("{text}, where a request takes a finite number");
            Some((says, Some("leave it out, or give a number")))
        }
        (Kind::Int, Value::Number(number)) => {
            let fits = number
                .as_f64()
                .is_some_and(|n| n.fract() == 0.0 && n.abs() <= 2_147_483_648.0);
            (!fits).then(|| {
                (
                    format!("{number}, where the API describes a whole number of 32 bits"),
                    None,
                )
            })
        }
        (Kind::Long, Value::Number(number))
            if number.as_f64().is_some_and(|n| n.fract() == 0.0) =>
        {
            None
        }
        (Kind::Long, Value::String(text)) if text.parse::<i64>().is_ok() => None,
        (Kind::Bytes, Value::String(text)) => wrong_base64(text),
        (Kind::Duration, Value::String(text)) => (!is_duration(text)).then(|| {
            (
                format!("{:?} is not a duration", clipped(text)),
                Some("write seconds, such as \"1.5s\""),
            )
        }),
        (Kind::Time, Value::String(text)) => chrono::DateTime::parse_from_rfc3339(text)
            .is_err()
            .then(|| {
                (
                    format!("{:?} is not a time", clipped(text)),
                    Some("write it as 2026-01-31T12:00:00Z"),
                )
            }),
        (Kind::Text, Value::Number(_) | Value::Bool(_)) => told(Some("write it in quotes")),
        (Kind::Int | Kind::Long | Kind::Number | Kind::Bool, _) => told(unquoted),
        _ => told(None),
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Bytes => "bytes in base64",
            Self::Int | Self::Long => "a whole number",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Duration => "a duration",
            Self::Time => "a time",
        }
    }
}

fn is_duration(text: &str) -> bool {
    let seconds = text.strip_suffix('s');
    seconds.is_some_and(|seconds| {
        !seconds.is_empty()
            && seconds
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
            && seconds.parse::<f64>().is_ok()
    })
}

fn wrong_base64(text: &str) -> Option<(String, Option<&'static str>)> {
    if is_base64(text.as_bytes()) {
        return None;
    }
    let hint = if text.starts_with("data:") {
        "this is a data URL: give what comes after `base64,` alone"
    } else if text.starts_with("b'") || text.starts_with("b\"") {
        "this is how Python prints bytes: decode them, with `.decode()`"
    } else {
        "encode the bytes, or let Part::bytes do so"
    };
    Some((format!("{:?} is not base64", clipped(text)), Some(hint)))
}

/// Whether these are bytes in base64, of either alphabet, padded or not.
pub(crate) fn is_base64(text: &[u8]) -> bool {
    let body = match text {
        [body @ .., b'=', b'='] | [body @ .., b'='] => body,
        body => body,
    };
    let is_letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    if body.iter().all(is_letter) {
        let padded = text.len() != body.len();
        return if padded {
            text.len().is_multiple_of(4)
        } else {
            body.len() % 4 != 1
        };
    }
    // Line ends, as some encoders put them, are passed over by the services.
    let letters: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    letters.len() < text.len() && is_base64(&letters)
}

/// What a name that is not among the known ones may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Known,
    /// A known one with a slip in it.
    Slip(&'a str),
    Unknown,
}

/// Finds a name among the known ones. The services read them in any case.
pub(super) fn name<'a>(text: &str, known: &'a [String]) -> Name<'a> {
    if known.iter().any(|known| known.eq_ignore_ascii_case(text)) {
        return Name::Known;
    }
    let end = format!("_{}", text.to_ascii_uppercase());
    let known = || known.iter().map(String::as_str);
    let slip = meant(text, known())
        .or_else(|| known().find(|known| text.len() > 2 && known.ends_with(&end)));
    slip.map_or(Name::Unknown, Name::Slip)
}

/// What a value is, in words.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The beginning of a text, for a message.
pub(crate) fn clipped(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_what_proto3_takes() {
        for (kind, right) in [
            (Kind::Text, json!("x")),
            (Kind::Number, json!(1)),
            (Kind::Int, json!(-1)),
            (Kind::Int, json!(256.0)),
            (Kind::Long, json!("12")),
            (Kind::Long, json!(12)),
            (Kind::Bool, json!(true)),
            (Kind::Duration, json!("1.5s")),
            (Kind::Time, json!("2026-01-31T12:00:00Z")),
            (Kind::Bytes, json!("aGk=")),
            (Kind::Bytes, json!("aGk")),
            (Kind::Bytes, json!("-_8=")),
            (Kind::Bytes, json!("aGk=\n")),
            (Kind::Bytes, json!("")),
        ] {
            assert_eq!(wrong(kind, &right), None, "{kind:?} {right}");
        }
        for (kind, odd) in [
            (Kind::Text, json!(7)),
            (Kind::Number, json!("0.2")),
            (Kind::Number, json!("NaN")),
            (Kind::Number, json!("-Infinity")),
            (Kind::Int, json!(1.5)),
            (Kind::Int, json!("many")),
            (Kind::Int, json!(3_000_000_000_u64)),
            (Kind::Long, json!("x")),
            (Kind::Bool, json!("true")),
            (Kind::Duration, json!("90")),
            (Kind::Duration, json!("s")),
            (Kind::Time, json!("yesterday")),
            (Kind::Bytes, json!("data:image/png;base64,aGk=")),
            (Kind::Bytes, json!("b'aGk='")),
            (Kind::Bytes, json!("aGkxx")),
            (Kind::Bytes, json!([1, 2])),
        ] {
            assert!(wrong(kind, &odd).is_some(), "{kind:?} {odd}");
        }
    }

    #[test]
    fn names_are_read_in_any_case_and_slips_found() {
        let known: Vec<_> = ["HARM_UNSPECIFIED", "BLOCK_NONE", "MEDIA_RESOLUTION_LOW"]
            .map(str::to_owned)
            .into();
        assert_eq!(name("block_none", &known), Name::Known);
        assert_eq!(name("BLOCK_NON", &known), Name::Slip("BLOCK_NONE"));
        assert_eq!(name("low", &known), Name::Slip("MEDIA_RESOLUTION_LOW"));
        assert_eq!(name("BLOCK_SOME", &known), Name::Unknown);
    }
}
