//! Parquet, row by row: each cell as a value of JSON.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use genai_batch::external::chrono::DateTime;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use serde_json::Value;

use super::columns::{Column, Kind};
use super::parquet_int96::Int96Column;
use super::rows::{Rows, check_names};
use super::{Row, moments, text};
use crate::exit::{Failure, Result};

/// The rows of a Parquet file.
pub(super) struct Parquet {
    name: String,
    rows: RowIter<'static>,
    names: Arc<[String]>,
    kinds: Vec<Kind>,
    /// What the columns are whose values do not say it.
    moments: Vec<Moment>,
    /// The columns of moments that are read beside the rows.
    beside: Vec<Int96Column>,
    row: u64,
    position: Arc<AtomicU64>,
}

impl Parquet {
    pub(super) fn open(name: &str, file: File, position: &Arc<AtomicU64>) -> Result<Self> {
        let unreadable =
            |why: String| Failure::usage(format!("{name} cannot be read as Parquet: {why}"));
        let again = file
            .try_clone()
            .map_err(|error| unreadable(error.to_string()))?;
        let opened = guarded(|| SerializedFileReader::new(file)).map_err(unreadable)?;
        let reader = opened.map_err(|error| unreadable(error.to_string()))?;
        let schema = reader.metadata().file_metadata().schema().clone();
        let fields = schema.get_fields();
        let names: Vec<String> = fields.iter().map(|it| it.name().to_owned()).collect();
        check_names(name, &names)?;
        let moments = fields.iter().map(|field| Moment::of(field)).collect();
        let kinds = fields.iter().map(|field| kind(field)).collect();
        let beside = Int96Column::all(&again, &names).map_err(unreadable)?;
        Ok(Self {
            name: name.to_owned(),
            beside,
            rows: RowIter::from_file_into(Box::new(reader)),
            names: names.into(),
            kinds,
            moments,
            row: 0,
            position: Arc::clone(position),
        })
    }
}

/// Runs what may panic on a file that was made strangely.
fn guarded<T>(read: impl FnOnce() -> T) -> std::result::Result<T, String> {
    catch_unwind(AssertUnwindSafe(read))
        .map_err(|_| "it has what this reader does not know".to_owned())
}

/// What is to be known of a column of moments.
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    /// Whether they are nanoseconds, which are read as numbers.
    is_nanos: bool,
    /// Whether they are of no time zone.
    is_local: bool,
}

impl Moment {
    fn of(field: &Type) -> Self {
        match field.get_basic_info().logical_type_ref() {
            Some(LogicalType::Timestamp(stamp)) if field.is_primitive() => Self {
                is_nanos: matches!(stamp.unit, TimeUnit::NANOS),
                is_local: !stamp.is_adjusted_to_u_t_c,
            },
            _ => Self::default(),
        }
    }
}

fn kind(field: &Type) -> Kind {
    if !field.is_primitive()
        || field.get_basic_info().repetition() == parquet::basic::Repetition::REPEATED
    {
        return Kind::Json;
    }
    let moment = Moment::of(field);
    match (moment.is_nanos, moment.is_local) {
        (true, true) => return Kind::LocalNanoTimestamp,
        (true, false) => return Kind::NanoTimestamp,
        (false, true) => return Kind::LocalTimestamp,
        (false, false) => {}
    }
    match (
        field.get_physical_type(),
        field.get_basic_info().converted_type(),
    ) {
        (_, ConvertedType::DECIMAL | ConvertedType::UINT_64) => Kind::Text,
        (_, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => Kind::Text,
        (_, ConvertedType::DATE) => Kind::Date,
        (_, ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS) => Kind::Timestamp,
        (Physical::INT96, _) => Kind::Timestamp,
        (Physical::BOOLEAN, _) => Kind::Bool,
        (Physical::INT32 | Physical::INT64, _) => Kind::Int,
        (Physical::FLOAT | Physical::DOUBLE, _) => Kind::Float,
        (Physical::BYTE_ARRAY, _) => Kind::Text,
        (Physical::FIXED_LEN_BYTE_ARRAY, _) => match field.get_basic_info().logical_type_ref() {
            Some(LogicalType::Float16) => Kind::Float,
            _ => Kind::Text,
        },
    }
}

fn value(field: &Field, of: Moment) -> Value {
    match field {
        Field::Long(nanos) if of.is_nanos => {
            let moment = DateTime::from_timestamp_nanos(*nanos);
            let form = match of.is_local {
                true => moments::LOCAL_FORM,
                false => moments::FORM,
            };
            Value::from(moment.format(form).to_string())
        }
        Field::TimestampMillis(_) | Field::TimestampMicros(_) if of.is_local => {
            match field.to_json_value() {
                Value::String(text) => Value::from(text.trim_end_matches(" +00:00")),
                other => other,
            }
        }
        // JSON has no word for these.
        Field::Double(number) if !number.is_finite() => Value::from(number.to_string()),
        Field::Float(number) if !number.is_finite() => Value::from(number.to_string()),
        // By its shortest text, as people wrote it.
        Field::Float(number) => {
            let short = number.to_string().parse().unwrap_or(f64::from(*number));
            Value::from(short)
        }
        Field::ListInternal(list) => {
            let elements = list.elements().iter();
            elements.map(|it| value(it, Moment::default())).collect()
        }
        Field::Group(group) => {
            let fields = group.get_column_iter();
            let fields = fields.map(|(name, it)| (name.clone(), value(it, Moment::default())));
            Value::Object(fields.collect())
        }
        Field::MapInternal(map) => {
            let entries = map.entries().iter().map(|(key, it)| {
                let key = value(key, Moment::default());
                (text::of(&key).into_owned(), value(it, Moment::default()))
            });
            Value::Object(entries.collect())
        }
        // What older writers did not mark as text.
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => Value::from(text),
            Err(_) => field.to_json_value(),
        },
        field => field.to_json_value(),
    }
}

impl Rows for Parquet {
    fn next(&mut self) -> Result<Option<Row>> {
        self.row += 1;
        let (name, row) = (&self.name, self.row);
        let failed =
            |why: String| Failure::usage(format!("{name}, row {row}: {}", text::clip(&why, 300)));
        let next = guarded(|| {
            let next = self.rows.next()?;
            Some(next.map(|row| {
                let columns = row.into_columns().into_iter().zip(&self.moments);
                columns
                    .map(|((_, field), moment)| value(&field, *moment))
                    .collect()
            }))
        });
        let Some(next) = next.map_err(failed)? else {
            return Ok(None);
        };
        let mut cells: Vec<Value> = next.map_err(|error| failed(error.to_string()))?;
        for column in &mut self.beside {
            let read = guarded(|| column.next()).and_then(|it| it);
            cells[column.field] = read.map_err(failed)?;
        }
        self.position.store(row, Ordering::Relaxed);
        Ok(Some(Row {
            line: row,
            names: Arc::clone(&self.names),
            cells,
            spelled: Vec::new(),
        }))
    }

    fn header(&self) -> Option<&[String]> {
        Some(&self.names)
    }

    fn kinds(&self) -> Option<Vec<Column>> {
        let columns = self.names.iter().zip(&self.kinds);
        let columns = columns.map(|(name, kind)| Column {
            name: name.clone(),
            kind: *kind,
        });
        Some(columns.collect())
    }
}
