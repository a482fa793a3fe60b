//! Columns of INT96, in which older writers put moments to the nanosecond: the reader of rows keeps
//! milliseconds alone, so that these are read beside it.

use std::collections::VecDeque;
use std::fs::File;

use genai_batch::external::chrono::DateTime;
use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{Int96, Int96Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use super::moments::FORM;

/// How many values are read at once.
const AT_ONCE: usize = 1024;
/// The Julian day of 1970-01-01.
const EPOCH: i64 = 2_440_588;
const DAY: i64 = 24 * 60 * 60;
const SECOND: u64 = 1_000_000_000;

/// One such column.
pub(super) struct Int96Column {
    /// Its place among the cells of a row.
    pub(super) field: usize,
    /// Its place among the columns of the file.
    leaf: usize,
    is_optional: bool,
    file: SerializedFileReader<File>,
    /// The next group of rows, and the reader of the one before.
    group: usize,
    reader: Option<ColumnReaderImpl<Int96Type>>,
    ahead: VecDeque<Option<Int96>>,
}

impl Int96Column {
    /// Those of a file that are columns of their own; what is within lists and groups is left to others.
    pub(super) fn all(file: &File, names: &[String]) -> Result<Vec<Self>, String> {
        let open = || {
            let file = file.try_clone().map_err(|error| error.to_string())?;
            SerializedFileReader::new(file).map_err(told)
        };
        let schema = open()?.metadata().file_metadata().schema_descr_ptr();
        let mut all = Vec::new();
        for (leaf, column) in schema.columns().iter().enumerate() {
            let [name] = column.path().parts() else {
                continue;
            };
            let field = names.iter().position(|it| it == name);
            let is_plain = column.physical_type() == Physical::INT96 && column.max_rep_level() == 0;
            if let (Some(field), true) = (field, is_plain) {
                all.push(Self {
                    field,
                    leaf,
                    is_optional: column.max_def_level() > 0,
                    file: open()?,
                    group: 0,
                    reader: None,
                    ahead: VecDeque::new(),
                });
            }
        }
        Ok(all)
    }

    /// The value of the next row.
    pub(super) fn next(&mut self) -> Result<Value, String> {
        while self.ahead.is_empty() {
            if self.read()? == 0 && !self.open_next()? {
                return Err("a column of moments has fewer values than there are rows".to_owned());
            }
        }
        let Some(Some(value)) = self.ahead.pop_front() else {
            return Ok(Value::Null);
        };
        text(&value)
            .map(Value::from)
            .ok_or_else(|| "a moment is too far from now to be told".to_owned())
    }

    /// Goes on to the next group of rows, if there is one.
    fn open_next(&mut self) -> Result<bool, String> {
        if self.group == self.file.num_row_groups() {
            return Ok(false);
        }
        let group = self.file.get_row_group(self.group).map_err(told)?;
        self.group += 1;
        match group.get_column_reader(self.leaf).map_err(told)? {
            ColumnReader::Int96ColumnReader(reader) => self.reader = Some(reader),
            _ => return Err("a column is not what the file says".to_owned()),
        }
        Ok(true)
    }

    /// Reads some values of the group, and says how many rows these are of.
    fn read(&mut self) -> Result<usize, String> {
        let Some(reader) = &mut self.reader else {
            return Ok(0);
        };
        let (mut there, mut values) = (Vec::new(), Vec::new());
        let levels = self.is_optional.then_some(&mut there);
        let read = reader.read_records(AT_ONCE, levels, None, &mut values);
        let (rows, ..) = read.map_err(told)?;
        let mut values = values.into_iter();
        match self.is_optional {
            true => self.ahead.extend(there.iter().map(|it| match it {
                0 => None,
                _ => values.next(),
            })),
            false => self.ahead.extend(values.map(Some)),
        }
        Ok(rows)
    }
}

fn told(error: ParquetError) -> String {
    error.to_string()
}

/// A moment as its text: a Julian day, and the nanoseconds since it began.
fn text(value: &Int96) -> Option<String> {
    let [low, high, day] = *value.data() else {
        return None;
    };
    let nanos = (u64::from(high) << 32) | u64::from(low);
    let days = i64::from(day) - EPOCH;
    let seconds = days * DAY + i64::try_from(nanos / SECOND).ok()?;
    let moment = DateTime::from_timestamp(seconds, u32::try_from(nanos % SECOND).ok()?)?;
    Some(moment.format(FORM).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_all_its_digits() {
        let at = |nanos: u64, day: u32| {
            text(&Int96::from(vec![nanos as u32, (nanos >> 32) as u32, day]))
        };
        let noon = 43_200 * SECOND;
        assert_eq!(
            at(noon + 123_456_789, 2_440_588).unwrap(),
            "1970-01-01 12:00:00.123456789 +00:00"
        );
        assert_eq!(at(0, 2_440_587).unwrap(), "1969-12-31 00:00:00 +00:00");
        assert_eq!(at(noon, 5_373_484).unwrap(), "9999-12-31 12:00:00 +00:00");
    }
}
