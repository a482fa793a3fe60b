//! Whether a schema can be held against an answer at all: one whose references lead back to themselves
//! says nothing, and a validator would follow them without end.
//!
//! A schema applies others to the same value (`$ref`, `allOf`, …) and to parts of it (`properties`,
//! `items`, …). Parts end as an answer does, so that a list of lists may refer to itself. What applies to
//! the same value must not come back.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::table::text::clip;

/// How many schemas may apply to one value, one by way of the other.
const LONGEST: u32 = 200;
/// How often schemas may apply to one value in all.
const MOST: u64 = 100_000;

/// Fields that are a schema for the same value, or a list of them, or several by name.
const SAME: [&str; 6] = [
    "not",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const SAME_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SAME_BY_NAME: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Fields whose value is data, in which nothing is a schema.
const DATA: [&str; 4] = ["const", "enum", "default", "examples"];

/// Refuses a schema that leads back to itself, or that applies too much to one value.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut found = Found::default();
    found.look(schema, String::new(), "");
    let mut known: HashMap<&str, Reach> = HashMap::new();
    for start in found.schemas.keys() {
        found.follow(start, &mut known)?;
    }
    Ok(())
}

/// The schemas in a schema, by their places.
#[derive(Default)]
struct Found<'a> {
    /// As JSON Pointers, each with the place of the document that it is in.
    schemas: HashMap<String, (&'a Value, String)>,
    /// Places by their `$anchor`, and by their `$id`; the document of an anchor goes before it.
    anchors: HashMap<(String, &'a str), String>,
    documents: HashMap<&'a str, String>,
}

/// What a schema applies to one value, itself included.
#[derive(Clone, Copy)]
enum Reach {
    /// It is being followed.
    Open,
    Known {
        depth: u32,
        count: u64,
    },
}

impl<'a> Found<'a> {
    /// Takes note of a value at a place. Whatever is not data may be a schema, since references may lead
    /// there. As deep as JSON is read, which is bounded.
    fn look(&mut self, value: &'a Value, place: String, document: &str) {
        match value {
            Value::Object(fields) => {
                let text = |name: &str| fields.get(name).and_then(Value::as_str);
                let mut document = document;
                if let Some(id) = text("$id").filter(|id| !id.starts_with('#')) {
                    self.documents
                        .insert(id.trim_end_matches('#'), place.clone());
                    document = &place;
                }
                for anchor in ["$anchor", "$dynamicAnchor"] {
                    if let Some(name) = text(anchor) {
                        self.anchors
                            .insert((document.to_owned(), name), place.clone());
                    }
                }
                let inner = fields
                    .iter()
                    .filter(|(name, _)| !DATA.contains(&name.as_str()));
                for (name, value) in inner {
                    self.look(value, below(&place, name), document);
                }
                let document = document.to_owned();
                self.schemas.insert(place, (value, document));
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.look(item, format!("{place}/{at}"), document);
                }
            }
            _ => {}
        }
    }

    /// The places of what a schema applies to the same value.
    fn next(&self, place: &str) -> Vec<&str> {
        let Some((Value::Object(fields), document)) = self.schemas.get(place) else {
            return Vec::new();
        };
        let mut next = Vec::new();
        let mut add = |place: &str| {
            if let Some((place, _)) = self.schemas.get_key_value(place) {
                next.push(place.as_str());
            }
        };
        for name in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(place) = fields
                .get(name)
                .and_then(Value::as_str)
                .and_then(|to| self.resolve(to, document))
            {
                add(&place);
            }
        }
        for name in SAME {
            if fields.contains_key(name) {
                add(&below(place, name));
            }
        }
        for name in SAME_LISTS {
            let items = fields.get(name).and_then(Value::as_array);
            for at in 0..items.map_or(0, Vec::len) {
                add(&format!("{place}/{name}/{at}"));
            }
        }
        for name in SAME_BY_NAME {
            let inner = fields.get(name).and_then(Value::as_object);
            for inner in inner.into_iter().flatten() {
                add(&below(&below(place, name), inner.0));
            }
        }
        next
    }

    /// Where a reference leads; `None` if out of the schema, which is told by others.
    fn resolve(&self, to: &str, document: &str) -> Option<String> {
        let (file, fragment) = to.split_once('#').unwrap_or((to, ""));
        let document = match file {
            "" => document,
            file => self.documents.get(file)?,
        };
        let fragment = percent_decode_str(fragment).decode_utf8_lossy();
        match &*fragment {
            "" => Some(document.to_owned()),
            pointer if pointer.starts_with('/') => Some(format!("{document}{pointer}")),
            anchor => {
                let mut anchors = self.anchors.iter();
                let is_it = |(of, name): &(String, &str)| of == document && *name == anchor;
                anchors
                    .find(|(key, _)| is_it(key))
                    .map(|(_, at)| at.clone())
            }
        }
    }

    /// Follows all that a schema applies to one value. It keeps its own stack, since chains may be long.
    fn follow<'b>(
        &'b self,
        start: &'b str,
        known: &mut HashMap<&'b str, Reach>,
    ) -> Result<(), String> {
        let mut stack = vec![(start, false)];
        while let Some((place, is_followed)) = stack.pop() {
            match (known.get(place), is_followed) {
                (Some(Reach::Known { .. }), _) => {}
                (Some(Reach::Open), false) => return Err(round(place)),
                (None, _) => {
                    known.insert(place, Reach::Open);
                    stack.push((place, true));
                    for next in self.next(place) {
                        match known.get(next) {
                            Some(Reach::Open) => return Err(round(next)),
                            Some(Reach::Known { .. }) => {}
                            None => stack.push((next, false)),
                        }
                    }
                }
                (Some(Reach::Open), true) => {
                    let (mut deepest, mut sum) = (0, 1_u64);
                    for next in self.next(place) {
                        if let Some(Reach::Known { depth, count }) = known.get(next) {
                            deepest = deepest.max(*depth);
                            sum = sum.saturating_add(*count);
                        }
                    }
                    if deepest >= LONGEST || sum > MOST {
                        return Err(format!(
                            "at {}: too many schemas apply to one value, by way of each other",
                            shown(place)
                        ));
                    }
                    let (depth, count) = (deepest + 1, sum);
                    known.insert(place, Reach::Known { depth, count });
                }
            }
        }
        Ok(())
    }
}

fn round(place: &str) -> String {
    format!(
        "at {}: its $ref leads back to itself, so that anything or nothing fits",
        shown(place)
    )
}

fn shown(place: &str) -> String {
    format!("#{}", clip(place, 200))
}

/// The place of a field, as a JSON Pointer has it.
fn below(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[track_caller]
    fn refused(schema: &Value) -> String {
        check(schema).unwrap_err()
    }

    #[test]
    fn what_leads_back_to_itself_is_told_with_its_place() {
        for (schema, place) in [
            (json!({"$ref": "#"}), "at #:"),
            (
                json!({"properties": {"a": {"$ref": "#/properties/a"}}}),
                "at #/properties/a:",
            ),
            (json!({"allOf": [{"$ref": "#"}]}), "leads back"),
            (
                json!({"$defs": {"x": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/y"}]},
                "y": {"not": {"$ref": "#/$defs/x"}}}}),
                "leads back",
            ),
            (
                json!({"$defs": {"a b": {"$ref": "#/$defs/a%20b"}}}),
                "at #/$defs/a b:",
            ),
            (
                json!({"$defs": {"x": {"$anchor": "here", "$ref": "#here"}}}),
                "at #/$defs/x:",
            ),
            (
                json!({"$id": "https://a/s", "if": {"$ref": "https://a/s"}}),
                "leads back",
            ),
        ] {
            let told = refused(&schema);
            assert!(
                told.contains(place) && told.contains("leads back to itself"),
                "{schema}: {told}"
            );
        }
    }

    #[test]
    fn what_refers_to_itself_by_a_part_is_a_schema() {
        for schema in [
            json!({"type": "object", "properties": {"next": {"$ref": "#"}}}),
            json!({"$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
                "$ref": "#/$defs/tree"}),
            json!({"enum": [{"$ref": "#/enum/0"}]}),
            json!({"$ref": "#/nowhere"}),
        ] {
            assert_eq!(check(&schema), Ok(()), "{schema}");
        }
    }

    #[test]
    fn chains_and_what_they_multiply_to_are_bounded() {
        let chain = |links: usize, of: &dyn Fn(String) -> Value| {
            let link = |at: usize| (format!("d{at}"), of(format!("#/$defs/d{}", at + 1)));
            let defs: Map<_, _> = (0..links).map(link).collect();
            json!({"$ref": "#/$defs/d0", "$defs": defs})
        };
        let plain = |to: String| json!({"$ref": to});
        let twice = |to: String| json!({"allOf": [{"$ref": to}, {"$ref": to}]});
        assert_eq!(check(&chain(100, &plain)), Ok(()));
        for schema in [chain(50_000, &plain), chain(60, &twice)] {
            let told = refused(&schema);
            assert!(told.contains("too many schemas"), "{told}");
        }
    }
}
