//! Where the Gemini backend has a job's results: in the job, or in a file.

use chrono::{TimeDelta, Utc};

use super::{Gemini, convert, results};
use crate::backend::output::Output;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobDestination};
use crate::results::Rows;
use crate::results::row::ReadRow;
use crate::storage::files;

/// How long after its end a job's output may be late. Files that are gone answer like files
/// that are not there yet, so an older job's is not waited for.
const LATE: TimeDelta = TimeDelta::minutes(30);

impl Output for Gemini {
    const READ_ROW: ReadRow = results::read_row;

    async fn open_output(&self, job: &BatchJob) -> Result<Option<Rows>> {
        match job.output() {
            Some(JobDestination::File(name)) => {
                let chunks = files::download(self, name)
                    .await
                    .map_err(|e| e.during(format!("reading {name}")))?;
                let max_line = self.session().limits().line;
                Ok(Some(Rows::file(name.clone(), Box::pin(chunks), max_line)))
            }
            Some(JobDestination::Inline) => {
                let rows = convert::inlined_rows(&job.record)?;
                let expected = job.expected().map(|expected| expected.total());
                let late = rows.is_empty() && expected.or(job.record.details().submitted) > Some(0);
                Ok((!late).then(|| Rows::inline(rows)))
            }
            _ => Ok(None),
        }
    }

    /// The service answers 404 or 403 for a file that is not there.
    fn may_be_late(&self, job: &BatchJob, error: &Error) -> bool {
        let ended = job.end_time().or(job.update_time());
        let recent = ended.is_none_or(|ended| Utc::now() - ended < LATE);
        recent && matches!(error.status(), Some(403 | 404))
    }

    async fn read_again(&self, name: &str) -> Result<BatchJob> {
        self.get(name).await
    }
}
