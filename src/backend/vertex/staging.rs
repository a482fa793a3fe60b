//! Requests that the caller holds, put into Cloud Storage for a job to read.

use std::sync::Arc;

use super::{Input, Staged, Vertex};
use crate::error::{Error, Result};
use crate::job::Submission;
use crate::options::CreateOptions;
use crate::source::Source;
use crate::source::entry::JobKind;
use crate::source::prepare::{InlineLimit, Prepared, Target};
use crate::storage::gcs::check_prefix;

/// The largest file that is staged. Second-hand reports name 1 GB for a job's input; what the
/// service really takes, it says.
const MAX_FILE: u64 = u64::MAX;

impl Vertex {
    /// Writes the requests under a prefix of their own in the staging place.
    pub(super) async fn stage(
        &self,
        source: Source,
        kind: JobKind,
        options: &CreateOptions,
    ) -> Result<Staged> {
        let staging = options.staging.as_ref().or(self.staging.as_ref());
        let staging = staging.ok_or_else(|| {
            Error::input(
                "Vertex AI reads requests from Cloud Storage, and the client has no place to put \
                 them: set `staging(\"gs://bucket/prefix\")` on the client or the create",
            )
        })?;
        check_prefix(staging)?;
        let target = Target {
            kind,
            inline_limit: InlineLimit::NEVER,
            max_file: MAX_FILE,
            file_carries_metadata: true,
        };
        let prepared = source.prepare(target, &options.defaults).await?;
        let Ok((Prepared::Spooled(file, _), expected)) = prepared else {
            return Err(Error::input("the source cannot be staged"));
        };
        let now = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
        let uri = format!(
            "{}/genai-batch-{now}-{:012x}/requests.jsonl",
            staging.trim_end_matches('/'),
            fastrand::u64(..1 << 48)
        );
        let uploaded = self.storage.upload(&uri, file).await;
        uploaded.map_err(|error| error.during("staging the requests"))?;
        Ok(Staged {
            submission: Submission {
                expected: Arc::new(expected),
                remove: options.remove_staged_input.then(|| uri.clone()),
            },
            input: Input::CloudStorage(vec![uri]),
        })
    }

    pub(crate) async fn remove_staged(&self, uri: &str) -> Result<()> {
        self.storage.delete(uri).await
    }
}
