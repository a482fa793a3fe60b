//! What a test looks up and puts into Vertex AI, without a call.

use serde_json::Value;

use super::handle::Emulator;
use crate::bigquery::Row;
use crate::vertex::VertexJobSnapshot;

/// Vertex AI.
impl Emulator {
    /// All jobs of Vertex AI as they are now, the newest first.
    ///
    /// A job whose time is up but which the model has not fully answered shows as running.
    pub fn vertex_jobs(&self) -> Vec<VertexJobSnapshot> {
        self.services.vertex.snapshots()
    }

    /// The job of this name, `projects/…/locations/…/batchPredictionJobs/…`, as it is now.
    pub fn vertex_job(&self, name: &str) -> Option<VertexJobSnapshot> {
        let jobs = self.services.vertex.snapshots();
        jobs.into_iter().find(|job| job.name == name)
    }

    /// Makes a multimodal dataset, such as `projects/p/locations/us-central1/datasets/1`, of rows
    /// that are JSON objects with a `request` each.
    ///
    /// # Panics
    ///
    /// If a row is not an object.
    pub fn put_dataset(&self, name: &str, rows: impl IntoIterator<Item = Value>) {
        let row = |row| match row {
            Value::Object(row) => row,
            other => panic!("{other} is not a row: a row is an object of its columns"),
        };
        let rows: Vec<Row> = rows.into_iter().map(row).collect();
        self.services.vertex.stores.datasets.put(name, rows);
    }
}
