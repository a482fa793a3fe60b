//! Requests that the caller holds, put into Cloud Storage for a job to read.

#[cfg(feature = "gcs")]
pub(crate) use in_storage::Folder;
#[cfg(not(feature = "gcs"))]
pub(crate) use nowhere::Folder;

#[cfg(feature = "gcs")]
mod in_storage {
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::client::Vertex;
    use super::super::request::Input;
    use crate::backend::create::{Placed, Plan};
    use crate::error::{Error, Result};
    use crate::local::read;
    use crate::options::CreateOptions;
    use crate::source::attach::{AttachmentStore, NOT_A_FILE, Room, StoredFile};
    use crate::source::kind::JobKind;
    use crate::source::prepare::{InlineLimit, Target};
    use crate::storage::gcs::{CloudStorage, PART};
    use crate::unique;
    use crate::uri::GcsUri;

    /// The largest file that is staged. Second-hand reports name 1 GB for a job's input; what the
    /// service really takes, it says.
    const MAX_FILE: u64 = u64::MAX;

    impl Vertex {
        /// A prefix of its own in the staging place.
        pub(in crate::backend::vertex) fn staging_plan(
            &self,
            kind: JobKind,
            options: &CreateOptions,
        ) -> Result<Plan<Self>> {
            let staging = match (&options.staging, &self.staging) {
                (Some(given), _) => GcsUri::parse_staging(given)
                    .map_err(|error| error.during("the option `staging`"))?,
                (None, Some(staging)) => staging.clone(),
                (None, None) => {
                    return Err(Error::input(
                        "Vertex AI reads requests from Cloud Storage, and the client has no place \
                         to put them: set `staging(\"gs://bucket/prefix\")` on the client or the \
                         create, or GENAI_BATCH_STAGING",
                    ));
                }
            };
            let folder = staging.join(&unique::name().map_err(Error::no_randomness)?)?;
            Ok(Plan {
                target: Target {
                    kind,
                    inline_limit: InlineLimit::NEVER,
                    max_file: MAX_FILE,
                    file_carries_metadata: true,
                },
                store: Folder {
                    storage: self.storage.clone(),
                    uri: folder.join("files")?,
                    count: AtomicUsize::new(0),
                },
                uri: Some(folder.join("requests.jsonl")?.to_string()),
            })
        }

        /// Uploads a file of requests.
        pub(in crate::backend::vertex) async fn stage(
            &self,
            file: tokio::fs::File,
            uri: &str,
            on_written: &(dyn Fn(u64) + Send + Sync),
        ) -> Result<Placed<Input>> {
            let uri = GcsUri::parse(uri)?;
            let uploaded = self.storage.upload(&uri, file, None, on_written).await;
            uploaded.map_err(|error| match error.status() {
                Some(403 | 404) => error.during(format!(
                    "staging the requests (is there a bucket {:?}, and may these credentials write to it?)",
                    uri.bucket()
                )),
                _ => error.during("staging the requests"),
            })?;
            let name = Some(uri.to_string());
            Ok(Placed {
                input: Input::CloudStorage(vec![uri]),
                name,
            })
        }

        pub(crate) async fn remove_staged(&self, uri: &str) -> Result<()> {
            self.storage.delete(&GcsUri::parse(uri)?).await
        }
    }

    /// Where local files go that requests name.
    pub(crate) struct Folder {
        storage: CloudStorage,
        uri: GcsUri,
        count: AtomicUsize,
    }

    impl AttachmentStore for Folder {
        async fn upload(&self, path: &Path, _: &str) -> Result<StoredFile> {
            let (file, opened) = read::open(path, NOT_A_FILE).await?;
            let number = self.count.fetch_add(1, Ordering::Relaxed);
            let uri = self.uri.join(&format!("{number}-{}", plain_name(path)))?;
            let file = tokio::fs::File::from_std(file);
            let upload = self.storage.upload(&uri, file, Some(&opened), &|_| ());
            upload.await?;
            Ok(StoredFile {
                name: uri.to_string(),
                uri: uri.to_string(),
            })
        }

        async fn remove(&self, name: &str) -> Result<()> {
            self.storage.delete(&GcsUri::parse(name)?).await
        }

        fn room(&self) -> Room {
            Room {
                all: self.storage.budget().limit(),
                // What is under way beside it has room of its own.
                each: PART,
            }
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
}

/// A build that cannot write to Cloud Storage.
#[cfg(not(feature = "gcs"))]
mod nowhere {
    use std::path::Path;

    use super::super::client::Vertex;
    use super::super::request::Input;
    use crate::backend::create::{Placed, Plan};
    use crate::error::{Error, Result};
    use crate::options::CreateOptions;
    use crate::source::attach::{AttachmentStore, Room, StoredFile};
    use crate::source::kind::JobKind;

    /// There is none.
    pub(crate) enum Folder {}

    impl AttachmentStore for Folder {
        async fn upload(&self, _: &Path, _: &str) -> Result<StoredFile> {
            match *self {}
        }

        async fn remove(&self, _: &str) -> Result<()> {
            match *self {}
        }

        fn room(&self) -> Room {
            match *self {}
        }
    }

    fn no_storage() -> Error {
        Error::input(
            "this build cannot put requests into Cloud Storage: enable the feature `gcs`, or put \
             them there and pass the gs:// URI",
        )
    }

    impl Vertex {
        pub(in crate::backend::vertex) fn staging_plan(
            &self,
            _: JobKind,
            _: &CreateOptions,
        ) -> Result<Plan<Self>> {
            Err(no_storage())
        }

        #[expect(clippy::unused_async)]
        pub(in crate::backend::vertex) async fn stage(
            &self,
            _: tokio::fs::File,
            _: &str,
            _: &(dyn Fn(u64) + Send + Sync),
        ) -> Result<Placed<Input>> {
            Err(no_storage())
        }

        #[expect(clippy::unused_async)]
        pub(crate) async fn remove_staged(&self, _: &str) -> Result<()> {
            Ok(())
        }
    }
}
