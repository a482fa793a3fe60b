//! The output of a job: its responses put together as files or a table, in an order of their own and
//! with the faults that were asked for, ready to be written.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::dataset::Datasets;
use super::other_rows;
use super::route::Place;
use super::rows::{Answered, Row, foreign};
use super::uri::{TableName, TablePlace};
use crate::bigquery;
use crate::faults::{Item, JobFaults};
use crate::forms::Form;
use crate::ids;

use super::input::Stores;

const CONTENT_TYPE: &str = "application/octet-stream";
const GARBAGE: &str = "{\"key\": broken line\n";

/// Where the output of a job goes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Destination {
    /// A folder of a bucket, without the slash at its end.
    Folder {
        bucket: String,
        prefix: String,
    },
    Table(TablePlace),
    /// A dataset, and where its table is to be made.
    Dataset(Option<TablePlace>),
}

/// How many requests had which fate.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Counts {
    pub(crate) successful: usize,
    pub(crate) failed: usize,
    pub(crate) incomplete: usize,
}

/// One thing to be written.
#[derive(Debug)]
pub(crate) enum Write {
    Object {
        bucket: String,
        name: String,
        content: Bytes,
    },
    Table {
        name: TableName,
        rows: Vec<bigquery::Row>,
        location: String,
    },
    Dataset {
        name: String,
        table: TableName,
    },
}

/// The output of a job.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) counts: Counts,
    /// The `outputInfo` that leads to it.
    pub(crate) info: Value,
    pub(crate) writes: Vec<Write>,
}

/// What the output of a job depends on beside the responses.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) destination: &'a Destination,
    pub(crate) place: &'a Place,
    pub(crate) faults: &'a JobFaults,
    /// When the job started, a little later for each job, so that no two have the same.
    pub(crate) stamp: DateTime<Utc>,
    /// Decides the order of the rows, unless a fault does.
    pub(crate) seed: u64,
    /// The response of foreign rows.
    pub(crate) stray: Value,
    pub(crate) form: Form,
}

impl Plan<'_> {
    /// Puts the output of the first `served` of the responses together.
    pub(crate) fn output(&self, answered: &Answered, served: usize) -> Output {
        let rows = &answered.rows;
        let is_lost = |row: usize| {
            let partial = self.faults.vertex.partial.as_ref();
            partial.is_some_and(|partial| partial.rows.contains(row))
        };
        let kept = (0..served).filter(|row| !is_lost(*row));
        let mut counts = Counts::default();
        for row in kept {
            match rows[row].failed {
                None => counts.successful += 1,
                Some(_) => counts.failed += 1,
            }
        }
        counts.incomplete = rows.len() - counts.successful - counts.failed;
        let seed = self.faults.shuffle.unwrap_or(self.seed);
        let mut items = self.faults.arrange(served, Some(seed));
        items.retain(|item| !matches!(item, Item::Row(row) if is_lost(*row)));
        let (info, writes) = match self.destination {
            Destination::Folder { bucket, prefix } => {
                let folder = self.folder(prefix);
                let info = json!({"gcsOutputDirectory": format!("gs://{bucket}/{folder}")});
                (info, self.objects(bucket, &folder, rows, &items))
            }
            Destination::Table(place) => {
                let name = self.table(Some(place));
                (self.table_info(&name), vec![self.rows(name, rows, &items)])
            }
            Destination::Dataset(place) => {
                let table = self.table(place.as_ref());
                let name = format!("{}/datasets/{}", self.place.name(), ids::number());
                let info = json!({
                    "vertexMultimodalDatasetName": name,
                    "bigqueryOutputTable": table.uri(),
                });
                let rows = self.rows(table.clone(), rows, &items);
                (info, vec![rows, Write::Dataset { name, table }])
            }
        };
        Output {
            counts,
            info,
            writes,
        }
    }

    fn folder(&self, prefix: &str) -> String {
        let stamp = self.stamp.format("%Y-%m-%dT%H:%M:%S%.3fZ");
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{prefix}{slash}prediction-model-{stamp}")
    }

    fn table(&self, place: Option<&TablePlace>) -> TableName {
        let stamp = self.stamp.format("%Y_%m_%dT%H_%M_%S_%3fZ");
        let project = place.map_or(&self.place.project, |place| &place.project);
        let dataset = place.and_then(|place| place.dataset.clone());
        let table = place.and_then(|place| place.table.clone());
        TableName {
            project: project.clone(),
            dataset: dataset.unwrap_or_else(|| format!("prediction_model_{stamp}")),
            table: table.unwrap_or_else(|| format!("predictions_{stamp}")),
        }
    }

    fn table_info(&self, name: &TableName) -> Value {
        let table = if self.faults.vertex.full_table_names {
            name.uri()
        } else {
            name.table.clone()
        };
        json!({
            "bigqueryOutputDataset": format!("bq://{}.{}", name.project, name.dataset),
            "bigqueryOutputTable": table,
        })
    }

    /// The files of the output: the predictions, and what goes beside them.
    fn objects(&self, bucket: &str, folder: &str, rows: &[Row], items: &[Item]) -> Vec<Write> {
        let object = |name: String, content: String| Write::Object {
            bucket: bucket.to_owned(),
            name: format!("{folder}/{name}"),
            content: Bytes::from(content),
        };
        let vertex = &self.faults.vertex;
        let files = vertex.shards.max(1);
        let garbage = self.faults.garbage_line.then_some(items.len() / 2);
        let mut writes = Vec::with_capacity(files);
        let mut start = 0;
        for file in 1..=files {
            let end = items.len() * file / files;
            let content = self.lines(
                rows,
                &items[start..end],
                garbage.and_then(|g| g.checked_sub(start)),
            );
            start = end;
            let name = match vertex.shards {
                0 => "predictions.jsonl".to_owned(),
                _ => format!("predictions_{file:04}.jsonl"),
            };
            writes.push(object(name, content));
        }
        let of_row = |chosen: &dyn Fn(usize) -> bool| -> Vec<Item> {
            let is_chosen = |item: &Item| matches!(item, Item::Row(row) if chosen(*row));
            items.iter().copied().filter(is_chosen).collect()
        };
        let again = of_row(&|row| vertex.incremental.contains(row));
        if !again.is_empty() {
            let content = self.lines(rows, &again, None);
            writes.push(object("incremental_predictions.jsonl".to_owned(), content));
        }
        let failed = of_row(&|row| rows[row].failed.is_some());
        if vertex.error_file && !failed.is_empty() {
            let lines = failed
                .iter()
                .map(|item| error_line(&self.line(rows, *item)));
            writes.push(object("errors_0001.jsonl".to_owned(), lines.collect()));
        }
        writes
    }

    fn lines(&self, rows: &[Row], items: &[Item], garbage: Option<usize>) -> String {
        let mut content = String::new();
        for (at, item) in items.iter().enumerate() {
            if garbage == Some(at) {
                content.push_str(GARBAGE);
            }
            content.push_str(&self.line(rows, *item));
            content.push('\n');
        }
        content
    }

    fn line<'r>(&self, rows: &'r [Row], item: Item) -> std::borrow::Cow<'r, str> {
        match item {
            Item::Row(row) => (&*rows[row].json).into(),
            Item::Foreign(n) => {
                let key = format!("foreign-{n}");
                other_rows::foreign(self.form, &key)
                    .unwrap_or_else(|| foreign(&key, self.stray.clone(), self.stamp))
                    .into_string()
                    .into()
            }
        }
    }

    fn rows(&self, name: TableName, rows: &[Row], items: &[Item]) -> Write {
        // The lines were written by the emulator itself, and are objects.
        let row = |item: &Item| serde_json::from_str(&self.line(rows, *item)).unwrap_or_default();
        Write::Table {
            name,
            rows: items.iter().map(row).collect(),
            location: self.place.location.clone(),
        }
    }
}

impl Write {
    /// Writes it for the job of this id. What was written for it before a process ended is not written
    /// again where that would double it.
    pub(crate) fn carry_out(self, stores: &Stores, job: &str) {
        let Stores {
            buckets,
            tables,
            datasets,
            ..
        } = stores;
        match self {
            Self::Object {
                bucket,
                name,
                content,
            } => {
                buckets.put(&bucket, &name, content, CONTENT_TYPE);
            }
            Self::Table {
                name,
                rows,
                location,
            } => {
                let TableName {
                    project,
                    dataset,
                    table,
                } = &name;
                match tables.get(project, dataset, table) {
                    Some(present) if present.writers.iter().any(|writer| writer == job) => {}
                    Some(_) => {
                        tables.append(project, dataset, table, rows, Some(job));
                    }
                    None => tables.create(project, dataset, table, rows, &location, Some(job)),
                }
            }
            Self::Dataset { name, table } => Datasets::put_table(datasets, &name, table),
        }
    }
}

/// The stamp of the job with this serial number that started at `started`.
pub(crate) fn stamp(started: DateTime<Utc>, serial: u64) -> DateTime<Utc> {
    let serial = i64::try_from(serial).unwrap_or(0);
    started
        .checked_add_signed(TimeDelta::milliseconds(serial))
        .unwrap_or(started)
}

/// A line of the file of errors, made of the line of a failed row.
fn error_line(line: &str) -> String {
    let mut row: Value = serde_json::from_str(line).unwrap_or_default();
    let status = row.get("status").or_else(|| row.pointer("/error/message"));
    let status = status.cloned().unwrap_or_default();
    let mut line = json!({"error": {"message": status}});
    for name in ["key", "custom_id", "request", "instance"] {
        if let Some(value) = row.get_mut(name) {
            line[name] = value.take();
        }
    }
    format!("{line}\n")
}
