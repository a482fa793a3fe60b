//! Where the Gemini backend has a job's results: in the job, or in a file.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Gemini, results};
use crate::backend::output::Output;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobDestination};
use crate::results::Rows;
use crate::results::row::ReadRow;

/// How long after its end a job's output may be late. files that are gone look like files
/// that are not there yet, so an older job's is not waited for.
const LATE: TimeDelta = TimeDelta::minutes(30);

impl Output for Gemini {
    const READ_ROW: ReadRow = results::read_row;

    async fn open_output(
        &self,
        job: &BatchJob,
        connections: Option<usize>,
    ) -> Result<Option<Rows>> {
        match job.output() {
            Some(JobDestination::File(name)) => {
                let connections = self.session().connections(connections);
                let (_, chunks) = self
                    .download_by(&name.into(), connections.clone())
                    .await
                    .map_err(|e| e.about_file(name).during(format!("reading {name}")))?;
                let max_line = self.session().limits().line;
                let name = name.clone();
                Ok(Some(Rows::file(name, chunks, max_line, connections)))
            }
            Some(JobDestination::Inline) => {
                let rows = Arc::clone(&job.record.details.inlined);
                let expected = job.expected().map(|expected| expected.total());
                let late = rows.is_empty() && expected.or(job.record.details.submitted) > Some(0);
                Ok((!late).then(|| Rows::inline(rows)))
            }
            _ => Ok(None),
        }
    }

    /// The service returns 404 or 403 for a file that is not there.
    fn may_be_late(&self, job: &BatchJob, error: &Error) -> bool {
        let ended = job.end_time().or(job.update_time());
        let recent = ended.is_none_or(|ended| crate::clock::now() - ended < LATE);
        recent && matches!(error.status(), Some(403 | 404))
    }

    async fn read_again(&self, name: &str) -> Result<BatchJob> {
        self.get(name).await
    }
}
