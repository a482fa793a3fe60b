//! The columns of a table and what is in them, as they become known row by row.

use std::collections::HashMap;
#[cfg(feature = "parquet")]
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::Row;

/// What is in a column, as far as it matters to Parquet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing but nulls.
    #[default]
    Empty,
    Bool,
    Int,
    /// Integers of which floats would lose digits.
    LongInt,
    Float,
    Text,
    /// A day, as `2026-11-29`.
    Date,
    /// A moment, as `2026-11-29 12:00:00.000 +00:00`.
    Timestamp,
    /// A moment by the clock of no time zone, as `2026-11-29 12:00:00.000`.
    LocalTimestamp,
    /// The same two, where microseconds do not tell all.
    NanoTimestamp,
    LocalNanoTimestamp,
    /// What has parts, as JSON.
    Json,
    /// A list of numbers, as an embedding is.
    Vector,
}

impl Kind {
    /// What a cell is.
    pub(crate) fn of(cell: &Value) -> Self {
        match cell {
            Value::Null => Self::Empty,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_i64() => {
                match number.as_i64().map(i64::unsigned_abs) > Some(1 << 53) {
                    true => Self::LongInt,
                    false => Self::Int,
                }
            }
            Value::Number(number) if number.is_f64() => Self::Float,
            // Above what Parquet's integers hold.
            Value::Number(_) | Value::String(_) => Self::Text,
            Value::Array(_) | Value::Object(_) => Self::Json,
        }
    }

    /// What holds both.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Empty, kind) | (kind, Self::Empty) => kind,
            (Self::Int, Self::LongInt) | (Self::LongInt, Self::Int) => Self::LongInt,
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            _ => Self::Text,
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The columns that were seen, in the order in which they first came.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    /// The names of the row before, and where they are.
    last: Option<(Arc<[String]>, Vec<usize>)>,
    /// Whether kinds are told beforehand and not looked for.
    known: bool,
    /// The columns with moments of which Parquet cannot say nanoseconds.
    #[cfg(feature = "parquet")]
    beyond_nanos: HashSet<String>,
}

impl Columns {
    /// Columns whose kinds the table itself tells.
    pub(crate) fn known(columns: Vec<Column>) -> Self {
        let mut known = Self::default();
        for column in columns {
            let at = known.place(&column.name);
            known.columns[at].kind = column.kind;
        }
        known.known = true;
        known
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(at) = self.places.get(name) {
            return *at;
        }
        self.places.insert(name.to_owned(), self.columns.len());
        self.columns.push(Column {
            name: name.to_owned(),
            kind: Kind::default(),
        });
        self.columns.len() - 1
    }

    /// Columns that are there even if no row comes.
    pub(crate) fn name(&mut self, names: &[String]) {
        for name in names {
            self.place(name);
        }
    }

    /// Takes note of a row.
    pub(crate) fn see(&mut self, row: &Row) {
        if self.known {
            #[cfg(feature = "parquet")]
            self.refine(row);
            return;
        }
        let places = match self.last.take() {
            Some((names, places)) if Arc::ptr_eq(&names, &row.names) => places,
            _ => row.names.iter().map(|name| self.place(name)).collect(),
        };
        for (at, cell) in places.iter().zip(&row.cells) {
            let column = &mut self.columns[*at];
            column.kind = column.kind.with(Kind::of(cell));
        }
        self.last = Some((Arc::clone(&row.names), places));
    }

    /// Takes note of moments that microseconds do not tell, in columns whose kind does not say it.
    #[cfg(feature = "parquet")]
    fn refine(&mut self, row: &Row) {
        use super::moments;

        for (column, cell) in self.columns.iter_mut().zip(&row.cells) {
            if !matches!(column.kind, Kind::Timestamp | Kind::NanoTimestamp) {
                continue;
            }
            let Some(moment) = moments::of(cell) else {
                continue;
            };
            if !moments::is_in_nanos(moment) {
                self.beyond_nanos.insert(column.name.clone());
            }
            if moments::is_finer_than_micros(moment) {
                column.kind = Kind::NanoTimestamp;
            }
            if column.kind == Kind::NanoTimestamp && self.beyond_nanos.contains(&column.name) {
                // Neither of the kinds of Parquet has all of them.
                column.kind = Kind::Text;
            }
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Column> {
        self.columns
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(names: &[&str], cells: Value) -> Row {
        let Value::Array(cells) = cells else {
            panic!("cells are a list")
        };
        Row {
            line: 1,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            cells,
            spelled: Vec::new(),
        }
    }

    #[test]
    fn columns_are_all_that_any_row_has_in_the_order_of_their_coming() {
        let mut columns = Columns::default();
        columns.see(&row(&["b", "a"], json!([1, null])));
        columns.see(&row(&["a", "c"], json!(["x", [1]])));
        columns.see(&row(&["b"], json!([1.5])));
        let told: Vec<_> = columns
            .into_vec()
            .into_iter()
            .map(|it| (it.name, it.kind))
            .collect();
        let expected = [("b", Kind::Float), ("a", Kind::Text), ("c", Kind::Json)];
        assert_eq!(told, expected.map(|(name, kind)| (name.to_owned(), kind)));
    }

    #[test]
    fn what_does_not_go_together_is_text() {
        for (one, other) in [
            (json!(1), json!("a")),
            (json!(true), json!(1)),
            (json!([1]), json!("a")),
        ] {
            assert_eq!(Kind::of(&one).with(Kind::of(&other)), Kind::Text);
        }
        assert_eq!(Kind::of(&json!(u64::MAX)), Kind::Text);
        let long = Kind::of(&json!(9_007_199_254_740_993_i64));
        assert_eq!(long.with(Kind::Int), Kind::LongInt);
        assert_eq!(long.with(Kind::Float), Kind::Text);
    }
}
