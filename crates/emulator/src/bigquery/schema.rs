//! The columns of a table: their names, types and modes, as told or as the rows suggest.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::json::field;

/// A row by the names of its columns.
pub(crate) type Row = Map<String, Value>;

/// A column of a table, or a field of a record.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As BigQuery writes it in schemas: `STRING`, `INTEGER`, `JSON` and so on.
    pub(crate) kind: String,
    /// `NULLABLE`, `REQUIRED` or `REPEATED`.
    pub(crate) mode: String,
    /// The fields of a `RECORD`.
    pub(crate) fields: Vec<Column>,
}

impl Column {
    pub(crate) fn new(name: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            mode: "NULLABLE".to_owned(),
            fields: Vec::new(),
        }
    }

    /// Reads a `TableFieldSchema`; `None` where it has no name or type.
    pub(crate) fn parse(value: &Value) -> Option<Self> {
        let text = |name| field(value, name).and_then(Value::as_str);
        let kind = match text("type")?.to_ascii_uppercase().as_str() {
            "INT64" => "INTEGER".to_owned(),
            "FLOAT64" => "FLOAT".to_owned(),
            "BOOL" => "BOOLEAN".to_owned(),
            "STRUCT" => "RECORD".to_owned(),
            kind => kind.to_owned(),
        };
        let fields = field(value, "fields").and_then(Value::as_array);
        Some(Self {
            name: text("name")?.to_owned(),
            kind,
            mode: text("mode").unwrap_or("NULLABLE").to_ascii_uppercase(),
            fields: match fields {
                Some(fields) => fields.iter().map(Self::parse).collect::<Option<_>>()?,
                None => Vec::new(),
            },
        })
    }

    pub(crate) fn is_repeated(&self) -> bool {
        self.mode == "REPEATED"
    }

    /// The column as a `TableFieldSchema`.
    pub(crate) fn to_json(&self) -> Value {
        let mut column = json!({"name": self.name, "type": self.kind, "mode": self.mode});
        if !self.fields.is_empty() {
            column["fields"] = self.fields.iter().map(Self::to_json).collect();
        }
        column
    }
}

/// The columns that hold `rows`, in the order in which they turn up. Objects and lists make a
/// column `JSON`, as does a mix of types; one without values is a `STRING`.
pub(crate) fn infer(rows: &[Row]) -> Vec<Column> {
    let mut columns: Vec<(&str, Option<&'static str>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for row in rows {
        for (name, value) in row {
            let place = *places.entry(name.as_str()).or_insert_with(|| {
                columns.push((name, None));
                columns.len() - 1
            });
            let kind = &mut columns[place].1;
            *kind = joined(*kind, kind_of(value));
        }
    }
    columns
        .into_iter()
        .map(|(name, kind)| Column::new(name, kind.unwrap_or("STRING")))
        .collect()
}

fn kind_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("BOOLEAN"),
        Value::Number(number) if number.is_i64() => Some("INTEGER"),
        Value::Number(_) => Some("FLOAT"),
        Value::String(_) => Some("STRING"),
        Value::Array(_) | Value::Object(_) => Some("JSON"),
    }
}

fn joined(one: Option<&'static str>, other: Option<&'static str>) -> Option<&'static str> {
    match (one, other) {
        (None, kind) | (kind, None) => kind,
        (Some(one), Some(other)) if one == other => Some(one),
        (Some("INTEGER" | "FLOAT"), Some("INTEGER" | "FLOAT")) => Some("FLOAT"),
        _ => Some("JSON"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(value: Value) -> Vec<Row> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn types_follow_from_the_rows() {
        let rows = rows(json!([
            {"i": 1, "f": 1, "s": "a", "b": true, "j": {"x": 1}, "n": null, "m": 1},
            {"i": 2, "f": 1.5, "s": null, "b": false, "j": [1], "m": "x"},
        ]));
        let columns = infer(&rows);
        let kind = |name: &str| {
            let column = columns.iter().find(|column| column.name == name);
            column.unwrap().kind.as_str()
        };
        let kinds = ["i", "f", "s", "b", "j", "n", "m"].map(kind);
        assert_eq!(
            kinds,
            [
                "INTEGER", "FLOAT", "STRING", "BOOLEAN", "JSON", "STRING", "JSON"
            ]
        );
    }

    #[test]
    fn schemas_are_read_and_written() {
        let schema = json!({"name": "r", "type": "STRUCT", "mode": "repeated", "fields": [
            {"name": "n", "type": "INT64"},
        ]});
        let column = Column::parse(&schema).unwrap();
        assert!(column.is_repeated());
        assert_eq!(column.to_json()["type"], "RECORD");
        assert_eq!(column.fields, [Column::new("n", "INTEGER")]);
        assert_eq!(Column::parse(&json!({"name": "x"})), None);
    }
}
