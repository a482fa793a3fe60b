//! Reading a message although some of it does not fit: what does not is taken out, told by its
//! path, and the rest is read.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use super::kept::{Within, scoped};
use crate::scan::whole_characters;

/// How many values are taken out one by one; after that, what each of them stands in …
const ONE_BY_ONE: usize = 32;
/// … and after so many, the whole top-level field.
const UP_ONE_LEVEL: usize = 64;
/// Taking out a value has the text read anew, once for each value that it stands in: so many bytes
/// are read for it, and after that whole fields go.
const EFFORT: usize = 512 * 1024 * 1024;

/// Reads `json`, taking out what does not fit, with U+FFFD for half a character. Tells the paths of
/// what was taken out; `.` where nothing could be read. An error says that it is not JSON.
pub(super) fn read<T: DeserializeOwned + Default>(
    json: &Bytes,
) -> serde_json::Result<(T, Vec<String>)> {
    // Which takes all that is JSON: any number, any depth, half a surrogate pair.
    serde_json::from_slice::<&RawValue>(json)?;
    let mut json = json.clone();
    let mut is_whole = false;
    let mut taken_out = 0;
    let mut set_aside = Vec::new();
    let mut gone = Vec::new();
    let mut effort = EFFORT;
    loop {
        let (parsed, _) = scoped(&json, Within::Kept(Vec::new()), || {
            serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(&json))
        });
        let error = match parsed {
            Ok(message) => return Ok((message, set_aside)),
            Err(error) => error,
        };
        if !std::mem::replace(&mut is_whole, true)
            && let Some(whole) = whole_characters(&json)
        {
            json = whole.into();
            continue;
        }
        let path = names(error.path());
        let upper = path.len().saturating_sub(1).max(1);
        let deepest = match taken_out {
            ..ONE_BY_ONE => path.len(),
            ONE_BY_ONE..UP_ONE_LEVEL => upper,
            _ => 1,
        };
        let affordable = (effort / json.len().max(1)).max(1);
        let path = &path[..path.len().min(deepest).min(affordable)];
        effort = effort.saturating_sub(json.len() * path.len());
        let rest = match path.is_empty() {
            true => None,
            false => std::str::from_utf8(&json)
                .ok()
                .and_then(|json| without(json, path)),
        };
        let Some(rest) = rest else {
            set_aside.push(".".to_owned());
            return Ok((T::default(), set_aside));
        };
        taken_out += 1;
        let came_as = as_it_came(path, &mut gone);
        // A field that is `null` is absent, which is not odd.
        let is_field = matches!(path.last(), Some(Step::Field(_)));
        if !(is_field && is_null(&json, path)) {
            set_aside.push(dotted(&came_as));
        }
        json = rest.into();
    }
}

/// One step from a value to one within it.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Element(usize),
}

fn names(path: &Path) -> Vec<Step> {
    path.iter()
        .map_while(|segment| match segment {
            Segment::Seq { index } => Some(Step::Element(*index)),
            Segment::Map { key } => Some(Step::Field(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// The path of a value before any other was taken out of the list that it stands in.
fn as_it_came(path: &[Step], gone: &mut Vec<(Vec<Step>, usize)>) -> Vec<Step> {
    let Some((Step::Element(now), parent)) = path.split_last() else {
        return path.to_vec();
    };
    let before = gone.iter().filter(|(list, _)| list == parent);
    // They are in the order in which they stood.
    let index = before.fold(*now, |index, (_, other)| {
        index + usize::from(*other <= index)
    });
    gone.push((parent.to_vec(), index));
    parent
        .iter()
        .cloned()
        .chain([Step::Element(index)])
        .collect()
}

fn dotted(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) if text.is_empty() => text.push_str(name),
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Element(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// Whether the value at `path` is `null`.
fn is_null(json: &[u8], path: &[Step]) -> bool {
    let mut value: Option<&RawValue> = serde_json::from_slice(json).ok();
    for step in path {
        let within = value.map(RawValue::get).unwrap_or_default();
        value = match step {
            Step::Field(name) => serde_json::from_str(within)
                .ok()
                .and_then(|Fields(fields)| {
                    let named = |(field, value)| (field == *name).then_some(value);
                    fields.into_iter().find_map(named)
                }),
            Step::Element(index) => serde_json::from_str::<Vec<&RawValue>>(within)
                .ok()
                .and_then(|elements| elements.get(*index).copied()),
        };
    }
    value.is_some_and(|value| value.get() == "null")
}

/// `json` without the value at `path`; `None` if there is no such value.
fn without(json: &str, path: &[Step]) -> Option<String> {
    let (step, deeper) = path.split_first()?;
    let mut found = false;
    let mut change = |value: &RawValue| -> Option<Option<String>> {
        found = true;
        match deeper.is_empty() {
            true => Some(None),
            false => without(value.get(), deeper).map(Some),
        }
    };
    let mut out = String::with_capacity(json.len());
    match step {
        Step::Field(name) => {
            let Fields(fields) = serde_json::from_str(json).ok()?;
            out.push('{');
            for (field, value) in fields {
                let value = match field == *name {
                    true => change(value)?,
                    false => Some(value.get().to_owned()),
                };
                if let Some(value) = value {
                    let comma = if out.len() > 1 { "," } else { "" };
                    let field = serde_json::Value::from(field);
                    out.push_str(&format!("{comma}{field}:{value}"));
                }
            }
            out.push('}');
        }
        Step::Element(wanted) => {
            let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            out.push('[');
            for (index, value) in elements.into_iter().enumerate() {
                let value = match index == *wanted {
                    true => change(value)?,
                    false => Some(value.get().to_owned()),
                };
                if let Some(value) = value {
                    let comma = if out.len() > 1 { "," } else { "" };
                    out.push_str(comma);
                    out.push_str(&value);
                }
            }
            out.push(']');
        }
    }
    found.then_some(out)
}

/// The fields of an object in their order, one that is there twice both times.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(steps: &[&str]) -> Vec<Step> {
        let step = |step: &&str| match step.parse() {
            Ok(index) => Step::Element(index),
            Err(_) => Step::Field((*step).to_owned()),
        };
        steps.iter().map(step).collect()
    }

    #[test]
    fn one_value_goes_and_the_rest_stays() {
        let json = r#"{"a": {"b": [1, "x", {"c": 1.50}]}, "d\"": null, "e": "é"}"#;
        for (path, left) in [
            (&["a"][..], r#"{"d\"":null,"e":"é"}"#),
            (&["d\""], r#"{"a":{"b": [1, "x", {"c": 1.50}]},"e":"é"}"#),
            (
                &["a", "b", "1"],
                r#"{"a":{"b":[1,{"c": 1.50}]},"d\"":null,"e":"é"}"#,
            ),
            (
                &["a", "b", "2", "c"],
                r#"{"a":{"b":[1,"x",{}]},"d\"":null,"e":"é"}"#,
            ),
        ] {
            assert_eq!(without(json, &at(path)).as_deref(), Some(left));
        }
        for path in [&["x"][..], &["a", "c"], &["a", "b", "3"], &["e", "0"], &[]] {
            assert_eq!(without(json, &at(path)), None, "{path:?}");
        }
    }

    #[test]
    fn many_odd_values_end_with_the_field_that_they_stand_in() {
        let list = ["7"; 1000].join(",");
        let json = Bytes::from(format!(r#"{{"odd":[{list}],"good":["x"]}}"#));
        #[derive(Default, serde::Deserialize)]
        struct Message {
            #[serde(default)]
            odd: Vec<String>,
            good: Vec<String>,
        }
        let (message, set_aside): (Message, _) = read(&json).unwrap();
        assert!(message.odd.is_empty() && message.good == ["x"]);
        assert_eq!(
            (set_aside.len(), set_aside.last().unwrap().as_str()),
            (33, "odd")
        );
    }
}
