//! The fields of a status in JSON, each left as it came.
//!
//! What is beside them is passed over, and a name that is there twice means its last value, so that no
//! odd shape hides what went wrong, and none takes memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::codes::code_of_type;
use crate::scan::whole_characters;

/// How many pieces of a text are tried as JSON.
const TRIED: usize = 4;

/// What a status may have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    pub(super) code: Option<&'a RawValue>,
    pub(super) status: Option<&'a RawValue>,
    pub(super) message: Option<&'a RawValue>,
    pub(super) details: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
    /// The `type` of an error of Anthropic or OpenAI.
    pub(super) kind: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a status")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let field = match &*name {
                        "code" => &mut fields.code,
                        "status" => &mut fields.status,
                        "message" => &mut fields.message,
                        "details" => &mut fields.details,
                        "error" => &mut fields.error,
                        "type" => &mut fields.kind,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    let value: &RawValue = map.next_value()?;
                    *field = (value.get() != "null").then_some(value);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

impl<'a> Fields<'a> {
    /// The fields of an object; `None` for any other value.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Those of the first object within words that is an error: one with a code or the name of one.
    pub(super) fn within(words: &'a str) -> Option<Self> {
        let starts = words.match_indices('{').take(TRIED);
        starts.map(|(start, _)| &words[start..]).find_map(|rest| {
            // More words may follow.
            let mut found = serde_json::Deserializer::from_str(rest).into_iter::<Self>();
            let fields = found.next()?.ok()?;
            let error = fields.error.and_then(|error| Self::read(error.get()));
            let error = error.unwrap_or(fields);
            let kind = error.kind.and_then(|kind| text(kind.get()));
            let is_kind = kind.is_some_and(|kind| code_of_type(&kind).is_some());
            (error.code.is_some() || error.status.is_some() || is_kind).then_some(fields)
        })
    }
}

/// A text, with U+FFFD for half a character; `None` if the JSON is no text.
pub(super) fn text(json: &str) -> Option<String> {
    if !json.trim_ascii_start().starts_with('"') {
        return None;
    }
    let whole = whole_characters(json.as_bytes());
    serde_json::from_slice(whole.as_deref().unwrap_or(json.as_bytes())).ok()
}
