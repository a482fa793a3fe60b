//! The schema of answers: as it is sent, and the columns that its fields become.

use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::fits::Fits;
use super::keywords::misspelt;
use crate::exit::{Failure, Result};
use crate::table::columns::Kind;
use crate::table::{once, ordered_fields};

/// Names and kinds of fields, if there are any.
type Fields = Option<Vec<(String, Kind)>>;

/// What answers have to be like.
#[derive(Debug)]
pub(super) struct Shape {
    schema: Value,
    fits: Fits,
    /// Words that look like those of a schema, and are none.
    pub(super) odd: Vec<String>,
    /// The fields of an object, in the order of the schema; `None` if answers are no objects.
    pub(super) fields: Fields,
}

impl Shape {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = super::settings::read_text(path, "--schema")?;
        let refused =
            |why: String| Failure::usage(format!("{} is not a JSON Schema: {why}", path.display()));
        let shape = Self::parse(&text).map_err(|error| refused(error.to_string()))?;
        check(&shape.schema, "$").map_err(refused)?;
        Ok(shape)
    }

    fn parse(text: &str) -> std::result::Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        let told = |error: serde_json::Error| error.to_string();
        let plain = once::read(text).map_err(told)?;
        let (schema, fields) = Self::in_order(text).map_err(told)?;
        let fits = match is_googles(&plain) {
            true => Fits::of_googles(&plain)?,
            false => Fits::of(&plain)?,
        };
        Ok(Self {
            odd: misspelt(&plain),
            schema,
            fits,
            fields,
        })
    }

    /// The schema as it is sent, and its fields.
    fn in_order(text: &str) -> serde_json::Result<(Value, Fields)> {
        let raw: Box<RawValue> = serde_json::from_str(text)?;
        // A schema is an object.
        let top = ordered_fields(raw.get())?;
        let properties = top.iter().find(|(name, _)| name == "properties");
        let fields = match properties {
            None => None,
            Some((_, properties)) => {
                let properties = ordered_fields(properties.get())?;
                let kinds = properties.into_iter().map(|(name, raw)| {
                    let schema: Value = serde_json::from_str(raw.get())?;
                    Ok((name, kind(&schema)))
                });
                Some(kinds.collect::<serde_json::Result<_>>()?)
            }
        };
        Ok((in_order(&raw)?, fields))
    }

    /// The fields of the generation config that ask for it.
    pub(super) fn config(&self) -> [(&'static str, Value); 2] {
        let field = match is_googles(&self.schema) {
            true => "responseSchema",
            false => "responseJsonSchema",
        };
        [
            ("responseMimeType", json!("application/json")),
            (field, self.schema.clone()),
        ]
    }

    /// The cells of an answer, or what is wrong with it.
    pub(super) fn cells(
        &self,
        answer: &str,
    ) -> std::result::Result<Vec<Value>, (&'static str, String)> {
        let parsed = once::read(answer).map_err(|error| match error.is_data() {
            true => ("wrong-shape", format!("the answer: {error}")),
            false => ("not-json", format!("the answer is not JSON: {error}")),
        })?;
        let fits = self.fits.check(&parsed);
        fits.map_err(|why| ("wrong-shape", format!("the answer does not fit: {why}")))?;
        let Some(fields) = &self.fields else {
            return Ok(Vec::new());
        };
        let Value::Object(mut parsed) = parsed else {
            return Err(("wrong-shape", "the answer is not an object".to_owned()));
        };
        let cells = fields.iter().map(|(name, kind)| {
            let cell = parsed.remove(name).unwrap_or_default();
            fit(cell, *kind).map_err(|cell| {
                let cell = crate::table::text::clip(&cell.to_string(), 60).into_owned();
                (
                    "wrong-shape",
                    format!("the field {name:?} of the answer is {cell}"),
                )
            })
        });
        cells.collect()
    }
}

/// Refuses what no schema says, which the service would tell of each answer, or not at all.
fn check(schema: &Value, at: &str) -> std::result::Result<(), String> {
    const TYPES: [&str; 7] = [
        "string", "number", "integer", "boolean", "array", "object", "null",
    ];
    let Value::Object(fields) = schema else {
        return match schema {
            // A schema that fits all or nothing.
            Value::Bool(_) => Ok(()),
            other => Err(format!("at {at}: {other} is not a schema")),
        };
    };
    if let Some(value) = fields.get("type") {
        let names = match value {
            Value::Array(names) => names.as_slice(),
            one => std::slice::from_ref(one),
        };
        let is_known = |name: &Value| {
            let name = name.as_str().map(str::to_ascii_lowercase);
            name.is_some_and(|name| TYPES.contains(&&*name) || name == "type_unspecified")
        };
        if let Some(name) = names.iter().find(|name| !is_known(name)) {
            return Err(format!(
                "at {at}.type: {name} is no type: types are {}",
                TYPES.join(", ")
            ));
        }
    }
    for name in ["properties", "$defs", "definitions", "patternProperties"] {
        match fields.get(name) {
            None => {}
            Some(Value::Object(inner)) => {
                for (field, schema) in inner {
                    check(schema, &format!("{at}.{name}.{field}"))?;
                }
            }
            Some(other) => {
                return Err(format!("at {at}.{name}: {other} is not an object"));
            }
        }
    }
    for name in ["items", "additionalProperties", "not"] {
        match fields.get(name) {
            None | Some(Value::Array(_)) => {}
            Some(schema) => check(schema, &format!("{at}.{name}"))?,
        }
    }
    for name in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        match fields.get(name) {
            None => {}
            Some(Value::Array(schemas)) => {
                for (place, schema) in schemas.iter().enumerate() {
                    check(schema, &format!("{at}.{name}[{place}]"))?;
                }
            }
            Some(other) => return Err(format!("at {at}.{name}: {other} is not a list")),
        }
    }
    let is_names = |value: &Value| {
        let names = value.as_array();
        names.is_some_and(|names| names.iter().all(Value::is_string))
    };
    match fields.get("required") {
        Some(other) if !is_names(other) => {
            Err(format!("at {at}.required: {other} is not a list of names"))
        }
        _ => Ok(()),
    }
}

fn fit(cell: Value, kind: Kind) -> std::result::Result<Value, Value> {
    let fits = match (kind, &cell) {
        (_, Value::Null) => true,
        (Kind::Bool, cell) => cell.is_boolean(),
        (Kind::Int, Value::Number(number)) => {
            if let Some(whole) = number
                .as_f64()
                .filter(|it| !number.is_i64() && it.fract() == 0.0 && it.abs() < 9e15)
            {
                return Ok(Value::from(whole as i64));
            }
            number.is_i64()
        }
        (Kind::Int, _) => false,
        (Kind::Float, cell) => cell.is_number(),
        (Kind::Json, cell) => cell.is_array() || cell.is_object(),
        _ => true,
    };
    if fits { Ok(cell) } else { Err(cell) }
}

/// Whether a schema is in the dialect of Google's `Schema`, whose types are in capitals.
fn is_googles(schema: &Value) -> bool {
    let name = schema.get("type").and_then(Value::as_str);
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase()))
}

fn kind(schema: &Value) -> Kind {
    let name = match schema.get("type") {
        Some(Value::String(name)) => Some(&**name),
        Some(Value::Array(names)) => {
            let mut names = names
                .iter()
                .filter_map(Value::as_str)
                .filter(|it| *it != "null");
            names.next().filter(|_| names.next().is_none())
        }
        _ => None,
    };
    match name.map(str::to_ascii_lowercase).as_deref() {
        Some("boolean") => Kind::Bool,
        Some("integer") => Kind::Int,
        Some("number") => Kind::Float,
        Some("array" | "object") => Kind::Json,
        _ => Kind::Text,
    }
}

/// A schema with the order of its properties noted, which objects of JSON do not keep on the way.
fn in_order(raw: &RawValue) -> serde_json::Result<Value> {
    let text = raw.get().trim_start();
    if text.starts_with('[') {
        let items: Vec<Box<RawValue>> = serde_json::from_str(text)?;
        return items.iter().map(|item| in_order(item)).collect();
    }
    if !text.starts_with('{') {
        return serde_json::from_str(text);
    }
    let fields = ordered_fields(text)?;
    let mut object = Map::new();
    let mut order = Vec::new();
    for (name, raw) in &fields {
        if name == "properties" && raw.get().starts_with('{') {
            order = ordered_fields(raw.get())?
                .into_iter()
                .map(|(name, _)| name)
                .collect();
        }
        object.insert(name.clone(), in_order(raw)?);
    }
    // `properties` may be the name of a property, too: a schema says its type beside it.
    if order.len() > 1 && object.contains_key("type") && !object.contains_key("propertyOrdering") {
        object.insert("propertyOrdering".to_owned(), json!(order));
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATING: &str = r#"{"type": "object", "properties": {"stars": {"type": "integer"},
        "reason": {"type": ["string", "null"]}, "tags": {"type": "array", "items": {"type": "string"}},
        "a": {"type": "object", "properties": {"z": {}, "b": {}}}}}"#;

    #[test]
    fn fields_are_columns_in_their_order() {
        let shape = Shape::parse(RATING).unwrap();
        let fields = [
            ("stars", Kind::Int),
            ("reason", Kind::Text),
            ("tags", Kind::Json),
            ("a", Kind::Json),
        ];
        assert_eq!(
            shape.fields.as_ref().unwrap(),
            &fields.map(|(name, kind)| (name.to_owned(), kind))
        );
        let [(_, mime), (field, schema)] = shape.config();
        assert_eq!(
            (mime, field),
            (json!("application/json"), "responseJsonSchema")
        );
        assert_eq!(
            schema["propertyOrdering"],
            json!(["stars", "reason", "tags", "a"])
        );
        assert_eq!(
            schema["properties"]["a"].get("propertyOrdering"),
            Some(&json!(["z", "b"]))
        );
    }

    #[test]
    fn an_answer_fits_or_it_is_told() {
        let shape = Shape::parse(RATING).unwrap();
        let cells = shape
            .cells(r#"{"reason": "x", "stars": 4.0, "tags": ["a"]}"#)
            .unwrap();
        assert_eq!(cells, [json!(4), json!("x"), json!(["a"]), json!(null)]);
        assert_eq!(shape.cells("Sure: {}").unwrap_err().0, "not-json");
        assert_eq!(shape.cells("[1]").unwrap_err().0, "wrong-shape");
        let (kind, why) = shape.cells(r#"{"stars": "four"}"#).unwrap_err();
        assert!(
            kind == "wrong-shape" && why.contains(r#"/stars of the answer: "four""#),
            "{why}"
        );
    }

    #[test]
    fn what_is_no_schema_is_told_with_its_place() {
        let told = |text: &str| check(&serde_json::from_str(text).unwrap(), "$");
        assert_eq!(told(RATING), Ok(()));
        assert_eq!(told(r#"{"type": "STRING", "enum": ["a"]}"#), Ok(()));
        let wrong = told(r#"{"type": "objekt"}"#).unwrap_err();
        assert!(
            wrong.starts_with("at $.type: \"objekt\" is no type"),
            "{wrong}"
        );
        let nested = r#"{"type": "object", "properties": {"a": {"items": {"type": "text"}}}}"#;
        let wrong = told(nested).unwrap_err();
        assert!(wrong.starts_with("at $.properties.a.items.type"), "{wrong}");
        assert!(told(r#"{"required": "a"}"#).is_err());
        assert!(told(r#"{"properties": ["a"]}"#).is_err());
    }

    #[test]
    fn googles_dialect_goes_where_google_takes_it() {
        let shape = Shape::parse(r#"{"type": "STRING", "enum": ["a", "b"]}"#).unwrap();
        assert_eq!(shape.config()[1].0, "responseSchema");
        assert_eq!(shape.fields, None);
        assert_eq!(shape.cells(r#""a""#).unwrap(), [] as [Value; 0]);
    }
}
