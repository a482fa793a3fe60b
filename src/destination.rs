//! Where a job's results are to go.

use crate::error::{Error, Result};
use crate::uri::{BigQueryTable, GcsUri};

/// Where a job writes its results.
///
/// The Gemini Developer API has no choice: results come back in the job or in a file of the
/// Files API, and a create with a destination is refused there before anything is sent.
///
/// ```
/// use genai_batch::Destination;
///
/// let bucket = Destination::try_from("gs://bucket/out/")?;
/// let table = Destination::try_from("bq://project.dataset.table")?;
/// # Ok::<(), genai_batch::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// A prefix in Cloud Storage, `gs://bucket/prefix`.
    CloudStorage(String),
    /// A BigQuery dataset or table, `bq://project.dataset` or `bq://project.dataset.table`.
    BigQuery(String),
    /// A new multimodal dataset of Vertex AI, kept in a BigQuery table.
    Dataset {
        /// The table, `bq://project.dataset.table`.
        table: String,
        /// The dataset's name for people.
        name: Option<String>,
    },
}

impl TryFrom<&str> for Destination {
    type Error = Error;

    /// Reads `gs://…` or `bq://…`.
    fn try_from(uri: &str) -> Result<Self> {
        if GcsUri::is_meant(uri) {
            GcsUri::parse(uri)?;
            return Ok(Self::CloudStorage(uri.to_owned()));
        }
        if BigQueryTable::is_meant(uri) {
            BigQueryTable::parse_destination(uri)?;
            return Ok(Self::BigQuery(uri.to_owned()));
        }
        Err(Error::input(format!(
            "unsupported destination {uri:?}: write `gs://bucket/prefix` or \
             `bq://project.dataset.table`"
        )))
    }
}

impl TryFrom<String> for Destination {
    type Error = Error;

    fn try_from(uri: String) -> Result<Self> {
        uri.as_str().try_into()
    }
}
