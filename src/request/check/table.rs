//! The messages of a request as Google's documents describe them, made ready to be looked up.
//!
//! `openapi/fields.json` has them, written by `cargo xtask regen`. A field that is newer than these
//! is unknown here and may well be right.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::platform::Backend;
use crate::request::known::{KNOWN, Messages, snake_case};

/// The messages of one backend.
#[derive(Debug, Default)]
pub(crate) struct Table {
    messages: Vec<Message>,
    places: BTreeMap<String, usize>,
}

/// A message, by its fields.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) name: String,
    /// Where it is in the table.
    pub(super) place: usize,
    /// At most 64, so that a number can tell which of them were seen.
    pub(crate) fields: Vec<Field>,
    /// Every spelling of a field, sorted.
    spellings: Vec<(String, usize)>,
    /// Which fields are required, as bits.
    pub(super) required: u64,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
    /// The field beside which it must not stand.
    pub(crate) excludes: Option<String>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Value(Kind),
    /// One of these names, the first of which is mostly that of none.
    Name(Vec<String>),
    /// The message at this place of the table.
    Message(usize),
    List(Box<Shape>),
    Map(Box<Shape>),
    Any,
}

/// A plain value, as proto3 writes it in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Bytes,
    Int,
    Long,
    Number,
    Bool,
    Duration,
    Time,
}

static TABLES: LazyLock<[Table; 2]> =
    LazyLock::new(|| [&KNOWN.gemini, &KNOWN.vertex].map(Table::new));

impl Table {
    /// The messages of a backend.
    pub(crate) fn of(backend: Backend) -> &'static Self {
        match backend {
            Backend::Gemini => &TABLES[0],
            Backend::Vertex => &TABLES[1],
        }
    }

    fn new(messages: &Messages) -> Self {
        let places: BTreeMap<_, _> = messages.keys().cloned().zip(0..).collect();
        let messages = messages.iter().map(|(name, fields)| {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, shape)| Field::new(name, shape, &places))
                .collect();
            let mut spellings: Vec<_> = (0..)
                .zip(&fields)
                .flat_map(|(at, field)| [(field.name.clone(), at), (snake_case(&field.name), at)])
                .collect();
            spellings.sort();
            spellings.dedup();
            let required = (0..).zip(&fields).filter(|(_, field)| field.is_required);
            Message {
                place: places[name],
                name: name.clone(),
                spellings,
                required: required.fold(0, |bits, (at, _): (u32, _)| bits | 1 << at),
                fields,
            }
        });
        Self {
            messages: messages.collect(),
            places,
        }
    }

    pub(crate) fn message(&self, name: &str) -> Option<&Message> {
        self.at(*self.places.get(name)?)
    }

    pub(crate) fn at(&self, place: usize) -> Option<&Message> {
        self.messages.get(place)
    }
}

impl Message {
    /// The field of this name, in either case, and its place.
    #[inline]
    pub(crate) fn find(&self, spelling: &str) -> Option<(usize, &Field)> {
        let found = self
            .spellings
            .binary_search_by(|(name, _)| name.as_str().cmp(spelling));
        let at = self.spellings.get(found.ok()?)?.1;
        Some((at, self.fields.get(at)?))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }
}

impl Field {
    fn new(name: &str, written: &str, places: &BTreeMap<String, usize>) -> Self {
        let (rest, excludes) = match written.split_once('^') {
            Some((rest, other)) => (rest, Some(other.to_owned())),
            None => (written, None),
        };
        let shape = rest.strip_suffix('!');
        Self {
            name: name.to_owned(),
            shape: Shape::read(shape.unwrap_or(rest), places),
            is_required: shape.is_some(),
            excludes,
        }
    }
}

impl Shape {
    fn read(text: &str, places: &BTreeMap<String, usize>) -> Self {
        let within = |open, close| text.strip_prefix(open)?.strip_suffix(close);
        if let Some(inner) = within('[', ']') {
            return Self::List(Box::new(Self::read(inner, places)));
        }
        if let Some(inner) = within('{', '}') {
            return Self::Map(Box::new(Self::read(inner, places)));
        }
        if let Some(names) = text.strip_prefix('=') {
            return Self::Name(names.split('|').map(str::to_owned).collect());
        }
        Self::Value(match text {
            "string" => Kind::Text,
            "bytes" => Kind::Bytes,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "number" => Kind::Number,
            "bool" => Kind::Bool,
            "duration" => Kind::Duration,
            "time" => Kind::Time,
            message => {
                let place = places.get(message);
                return place.map_or(Self::Any, |place| Self::Message(*place));
            }
        })
    }

    /// The message of a value, or of those in a list or a map of them.
    pub(crate) fn message(&self) -> Option<usize> {
        match self {
            Self::Message(place) => Some(*place),
            Self::List(inner) | Self::Map(inner) => inner.message(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::known::{EMBED, GENERATE};

    #[test]
    fn the_documents_are_read() {
        for backend in [Backend::Gemini, Backend::Vertex] {
            let table = Table::of(backend);
            let request = table.message(GENERATE).unwrap();
            let (_, contents) = request.find("contents").unwrap();
            assert!(contents.is_required);
            let content = table.at(contents.shape.message().unwrap()).unwrap();
            assert_eq!(content.name, "Content");
            assert_eq!(
                request.find("generation_config").unwrap().1.name,
                "generationConfig"
            );
            assert!(table.message(EMBED).unwrap().find("taskType").is_some());
            for message in &table.messages {
                assert!(message.fields.len() <= 64, "{}", message.name);
            }
            let setting = table.message("SafetySetting").unwrap();
            let (_, threshold) = setting.find("threshold").unwrap();
            let Shape::Name(names) = &threshold.shape else {
                panic!("{threshold:?}")
            };
            assert!(names.contains(&"BLOCK_NONE".to_owned()));
        }
        let function = Table::of(Backend::Gemini).message("FunctionDeclaration");
        let (_, schema) = function.unwrap().find("parametersJsonSchema").unwrap();
        assert_eq!(schema.excludes.as_deref(), Some("parameters"));
    }

    #[test]
    fn every_shape_of_the_documents_is_known() {
        let words = [
            "string", "bytes", "int", "long", "number", "bool", "duration", "time", "*",
        ];
        for messages in [&KNOWN.gemini, &KNOWN.vertex] {
            for (name, fields) in messages {
                for (field, shape) in fields {
                    let shape = shape.split('^').next().unwrap().trim_end_matches('!');
                    let inner = shape.trim_matches(['[', ']', '{', '}']);
                    let is_known = words.contains(&inner)
                        || inner.starts_with('=')
                        || messages.contains_key(inner);
                    assert!(is_known, "{name}.{field}: {shape}");
                }
            }
        }
    }
}
