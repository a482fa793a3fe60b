//! What every format of a table gives: rows one after the other, and names of columns that differ.

use std::collections::HashMap;

use super::columns::Column;
use super::{Row, text};
use crate::exit::{Failure, Result};

/// A table that is read from its first row to its last.
pub(crate) trait Rows {
    /// The next row.
    fn next(&mut self) -> Result<Option<Row>>;

    /// The names of the columns, where the table says them beforehand.
    fn header(&self) -> Option<&[String]>;

    /// What is in the columns, where the table says it beforehand.
    fn kinds(&self) -> Option<Vec<Column>> {
        None
    }
}

/// Refuses names that would make of two columns one.
pub(super) fn check_names(place: &str, names: &[String]) -> Result<()> {
    let mut seen = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(before) = seen.insert(name, at) {
            let what = match name.is_empty() {
                true => "have no name".to_owned(),
                false => format!("are called {:?}", text::clip(name, 60)),
            };
            return Err(Failure::usage(format!(
                "{place}: the columns {} and {} {what}: give each a name of its own",
                before + 1,
                at + 1
            )));
        }
    }
    Ok(())
}
