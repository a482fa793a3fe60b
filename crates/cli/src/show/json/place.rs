//! Where requests come from and results go, as addresses.

use genai_batch::job::{JobDestination, JobSource};

/// What stands for the body of a create or the job itself.
const INLINE: &str = "inline";

/// The addresses of a source: `inline`, `files/…`, `gs://…`, `bq://…`, the name of a dataset.
pub(super) fn of_source(source: &JobSource) -> Vec<String> {
    match source {
        JobSource::Inline => vec![INLINE.to_owned()],
        JobSource::CloudStorage(uris) => uris.clone(),
        JobSource::File(name) | JobSource::BigQuery(name) | JobSource::Dataset(name) => {
            vec![name.clone()]
        }
        // A kind that a later version of the library knows.
        other => vec![format!("{other:?}")],
    }
}

/// The address of a destination.
pub(super) fn of_destination(destination: &JobDestination) -> String {
    match destination {
        JobDestination::Inline => INLINE.to_owned(),
        JobDestination::File(at)
        | JobDestination::CloudStorage(at)
        | JobDestination::BigQuery(at) => at.clone(),
        JobDestination::Dataset { table, name } => {
            let known = name.as_ref().or(table.as_ref());
            known.cloned().unwrap_or_else(|| "dataset".to_owned())
        }
        // A kind that a later version of the library knows.
        other => format!("{other:?}"),
    }
}
