//! The switches of Vertex AI: what a job goes through, what it writes where, and what becomes of
//! deletions and projects.

use std::time::Duration;

use super::job::PartialSuccess;
use super::rows::Rows;
use super::state::VertexFaults;
use super::switches::Faults;
use crate::sync::lock;

/// Vertex AI.
impl Faults {
    /// Spreads the predictions of a job over this many files, `predictions_0001.jsonl` and so on;
    /// 0, the default, writes one `predictions.jsonl`.
    pub fn shard_output(&self, files: usize) {
        self.job(|job| job.vertex.shards = files);
    }

    /// Writes `incremental_predictions.jsonl` beside the predictions, with these rows once more.
    pub fn write_incremental_file(&self, rows: Rows) {
        self.job(|job| job.vertex.incremental = rows);
    }

    /// Writes `errors_0001.jsonl` beside the predictions, with the failed rows once more.
    pub fn write_error_file(&self) {
        self.job(|job| job.vertex.error_file = true);
    }

    /// Lets jobs end as `JOB_STATE_PARTIALLY_SUCCEEDED`, with `partialFailures` of this one status:
    /// these rows are not in the output and are counted as incomplete.
    pub fn succeed_partially(&self, missing: Rows, code: i32, message: impl Into<String>) {
        let partial = PartialSuccess {
            rows: missing,
            code,
            message: message.into(),
        };
        self.job(|job| job.vertex.partial = Some(partial));
    }

    /// Shows jobs as `JOB_STATE_PAUSED` for this long when they are half way.
    pub fn pause_jobs(&self, by: Duration) {
        self.job(|job| job.vertex.hold = Some(("JOB_STATE_PAUSED".into(), by)));
    }

    /// Shows jobs as `JOB_STATE_UPDATING` for this long when they are half way.
    pub fn update_jobs(&self, by: Duration) {
        self.job(|job| job.vertex.hold = Some(("JOB_STATE_UPDATING".into(), by)));
    }

    /// Shows running jobs in this state: `JOB_STATE_UNSPECIFIED`, or one that no client knows yet.
    pub fn show_running_as(&self, state: impl Into<String>) {
        let state = state.into();
        self.job(|job| job.vertex.running_as = Some(state));
    }

    /// Names the output table of a job whole, `bq://project.dataset.table`, instead of by its own
    /// name beside the dataset.
    pub fn name_tables_in_full(&self) {
        self.job(|job| job.vertex.full_table_names = true);
    }

    /// Keeps deletions pending for this long, by the emulator's clock; until then the job is there.
    pub fn delay_deletes(&self, by: Duration) {
        lock(&self.inner).vertex.delete_delay = by;
    }

    /// Lets deletions come to this error, and the job stay.
    pub fn fail_deletes(&self, code: i32, message: impl Into<String>) {
        lock(&self.inner).vertex.delete_failure = Some((code, message.into()));
    }

    /// Answers 403 to all calls for this project.
    pub fn deny_project(&self, project: impl Into<String>) {
        let project = project.into();
        lock(&self.inner).vertex.denied_projects.insert(project);
    }

    pub(crate) fn of_vertex(&self) -> VertexFaults {
        lock(&self.inner).vertex.clone()
    }
}
