//! The tables that there are, by project, dataset and name, as every service of the emulator reads
//! and writes them. A dataset comes to be with its first table.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use super::schema::{self, Column, Row};
use crate::clock::Clock;
use crate::lines::lines;
use crate::state::{Growing, Kind, Loading, State};
use crate::sync::lock;

/// A handle to all tables. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    clock: Clock,
    state: State,
    inner: Arc<Mutex<BTreeMap<DatasetKey, Dataset>>>,
}

type DatasetKey = (String, String);

#[derive(Debug)]
struct Dataset {
    info: DatasetInfo,
    tables: BTreeMap<String, Arc<Table>>,
}

/// What a dataset says of itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct DatasetInfo {
    pub(crate) location: String,
    pub(crate) created: DateTime<Utc>,
}

/// A table at an instant.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    pub(crate) location: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) modified: DateTime<Utc>,
    /// The jobs that wrote to it.
    pub(crate) writers: Vec<String>,
    kept: KeptRows,
}

/// The rows as JSON lines, where they are kept, and how much of it counts.
#[derive(Clone, Debug, Default)]
struct KeptRows {
    growing: Arc<Mutex<Growing>>,
    size: u64,
}

/// A dataset as it is written down.
#[derive(Debug, Deserialize, Serialize)]
struct DatasetRecord {
    project: String,
    dataset: String,
    info: DatasetInfo,
}

/// A table as it is written down.
#[derive(Debug, Deserialize, Serialize)]
struct TableRecord {
    project: String,
    dataset: String,
    table: String,
    columns: Vec<Column>,
    location: String,
    created: DateTime<Utc>,
    modified: DateTime<Utc>,
    writers: Vec<String>,
    rows: Option<String>,
    size: u64,
}

impl Table {
    /// Adds rows to those that are kept, and writes down how it stands.
    fn keep(&mut self, state: &State, key: &DatasetKey, name: &str, rows: &[Row]) {
        if !state.is_on() {
            return;
        }
        let mut lines = Vec::new();
        for row in rows {
            // Rows are JSON objects, which are written as they were read.
            lines.extend(serde_json::to_vec(row).unwrap_or_default());
            lines.push(b'\n');
        }
        lock(&self.kept.growing).append(&lines);
        self.kept.size += lines.len() as u64;
        state.put(Kind::Table, &table_key(key, name), || TableRecord {
            project: key.0.clone(),
            dataset: key.1.clone(),
            table: name.to_owned(),
            columns: self.columns.clone(),
            location: self.location.clone(),
            created: self.created,
            modified: self.modified,
            writers: self.writers.clone(),
            rows: lock(&self.kept.growing).name(),
            size: self.kept.size,
        });
    }
}

impl Tables {
    pub(crate) fn new(clock: Clock, state: State) -> Self {
        Self {
            clock,
            state,
            inner: Arc::default(),
        }
    }

    /// Makes a table, in the place of one that has its name, with the columns that its rows suggest.
    pub(crate) fn create(
        &self,
        project: &str,
        dataset: &str,
        table: &str,
        rows: Vec<Row>,
        location: &str,
        writer: Option<&str>,
    ) {
        let columns = schema::infer(&rows);
        let columns = (columns, writer);
        self.create_with_columns(project, dataset, table, columns, rows, location);
    }

    /// Takes in datasets and tables as they were before.
    pub(crate) fn restore(&self, loading: &mut Loading) -> io::Result<()> {
        let mut inner = lock(&self.inner);
        for record in loading.records::<DatasetRecord>(Kind::Dataset)? {
            let dataset = Dataset {
                info: record.info,
                tables: BTreeMap::new(),
            };
            inner.insert((record.project, record.dataset), dataset);
        }
        for record in loading.records::<TableRecord>(Kind::Table)? {
            let name = record.rows.as_deref().unwrap_or_default();
            let (growing, content) = loading.growing(name, Some(record.size))?;
            let rows = lines(&content).map(serde_json::from_slice);
            let table = Table {
                rows: rows.collect::<Result<_, _>>()?,
                columns: record.columns,
                location: record.location,
                created: record.created,
                modified: record.modified,
                writers: record.writers,
                kept: KeptRows {
                    growing: Arc::new(Mutex::new(growing)),
                    size: record.size,
                },
            };
            let info = DatasetInfo {
                location: table.location.clone(),
                created: table.created,
            };
            let dataset = inner
                .entry((record.project, record.dataset))
                .or_insert_with(|| Dataset {
                    info,
                    tables: BTreeMap::new(),
                });
            dataset.tables.insert(record.table, Arc::new(table));
        }
        Ok(())
    }

    /// Writes a dataset down.
    fn keep_dataset(&self, key: &DatasetKey, info: &DatasetInfo) {
        self.state
            .put(Kind::Dataset, &table_key(key, ""), || DatasetRecord {
                project: key.0.clone(),
                dataset: key.1.clone(),
                info: info.clone(),
            });
    }

    /// Makes a table, in the place of one that has its name, with these columns. The location
    /// counts for a new dataset; in an existing one, the table is where the dataset is.
    pub(crate) fn create_with_columns(
        &self,
        project: &str,
        dataset: &str,
        table: &str,
        (columns, writer): (Vec<Column>, Option<&str>),
        rows: Vec<Row>,
        location: &str,
    ) {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        let key = key(project, dataset);
        let dataset = inner.entry(key.clone()).or_insert_with(|| {
            let dataset = Dataset::new(location, now);
            self.keep_dataset(&key, &dataset.info);
            dataset
        });
        let mut new = Table {
            columns,
            rows,
            location: dataset.info.location.clone(),
            created: now,
            modified: now,
            writers: writer.map(str::to_owned).into_iter().collect(),
            kept: KeptRows {
                growing: Arc::new(Mutex::new(self.state.grow())),
                size: 0,
            },
        };
        let rows = std::mem::take(&mut new.rows);
        new.keep(&self.state, &key, table, &rows);
        new.rows = rows;
        dataset.tables.insert(table.to_owned(), Arc::new(new));
    }

    pub(crate) fn get(&self, project: &str, dataset: &str, table: &str) -> Option<Arc<Table>> {
        let inner = lock(&self.inner);
        let dataset = inner.get(&key(project, dataset))?;
        dataset.tables.get(table).map(Arc::clone)
    }

    pub(crate) fn rows(&self, project: &str, dataset: &str, table: &str) -> Option<Vec<Row>> {
        let table = self.get(project, dataset, table)?;
        Some(table.rows.clone())
    }

    /// Adds rows to a table and answers whether it is there.
    pub(crate) fn append(
        &self,
        project: &str,
        dataset: &str,
        name: &str,
        rows: Vec<Row>,
        writer: Option<&str>,
    ) -> bool {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        let key = key(project, dataset);
        let table = inner
            .get_mut(&key)
            .and_then(|dataset| dataset.tables.get_mut(name));
        let Some(table) = table else {
            return false;
        };
        let table = Arc::make_mut(table);
        table.modified = now;
        table.writers.extend(writer.map(str::to_owned));
        table.keep(&self.state, &key, name, &rows);
        table.rows.extend(rows);
        true
    }

    /// Deletes a table and answers whether it was there.
    pub(crate) fn delete(&self, project: &str, dataset: &str, table: &str) -> bool {
        let mut inner = lock(&self.inner);
        let key = key(project, dataset);
        let Some(dataset) = inner.get_mut(&key) else {
            return false;
        };
        self.state.remove(Kind::Table, &table_key(&key, table));
        dataset.tables.remove(table).is_some()
    }

    /// The names of the tables of a dataset, sorted.
    pub(crate) fn list(&self, project: &str, dataset: &str) -> Vec<String> {
        let inner = lock(&self.inner);
        let dataset = inner.get(&key(project, dataset));
        dataset
            .map(|dataset| dataset.tables.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Makes a dataset, or answers `false` where it is there already.
    pub(crate) fn create_dataset(&self, project: &str, dataset: &str, location: &str) -> bool {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        let key = key(project, dataset);
        if inner.contains_key(&key) {
            return false;
        }
        let dataset = Dataset::new(location, now);
        self.keep_dataset(&key, &dataset.info);
        inner.insert(key, dataset);
        true
    }

    /// What a dataset says of itself, where it is there.
    pub(crate) fn dataset(&self, project: &str, dataset: &str) -> Option<DatasetInfo> {
        let inner = lock(&self.inner);
        inner
            .get(&key(project, dataset))
            .map(|dataset| dataset.info.clone())
    }
}

impl Dataset {
    fn new(location: &str, created: DateTime<Utc>) -> Self {
        let info = DatasetInfo {
            location: location.to_owned(),
            created,
        };
        Self {
            info,
            tables: BTreeMap::new(),
        }
    }
}

/// What a table is kept under.
fn table_key((project, dataset): &DatasetKey, table: &str) -> String {
    format!("{project}/{dataset}/{table}")
}

fn key(project: &str, dataset: &str) -> DatasetKey {
    (project.to_owned(), dataset.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: i64) -> Row {
        Row::from_iter([("n".to_owned(), n.into())])
    }

    #[test]
    fn tables_hold_rows() {
        let tables = Tables::new(Clock::new(), State::default());
        tables.create("p", "d", "t", vec![row(1)], "EU", None);
        tables.create("p", "d", "s", Vec::new(), "US", None);
        assert_eq!(tables.list("p", "d"), ["s", "t"]);
        assert_eq!(tables.rows("p", "d", "t"), Some(vec![row(1)]));
        assert_eq!(tables.rows("p", "other", "t"), None);
        assert!(tables.append("p", "d", "t", vec![row(2)], None));
        assert_eq!(tables.rows("p", "d", "t").unwrap().len(), 2);
        assert!(tables.delete("p", "d", "t"));
        assert!(!tables.append("p", "d", "t", vec![row(3)], None));
    }

    #[test]
    fn a_dataset_is_in_one_place() {
        let tables = Tables::new(Clock::new(), State::default());
        tables.create("p", "d", "t", Vec::new(), "EU", None);
        tables.create("p", "d", "s", Vec::new(), "US", None);
        let location = |table| tables.get("p", "d", table).unwrap().location.clone();
        assert_eq!([location("s"), location("t")], ["EU", "EU"]);
        assert!(!tables.create_dataset("p", "d", "US"));
    }
}
