//! Multimodal datasets: rows that a test has put under a name, and tables that jobs wrote.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::uri::TableName;
use crate::bigquery::Row;
use crate::state::{Kept, KeptAt, Kind, Loading, State};
use crate::sync::lock;

/// A handle to the datasets by their resource names. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Datasets {
    state: State,
    datasets: Arc<Mutex<HashMap<String, Dataset>>>,
}

#[derive(Clone, Debug)]
enum Dataset {
    Rows(Arc<Vec<Row>>, Kept),
    Table(TableName),
}

/// A dataset as it is written down.
#[derive(Debug, Deserialize, Serialize)]
struct Record {
    name: String,
    is: Is,
}

#[derive(Debug, Deserialize, Serialize)]
enum Is {
    Rows(Option<KeptAt>),
    Table(TableName),
}

impl Datasets {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state,
            datasets: Arc::default(),
        }
    }

    pub(crate) fn put(&self, name: &str, rows: Vec<Row>) {
        let kept = match self.state.is_on() {
            // Rows are JSON objects, which are written as they were read.
            true => {
                let content = serde_json::to_vec(&rows).unwrap_or_default();
                self.state.keep(&content)
            }
            false => Kept::default(),
        };
        self.insert(name, Dataset::Rows(Arc::new(rows), kept));
    }

    pub(crate) fn put_table(&self, name: &str, table: TableName) {
        self.insert(name, Dataset::Table(table));
    }

    fn insert(&self, name: &str, dataset: Dataset) {
        let mut datasets = lock(&self.datasets);
        self.state.put(Kind::VertexDataset, name, || Record {
            name: name.to_owned(),
            is: match &dataset {
                Dataset::Rows(_, kept) => Is::Rows(kept.at()),
                Dataset::Table(table) => Is::Table(table.clone()),
            },
        });
        datasets.insert(name.to_owned(), dataset);
    }

    /// Takes in the datasets as they were before.
    pub(super) fn restore(&self, loading: &mut Loading) -> io::Result<()> {
        for record in loading.records::<Record>(Kind::VertexDataset)? {
            let dataset = match record.is {
                Is::Rows(Some(at)) => {
                    let (kept, content) = loading.content(&at)?;
                    Dataset::Rows(Arc::new(serde_json::from_slice(&content)?), kept)
                }
                Is::Rows(None) => Dataset::Rows(Arc::default(), Kept::default()),
                Is::Table(table) => Dataset::Table(table),
            };
            lock(&self.datasets).insert(record.name, dataset);
        }
        Ok(())
    }

    pub(crate) fn rows(&self, name: &str) -> Option<Arc<Vec<Row>>> {
        match lock(&self.datasets).get(name)? {
            Dataset::Rows(rows, _) => Some(Arc::clone(rows)),
            Dataset::Table(_) => None,
        }
    }

    /// The table that the dataset stands for, where it is one that a job wrote.
    pub(crate) fn table(&self, name: &str) -> Option<TableName> {
        match lock(&self.datasets).get(name)? {
            Dataset::Rows(..) => None,
            Dataset::Table(table) => Some(table.clone()),
        }
    }
}
