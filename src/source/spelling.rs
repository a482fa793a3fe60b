//! What proto3 JSON spells in several ways, by the field that it stands in, and what it leaves out.
//!
//! The names are of the API's requests. In proto3, a list, a map and a scalar that is not `optional` are
//! the same empty and absent, and a service leaves them out (Protocol Buffers, ProtoJSON Format). A
//! scalar is taken for one of these only if it certainly is.

use chrono::{DateTime, SecondsFormat, Utc};

/// What a value is, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A message of the API's, or a value in one that has a single spelling.
    Message,
    /// A map of the caller's names to messages of the API's.
    Map,
    /// The caller's own: all of it counts as it is.
    Own,
    Integer,
    /// A number of 32 bits: what is beyond them, the service never sees.
    Float,
    Double,
    Bytes,
    Duration,
    Time,
}

/// Fields whose contents are the caller's own …
const OWN: [&str; 12] = [
    "args",
    "default",
    "example",
    "headers",
    "labels",
    "metadata",
    "parametersJsonSchema",
    "partMetadata",
    "response",
    "responseJsonSchema",
    "schema",
    "userMetadata",
];
/// … or whose names are.
const MAPS: [&str; 2] = ["$defs", "properties"];
const INTEGERS: [&str; 14] = [
    "bitRate",
    "candidateCount",
    "logprobs",
    "maxItems",
    "maxLength",
    "maxOutputTokens",
    "maxProperties",
    "minItems",
    "minLength",
    "minProperties",
    "outputDimensionality",
    "sampleRate",
    "seed",
    "thinkingBudget",
];
const FLOATS: [&str; 5] = [
    "dynamicThreshold",
    "frequencyPenalty",
    "presencePenalty",
    "temperature",
    "topP",
];
const DOUBLES: [&str; 6] = ["fps", "latitude", "longitude", "maximum", "minimum", "topK"];
const BYTES: [&str; 2] = ["data", "thoughtSignature"];
const DURATIONS: [&str; 4] = ["endOffset", "sseReadTimeout", "startOffset", "timeout"];
const TIMES: [&str; 2] = ["endTime", "startTime"];
/// Maps that are empty where they are absent.
const EMPTY_MAPS: [&str; 4] = ["$defs", "headers", "labels", "properties"];
/// Flags that are `false` where they are absent.
const FLAGS: [&str; 2] = ["nullable", "thought"];

impl Meaning {
    /// What the value of a field is.
    pub(super) fn of_field(self, name: &str) -> Self {
        let kinds: [(&[&str], Self); 8] = [
            (&OWN, Self::Own),
            (&MAPS, Self::Map),
            (&INTEGERS, Self::Integer),
            (&FLOATS, Self::Float),
            (&DOUBLES, Self::Double),
            (&BYTES, Self::Bytes),
            (&DURATIONS, Self::Duration),
            (&TIMES, Self::Time),
        ];
        match self {
            Self::Own => Self::Own,
            Self::Map => Self::Message,
            _ => {
                let found = kinds.into_iter().find(|(names, _)| names.contains(&name));
                found.map_or(Self::Message, |(_, kind)| kind)
            }
        }
    }

    /// Whether a field of this value, which is `within`, says no more than if it were absent.
    pub(super) fn is_left_out(self, name: &str, within: Self, json: &str) -> bool {
        let is_empty = |open: char, close: char| {
            let rest = json.strip_prefix(open);
            rest.is_some_and(|rest| rest.trim_ascii_start().starts_with(close))
        };
        match self {
            Self::Own | Self::Map => false,
            _ => {
                json == "null"
                    || (within != Self::Own && is_empty('[', ']'))
                    || (EMPTY_MAPS.contains(&name) && is_empty('{', '}'))
                    || (FLAGS.contains(&name) && json == "false")
            }
        }
    }
}

/// A text in the one spelling of what it means; `None` if that is the text itself.
pub(super) fn of_text(meaning: Meaning, text: &str) -> Option<String> {
    let is_number = || text.ends_with(|last: char| last.is_ascii_digit());
    match meaning {
        Meaning::Message | Meaning::Map | Meaning::Own => None,
        Meaning::Integer | Meaning::Float | Meaning::Double => {
            is_number().then(|| of_number(meaning, text))?
        }
        Meaning::Bytes => base64(text),
        Meaning::Duration => {
            let seconds = text.strip_suffix('s')?;
            Some(format!("{}s", decimal(seconds)?))
        }
        Meaning::Time => {
            let time = DateTime::parse_from_rfc3339(text).ok()?;
            let time = time.with_timezone(&Utc);
            Some(format!(
                "{:?}",
                time.to_rfc3339_opts(SecondsFormat::Nanos, true)
            ))
        }
    }
}

/// A number in the one spelling of what it means.
pub(super) fn of_number(meaning: Meaning, number: &str) -> Option<String> {
    let rounded = match meaning {
        Meaning::Float => number
            .parse()
            .ok()
            .filter(|it: &f32| it.is_finite())
            .map(|it| it.to_string()),
        Meaning::Double => number
            .parse()
            .ok()
            .filter(|it: &f64| it.is_finite())
            .map(|it| it.to_string()),
        _ => None,
    };
    decimal(rounded.as_deref().unwrap_or(number))
}

/// Base64 in the usual letters, without padding.
fn base64(text: &str) -> Option<String> {
    let text = text.trim_end_matches('=');
    let letters = text.chars().map(|letter| match letter {
        '-' => Some('+'),
        '_' => Some('/'),
        '+' | '/' | 'a'..='z' | 'A'..='Z' | '0'..='9' => Some(letter),
        _ => None,
    });
    let letters: String = letters.collect::<Option<_>>()?;
    Some(format!("\"{letters}\""))
}

/// A number as its digits and the power of ten that they are multiplied by: `1e2`, `100` and
/// `100.0` are one.
fn decimal(number: &str) -> Option<String> {
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    if !number.chars().all(is_digit) || !number.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent: i64 = exponent.parse().ok()?;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some("0".to_owned());
    }
    let cut = i64::try_from(digits.len() - kept.len()).ok()?;
    let scale = i64::try_from(fraction.len()).ok()?;
    let exponent = exponent.checked_sub(scale)?.checked_add(cut)?;
    Some(format!("{sign}{kept}e{exponent}"))
}
