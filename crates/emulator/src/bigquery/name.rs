//! The names of datasets and tables, as queries and errors write them.

use std::fmt;

/// A dataset of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatasetName {
    pub(crate) project: String,
    pub(crate) dataset: String,
}

/// A table of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableName {
    pub(crate) dataset: DatasetName,
    pub(crate) table: String,
}

impl DatasetName {
    pub(crate) fn new(project: &str, dataset: &str) -> Self {
        Self {
            project: project.to_owned(),
            dataset: dataset.to_owned(),
        }
    }
}

impl TableName {
    pub(crate) fn new(project: &str, dataset: &str, table: &str) -> Self {
        Self {
            dataset: DatasetName::new(project, dataset),
            table: table.to_owned(),
        }
    }

    /// As in `project.dataset.table`.
    pub(crate) fn dotted(&self) -> String {
        let DatasetName { project, dataset } = &self.dataset;
        format!("{project}.{dataset}.{}", self.table)
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.project, self.dataset)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dataset, self.table)
    }
}
