//! Where Vertex AI has a job's results: in files in Cloud Storage, or in a table.

use super::{Vertex, results};
use crate::backend::output::Output;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobDestination};
#[cfg(feature = "gcs")]
use crate::results::Repetition;
use crate::results::Rows;
use crate::results::row::ReadRow;

impl Output for Vertex {
    const READ_ROW: ReadRow = results::read_row;

    async fn open_output(&self, job: &BatchJob) -> Result<Option<Rows>> {
        match job.output() {
            Some(JobDestination::CloudStorage(directory)) => self.open_directory(directory).await,
            Some(
                JobDestination::BigQuery(table)
                | JobDestination::Dataset {
                    table: Some(table), ..
                },
            ) => self.open_table(table).await,
            Some(JobDestination::Dataset { name, .. }) => Err(Error::input(format!(
                "the results are in the dataset {}, whose table the service does not name: read \
                 it with Vertex AI's own tools",
                name.as_deref().unwrap_or_default()
            ))),
            _ => Ok(None),
        }
    }

    /// An output that is late shows as a directory without files, which is no error.
    fn may_be_late(&self, _: &BatchJob, _: &Error) -> bool {
        false
    }

    async fn read_again(&self, name: &str) -> Result<BatchJob> {
        self.get(name).await
    }
}

impl Vertex {
    #[cfg(not(feature = "gcs"))]
    #[expect(clippy::unused_async)]
    async fn open_directory(&self, directory: &str) -> Result<Option<Rows>> {
        Err(Error::input(format!(
            "the results are in {directory}, and this build cannot read Cloud Storage: enable the \
             feature `gcs`"
        )))
    }

    #[cfg(feature = "gcs")]
    async fn open_directory(&self, directory: &str) -> Result<Option<Rows>> {
        use crate::results::OutputFile;
        use futures_util::{StreamExt, stream};

        let files = choose_files(self.storage.list(directory).await?);
        if files.is_empty() {
            return Ok(None);
        }
        let storage = self.storage.clone();
        let files = stream::iter(files).then(move |(name, repetition)| {
            let storage = storage.clone();
            async move {
                let chunks = storage.open(&name).await?;
                Ok(OutputFile {
                    name,
                    chunks,
                    repetition,
                })
            }
        });
        Ok(Some(Rows::files(
            Box::pin(files),
            self.session.limits().line,
        )))
    }

    #[cfg(not(feature = "bigquery"))]
    #[expect(clippy::unused_async)]
    async fn open_table(&self, table: &str) -> Result<Option<Rows>> {
        Err(Error::input(format!(
            "the results are in {table}, and this build cannot read BigQuery: enable the feature \
             `bigquery`"
        )))
    }

    #[cfg(feature = "bigquery")]
    async fn open_table(&self, table: &str) -> Result<Option<Rows>> {
        let place = self.place.as_ref();
        let bigquery = crate::storage::bigquery::BigQueryTables::new(
            self.session.clone(),
            self.addresses.bigquery.clone(),
            place.map(|place| place.project.clone()),
        );
        let rows = bigquery.open(table).await?;
        Ok(Some(Rows::table(table.to_owned(), rows)))
    }
}

/// The files of an output directory that hold rows, those that may repeat others last.
///
/// While a job runs, `incremental_predictions` grows; in the end `predictions` holds all of
/// it. Rows that failed may stand in files of their own, and in the predictions too.
#[cfg(feature = "gcs")]
fn choose_files(uris: Vec<String>) -> Vec<(String, Repetition)> {
    let named = |uri: &str, prefix: &str| {
        let name = uri.rsplit('/').next().unwrap_or_default();
        name.starts_with(prefix)
    };
    let (errors, others): (Vec<_>, Vec<_>) = uris
        .into_iter()
        .partition(|uri| named(uri, "error") || named(uri, "prediction.errors"));
    let predictions = match others.iter().any(|uri| named(uri, "prediction")) {
        true => "prediction",
        false => "incremental_prediction",
    };
    let of_rows = match errors.is_empty() {
        true => Repetition::None,
        false => Repetition::Follows,
    };
    let rows = others.into_iter().filter(|uri| named(uri, predictions));
    let rows = rows.map(|uri| (uri, of_rows));
    let errors = errors.into_iter().map(|uri| (uri, Repetition::Possible));
    rows.chain(errors).collect()
}

#[cfg(all(test, feature = "gcs"))]
mod tests {
    use super::choose_files;
    use crate::results::Repetition;

    fn chosen(names: &[&str]) -> Vec<String> {
        let uris = names
            .iter()
            .map(|name| format!("gs://b/d/{name}"))
            .collect();
        let name = |(uri, repetition): (String, Repetition)| {
            let name = uri.trim_start_matches("gs://b/d/").to_owned();
            let is_error_file = name.contains("error");
            assert_eq!(repetition == Repetition::Possible, is_error_file);
            name
        };
        choose_files(uris).into_iter().map(name).collect()
    }

    #[test]
    fn each_row_is_read_from_one_file() {
        let shards = [
            "predictions_00000-of-00002.jsonl",
            "predictions_00001-of-00002.jsonl",
        ];
        assert_eq!(chosen(&shards), shards);
        let all = [
            "errors.jsonl",
            "incremental_predictions.jsonl",
            "predictions.jsonl",
            "x.txt",
        ];
        assert_eq!(chosen(&all), ["predictions.jsonl", "errors.jsonl"]);
        let classic = [
            "prediction.results-00000-of-00001",
            "prediction.errors_stats-00000-of-00001",
        ];
        assert_eq!(chosen(&classic), classic);
        let cut = ["incremental_predictions.jsonl"];
        assert_eq!(chosen(&cut), cut);
        assert!(chosen(&["manifest.json"]).is_empty());
    }
}
