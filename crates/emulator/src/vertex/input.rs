//! Where the requests of a job come from: objects of JSON lines, a table, or a dataset.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::dataset::Datasets;
use super::uri::{self, TableName, TablePlace};
use crate::bigquery::{Row, Table, Tables};
use crate::faults::Faults;
use crate::lines::lines;
use crate::model::RowFailure;
use crate::state::{Kept, State};
use crate::storage::{Buckets, Object, Unreachable};

/// The source that a job names.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Source {
    /// `gs://…`, perhaps with wildcards.
    Objects(Vec<String>),
    Table(TableName),
    /// `projects/P/locations/L/datasets/ID`.
    Dataset(String),
}

/// The requests of a job, as they were when it was created.
#[derive(Debug)]
pub(crate) enum Input {
    Lines(Vec<Piece>),
    Table(Arc<Table>),
    Rows(Arc<Vec<Row>>),
}

/// The content of an object.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) content: Bytes,
    /// The same, where it is kept.
    pub(crate) kept: Kept,
}

/// What the sources are read from.
#[derive(Clone, Debug)]
pub(crate) struct Stores {
    pub(crate) buckets: Buckets,
    pub(crate) tables: Tables,
    pub(crate) datasets: Datasets,
    pub(crate) faults: Faults,
}

impl Input {
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Lines(objects) => objects
                .iter()
                .map(|object| lines(&object.content).count())
                .sum(),
            Self::Table(table) => table.rows.len(),
            Self::Rows(rows) => rows.len(),
        }
    }

    pub(crate) fn is_table(&self) -> bool {
        !matches!(self, Self::Lines(_))
    }

    /// The requests as JSON objects, one after the other.
    pub(crate) fn each(&self) -> Box<dyn Iterator<Item = Cow<'_, [u8]>> + '_> {
        // Writing what was read before does not fail.
        let line = |row| Cow::Owned(serde_json::to_vec(row).unwrap_or_default());
        match self {
            Self::Lines(objects) => Box::new(
                objects
                    .iter()
                    .flat_map(|object| lines(&object.content))
                    .map(Cow::Borrowed),
            ),
            Self::Table(table) => Box::new(table.rows.iter().map(line)),
            Self::Rows(rows) => Box::new(rows.iter().map(line)),
        }
    }
}

impl Piece {
    fn of(object: Object) -> Self {
        Self {
            content: object.content,
            kept: object.kept,
        }
    }
}

impl Input {
    /// Sees to it that the requests are kept, and tells where.
    pub(super) fn keep(&self, state: &State) -> Vec<Kept> {
        match self {
            Self::Lines(objects) => objects.iter().map(|object| object.kept.clone()).collect(),
            _ if !state.is_on() => Vec::new(),
            _ => {
                let mut content = Vec::new();
                for line in self.each() {
                    content.extend_from_slice(&line);
                    content.push(b'\n');
                }
                vec![state.keep(&content)]
            }
        }
    }
}

impl Source {
    /// Takes hold of what the source has in it now.
    pub(crate) fn open(&self, stores: &Stores) -> Result<Input, RowFailure> {
        match self {
            Self::Objects(uris) => {
                let objects = uris.iter().map(|uri| stores.objects(uri));
                let objects: Vec<_> = objects.collect::<Result<_, _>>()?;
                Ok(Input::Lines(objects.into_iter().flatten().collect()))
            }
            Self::Table(name) => stores.table(name).map(Input::Table),
            Self::Dataset(name) => match stores.datasets.rows(name) {
                Some(rows) => Ok(Input::Rows(rows)),
                None => match stores.datasets.table(name) {
                    Some(table) => stores.table(&table).map(Input::Table),
                    None => Err(RowFailure::new(
                        5,
                        format!("The dataset {name} does not exist."),
                    )),
                },
            },
        }
    }
}

impl Stores {
    /// The content of the objects that `uri` stands for, sorted by name.
    fn objects(&self, uri: &str) -> Result<Vec<Piece>, RowFailure> {
        let missing = || RowFailure::new(5, format!("No object found at {uri}."));
        let (bucket, name) = uri::split_object(uri).ok_or_else(missing)?;
        self.reach_bucket(bucket, uri)?;
        let Some(wildcard) = name.find(['*', '?']) else {
            let object = self.buckets.get(bucket, name).ok_or_else(missing)?;
            return Ok(vec![Piece::of(object)]);
        };
        let objects = self.buckets.list(bucket, &name[..wildcard]);
        let chosen = objects
            .into_iter()
            .filter(|(object, _)| uri::matches_wildcards(object, name));
        let contents: Vec<Piece> = chosen.map(|(_, object)| Piece::of(object)).collect();
        if contents.is_empty() {
            return Err(missing());
        }
        Ok(contents)
    }

    /// Fails where the bucket is out of reach of the job.
    pub(crate) fn reach_bucket(&self, bucket: &str, uri: &str) -> Result<(), RowFailure> {
        self.buckets.reach(bucket).map_err(|reason| match reason {
            Unreachable::Missing => {
                RowFailure::new(5, format!("The bucket of {uri} does not exist."))
            }
            Unreachable::Forbidden => RowFailure::new(7, format!("Permission denied on {uri}.")),
        })
    }

    /// Fails where the job is to write a table that is out of its reach.
    pub(crate) fn reach_table_place(&self, place: &TablePlace) -> Result<(), RowFailure> {
        match (&place.dataset, &place.table) {
            (Some(dataset), Some(table)) => self.reach_table(&TableName {
                project: place.project.clone(),
                dataset: dataset.clone(),
                table: table.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn reach_table(&self, name: &TableName) -> Result<(), RowFailure> {
        let forbidden = self.faults.of_tables().forbidden;
        if forbidden.contains(&name.dotted()) {
            let message = format!("Permission denied on {}.", name.uri());
            return Err(RowFailure::new(7, message));
        }
        Ok(())
    }

    fn table(&self, name: &TableName) -> Result<Arc<Table>, RowFailure> {
        self.reach_table(name)?;
        self.tables
            .get(&name.project, &name.dataset, &name.table)
            .ok_or_else(|| RowFailure::new(5, format!("Not found: Table {}.", name.uri())))
    }
}

/// Whether a source and its format go together; an absent format follows from the source.
pub(crate) fn format_of(source: &Source) -> &'static str {
    match source {
        Source::Objects(_) => "jsonl",
        Source::Table(_) => "bigquery",
        Source::Dataset(_) => "vertex-dataset",
    }
}

/// The source as the service writes it down, with the name of its field.
pub(crate) fn to_json(source: &Source) -> (&'static str, Value) {
    match source {
        Source::Objects(uris) => ("gcsSource", serde_json::json!({ "uris": uris })),
        Source::Table(name) => {
            let value = serde_json::json!({"inputUri": name.uri()});
            ("bigquerySource", value)
        }
        Source::Dataset(name) => {
            let value = serde_json::json!({"datasetName": name});
            ("vertexMultimodalDatasetSource", value)
        }
    }
}
