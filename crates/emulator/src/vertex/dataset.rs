//! Multimodal datasets: rows that a test has put under a name, and tables that jobs wrote.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::uri::TableName;
use crate::bigquery::Row;
use crate::sync::lock;

/// A handle to the datasets by their resource names. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Datasets(Arc<Mutex<HashMap<String, Dataset>>>);

#[derive(Clone, Debug)]
enum Dataset {
    Rows(Arc<Vec<Row>>),
    Table(TableName),
}

impl Datasets {
    pub(crate) fn put(&self, name: &str, rows: Vec<Row>) {
        let dataset = Dataset::Rows(Arc::new(rows));
        lock(&self.0).insert(name.to_owned(), dataset);
    }

    pub(crate) fn put_table(&self, name: &str, table: TableName) {
        lock(&self.0).insert(name.to_owned(), Dataset::Table(table));
    }

    pub(crate) fn rows(&self, name: &str) -> Option<Arc<Vec<Row>>> {
        match lock(&self.0).get(name)? {
            Dataset::Rows(rows) => Some(Arc::clone(rows)),
            Dataset::Table(_) => None,
        }
    }

    /// The table that the dataset stands for, where it is one that a job wrote.
    pub(crate) fn table(&self, name: &str) -> Option<TableName> {
        match lock(&self.0).get(name)? {
            Dataset::Rows(_) => None,
            Dataset::Table(table) => Some(table.clone()),
        }
    }
}
