//! What a test puts into Cloud Storage and BigQuery, and looks up there, without a call.

use bytes::Bytes;
use serde_json::Value;

use super::handle::Emulator;
use crate::bigquery::Row;

const CONTENT_TYPE: &str = "application/octet-stream";
const LOCATION: &str = "US";

/// Cloud Storage and BigQuery.
impl Emulator {
    /// Writes an object, such as `gs://bucket/folder/name`. The bucket need not be made first.
    ///
    /// # Panics
    ///
    /// If `uri` does not name an object.
    pub fn put_object(&self, uri: &str, content: impl Into<Bytes>) {
        match split_uri(uri) {
            Some((bucket, object)) if !object.is_empty() => {
                let buckets = &self.services.buckets;
                buckets.put(bucket, object, content.into(), CONTENT_TYPE);
            }
            _ => panic!("{uri:?} is not of the form gs://bucket/object"),
        }
    }

    /// The same as [`put_object`](Self::put_object), but that the object is stored with gzip, as
    /// `gcloud storage cp --gzip-local-all` and many pipelines store it.
    ///
    /// # Panics
    ///
    /// If `uri` does not name an object.
    pub fn put_gzipped_object(&self, uri: &str, content: impl AsRef<[u8]>) {
        match split_uri(uri) {
            Some((bucket, object)) if !object.is_empty() => {
                let buckets = &self.services.buckets;
                buckets.put_gzipped(bucket, object, content.as_ref());
            }
            _ => panic!("{uri:?} is not of the form gs://bucket/object"),
        }
    }

    /// The content of an object as it is stored, such as `gs://bucket/folder/name`, where there is one.
    pub fn object(&self, uri: &str) -> Option<Bytes> {
        let (bucket, object) = split_uri(uri)?;
        self.services.vertex.finish_due();
        Some(self.services.buckets.get(bucket, object)?.content)
    }

    /// The URIs of the objects that start with `prefix`, such as `gs://bucket/folder/`, sorted.
    pub fn objects(&self, prefix: &str) -> Vec<String> {
        let Some((bucket, prefix)) = split_uri(prefix) else {
            return Vec::new();
        };
        self.services.vertex.finish_due();
        let objects = self.services.buckets.list(bucket, prefix);
        objects
            .into_iter()
            .map(|(name, _)| format!("gs://{bucket}/{name}"))
            .collect()
    }

    /// Makes a table, such as `project.dataset.table`, of rows that are JSON objects, in the
    /// location `US` unless the dataset is elsewhere already. Its columns follow from the rows.
    ///
    /// # Panics
    ///
    /// If `table` does not name a table or a row is not an object.
    pub fn put_table(&self, table: &str, rows: impl IntoIterator<Item = Value>) {
        self.put_table_in(LOCATION, table, rows);
    }

    /// The same as [`put_table`](Self::put_table), in another location, which counts where this is
    /// the first table of its dataset.
    ///
    /// # Panics
    ///
    /// If `table` does not name a table or a row is not an object.
    pub fn put_table_in(&self, location: &str, table: &str, rows: impl IntoIterator<Item = Value>) {
        let row = |row| match row {
            Value::Object(row) => row,
            other => panic!("{other} is not a row: a row is an object of its columns"),
        };
        let rows: Vec<Row> = rows.into_iter().map(row).collect();
        let Some((project, dataset, table)) = split_table(table) else {
            panic!("{table:?} is not of the form project.dataset.table");
        };
        let tables = &self.services.tables;
        tables.create(project, dataset, table, rows, location, None);
    }

    /// The rows of a table, such as `project.dataset.table`, where there is one.
    pub fn table(&self, table: &str) -> Option<Vec<Value>> {
        let (project, dataset, table) = split_table(table)?;
        self.services.vertex.finish_due();
        let rows = self.services.tables.rows(project, dataset, table)?;
        Some(rows.into_iter().map(Value::Object).collect())
    }

    /// The tables of a dataset, such as `project.dataset`, in the form that
    /// [`table`](Self::table) takes, sorted.
    pub fn tables(&self, dataset: &str) -> Vec<String> {
        let name = dataset.strip_prefix("bq://").unwrap_or(dataset);
        let Some((project, dataset)) = name.rsplit_once('.') else {
            return Vec::new();
        };
        self.services.vertex.finish_due();
        let tables = self.services.tables.list(project, dataset);
        tables
            .into_iter()
            .map(|table| format!("{name}.{table}"))
            .collect()
    }
}

/// `gs://bucket/object` as bucket and object, the latter perhaps empty.
fn split_uri(uri: &str) -> Option<(&str, &str)> {
    let path = uri.strip_prefix("gs://")?;
    let (bucket, object) = path.split_once('/').unwrap_or((path, ""));
    (!bucket.is_empty()).then_some((bucket, object))
}

/// `project.dataset.table` in its parts; a project may have dots of its own.
fn split_table(table: &str) -> Option<(&str, &str, &str)> {
    let table = table.strip_prefix("bq://").unwrap_or(table);
    let (dataset, table) = table.rsplit_once('.')?;
    let (project, dataset) = dataset.rsplit_once('.')?;
    (!project.is_empty() && !dataset.is_empty() && !table.is_empty())
        .then_some((project, dataset, table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_split() {
        assert_eq!(split_uri("gs://b/o/p"), Some(("b", "o/p")));
        assert_eq!(split_uri("gs://b"), Some(("b", "")));
        assert_eq!(split_uri("gs:///o"), None);
        assert_eq!(split_uri("b/o"), None);
    }

    #[test]
    fn tables_are_split() {
        assert_eq!(split_table("p.d.t"), Some(("p", "d", "t")));
        assert_eq!(split_table("bq://p.d.t"), Some(("p", "d", "t")));
        assert_eq!(
            split_table("example.com:p.d.t"),
            Some(("example.com:p", "d", "t"))
        );
        assert_eq!(split_table("d.t"), None);
    }
}
