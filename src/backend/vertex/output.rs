//! Where Vertex AI has a job's results: in files in Cloud Storage, or in a table.

use super::{Vertex, results};
use crate::backend::output::Output;
use crate::error::{Error, Result};
use crate::http::connections::Connections;
use crate::job::{BatchJob, JobDestination};
#[cfg(feature = "gcs")]
use crate::results::Repetition;
use crate::results::Rows;
use crate::results::row::ReadRow;
#[cfg(feature = "bigquery")]
use crate::uri::BigQueryTable;
#[cfg(feature = "gcs")]
use crate::uri::GcsUri;

impl Output for Vertex {
    const READ_ROW: ReadRow = results::read_row;

    async fn open_output(
        &self,
        job: &BatchJob,
        connections: Option<usize>,
    ) -> Result<Option<Rows>> {
        match job.output() {
            Some(JobDestination::CloudStorage(directory)) => {
                let connections = self.session.connections(connections);
                self.open_directory(directory, connections).await
            }
            Some(
                JobDestination::BigQuery(table)
                | JobDestination::Dataset {
                    table: Some(table), ..
                },
            ) => {
                let connections = self.session.connections(connections);
                self.open_table(table, connections).await
            }
            Some(JobDestination::Dataset { name, .. }) => Err(Error::input(format!(
                "the results are in the dataset {}, whose table the service does not name: read \
                 it with Vertex AI's own tools",
                name.as_deref().unwrap_or_default()
            ))),
            _ => Ok(None),
        }
    }

    /// An output that is late shows as a directory without files, which is not an error.
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
    async fn open_directory(&self, directory: &str, _: Connections) -> Result<Option<Rows>> {
        Err(Error::input(format!(
            "the results are in {directory}, and this build cannot read Cloud Storage: enable the \
             feature `gcs`"
        )))
    }

    #[cfg(feature = "gcs")]
    async fn open_directory(
        &self,
        directory: &str,
        connections: Connections,
    ) -> Result<Option<Rows>> {
        use crate::results::OutputFile;
        use crate::storage::gzip::gunzip;

        let directory = GcsUri::parse(directory)?;
        let files = choose_files(&directory, self.storage.list(&directory).await?);
        // Told before any row is read, where a name is out of reach.
        for (file, _) in &files {
            file.to_path()?;
        }
        if files.is_empty() {
            return Ok(None);
        }
        let files = files.into_iter().map(|(file, repetition)| {
            let (storage, connections) = (self.storage.clone(), connections.clone());
            OutputFile {
                name: file.to_string(),
                repetition,
                contents: Box::pin(async move {
                    let chunks = storage.open(&file, connections).await?;
                    Ok(gunzip(file.to_string(), chunks))
                }),
            }
        });
        let max_line = self.session.limits().line;
        Ok(Some(Rows::files(files, max_line, connections.clone())))
    }

    #[cfg(not(feature = "bigquery"))]
    #[expect(clippy::unused_async)]
    async fn open_table(&self, table: &str, _: Connections) -> Result<Option<Rows>> {
        Err(Error::input(format!(
            "the results are in {table}, and this build cannot read BigQuery: enable the feature \
             `bigquery`"
        )))
    }

    #[cfg(feature = "bigquery")]
    async fn open_table(&self, table: &str, connections: Connections) -> Result<Option<Rows>> {
        let place = self.place.as_ref();
        let bigquery = crate::storage::bigquery::BigQueryTables::new(
            self.session.clone(),
            self.addresses.bigquery.clone(),
            place.map(|place| place.project.clone()),
        );
        let table_name = BigQueryTable::parse_output(table)?;
        let rows = bigquery.open(&table_name, connections).await?;
        Ok(Some(Rows::table(table.to_owned(), rows)))
    }
}

/// The files of an output directory that hold rows, those that may repeat others last.
///
/// While a job runs, `incremental_predictions` grows; in the end `predictions` holds all of
/// it. Rows that failed may stand in files of their own, and in the predictions too. What somebody
/// put beside, or below, is not read where the service's own files are there; it is told.
#[cfg(feature = "gcs")]
fn choose_files(directory: &GcsUri, uris: Vec<GcsUri>) -> Vec<(GcsUri, Repetition)> {
    let below = |uri: &GcsUri| {
        let folder = directory.object().trim_end_matches('/').len();
        let rest = uri.object().get(folder..).unwrap_or_default();
        rest.trim_start_matches('/').matches('/').count()
    };
    let named: Vec<_> = uris
        .into_iter()
        .filter_map(|uri| Some((Contents::of_name(uri.object())?, below(&uri), uri)))
        .collect();
    let has_predictions = |contents: Contents| {
        let of_kind = named
            .iter()
            .filter(|(kind, ..)| kind.holds == contents.holds);
        of_kind
            .map(|(kind, depth, _)| (!kind.is_exact, *depth))
            .min()
    };
    let predictions = Contents::exact(Holds::Predictions);
    let incremental = Contents::exact(Holds::Incremental);
    let (rows, best) = match has_predictions(predictions) {
        Some(best) => (Holds::Predictions, Some(best)),
        None => (Holds::Incremental, has_predictions(incremental)),
    };
    let best_errors = has_predictions(Contents::exact(Holds::Errors));
    let mut chosen = Vec::new();
    for (contents, depth, uri) in named {
        let best = match contents.holds {
            Holds::Errors => best_errors,
            _ => best,
        };
        let is_meant = contents.holds == rows || contents.holds == Holds::Errors;
        if is_meant && best == Some((!contents.is_exact, depth)) {
            chosen.push((contents.holds, uri));
        } else if is_meant {
            tracing::warn!(
                file = uri.as_str(),
                "a file beside the results is not read, although it has a name like theirs"
            );
        }
    }
    chosen.sort_by_key(|(holds, _)| *holds == Holds::Errors);
    let of_rows = match chosen.iter().any(|(holds, _)| *holds == Holds::Errors) {
        true => Repetition::Follows,
        false => Repetition::None,
    };
    let chosen = chosen.into_iter().map(|(holds, uri)| match holds {
        Holds::Errors => (uri, Repetition::Possible),
        _ => (uri, of_rows),
    });
    chosen.collect()
}

/// What a file holds by its name.
#[cfg(feature = "gcs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Contents {
    holds: Holds,
    /// Whether the name is one that the service gives, and not only begins like one.
    is_exact: bool,
}

#[cfg(feature = "gcs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Predictions,
    Incremental,
    Errors,
}

#[cfg(feature = "gcs")]
impl Contents {
    /// The beginnings of names, the longer ones first.
    const NAMES: [(&str, Holds); 9] = [
        ("prediction.errors_stats", Holds::Errors),
        ("prediction.errors", Holds::Errors),
        ("prediction.results", Holds::Predictions),
        ("incremental_predictions", Holds::Incremental),
        ("incremental_prediction", Holds::Incremental),
        ("predictions", Holds::Predictions),
        ("prediction", Holds::Predictions),
        ("errors", Holds::Errors),
        ("error", Holds::Errors),
    ];

    fn exact(holds: Holds) -> Self {
        Self {
            holds,
            is_exact: true,
        }
    }

    fn of_name(object: &str) -> Option<Self> {
        let name = object.rsplit('/').next().unwrap_or_default();
        let mut names = Self::NAMES.into_iter();
        let (rest, holds) =
            names.find_map(|(start, holds)| Some((name.strip_prefix(start)?, holds)))?;
        // The number of a shard, and what the file is.
        let rest = rest.strip_suffix(".gz").unwrap_or(rest);
        let rest = rest.strip_suffix(".jsonl").unwrap_or(rest);
        let shard = rest
            .strip_prefix(['_', '-'])
            .unwrap_or(rest)
            .replacen("-of-", "", 1);
        let is_exact = shard.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self { holds, is_exact })
    }
}

#[cfg(all(test, feature = "gcs"))]
mod tests {
    use super::choose_files;
    use crate::results::Repetition;
    use crate::uri::GcsUri;

    fn chosen(names: &[&str]) -> Vec<String> {
        let uris = names.iter().map(|name| format!("gs://b/d/{name}"));
        let uris = uris.flat_map(|uri| GcsUri::parse(&uri)).collect();
        let name = |(uri, repetition): (GcsUri, Repetition)| {
            let name = uri.object().trim_start_matches("d/").to_owned();
            let is_error_file = name.contains("error");
            assert_eq!(repetition == Repetition::Possible, is_error_file);
            name
        };
        let Ok(directory) = GcsUri::parse("gs://b/d") else {
            panic!("it is an address");
        };
        choose_files(&directory, uris)
            .into_iter()
            .map(name)
            .collect()
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
        // The marks of folders are not files.
        assert!(chosen(&["prediction-1/", ""]).is_empty());
        assert_eq!(
            chosen(&["", "predictions.jsonl.gz"]),
            ["predictions.jsonl.gz"]
        );
    }

    #[test]
    fn copies_beside_and_below_are_not_read_twice() {
        let own = ["predictions.jsonl", "errors.jsonl"];
        for copy in [
            "backup/predictions.jsonl",
            "a/b/predictions_00000-of-00002.jsonl",
            "predictions.jsonl.bak",
            "predictions (1).jsonl",
            "predictions copy.jsonl",
            "prediction_notes.txt",
            "error-report.csv",
            "old/errors.jsonl",
        ] {
            assert_eq!(chosen(&[own[0], own[1], copy]), own, "{copy}");
        }
        // Where nothing else is there, they are the results.
        for only in [
            "x/predictions.jsonl",
            "predictions-2026.jsonl",
            "predictions_final.jsonl",
        ] {
            assert_eq!(chosen(&[only]), [only]);
        }
        let shallow = ["x/predictions.jsonl", "x/y/predictions.jsonl"];
        assert_eq!(chosen(&shallow), shallow[..1]);
    }
}
