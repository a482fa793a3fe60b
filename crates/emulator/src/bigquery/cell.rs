//! Values of rows: how answers write them, and how they are taken in.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::schema::{Column, Row};

/// How answers write times.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Format {
    /// Whole microseconds instead of seconds with a fraction.
    pub(crate) int64_timestamps: bool,
}

/// A value as a cell of a response, which has everything but structure in texts.
pub(crate) fn cell(value: &Value, column: &Column, format: Format) -> Value {
    if column.is_repeated() {
        let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
        return values
            .iter()
            .map(|value| json!({"v": single(value, column, format)}))
            .collect();
    }
    single(value, column, format)
}

fn single(value: &Value, column: &Column, format: Format) -> Value {
    match (value, column.kind.as_str()) {
        (Value::Null, _) => Value::Null,
        (Value::Object(record), "RECORD") => row(record, &column.fields, format),
        (value, "JSON") => value.to_string().into(),
        (value, "TIMESTAMP") => timestamp(value, format).into(),
        (Value::String(text), _) => text.as_str().into(),
        (value, _) => value.to_string().into(),
    }
}

/// The cells of a row, as `{"f": [{"v": …}]}`.
pub(crate) fn row(row: &Row, columns: &[Column], format: Format) -> Value {
    let cells = columns.iter().map(|column| {
        let value = row.get(&column.name).unwrap_or(&Value::Null);
        json!({"v": cell(value, column, format)})
    });
    json!({"f": cells.collect::<Vec<_>>()})
}

/// The row as the JSON text that `TO_JSON_STRING` makes of it.
pub(crate) fn row_as_json(row: &Row, columns: &[Column]) -> String {
    let fields = columns.iter().map(|column| {
        let value = row.get(&column.name).unwrap_or(&Value::Null);
        let name = Value::String(column.name.clone());
        format!("{name}:{value}")
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn timestamp(value: &Value, format: Format) -> String {
    let Some(micros) = micros(value) else {
        return value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
    };
    if format.int64_timestamps {
        return micros.to_string();
    }
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    format!("{seconds}.{fraction:06}")
}

/// The microseconds since 1970 of a time that is a text, or a number of seconds.
fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let time = text.parse::<DateTime<Utc>>();
            time.ok().map(|time| time.timestamp_micros())
        }
        Value::Number(seconds) => Some((seconds.as_f64()? * 1e6).round() as i64),
        _ => None,
    }
}

/// A value that a caller sends for a column, as the table keeps it, or what is wrong with it.
pub(crate) fn take_in(value: Value, column: &Column) -> Result<Value, String> {
    if !column.is_repeated() {
        return take_in_single(value, column);
    }
    match value {
        Value::Null => Ok(json!([])),
        Value::Array(values) => values
            .into_iter()
            .map(|value| take_in_single(value, column))
            .collect(),
        _ => Err(format!(
            "Array specified for non-repeated field: {}.",
            column.name
        )),
    }
}

fn take_in_single(value: Value, column: &Column) -> Result<Value, String> {
    let text = match &value {
        Value::String(text) => text.as_str(),
        _ => "",
    };
    let name = &column.name;
    match (&value, column.kind.as_str()) {
        (Value::Null, _) if column.mode == "REQUIRED" => {
            Err(format!("Missing required field: {name}."))
        }
        (Value::Null, _) => Ok(Value::Null),
        (Value::String(_), "JSON") => {
            serde_json::from_str(text).map_err(|error| format!("Invalid JSON for {name}: {error}"))
        }
        (_, "JSON") => Ok(value),
        (Value::Object(_), "RECORD") => match value {
            Value::Object(record) => take_in_row(record, &column.fields).map(Value::Object),
            _ => Ok(value),
        },
        (Value::Array(_) | Value::Object(_), _) => {
            Err(format!("Only a single value is allowed for field: {name}."))
        }
        (Value::Number(_), "INTEGER" | "FLOAT" | "TIMESTAMP") => Ok(value),
        (_, "INTEGER") => {
            let number: Option<i64> = text.parse().ok();
            number
                .map(Value::from)
                .ok_or_else(|| format!("Cannot convert value to integer (bad value): {value}"))
        }
        (_, "FLOAT") => {
            let number: Option<f64> = text.parse().ok();
            number.map(Value::from).ok_or_else(|| {
                format!("Cannot convert value to floating point (bad value): {value}")
            })
        }
        (Value::Bool(_), "BOOLEAN") => Ok(value),
        (_, "BOOLEAN") => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!(
                "Cannot convert value to boolean (bad value): {value}"
            )),
        },
        (Value::String(_), _) => Ok(value),
        _ => Ok(value.to_string().into()),
    }
}

/// A row that a caller sends, as the table keeps it, or what is wrong with it.
pub(crate) fn take_in_row(mut row: Row, columns: &[Column]) -> Result<Row, String> {
    let mut kept = Row::new();
    for column in columns {
        let value = row.remove(&column.name).unwrap_or(Value::Null);
        kept.insert(column.name.clone(), take_in(value, column)?);
    }
    match row.keys().next() {
        None => Ok(kept),
        Some(unknown) => Err(format!("no such field: {unknown}.")),
    }
}

/// Milliseconds since 1970, as resources write times.
pub(crate) fn millis(time: DateTime<Utc>) -> String {
    time.timestamp_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: &str) -> Column {
        Column::new("c", kind)
    }

    #[test]
    fn cells_are_texts() {
        let plain = |value: Value, kind| cell(&value, &column(kind), Format::default());
        assert_eq!(plain(json!(1), "INTEGER"), json!("1"));
        assert_eq!(plain(json!(1.5), "FLOAT"), json!("1.5"));
        assert_eq!(plain(json!(true), "BOOLEAN"), json!("true"));
        assert_eq!(plain(json!("a"), "STRING"), json!("a"));
        assert_eq!(plain(json!("a"), "JSON"), json!("\"a\""));
        assert_eq!(plain(json!({"a": 1}), "JSON"), json!("{\"a\":1}"));
        assert_eq!(plain(Value::Null, "JSON"), Value::Null);
    }

    #[test]
    fn times_are_seconds_or_microseconds() {
        let time = "2023-11-14T22:13:20.001500Z";
        let of = |int64_timestamps| {
            let format = Format { int64_timestamps };
            cell(&json!(time), &column("TIMESTAMP"), format)
        };
        assert_eq!(of(false), json!("1700000000.001500"));
        assert_eq!(of(true), json!("1700000000001500"));
    }

    #[test]
    fn records_and_lists_have_structure() {
        let schema = json!({"name": "r", "type": "RECORD", "mode": "REPEATED", "fields": [
            {"name": "n", "type": "INTEGER"},
        ]});
        let column = Column::parse(&schema).unwrap();
        let value = take_in(json!([{"n": "1"}, {}]), &column).unwrap();
        assert_eq!(value, json!([{"n": 1}, {"n": null}]));
        assert_eq!(
            cell(&value, &column, Format::default()),
            json!([{"v": {"f": [{"v": "1"}]}}, {"v": {"f": [{"v": null}]}}])
        );
    }

    #[test]
    fn rows_are_checked_against_the_columns() {
        let columns = [Column::new("n", "INTEGER"), Column::new("j", "JSON")];
        let take = |row: Value| take_in_row(row.as_object().unwrap().clone(), &columns);
        let row = take(json!({"n": "12", "j": "{\"a\": 1}"})).unwrap();
        assert_eq!(Value::Object(row.clone()), json!({"n": 12, "j": {"a": 1}}));
        assert_eq!(row_as_json(&row, &columns), r#"{"n":12,"j":{"a":1}}"#);
        assert!(take(json!({"n": "x"})).is_err());
        assert_eq!(take(json!({"m": 1})), Err("no such field: m.".to_owned()));
    }
}
