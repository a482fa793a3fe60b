//! Tables: what is read row by row, and what is written with the answers.
//!
//! ```text
//! CSV, TSV, JSONL, Parquet → read → Row (cells in order) → … → write → CSV, TSV, JSONL, Parquet
//! ```

pub(crate) mod columns;
mod csv;
mod jsonl;
mod lines;
#[cfg(feature = "parquet")]
mod moments;
pub(crate) mod once;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_int96;
#[cfg(feature = "parquet")]
mod parquet_write;
pub(crate) mod read;
pub(crate) mod regular;
mod rows;
pub(crate) mod text;
mod unchanged;
pub(crate) mod write;

use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::Value;

pub(crate) use jsonl::ordered_fields;

/// How a table is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Commas between the cells.
    Csv,
    /// Tabs between the cells.
    Tsv,
    /// An object of JSON in each line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The format that a name tells.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match &*extension {
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "jsonl" | "ndjson" => Self::Jsonl,
            "parquet" | "pq" => Self::Parquet,
            _ => return None,
        })
    }

    /// Whether cells are texts alone.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv)
    }
}

/// A row, with where it is in its table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Its first line, or in Parquet its number, from 1.
    pub(crate) line: u64,
    pub(crate) names: Arc<[String]>,
    /// As many as there are names.
    pub(crate) cells: Vec<Value>,
    /// Cells by their place that are spelled in another way than their value would be: the order of
    /// fields and the digits of numbers are the author's.
    pub(crate) spelled: Vec<(usize, String)>,
}

impl Row {
    /// The cell under this name.
    pub(crate) fn cell(&self, name: &str) -> Option<&Value> {
        let at = self.names.iter().position(|it| it == name)?;
        self.cells.get(at)
    }
}
