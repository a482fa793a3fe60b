//! Sources that the service holds, in parts: the objects of a folder or a pattern in Cloud Storage, each
//! by itself, or a table or dataset as a whole. Only their names pass through this machine.

use std::fmt;

use super::store::Store;
use super::store::parts::{self, NewPart, Stored};
use crate::backend::AnyBackend;
use crate::counted::Counted;
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::options::CreateOptions;
use crate::platform::Backend;
use crate::shown::Shown;
use crate::source::{Source, SourceKind};

/// A part of a run whose requests the service holds: a file in Cloud Storage, or a table in BigQuery.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunPart {
    /// Where its requests are: `gs://…`, `bq://…`, or the name of a dataset.
    pub source: String,
    /// How far it is: `new`, `in a job`, `waiting` (for another attempt), `done` (the service has the
    /// results), `read` (the run's file has them too, or the part is empty), `failed`. Later versions may
    /// have more.
    pub state: String,
    /// The name of its last job.
    pub job: Option<String>,
    /// Where the service put the results, a folder `gs://…` or a table `bq://…`.
    pub output: Option<String>,
    /// How many requests it has, by the service's count; 0 until that is known.
    pub requests: u64,
    /// Those with a response.
    pub responses: u64,
    /// Those with an error.
    pub errors: u64,
    /// Those for which nothing came back.
    pub missing: u64,
    /// Why its last job failed.
    pub error: Option<String>,
}

impl From<Stored> for RunPart {
    fn from(stored: Stored) -> Self {
        let count = stored.count;
        Self {
            source: stored.source,
            state: stored.state,
            job: stored.job,
            output: stored.output,
            // Counted from 0.
            requests: count.requests.unsigned_abs(),
            responses: count.responses.unsigned_abs(),
            errors: count.errors.unsigned_abs(),
            missing: count.missing.unsigned_abs(),
            error: stored.error,
        }
    }
}

impl fmt::Display for RunPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = Counted(self.requests, "request");
        write!(f, "{} {}: {requests}", Shown(&self.source), self.state)?;
        if self.errors + self.missing > 0 {
            let errors = Counted(self.errors, "error");
            write!(f, ", {errors}, {} missing", self.missing)?;
        }
        match (&self.output, &self.error) {
            (Some(output), _) => write!(f, ", results in {}", Shown(output)),
            (None, Some(error)) => write!(f, ", {}", Shown(error)),
            (None, None) => Ok(()),
        }
    }
}

pub(super) async fn read(store: &Store) -> Result<Vec<RunPart>> {
    let stored = store.call(|it| parts::all(it)).await?;
    Ok(stored.into_iter().map(RunPart::from).collect())
}

/// Whether a source is with the service.
pub(super) fn is_held(source: &Source) -> bool {
    !matches!(source.0, SourceKind::Entries(_) | SourceKind::Path(_))
}

/// The source of one part, as a create takes it.
pub(super) fn source_of(address: &str) -> Source {
    match address {
        _ if address.starts_with("gs://") => Source::cloud_storage([address]),
        _ if address.starts_with("bq://") => Source::big_query(address),
        _ => Source::dataset(address),
    }
}

/// The parts of a source that the service holds.
pub(super) async fn of(
    service: &AnyBackend,
    source: Source,
    options: &CreateOptions,
) -> Result<Vec<NewPart>> {
    let parts = match source.0 {
        _ if service.backend() == Backend::Gemini => return Err(elsewhere(&source.0)),
        SourceKind::CloudStorage(uris) => objects(service, &uris).await?,
        SourceKind::BigQuery(name) | SourceKind::Dataset(name) => vec![NewPart {
            source: name,
            version: None,
            bytes: None,
        }],
        other => return Err(elsewhere(&other)),
    };
    for part in &parts {
        service.check_held(source_of(&part.source).0, options)?;
    }
    Ok(parts)
}

/// Refuses a table as the destination of several jobs, which would all write into it.
pub(super) fn check_destination(parts: i64, options: &CreateOptions) -> Result<()> {
    let table = match &options.destination {
        Some(Destination::BigQuery(table) | Destination::Dataset { table, .. }) => table,
        _ => return Ok(()),
    };
    let name = table.trim_start_matches("bq://");
    let is_table = name.rsplit(':').next().unwrap_or(name).split('.').count() > 2;
    match is_table && parts > 1 {
        true => Err(Error::input(format!(
            "the run has {parts} files, and their jobs would all write into {table}: name a dataset, \
             bq://project.dataset, or a prefix in Cloud Storage"
        ))),
        false => Ok(()),
    }
}

fn elsewhere(source: &SourceKind) -> Error {
    Error::input(format!(
        "a run keeps its requests in its file, and {} is not on this machine: pass requests or a \
         local file. To have the service read it, `batches().create(…)` makes one job of it; a run of \
         files and tables that the service reads needs a client of Vertex AI, and gs://… or bq://…",
        source.name()
    ))
}

#[cfg(not(feature = "gcs"))]
#[expect(clippy::unused_async)]
async fn objects(_: &AnyBackend, uris: &[String]) -> Result<Vec<NewPart>> {
    Err(Error::input(format!(
        "a run looks which files there are at {}, and this build cannot read Cloud Storage: enable the \
         feature `gcs`",
        uris.first().map(String::as_str).unwrap_or_default()
    )))
}

/// The objects of some addresses. A folder stands for those directly in it, since results of earlier
/// jobs may be below.
#[cfg(feature = "gcs")]
async fn objects(service: &AnyBackend, uris: &[String]) -> Result<Vec<NewPart>> {
    use std::collections::BTreeSet;

    use crate::backend::objects;
    use crate::uri::GcsUri;

    let (mut parts, mut seen) = (Vec::new(), BTreeSet::new());
    for uri in uris {
        let uri = GcsUri::parse_source(uri)?;
        let name = uri.object();
        if uri.is_pattern() && name.contains("**") {
            return Err(Error::input(format!(
                "{uri} may stand for the results of the run too, which would be asked as requests: name \
                 the folders, each with one `*` for its files"
            )));
        }
        let is_folder = !objects::is_single(&uri) && !uri.is_pattern();
        let mut found = objects::find(service, &uri).await?;
        if is_folder {
            found.retain(|object| {
                let rest = object.uri.object().get(name.len()..);
                rest.is_some_and(|rest| !rest.contains('/'))
            });
        }
        if found.is_empty() {
            return Err(Error::input(format!(
                "there is no object directly in {uri}"
            )));
        }
        for object in found {
            if object.uri.is_pattern() {
                return Err(Error::input(format!(
                    "{} has `*`, `?` or `[` in its name, which Vertex AI takes for wildcards: give it \
                     another name",
                    object.uri
                )));
            }
            if seen.insert(object.uri.to_string()) {
                parts.push(NewPart {
                    source: object.uri.to_string(),
                    version: object.generation,
                    bytes: object.size.and_then(|size| i64::try_from(size).ok()),
                });
            }
        }
    }
    if parts.iter().all(|part| part.bytes == Some(0)) {
        return Err(Error::input(format!(
            "{} has no requests: all of its files are empty",
            uris.join(", ")
        )));
    }
    Ok(parts)
}
