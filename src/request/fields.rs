//! The fields of a JSON object, taken apart ([`Map`]) or as they are written ([`RawFields`]).

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Fields whose values are kept to the letter.
pub(crate) type RawFields = BTreeMap<String, Box<RawValue>>;

/// What a value is, as far as a line of requests asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    List { is_empty: bool },
    Object { is_empty: bool },
    Other,
}

/// What a reader of lines needs of an object.
pub(crate) trait Fields: Default + DeserializeOwned {
    type Value: DeserializeOwned;

    /// The names of the fields.
    fn names(&self) -> impl Iterator<Item = &str>;

    fn has(&self, name: &str) -> bool;

    /// What the value of a field is; `None` if there is no such field.
    fn shape(&self, name: &str) -> Option<Shape>;

    /// Takes out a field that is a text; `null` is none. The error is what it is instead.
    fn take_text(&mut self, name: &str) -> Result<Option<String>, String>;

    /// Takes out a field that is an object; within, `None` if it is something else.
    fn take_object(&mut self, name: &str) -> Option<Option<Once<Self>>>;

    /// Adds a field as it comes, unless there is one of this name.
    fn put(&mut self, name: String, value: Self::Value) -> Option<String>;

    /// Adds the fields of another object, over those of the same names.
    fn append_all(&mut self, other: Self);
}

/// The fields of an object that was read, and those that stand twice in it.
#[derive(Debug, Default)]
pub(crate) struct Once<F> {
    pub(crate) fields: F,
    pub(crate) twice: Vec<String>,
}

impl<'de, F: Fields> Deserialize<'de> for Once<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen<F>(PhantomData<F>);

        impl<'de, F: Fields> Visitor<'de> for Seen<F> {
            type Value = Once<F>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once<F>, A::Error> {
                let (mut fields, mut twice) = (F::default(), Vec::new());
                while let Some((name, value)) = map.next_entry()? {
                    twice.extend(fields.put(name, value));
                }
                Ok(Once { fields, twice })
            }
        }

        deserializer.deserialize_map(Seen(PhantomData))
    }
}

impl Fields for RawFields {
    type Value = Box<RawValue>;

    fn put(&mut self, name: String, value: Box<RawValue>) -> Option<String> {
        use std::collections::btree_map::Entry;
        match self.entry(name) {
            Entry::Occupied(there) => Some(there.key().clone()),
            Entry::Vacant(free) => {
                free.insert(value);
                None
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys().map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.contains_key(name)
    }

    fn shape(&self, name: &str) -> Option<Shape> {
        let text = self.get(name)?.get();
        let is_empty = text.get(1..)?.trim_start().starts_with([']', '}']);
        Some(match text.as_bytes().first()? {
            b'"' => Shape::Text,
            b'[' => Shape::List { is_empty },
            b'{' => Shape::Object { is_empty },
            _ => Shape::Other,
        })
    }

    fn take_text(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(raw) = self.remove(name) else {
            return Ok(None);
        };
        Option::<String>::deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
            .map_err(|_| raw.get().to_owned())
    }

    fn take_object(&mut self, name: &str) -> Option<Option<Once<Self>>> {
        let raw = self.remove(name)?;
        Some(serde_json::from_str(raw.get()).ok())
    }

    fn append_all(&mut self, mut other: Self) {
        self.append(&mut other);
    }
}

impl Fields for Map<String, Value> {
    type Value = Value;

    fn put(&mut self, name: String, value: Value) -> Option<String> {
        if self.contains_key(&name) {
            return Some(name);
        }
        self.insert(name, value);
        None
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys().map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.contains_key(name)
    }

    fn shape(&self, name: &str) -> Option<Shape> {
        Some(match self.get(name)? {
            Value::String(_) => Shape::Text,
            Value::Array(list) => Shape::List {
                is_empty: list.is_empty(),
            },
            Value::Object(fields) => Shape::Object {
                is_empty: fields.is_empty(),
            },
            _ => Shape::Other,
        })
    }

    fn take_text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(other.to_string()),
        }
    }

    fn take_object(&mut self, name: &str) -> Option<Option<Once<Self>>> {
        Some(match self.remove(name)? {
            Value::Object(fields) => Some(Once {
                fields,
                twice: Vec::new(),
            }),
            _ => None,
        })
    }

    fn append_all(&mut self, mut other: Self) {
        self.append(&mut other);
    }
}
