//! Differences between what was recorded and what was seen, one line of text each.

use serde_json::{Map, Value};

/// As much of a value as goes into a line.
const SHOWN: usize = 200;
/// Stands for `YYYYMMDDhhmmss_` and five hexadecimal digits, which the SDK makes up.
const UNIQUE: &str = "{{UNIQUE}}";

/// What to make of a field that only we have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    Differs,
    /// The expectation is a lower bound: more is fine, and a `null` stands for nothing.
    Allowed,
}

/// The differences found so far, all about one thing.
pub(crate) struct Differ<'a> {
    about: String,
    extra: Extra,
    /// What [`UNIQUE`] stood for; it is the same wherever it stands.
    unique: Option<String>,
    found: &'a mut Vec<String>,
}

impl<'a> Differ<'a> {
    pub(crate) fn new(about: impl Into<String>, extra: Extra, found: &'a mut Vec<String>) -> Self {
        Self {
            about: about.into(),
            extra,
            unique: None,
            found,
        }
    }

    pub(crate) fn compare(&mut self, expected: &Value, actual: &Value) {
        self.at("", expected, actual);
    }

    pub(crate) fn note(&mut self, path: &str, what: &str) {
        let separator = if path.is_empty() { "" } else { " " };
        self.found
            .push(format!("{}{separator}{path}: {what}", self.about));
    }

    fn at(&mut self, path: &str, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => {
                self.objects(path, expected, actual);
            }
            (Value::Array(expected), Value::Array(actual)) => {
                let longest = expected.len().max(actual.len());
                for place in 0..longest {
                    let path = format!("{path}/{place}");
                    match (expected.get(place), actual.get(place)) {
                        (Some(expected), Some(actual)) => self.at(&path, expected, actual),
                        (Some(expected), None) => self.missing(&path, expected),
                        (None, actual) => self.surplus(&path, actual.unwrap_or(&Value::Null)),
                    }
                }
            }
            (Value::Number(a), Value::Number(b)) if same_number(a, b) => {}
            (Value::String(expected), Value::String(actual))
                if expected.contains(UNIQUE) && self.fits(expected, actual) => {}
            (expected, actual) if expected == actual => {}
            (Value::Null, _) if self.extra == Extra::Allowed => {}
            (expected, actual) => {
                let what = format!("expected {}, got {}", show(expected), show(actual));
                self.note(path, &what);
            }
        }
    }

    /// Whether a text is the expected one, with something unique in it.
    fn fits(&mut self, expected: &str, actual: &str) -> bool {
        let Some(unique) = unique_part(expected, actual) else {
            return false;
        };
        self.unique.get_or_insert_with(|| unique.to_owned()) == unique
    }

    fn objects(&mut self, path: &str, expected: &Map<String, Value>, actual: &Map<String, Value>) {
        for (name, expected) in expected {
            let path = format!("{path}/{name}");
            match actual.get(name) {
                Some(actual) => self.at(&path, expected, actual),
                None if expected.is_null() && self.extra == Extra::Allowed => {}
                None => self.missing(&path, expected),
            }
        }
        if self.extra == Extra::Differs {
            for (name, actual) in actual {
                if !expected.contains_key(name) {
                    self.surplus(&format!("{path}/{name}"), actual);
                }
            }
        }
    }

    fn missing(&mut self, path: &str, expected: &Value) {
        self.note(path, &format!("missing, expected {}", show(expected)));
    }

    fn surplus(&mut self, path: &str, actual: &Value) {
        self.note(path, &format!("extra {}", show(actual)));
    }
}

/// What stands in a text in place of [`UNIQUE`].
fn unique_part<'t>(expected: &str, text: &'t str) -> Option<&'t str> {
    let (before, after) = expected.split_once(UNIQUE)?;
    let unique = text.strip_prefix(before)?.strip_suffix(after)?;
    let (time, random) = unique.split_once('_')?;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let fits = time.len() == 14 && time.bytes().all(|b| b.is_ascii_digit());
    (fits && random.len() == 5 && random.bytes().all(hex)).then_some(unique)
}

/// By value: `10` is `10.0`.
fn same_number(a: &serde_json::Number, b: &serde_json::Number) -> bool {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a == b,
        _ => a.as_f64() == b.as_f64(),
    }
}

/// A value in short, the same in every run.
pub(crate) fn show(value: &Value) -> String {
    if value.as_str().is_some_and(is_generated_name) {
        return "\"genai-batch-…\"".to_owned();
    }
    shorten(&value.to_string())
}

pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// Whether this is a display name that the client made up.
fn is_generated_name(name: &str) -> bool {
    let random = name.strip_prefix("genai-batch-");
    random.is_some_and(|random| {
        random
            .bytes()
            .all(|b| b == b'-' || b.is_ascii_alphanumeric())
    })
}
