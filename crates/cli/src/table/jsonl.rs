//! JSONL: an object in each line, whose fields are its cells.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::lines::LONGEST;
use super::rows::{Rows, check_names};
use super::{Row, text};
use crate::exit::{Failure, Result};

/// The rows of a JSONL file.
pub(super) struct Jsonl<R> {
    name: String,
    reader: BufReader<R>,
    line: u64,
    names: Arc<[String]>,
    buffer: Vec<u8>,
}

impl<R: Read> Jsonl<R> {
    pub(super) fn new(name: &str, input: R) -> Self {
        Self {
            name: name.to_owned(),
            reader: BufReader::with_capacity(64 * 1024, input),
            line: 0,
            names: Arc::from([]),
            buffer: Vec::new(),
        }
    }

    /// Reads the next line that is not blank.
    fn read(&mut self) -> Result<bool> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let mut limited = self.reader.by_ref().take(LONGEST);
            let read = limited.read_until(b'\n', &mut self.buffer);
            let read = read.map_err(|error| {
                Failure::new(
                    crate::exit::Kind::Other,
                    format!("{}:{}: {error}", self.name, self.line),
                )
            })?;
            if read as u64 == LONGEST {
                let place = format!("{}:{}", self.name, self.line);
                return Err(Failure::usage(format!(
                    "{place}: the line is longer than {} MiB",
                    LONGEST >> 20
                )));
            }
            if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if read == 0 {
                return Ok(false);
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn parse(&self) -> std::result::Result<Parsed, String> {
        let line = std::str::from_utf8(&self.buffer).map_err(|_| "not UTF-8".to_owned())?;
        let fields = ordered_fields(line.trim()).map_err(|error| match error.is_data() {
            true => format!("not an object of JSON: {}", bare(&error)),
            false => format!("not JSON: {}, at column {}", bare(&error), error.column()),
        })?;
        let mut parsed = Parsed::default();
        for (at, (name, raw)) in fields.into_iter().enumerate() {
            let value = value(&raw)
                .map_err(|why| format!("the field {:?}: {why}", text::clip(&name, 60)))?;
            parsed
                .spelled
                .extend(spelled(&raw, &value).map(|it| (at, it)));
            parsed.names.push(name);
            parsed.cells.push(value);
        }
        Ok(parsed)
    }
}

/// The fields of a line.
#[derive(Default)]
struct Parsed {
    names: Vec<String>,
    cells: Vec<Value>,
    spelled: Vec<(usize, String)>,
}

/// How a value is spelled, without spaces, where it would be written in another way.
fn spelled(raw: &RawValue, value: &Value) -> Option<String> {
    match value {
        Value::Number(_) | Value::Array(_) | Value::Object(_) => {}
        Value::String(_) if !raw.get().starts_with('"') => {}
        _ => return None,
    }
    let (raw, written) = (without_spaces(raw.get()), value.to_string());
    (written != raw).then_some(raw)
}

/// JSON without what is between its parts.
fn without_spaces(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let kept = json.chars().filter(|c| {
        if is_text {
            is_text = is_escaped || *c != '"';
            is_escaped = !is_escaped && *c == '\\';
            return true;
        }
        is_text = *c == '"';
        !c.is_ascii_whitespace()
    });
    kept.collect()
}

/// What is wrong, without the place in the line.
fn bare(error: &serde_json::Error) -> String {
    let told = error.to_string();
    match told.rfind(" at line ") {
        Some(at) => told[..at].to_owned(),
        None => told,
    }
}

/// A value; of a number that is out of reach, its digits as a text.
fn value(raw: &RawValue) -> std::result::Result<Value, String> {
    let json = raw.get();
    let is_number = json.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    match serde_json::from_str(json) {
        Ok(Value::Number(number))
            if number.is_f64() && json != "-0" && !json.contains(['.', 'e', 'E']) =>
        {
            Ok(Value::from(json))
        }
        Err(_) if is_number => Ok(Value::from(json)),
        read => read.map_err(|error| bare(&error)),
    }
}

/// The fields of an object in their order; one that is there twice is an error.
pub(crate) fn ordered_fields(json: &str) -> serde_json::Result<Vec<(String, Box<RawValue>)>> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, Box<RawValue>)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(
            self,
            mut map: A,
        ) -> std::result::Result<Self::Value, A::Error> {
            let mut fields: Self::Value = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                if fields.iter().any(|(known, _)| *known == name) {
                    return Err(A::Error::custom(format_args!(
                        "the field {name:?} is there twice"
                    )));
                }
                fields.push((name, value));
            }
            Ok(fields)
        }
    }
    let mut json = serde_json::Deserializer::from_str(json);
    let fields = json.deserialize_map(Fields)?;
    json.end()?;
    Ok(fields)
}

impl<R: Read> Rows for Jsonl<R> {
    fn next(&mut self) -> Result<Option<Row>> {
        if !self.read()? {
            return Ok(None);
        }
        let parsed = self
            .parse()
            .map_err(|why| Failure::usage(format!("{}:{}: {why}", self.name, self.line)))?;
        if *parsed.names != *self.names {
            check_names(&format!("{}:{}", self.name, self.line), &parsed.names)?;
            self.names = parsed.names.into();
        }
        Ok(Some(Row {
            line: self.line,
            names: Arc::clone(&self.names),
            cells: parsed.cells,
            spelled: parsed.spelled,
        }))
    }

    fn header(&self) -> Option<&[String]> {
        None
    }
}
