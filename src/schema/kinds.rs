//! What each type of JSON becomes, once it stands alone.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Node;
use super::response::Converter;
use crate::error::{Error, Result};

impl Converter<'_> {
    /// Says a schema of one type.
    pub(super) fn say_kind(&mut self, kind: &str, mut node: Node) -> Result<Node> {
        let mut said = Node::new();
        said.insert("type".to_owned(), kind.to_uppercase().into());
        match kind {
            "object" => self.say_fields(&mut node, &mut said)?,
            "array" => self.say_items(&mut node, &mut said)?,
            "integer" => say_integer(&mut node, &mut said),
            "number" => {
                let format = node.remove("format");
                let known = format.filter(|format| *format == "float" || *format == "double");
                said.extend(known.map(|format| ("format".to_owned(), format)));
            }
            "string" => self.say_text(&mut node, &mut said)?,
            "boolean" => {}
            "null" => return Err(self.refuse("has no content", "leave it out")),
            other => {
                let what = format!("has the unknown type `{other}`");
                return Err(self.refuse(&what, "mend its `JsonSchema`"));
            }
        }
        self.say_rest(kind, node, &mut said)?;
        Ok(said)
    }

    fn say_fields(&mut self, node: &mut Node, said: &mut Node) -> Result<()> {
        let named = match node.remove("properties") {
            Some(Value::Object(named)) => named,
            _ => Node::new(),
        };
        let free = [
            "additionalProperties",
            "unevaluatedProperties",
            "patternProperties",
            "propertyNames",
        ];
        let free = free.map(|keyword| node.remove(keyword));
        // Fields of any name beside known ones may stay away; an object of nothing else is a map.
        let may_stay_away = |free: &Value| free.is_boolean() && !named.is_empty();
        if !free
            .iter()
            .flatten()
            .all(|free| *free == false || may_stay_away(free))
        {
            let instead = "make it a list of a struct with a key and a value";
            return Err(self.refuse("is a map with free keys", instead));
        }
        if named.is_empty() {
            return Err(self.refuse(
                "is an object without fields",
                "give it one, or leave it out",
            ));
        }
        let required = node.get("required").and_then(Value::as_array);
        let mut required = required.into_iter().flatten().filter_map(Value::as_str);
        let mut seen = BTreeSet::new();
        if let Some(name) = required.find(|name| !seen.insert(*name)) {
            return Err(self.refuse_field(name));
        }
        let mut properties = Node::new();
        for (name, schema) in &named {
            let property = self.convert_at(name.clone(), schema)?;
            properties.insert(name.clone(), Value::Object(property));
        }
        said.insert("properties".to_owned(), properties.into());
        for keyword in ["required", "propertyOrdering"] {
            said.extend(
                node.remove(keyword)
                    .map(|names| (keyword.to_owned(), names)),
            );
        }
        Ok(())
    }

    fn say_items(&mut self, node: &mut Node, said: &mut Node) -> Result<()> {
        let items = node.remove("items");
        let items = match node.remove("prefixItems") {
            None => items.unwrap_or(Value::Bool(true)),
            Some(Value::Array(mut each)) if each.windows(2).all(|two| two[0] == two[1]) => {
                each.pop().unwrap_or(Value::Bool(true))
            }
            Some(_) => {
                return Err(self.refuse("is a tuple of different types", "make it a struct"));
            }
        };
        if node.remove("uniqueItems") == Some(Value::Bool(true)) {
            remark(node, "No two items are the same.");
        }
        let items = self.convert_at("[]".to_owned(), &items)?;
        said.insert("items".to_owned(), Value::Object(items));
        Ok(())
    }

    fn say_text(&self, node: &mut Node, said: &mut Node) -> Result<()> {
        if let Some(only) = node.remove("const") {
            node.insert("enum".to_owned(), json!([only]));
        }
        if let Some(values) = node.remove("enum") {
            let mut values = values.as_array().cloned().unwrap_or_default();
            let count = values.len();
            values.retain(|value| !value.is_null());
            if values.len() < count {
                said.insert("nullable".to_owned(), true.into());
            }
            if values.is_empty() || !values.iter().all(Value::is_string) {
                return Err(self.refuse_enum());
            }
            said.insert("enum".to_owned(), values.into());
        }
        match node.remove("format") {
            Some(format) if format == "date-time" => {
                said.insert("format".to_owned(), format);
            }
            Some(Value::String(format)) => remark(node, &format!("Its format is `{format}`.")),
            _ => {}
        }
        Ok(())
    }

    /// What is the same in both languages, and what is no more than a remark.
    fn say_rest(&self, kind: &str, node: Node, said: &mut Node) -> Result<()> {
        for (keyword, value) in node {
            match keyword.as_str() {
                "title" | "description" | "example" | "pattern" | "minimum" | "maximum" => {
                    said.insert(keyword, value);
                }
                // An int64 of a protocol buffer, which is a text in JSON.
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
                | "maxProperties" => {
                    said.insert(keyword, value.to_string().into());
                }
                "examples" => {
                    let first = value.get(0).cloned();
                    said.extend(first.map(|example| ("example".to_owned(), example)));
                }
                "$schema" | "$defs" | "$comment" | "default" | "deprecated" | "readOnly"
                | "writeOnly" => {}
                "enum" | "const" if kind != "string" => return Err(self.refuse_enum()),
                extension if extension.starts_with("x-") => {}
                other => {
                    let what = format!("has the keyword `{other}`");
                    return Err(self.refuse(&what, "leave it out"));
                }
            }
        }
        Ok(())
    }

    fn refuse_enum(&self) -> Error {
        self.refuse("is an enum of values other than text", "name them by texts")
    }
}

/// Integers of Rust have more formats than those of Google's, so that some become bounds.
fn say_integer(node: &mut Node, said: &mut Node) {
    let format = match node.remove("format").as_ref().and_then(Value::as_str) {
        Some("int8" | "uint8" | "int16" | "uint16" | "int32") => "int32",
        Some("uint32") => {
            node.entry("maximum").or_insert(u32::MAX.into());
            "int64"
        }
        Some(_) => "int64",
        None => "",
    };
    if !format.is_empty() {
        said.insert("format".to_owned(), format.into());
    }
    for (exclusive, keyword, step) in [
        ("exclusiveMinimum", "minimum", 1),
        ("exclusiveMaximum", "maximum", -1),
    ] {
        if let Some(bound) = node.get(exclusive).and_then(Value::as_i64) {
            node.remove(exclusive);
            node.insert(keyword.to_owned(), bound.saturating_add(step).into());
        }
    }
}

/// Adds a sentence to the description.
pub(super) fn remark(node: &mut Node, sentence: &str) {
    let description = match node.get("description").and_then(Value::as_str) {
        Some(description) => format!("{description}\n\n{sentence}"),
        None => sentence.to_owned(),
    };
    node.insert("description".to_owned(), description.into());
}
