//! Pieces of Google's JSON that several messages share, read leniently: what has an odd
//! shape is absent here and still visible in the raw JSON.
//!
//! Google writes proto3 JSON: numbers may come as texts, floats that are not finite do, `null` stands
//! for what is absent, and a text may hold half a character.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;
use serde::de::{self, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::job::Status;
use crate::raw::{self, Int64};
use crate::scan::whole_characters;

/// A field that is `None` where its value has another shape than expected.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> std::result::Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// A count that comes as a text or a number.
pub(crate) fn count<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<u64>, D::Error> {
    let number: Option<Int64> = lenient(deserializer)?;
    Ok(number.and_then(|Int64(number)| u64::try_from(number).ok()))
}

/// A float in each of its spellings: a number, one in a text, `"NaN"`, `"Infinity"`, `"-Infinity"`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Float(pub(crate) f64);

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Spelling;

        impl Visitor<'_> for Spelling {
            type Value = Float;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a float, as a number or in a text")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> std::result::Result<Float, E> {
                Ok(Float(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> std::result::Result<Float, E> {
                Ok(Float(number as f64))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> std::result::Result<Float, E> {
                Ok(Float(number as f64))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Float, E> {
                match text {
                    "NaN" => Ok(Float(f64::NAN)),
                    "Infinity" => Ok(Float(f64::INFINITY)),
                    "-Infinity" => Ok(Float(f64::NEG_INFINITY)),
                    number if number.ends_with(|last: char| last.is_ascii_digit()) => {
                        number.parse().map(Float).map_err(E::custom)
                    }
                    odd => Err(E::invalid_value(de::Unexpected::Str(odd), &self)),
                }
            }
        }

        deserializer.deserialize_any(Spelling)
    }
}

/// A float, `None` where it is absent or odd.
pub(crate) fn float<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<f64>, D::Error> {
    let float: Option<Float> = lenient(deserializer)?;
    Ok(float.map(|Float(float)| float))
}

/// A text, which is borrowed where it has no escapes; half a character in it reads as U+FFFD.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    /// A text that is borrowed where it can be.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let json = raw.get();
    if let Ok(Text(text)) = serde_json::from_str(json) {
        return Some(text);
    }
    let whole = whole_characters(json.as_bytes())?;
    serde_json::from_slice(&whole).ok().map(Cow::Owned)
}

/// Reads an object. Derived readers take a list too, as the fields in order, and would find a
/// key in any list that begins with a text.
pub(crate) fn object<'de, T: Deserialize<'de>>(json: &'de str) -> serde_json::Result<T> {
    let begins_as_list = json.trim_ascii_start().starts_with('[');
    if begins_as_list {
        let found = serde::de::Unexpected::Seq;
        return Err(serde::de::Error::invalid_type(found, &"an object"));
    }
    serde_json::from_str(json)
}

/// The value that a text of JSON is; what no value can hold, such as `1e999`, is left out of it.
pub(crate) fn value(json: &str) -> Value {
    match serde_json::from_str(json) {
        Ok(value) => value,
        Err(_) => raw::value(&Bytes::copy_from_slice(json.as_bytes())),
    }
}

/// The number that stands under these names, one within the other.
pub(crate) fn number_at(json: &str, names: &[&str]) -> Option<i64> {
    let mut json = json;
    for name in names {
        let fields: HashMap<Cow<'_, str>, &RawValue> = object(json).ok()?;
        json = fields.get(*name)?.get();
    }
    let number: Int64 = serde_json::from_str(json).ok()?;
    Some(number.0)
}

/// A `google.rpc.Status`, of which only the code may be there, or one in words.
pub(crate) fn status(json: &str) -> Option<Status> {
    Status::of_json(json)
}

/// The error in what should be empty or say that all is well, whatever its shape: an object, words, a
/// code, or a list of these.
pub(crate) fn failure(json: &str) -> Option<Status> {
    let json = json.trim_ascii();
    let unnamed = || Some(Status::unknown(json.to_owned()));
    let status = match json.as_bytes().first()? {
        b'"' => {
            let status = Status::of_json(json)?;
            let is_well = |words: &str| words.is_empty() || words.eq_ignore_ascii_case("ok");
            (!is_well(&status.message)).then_some(status)
        }
        b'{' if json[1..].trim_ascii_start().starts_with('}') => None,
        b'{' => Status::of_json(json),
        b'[' => match serde_json::from_str::<FirstOf<'_>>(json) {
            Ok(FirstOf(None)) => None,
            Ok(FirstOf(Some(first))) => failure(first.get()),
            Err(_) => unnamed(),
        },
        b'n' | b't' => None,
        b'f' => unnamed(),
        _ => match Status::of_json(&format!(r#"{{"code":{json}}}"#)) {
            // Or what HTTP means by success.
            Some(status) if (200..300).contains(&status.code) => None,
            status => status,
        },
    };
    status.filter(|status| status.code != 0)
}

/// The same in a field that may also hold something else: of words, those that name a code, and of
/// objects, those that have a field of a status.
pub(crate) fn marked_failure(json: &str) -> Option<Status> {
    #[derive(Deserialize)]
    struct Marks {
        code: Option<IgnoredAny>,
        message: Option<IgnoredAny>,
        error: Option<IgnoredAny>,
        status: Option<IgnoredAny>,
    }
    let is_marked = match serde_json::from_str::<Cow<'_, str>>(json) {
        Ok(words) => Status::is_named_by(&words),
        Err(_) => match object::<Marks>(json) {
            Ok(Marks {
                code: None,
                message: None,
                error: None,
                status: None,
            }) => false,
            // One that cannot be read is no sign that all is well.
            _ => true,
        },
    };
    failure(json).filter(|_| is_marked)
}

/// The first element of a list.
struct FirstOf<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for FirstOf<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = FirstOf<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> std::result::Result<FirstOf<'de>, A::Error> {
                let first = list.next_element()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(FirstOf(first))
            }
        }

        deserializer.deserialize_seq(Reader)
    }
}

/// What a parser says of a text that is one line: without "at line 1", which contradicts the
/// line's own number.
pub(crate) fn on_one_line(error: &serde_json::Error) -> String {
    error
        .to_string()
        .replace(" at line 1 column ", " at column ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_may_be_a_code_alone() {
        let cancelled = status(r#"{"code":1}"#).unwrap();
        assert_eq!((cancelled.code, cancelled.status()), (1, "CANCELLED"));
        assert_eq!(status(r#"{"message":"odd","code":{}}"#).unwrap().code, 2);
        assert_eq!(status(r#"{"code":99}"#).unwrap().status(), "UNKNOWN");
        assert!(status("7").is_none());
        assert!(status(r#"[3,"text"]"#).is_none());
    }

    #[test]
    fn a_failure_is_what_does_not_say_that_all_is_well() {
        for well in [
            r#""""#,
            r#""OK""#,
            "null",
            "{}",
            "{ }",
            r#"{"code":0}"#,
            "0",
            "200",
            "true",
            "[]",
            "[{}]",
            r#"["OK"]"#,
        ] {
            assert!(failure(well).is_none(), "{well}");
            assert!(marked_failure(well).is_none(), "{well}");
        }
        for (is_marked, json, code) in [
            (false, r#""no""#, 2),
            (true, r#""INTERNAL""#, 13),
            (true, r#""\u0049NTERNAL: \ud83d""#, 13),
            (true, r#"{"code":5}"#, 5),
            (true, r#"{"message":"no"}"#, 2),
            (true, r#"{"error":{"code":429}}"#, 8),
            (true, r#"{"status":"ABORTED"}"#, 10),
            (false, r#"{"state":"DONE"}"#, 2),
            (true, "3", 3),
            (true, "3.0", 3),
            (true, "503", 14),
            (true, "1e999", 2),
            (true, "false", 2),
            (true, r#"[{"code":3},{}]"#, 3),
            (true, "[[7]]", 7),
            (true, r#"["no"]"#, 2),
        ] {
            assert_eq!(failure(json).unwrap().code, code, "{json}");
            assert_eq!(marked_failure(json).is_some(), is_marked, "{json}");
        }
        // The word alone says so.
        for words in [r#""\nOK""#, r#"" OK""#, r#""OK: no""#, r#""NOT OK""#] {
            assert_eq!(failure(words).unwrap().code, 2, "{words}");
        }
    }

    #[test]
    fn floats_are_read_in_every_spelling() {
        let read = |json: &str| serde_json::from_str(json).map(|Float(float)| float);
        for (json, float) in [
            ("1", 1.0),
            ("-0.5", -0.5),
            (r#""-0.5""#, -0.5),
            (r#""1e3""#, 1000.0),
            (r#""Infinity""#, f64::INFINITY),
            (r#""-Infinity""#, f64::NEG_INFINITY),
        ] {
            assert_eq!(read(json).unwrap(), float, "{json}");
        }
        assert!(read(r#""NaN""#).unwrap().is_nan());
        for odd in [
            r#""""#,
            r#""inf""#,
            r#""nan""#,
            r#""infinity""#,
            r#""x1""#,
            "true",
            "[1]",
            "null",
        ] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn texts_have_whole_characters() {
        let read = |json: &str| {
            let raw: &RawValue = serde_json::from_str(json).unwrap();
            text(raw).map(Cow::into_owned)
        };
        assert_eq!(read(r#""a\ud83dé""#).as_deref(), Some("a\u{fffd}é"));
        assert_eq!(read(r#""a\n""#).as_deref(), Some("a\n"));
        assert_eq!((read("7"), read("null")), (None, None));
    }

    #[test]
    fn a_value_is_there_whatever_is_in_it() {
        let json = r#"{"a":"\ud83d","b":1e999,"c":[1]}"#;
        assert_eq!(value(json), serde_json::json!({"a": "\u{fffd}", "c": [1]}));
    }
}
