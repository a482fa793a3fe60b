//! Requests that the caller holds, put into Cloud Storage for a job to read.

use std::iter;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Input, Staged, Vertex};
use crate::error::{Error, Result};
use crate::job::Submission;
use crate::options::CreateOptions;
use crate::source::Source;
use crate::source::attach::{Shelf, Shelved};
use crate::source::entry::JobKind;
use crate::source::prepare::{InlineLimit, Prepared, Target};
use crate::storage::gcs::{CloudStorage, check_prefix};

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
                 them: set `staging(\"gs://bucket/prefix\")` on the client or the create, or \
                 GENAI_BATCH_STAGING",
            )
        })?;
        check_prefix(staging)?;
        let target = Target {
            kind,
            inline_limit: InlineLimit::NEVER,
            max_file: MAX_FILE,
            file_carries_metadata: true,
        };
        let now = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
        let folder = format!(
            "{}/genai-batch-{now}-{:012x}",
            staging.trim_end_matches('/'),
            fastrand::u64(..1 << 48)
        );
        let uri = format!("{folder}/requests.jsonl");
        let (source, attachments) = source.attaching(Folder {
            storage: self.storage.clone(),
            uri: format!("{folder}/files"),
            count: AtomicUsize::new(0),
        });
        let staged = async {
            let prepared = source.prepare(target, &options.defaults).await?;
            let Ok((Prepared::Spooled(file, _), expected)) = prepared else {
                return Err(Error::input("the source cannot be staged"));
            };
            let uploaded = self.storage.upload(&uri, file).await;
            uploaded.map_err(|error| error.during("staging the requests"))?;
            Ok(expected)
        };
        let expected = match staged.await {
            Ok(expected) => expected,
            Err(error) => return Err(attachments.undo(error).await),
        };
        let remove = match options.remove_staged_input {
            true => iter::once(uri.clone()).chain(attachments.names()).collect(),
            false => Vec::new(),
        };
        Ok(Staged {
            submission: Submission {
                expected: Arc::new(expected),
                remove,
            },
            input: Input::CloudStorage(vec![uri]),
        })
    }

    pub(crate) async fn remove_staged(&self, uri: &str) -> Result<()> {
        self.storage.delete(uri).await
    }
}

/// Where local files go that requests name.
struct Folder {
    storage: CloudStorage,
    uri: String,
    count: AtomicUsize,
}

impl Shelf for Folder {
    async fn put(&self, path: &Path, _: &str) -> Result<Shelved> {
        let failed = |e| Error::io("it cannot be read", e);
        let file = tokio::fs::File::open(path).await.map_err(failed)?;
        if !file.metadata().await.map_err(failed)?.is_file() {
            return Err(Error::input("it is not a file"));
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let uri = format!("{}/{number}-{}", self.uri, plain_name(path));
        self.storage.upload(&uri, file).await?;
        Ok(Shelved {
            name: uri.clone(),
            uri,
        })
    }

    async fn take_back(&self, name: &str) -> Result<()> {
        self.storage.delete(name).await
    }
}

/// The name of a file, in letters that stand for themselves in every address.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}
