//! JSON Schema as Google's `Schema`, as far as both backends take it.
//!
//! The keywords are those of the `Schema` in Google's API descriptions. Reports of what the Gemini
//! backend refuses narrow it: a `format` of a text other than `date-time` and `enum`, and an
//! object without fields.

use serde_json::{Value, json};

use super::merge::{Conflict, merge};
use super::{Node, reference};
use crate::error::{Error, Result};

/// Says the `schema` of the type `name`.
pub(super) fn convert(schema: &Value, name: &str) -> Result<Value> {
    let mut converter = Converter {
        root: schema,
        name,
        path: Vec::new(),
        open: vec![Open {
            reference: "#".to_owned(),
            name: name.to_owned(),
            depth: 0,
        }],
    };
    converter.convert(schema).map(Value::Object)
}

pub(super) struct Converter<'a> {
    root: &'a Value,
    name: &'a str,
    /// Where in a response the schema stands that is being said.
    path: Vec<String>,
    /// The types within one another that it is in.
    open: Vec<Open>,
}

/// A type that is being said.
struct Open {
    reference: String,
    name: String,
    /// How long the path to it is.
    depth: usize,
}

impl Converter<'_> {
    pub(super) fn convert(&mut self, schema: &Value) -> Result<Node> {
        let depth = self.open.len();
        let node = self.resolve(schema)?;
        let converted = self.say(node)?;
        self.open.truncate(depth);
        Ok(converted)
    }

    /// The same for what stands at a place below this one.
    pub(super) fn convert_at(&mut self, place: String, schema: &Value) -> Result<Node> {
        self.path.push(place);
        let converted = self.convert(schema)?;
        self.path.pop();
        Ok(converted)
    }

    /// Puts what a schema refers to in place, along with what else holds at once.
    fn resolve(&mut self, schema: &Value) -> Result<Node> {
        let mut node = match schema {
            Value::Object(node) => node.clone(),
            Value::Bool(false) => return Err(self.refuse_void()),
            _ => Node::new(),
        };
        loop {
            if let Some(reference) = node.remove("$ref") {
                let target = self.open(&reference)?;
                node = self.merge(node, target)?;
            } else if let Some(Value::Array(all)) = node.remove("allOf") {
                for part in &all {
                    let part = self.resolve(part)?;
                    node = self.merge(node, part)?;
                }
            } else {
                return Ok(node);
            }
        }
    }

    /// What a reference refers to. It stays open until all within it is said.
    fn open(&mut self, reference: &Value) -> Result<Node> {
        let reference = reference.as_str().unwrap_or_default();
        let pointer = reference::pointer(reference);
        let target = pointer.as_deref().and_then(|it| self.root.pointer(it));
        let mut target = match target {
            Some(Value::Object(target)) => target.clone(),
            Some(Value::Bool(true)) => Node::new(),
            Some(Value::Bool(false)) => return Err(self.refuse_void()),
            _ => {
                let what = format!("refers to `{reference}`, which the schema does not have");
                return Err(self.refuse(&what, "mend the `JsonSchema` of its type"));
            }
        };
        let name = match pointer.as_deref() {
            None | Some("") => self.name.to_owned(),
            Some(pointer) => reference::name(pointer),
        };
        if self.open.iter().any(|open| open.reference == reference) {
            let what = format!("contains `{name}` within `{name}`, without an end");
            return Err(self.refuse(&what, "give each level a type of its own"));
        }
        self.open.push(Open {
            reference: reference.to_owned(),
            name,
            depth: self.path.len(),
        });
        target.remove("$defs");
        Ok(target)
    }

    pub(super) fn merge(&self, first: Node, second: Node) -> Result<Node> {
        let instead = "flatten less into one type";
        merge(first, second).map_err(|conflict| match conflict {
            Conflict::Field(name) => self.refuse_field(&name),
            Conflict::Choices => self.refuse("is a choice of two kinds at once", instead),
            Conflict::Keyword(keyword) => self.refuse(&format!("has `{keyword}` twice"), instead),
        })
    }

    fn refuse_void(&self) -> Error {
        self.refuse("fits no value", "leave it out")
    }

    pub(super) fn refuse_field(&self, name: &str) -> Error {
        let what = format!("has the field `{name}` twice");
        self.refuse(
            &what,
            "rename one of them, since a flattened one is never read",
        )
    }

    /// Says a schema that refers to nothing.
    pub(super) fn say(&mut self, mut node: Node) -> Result<Node> {
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(choices)) = node.remove(keyword) {
                return self.say_choice(node, choices);
            }
        }
        let kinds: Vec<String> = match node.remove("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().filter_map(Value::as_str);
                kinds.map(str::to_owned).collect()
            }
            _ => implied_kind(&node).map(str::to_owned).into_iter().collect(),
        };
        let nullable = kinds.len() > 1 && kinds.iter().any(|kind| kind == "null");
        let kinds: Vec<&String> = kinds
            .iter()
            .filter(|kind| !nullable || *kind != "null")
            .collect();
        let mut said = match kinds.as_slice() {
            [] => {
                return Err(self.refuse("may be any JSON value", "give it a type"));
            }
            [kind] => self.say_kind(kind, node)?,
            several => {
                let choices = several.iter().map(|kind| json!({ "type": kind })).collect();
                self.say_choice(node, choices)?
            }
        };
        if nullable {
            said.insert("nullable".to_owned(), true.into());
        }
        Ok(said)
    }

    /// The error that tells where something stands that cannot be said.
    pub(super) fn refuse(&self, what: &str, instead: &str) -> Error {
        let path = self.path.join(".").replace(".[]", "[]").replace(".{", "{");
        let place = match self.open.last() {
            Some(open) if path.is_empty() => format!("`{}`", open.name),
            Some(open) if open.depth == self.path.len() => format!("`{path}` (`{}`)", open.name),
            Some(open) => format!("`{path}` (in `{}`)", open.name),
            None => format!("`{path}`"),
        };
        Error::input(format!(
            "`{}` has no form as `responseSchema`: {place} {what}; {instead}, or use \
             `output_json_schema`",
            self.name
        ))
    }
}

/// The type of a schema that does not name it.
fn implied_kind(node: &Node) -> Option<&'static str> {
    let has = |keywords: &[&str]| keywords.iter().any(|keyword| node.contains_key(*keyword));
    if has(&["properties", "required"]) {
        Some("object")
    } else if has(&["items", "prefixItems"]) {
        Some("array")
    } else if has(&["enum", "const"]) {
        Some("string")
    } else {
        None
    }
}
