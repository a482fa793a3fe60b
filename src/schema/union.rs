//! Choices: `oneOf` and `anyOf`, which enums and optional values become.

use serde_json::Value;

use super::Node;
use super::kinds::remark;
use super::response::Converter;
use crate::error::Result;

/// What is said of a choice as a whole, and not of each of its variants.
const REMARKS: [&str; 6] = [
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
];

impl Converter<'_> {
    /// Says a choice; what stands beside it in `common` holds for each variant.
    ///
    /// The names of variants without content become one `enum`, and null becomes `nullable`. A
    /// single variant that is left needs no choice.
    pub(super) fn say_choice(&mut self, mut common: Node, variants: Vec<Value>) -> Result<Node> {
        let mut remarks = Node::new();
        for keyword in REMARKS {
            remarks.extend(
                common
                    .remove(keyword)
                    .map(|remark| (keyword.to_owned(), remark)),
            );
        }
        for keyword in ["$schema", "$defs"] {
            common.remove(keyword);
        }
        let has_common = !common.is_empty();
        let mut nullable = false;
        let mut names = Names::default();
        let mut choices: Vec<Value> = Vec::new();
        for variant in variants {
            if has_common {
                let variant = variant.as_object().cloned().unwrap_or_default();
                choices.push(self.merge(common.clone(), variant)?.into());
            } else if variant["type"] == "null" {
                nullable = true;
            } else if !names.take(&variant) {
                choices.push(variant);
            }
        }
        choices.splice(0..0, names.into_schema());

        let mut said = match choices.as_slice() {
            [] if nullable => return Err(self.refuse("has no content", "leave it out")),
            [] => return Err(self.refuse("is an enum without variants", "leave it out")),
            [Value::Object(only)] => {
                let only = self.merge(remarks, only.clone())?;
                self.convert(&only.into())?
            }
            several => self.say_variants(remarks, several)?,
        };
        if nullable {
            said.insert("nullable".to_owned(), true.into());
        }
        Ok(said)
    }

    fn say_variants(&mut self, remarks: Node, variants: &[Value]) -> Result<Node> {
        let mut any_of: Vec<Value> = Vec::new();
        for (place, variant) in variants.iter().enumerate() {
            let place = match name_of(variant) {
                Some(name) => format!("{{{name}}}"),
                None => format!("{{variant {}}}", place + 1),
            };
            let mut said = self.convert_at(place, variant)?;
            match said.remove("anyOf") {
                Some(Value::Array(inner)) if said.is_empty() => any_of.extend(inner),
                Some(inner) => {
                    said.insert("anyOf".to_owned(), inner);
                    any_of.push(said.into());
                }
                None => any_of.push(said.into()),
            }
        }
        let mut said = Node::new();
        said.insert("anyOf".to_owned(), any_of.into());
        for keyword in ["title", "description", "example"] {
            let remark = remarks.get(keyword).cloned();
            said.extend(remark.map(|remark| (keyword.to_owned(), remark)));
        }
        Ok(said)
    }
}

/// Variants of an enum that are a name and nothing else, and what is said of them.
#[derive(Default)]
struct Names {
    names: Vec<Value>,
    remarks: Vec<String>,
}

impl Names {
    /// Takes a variant that is a name, or some.
    fn take(&mut self, variant: &Value) -> bool {
        let Some(node) = variant.as_object() else {
            return false;
        };
        let known = [
            "type",
            "enum",
            "const",
            "description",
            "title",
            "deprecated",
        ];
        let names = match (node.get("enum"), node.get("const")) {
            (Some(Value::Array(names)), None) => names.clone(),
            (None, Some(name)) => vec![name.clone()],
            _ => return false,
        };
        if !names.iter().all(Value::is_string) || node.keys().any(|it| !known.contains(&&**it)) {
            return false;
        }
        if let Some(remark) = node.get("description").and_then(Value::as_str) {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
            self.remarks
                .push(format!("`{}`: {remark}", names.join("`, `")));
        }
        self.names.extend(names);
        true
    }

    fn into_schema(self) -> Option<Value> {
        if self.names.is_empty() {
            return None;
        }
        let mut schema = Node::new();
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), self.names.into());
        if !self.remarks.is_empty() {
            remark(&mut schema, &self.remarks.join("\n"));
        }
        Some(schema.into())
    }
}

/// The name of a variant of a tagged enum, for errors.
fn name_of(variant: &Value) -> Option<&str> {
    let properties = variant["properties"].as_object()?;
    let tag = properties
        .values()
        .find_map(|property| property["const"].as_str());
    let only = || properties.keys().next().filter(|_| properties.len() == 1);
    tag.or_else(|| variant["title"].as_str())
        .or_else(|| only().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variants_are_named_by_tag_or_field() {
        let tagged = json!({"properties": {"kind": {"const": "Circle"}, "r": {}}});
        assert_eq!(name_of(&tagged), Some("Circle"));
        assert_eq!(
            name_of(&json!({"properties": {"Circle": {}}})),
            Some("Circle")
        );
        assert_eq!(name_of(&json!({"properties": {"a": {}, "b": {}}})), None);
        assert_eq!(name_of(&json!({"type": "string"})), None);
    }
}
