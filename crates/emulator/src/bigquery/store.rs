//! The tables that there are, by project, dataset and name, as every service of the emulator reads
//! and writes them. A dataset comes to be with its first table.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use super::schema::{self, Column, Row};
use crate::clock::Clock;
use crate::sync::lock;

/// A handle to all tables. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    clock: Clock,
    inner: Arc<Mutex<BTreeMap<DatasetKey, Dataset>>>,
}

type DatasetKey = (String, String);

#[derive(Debug)]
struct Dataset {
    info: DatasetInfo,
    tables: BTreeMap<String, Arc<Table>>,
}

/// What a dataset says of itself.
#[derive(Clone, Debug)]
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
}

impl Tables {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
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
    ) {
        let columns = schema::infer(&rows);
        self.create_with_columns(project, dataset, table, columns, rows, location);
    }

    /// Makes a table, in the place of one that has its name, with these columns. The location
    /// counts for a new dataset; in an existing one, the table is where the dataset is.
    pub(crate) fn create_with_columns(
        &self,
        project: &str,
        dataset: &str,
        table: &str,
        columns: Vec<Column>,
        rows: Vec<Row>,
        location: &str,
    ) {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        let dataset = inner
            .entry(key(project, dataset))
            .or_insert_with(|| Dataset::new(location, now));
        let new = Table {
            columns,
            rows,
            location: dataset.info.location.clone(),
            created: now,
            modified: now,
        };
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
    pub(crate) fn append(&self, project: &str, dataset: &str, table: &str, rows: Vec<Row>) -> bool {
        let now = self.clock.now();
        let mut inner = lock(&self.inner);
        let table = inner
            .get_mut(&key(project, dataset))
            .and_then(|dataset| dataset.tables.get_mut(table));
        let Some(table) = table else {
            return false;
        };
        let table = Arc::make_mut(table);
        table.rows.extend(rows);
        table.modified = now;
        true
    }

    /// Deletes a table and answers whether it was there.
    pub(crate) fn delete(&self, project: &str, dataset: &str, table: &str) -> bool {
        let mut inner = lock(&self.inner);
        let dataset = inner.get_mut(&key(project, dataset));
        dataset.is_some_and(|dataset| dataset.tables.remove(table).is_some())
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
        inner.insert(key, Dataset::new(location, now));
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
        let tables = Tables::new(Clock::new());
        tables.create("p", "d", "t", vec![row(1)], "EU");
        tables.create("p", "d", "s", Vec::new(), "US");
        assert_eq!(tables.list("p", "d"), ["s", "t"]);
        assert_eq!(tables.rows("p", "d", "t"), Some(vec![row(1)]));
        assert_eq!(tables.rows("p", "other", "t"), None);
        assert!(tables.append("p", "d", "t", vec![row(2)]));
        assert_eq!(tables.rows("p", "d", "t").unwrap().len(), 2);
        assert!(tables.delete("p", "d", "t"));
        assert!(!tables.append("p", "d", "t", vec![row(3)]));
    }

    #[test]
    fn a_dataset_is_in_one_place() {
        let tables = Tables::new(Clock::new());
        tables.create("p", "d", "t", Vec::new(), "EU");
        tables.create("p", "d", "s", Vec::new(), "US");
        let location = |table| tables.get("p", "d", table).unwrap().location.clone();
        assert_eq!([location("s"), location("t")], ["EU", "EU"]);
        assert!(!tables.create_dataset("p", "d", "US"));
    }
}
