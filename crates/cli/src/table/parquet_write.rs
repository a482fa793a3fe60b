//! A table as Parquet: in groups of rows, each column by its kind.

use std::io;
use std::sync::Arc;

use genai_batch::external::chrono::NaiveDate;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use serde_json::Value;

use super::columns::{Column, Kind};
use super::write::{Cell, Sink};
use super::{moments, text};

/// How many rows are in a group at most.
const ROWS: usize = 10_000;
/// How many bytes of cells are in a group, more or less.
const BYTES: usize = 16 * 1024 * 1024;

/// A table in Parquet that is being written.
pub(super) struct ParquetTable {
    writer: SerializedFileWriter<Sink>,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl ParquetTable {
    pub(super) fn new(sink: Sink, columns: &[Column]) -> io::Result<Self> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new));
        let fields = fields.collect::<Result<_, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("schema")
            .with_fields(fields)
            .build();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let schema = Arc::new(schema.map_err(failed)?);
        let writer = SerializedFileWriter::new(sink, schema, Arc::new(properties));
        Ok(Self {
            writer: writer.map_err(failed)?,
            columns: columns.to_vec(),
            rows: Vec::new(),
            bytes: 0,
        })
    }

    pub(super) fn write(&mut self, mut cells: Vec<Cell>) -> io::Result<()> {
        for (cell, column) in cells.iter_mut().zip(&self.columns) {
            if let Cell::Spelled { json, value } = cell {
                *cell = Cell::Value(match column.kind {
                    Kind::Int | Kind::LongInt | Kind::Float => std::mem::take(value),
                    _ => Value::from(std::mem::take(json)),
                });
            }
        }
        let size = |cell: &Cell| match cell {
            Cell::Value(Value::String(text)) => text.len(),
            Cell::Value(value @ (Value::Array(_) | Value::Object(_))) => value.to_string().len(),
            Cell::Vector(values) => size_of_val(values.as_slice()),
            _ => 8,
        };
        self.bytes += cells.iter().map(size).sum::<usize>();
        self.rows.push(cells);
        match self.rows.len() >= ROWS || self.bytes >= BYTES {
            true => self.end_group(),
            false => Ok(()),
        }
    }

    fn end_group(&mut self) -> io::Result<()> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for (at, column) in self.columns.iter().enumerate() {
            let Some(mut writer) = group.next_column().map_err(failed)? else {
                break;
            };
            let cells = rows.iter().map(|row| row.get(at));
            match column.kind {
                Kind::Vector => write_vectors(&mut writer, column, cells)?,
                _ => write_column(&mut writer, column, cells.map(value))?,
            }
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Sink> {
        if !self.rows.is_empty() {
            self.end_group()?;
        }
        self.writer.into_inner().map_err(failed)
    }
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => io::Error::other(error),
        error => io::Error::other(error),
    }
}

fn value(cell: Option<&Cell>) -> Option<&Value> {
    match cell {
        Some(Cell::Value(value)) => Some(value),
        _ => None,
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let timestamp = |is_utc, unit| {
        let logical = LogicalType::timestamp(is_utc, unit);
        (Physical::INT64, Some(logical))
    };
    let (physical, logical) = match column.kind {
        Kind::Bool => (Physical::BOOLEAN, None),
        Kind::Int | Kind::LongInt => (Physical::INT64, None),
        Kind::Float => (Physical::DOUBLE, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Timestamp => timestamp(true, TimeUnit::MICROS),
        Kind::LocalTimestamp => timestamp(false, TimeUnit::MICROS),
        Kind::NanoTimestamp => timestamp(true, TimeUnit::NANOS),
        Kind::LocalNanoTimestamp => timestamp(false, TimeUnit::NANOS),
        Kind::Vector => return list_field(&column.name),
        Kind::Text | Kind::Json | Kind::Empty => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

/// A list of numbers, in the three levels that readers expect.
fn list_field(name: &str) -> Result<Type, ParquetError> {
    let element = Type::primitive_type_builder("element", Physical::FLOAT)
        .with_repetition(Repetition::REQUIRED)
        .build()?;
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()
}

fn write_vectors<'a>(
    writer: &mut SerializedColumnWriter<'_>,
    column: &Column,
    cells: impl Iterator<Item = Option<&'a Cell>>,
) -> io::Result<()> {
    // Of each value, whether there is a list (1) and something in it (2), and whether it goes on with one.
    let (mut values, mut there, mut goes_on) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        let vector: &[f32] = match cell {
            Some(Cell::Vector(vector)) => vector,
            None | Some(Cell::Absent | Cell::Value(Value::Null)) => {
                there.push(0);
                goes_on.push(0);
                continue;
            }
            Some(Cell::Value(other) | Cell::Spelled { value: other, .. }) => {
                return Err(misfit(column, other));
            }
        };
        values.extend_from_slice(vector);
        there.push(if vector.is_empty() { 1 } else { 2 });
        there.extend(std::iter::repeat_n(2, vector.len().saturating_sub(1)));
        goes_on.push(0);
        goes_on.extend(std::iter::repeat_n(1, vector.len().saturating_sub(1)));
    }
    let written = writer
        .typed::<FloatType>()
        .write_batch(&values, Some(&there), Some(&goes_on));
    written.map(drop).map_err(failed)
}

fn write_column<'a>(
    writer: &mut SerializedColumnWriter<'_>,
    column: &Column,
    cells: impl Iterator<Item = Option<&'a Value>>,
) -> io::Result<()> {
    match column.kind {
        Kind::Bool => put::<BoolType>(writer, column, cells, Value::as_bool),
        Kind::Int | Kind::LongInt => put::<Int64Type>(writer, column, cells, Value::as_i64),
        Kind::Float => put::<DoubleType>(writer, column, cells, number),
        Kind::Date => put::<Int32Type>(writer, column, cells, day),
        Kind::Timestamp => put::<Int64Type>(writer, column, cells, moment),
        Kind::LocalTimestamp => put::<Int64Type>(writer, column, cells, local_moment),
        Kind::NanoTimestamp => put::<Int64Type>(writer, column, cells, nanos),
        Kind::LocalNanoTimestamp => put::<Int64Type>(writer, column, cells, local_nanos),
        Kind::Text | Kind::Json | Kind::Vector | Kind::Empty => {
            put::<ByteArrayType>(writer, column, cells, |cell| {
                Some(ByteArray::from(text::of(cell).into_owned().into_bytes()))
            })
        }
    }
}

/// Infinity and what is not a number come as texts.
fn number(cell: &Value) -> Option<f64> {
    cell.as_f64().or_else(|| cell.as_str()?.parse().ok())
}

fn day(cell: &Value) -> Option<i32> {
    let day: NaiveDate = cell.as_str()?.parse().ok()?;
    let days = day.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(days).ok()
}

fn moment(cell: &Value) -> Option<i64> {
    Some(moments::of(cell)?.timestamp_micros())
}

fn local_moment(cell: &Value) -> Option<i64> {
    Some(moments::local(cell)?.timestamp_micros())
}

fn nanos(cell: &Value) -> Option<i64> {
    moments::of(cell)?.timestamp_nanos_opt()
}

fn local_nanos(cell: &Value) -> Option<i64> {
    moments::local(cell)?.timestamp_nanos_opt()
}

fn misfit(column: &Column, cell: &Value) -> io::Error {
    let (name, cell) = (&column.name, cell.to_string());
    let cell = text::clip(&cell, 60);
    io::Error::other(format!(
        "{cell} in the column {name:?} is not {:?}",
        column.kind
    ))
}

fn put<'a, T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    column: &Column,
    cells: impl Iterator<Item = Option<&'a Value>>,
    convert: impl Fn(&Value) -> Option<T::T>,
) -> io::Result<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        match cell {
            None | Some(Value::Null) => levels.push(0),
            Some(cell) => {
                let value = convert(cell).ok_or_else(|| misfit(column, cell))?;
                values.push(value);
                levels.push(1);
            }
        }
    }
    let written = writer
        .typed::<T>()
        .write_batch(&values, Some(&levels), None);
    written.map(drop).map_err(failed)
}
