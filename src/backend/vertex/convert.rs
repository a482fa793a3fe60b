//! What Vertex AI says of a job → [`BatchJob`]. Never sends.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::job::{BatchJob, Details, JobDestination, JobRecord, JobSource, JobStats, Status};
use crate::name::is_plain_id;
use crate::page::Page;
use crate::raw::Int64;
use crate::state::JobState;
use crate::wire;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job<'a> {
    name: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    model: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    state: Option<String>,
    #[serde(default, deserialize_with = "wire::time")]
    create_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::time")]
    start_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::time")]
    end_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::time")]
    update_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::lenient")]
    input_config: Option<InputConfig>,
    #[serde(default, deserialize_with = "wire::lenient")]
    output_config: Option<OutputConfig>,
    #[serde(default, deserialize_with = "wire::lenient")]
    output_info: Option<OutputInfo>,
    #[serde(default, deserialize_with = "wire::lenient")]
    completion_stats: Option<CompletionStats>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    partial_failures: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "wire::lenient")]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputConfig {
    gcs_source: Option<Uris>,
    bigquery_source: Option<InputUri>,
    vertex_multimodal_dataset_source: Option<DatasetName>,
}

#[derive(Deserialize)]
struct Uris {
    #[serde(default)]
    uris: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputUri {
    input_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DatasetName {
    dataset_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig {
    gcs_destination: Option<UriPrefix>,
    bigquery_destination: Option<OutputUri>,
    vertex_multimodal_dataset_destination: Option<DatasetDestination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UriPrefix {
    output_uri_prefix: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputUri {
    output_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DatasetDestination {
    bigquery_destination: Option<OutputUri>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputInfo {
    gcs_output_directory: Option<String>,
    bigquery_output_dataset: Option<String>,
    bigquery_output_table: Option<String>,
    vertex_multimodal_dataset_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CompletionStats {
    #[serde(deserialize_with = "wire::lenient")]
    successful_count: Option<Int64>,
    #[serde(deserialize_with = "wire::lenient")]
    failed_count: Option<Int64>,
    #[serde(deserialize_with = "wire::lenient")]
    incomplete_count: Option<Int64>,
}

impl From<InputConfig> for Option<JobSource> {
    fn from(input: InputConfig) -> Self {
        let table = input.bigquery_source.map(|source| source.input_uri);
        let dataset = input.vertex_multimodal_dataset_source;
        input
            .gcs_source
            .map(|source| JobSource::CloudStorage(source.uris))
            .or(table.map(JobSource::BigQuery))
            .or(dataset.map(|source| JobSource::Dataset(source.dataset_name)))
    }
}

impl From<OutputConfig> for Option<JobDestination> {
    fn from(output: OutputConfig) -> Self {
        let table = output.bigquery_destination.map(|dest| dest.output_uri);
        let dataset = output.vertex_multimodal_dataset_destination;
        output
            .gcs_destination
            .map(|dest| JobDestination::CloudStorage(dest.output_uri_prefix))
            .or(table.map(JobDestination::BigQuery))
            .or(dataset.map(|dest| JobDestination::Dataset {
                table: dest.bigquery_destination.map(|dest| dest.output_uri),
                name: dest.display_name,
            }))
    }
}

impl From<OutputInfo> for Option<JobDestination> {
    fn from(info: OutputInfo) -> Self {
        // The dataset may be named with or without its scheme, the table alone or in full.
        let table = info.bigquery_output_table.map(|table| {
            match (table.contains('.'), info.bigquery_output_dataset) {
                (false, Some(dataset)) => format!("{dataset}.{table}"),
                _ => table,
            }
        });
        if let Some(name) = info.vertex_multimodal_dataset_name {
            return Some(JobDestination::Dataset {
                table,
                name: Some(name),
            });
        }
        info.gcs_output_directory
            .map(JobDestination::CloudStorage)
            .or(table.map(JobDestination::BigQuery))
    }
}

impl CompletionStats {
    /// `-1` stands for a count that the service does not know.
    fn to_stats(&self) -> JobStats {
        let count = |count: Option<Int64>| u64::try_from(count.map_or(0, |Int64(n)| n)).ok();
        let [succeeded, failed, pending] = [
            self.successful_count,
            self.failed_count,
            self.incomplete_count,
        ]
        .map(count);
        let all = [succeeded, failed, pending].into_iter();
        JobStats {
            total: all.reduce(|sum, n| sum?.checked_add(n?)).flatten(),
            succeeded: succeeded.unwrap_or(0),
            failed: failed.unwrap_or(0),
            pending,
        }
    }
}

/// Reads the answer of a create or get, or one element of a list.
pub(crate) fn job(json: Bytes) -> Result<BatchJob> {
    if json.trim_ascii().is_empty() {
        return Err(Error::protocol("the service answered with an empty body"));
    }
    let text = std::str::from_utf8(&json)
        .map_err(|e| Error::protocol("the service's answer is not UTF-8").with_source(e))?;
    let job: Job<'_> = serde_json::from_str(text).map_err(|e| {
        Error::protocol("the service's answer is no job that this client can read").with_source(e)
    })?;
    let name = job
        .name
        .ok_or_else(|| Error::protocol("the service's answer has no job name"))?;
    let state = job
        .state
        .map_or(JobState::Unspecified, |state| JobState::from_name(&state));
    let stats = job.completion_stats.map(|stats| stats.to_stats());
    let details = Details {
        display_name: job.display_name,
        model: job.model,
        create_time: job.create_time,
        start_time: job.start_time,
        end_time: job.end_time,
        update_time: job.update_time,
        source: job.input_config.and_then(Into::into),
        destination: job.output_config.and_then(Into::into),
        output: job.output_info.and_then(Into::into),
        submitted: stats
            .filter(|_| state.is_terminal())
            .and_then(|stats| stats.total),
        stats,
        error: job.error.and_then(|error| wire::status(error.get())),
        partial_failures: job
            .partial_failures
            .and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok())
            .unwrap_or_default()
            .into_iter()
            .filter_map(|status| wire::status(status.get()))
            .collect(),
        labels: job.labels.unwrap_or_default(),
        priority: None,
    };
    Ok(BatchJob::new(JobRecord {
        name,
        state,
        done: false,
        json: json.clone(),
        unread: None,
        details: details.into(),
    }))
}

/// Reads a page of a list of jobs.
pub(crate) fn page(json: &Bytes) -> Result<Page<BatchJob>> {
    wire::page(json, "batchPredictionJobs", |_, _| None, job)
}

/// A long-running operation: the answer to a delete.
#[derive(Debug, PartialEq)]
pub(super) enum Operation {
    Done,
    Failed(Status),
    /// It goes on, under this id.
    Pending(String),
}

pub(super) fn operation(json: &Bytes) -> Result<Operation> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(default)]
        name: String,
        #[serde(default)]
        done: bool,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = serde_json::from_slice(json).map_err(|e| {
        Error::protocol("the service's answer to the delete is no operation").with_source(e)
    })?;
    Ok(
        match wire.error.and_then(|error| wire::status(error.get())) {
            Some(status) => Operation::Failed(status),
            None if wire.done || wire.name.is_empty() => Operation::Done,
            None => Operation::Pending(operation_id(&wire.name)?),
        },
    )
}

/// The last part of an operation's name, which goes into the address that is asked.
fn operation_id(name: &str) -> Result<String> {
    let id = name.rsplit('/').next().filter(|id| is_plain_id(id));
    id.map(str::to_owned)
        .ok_or_else(|| Error::protocol(format!("the service named an operation {name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &'static str) -> BatchJob {
        job(Bytes::from_static(json.as_bytes())).unwrap()
    }

    #[test]
    fn a_job_is_read_in_full() {
        let job = read(
            r#"{"name":"projects/p/locations/l/batchPredictionJobs/1","displayName":"d",
                "model":"publishers/google/models/m","state":"JOB_STATE_PARTIALLY_SUCCEEDED",
                "inputConfig":{"instancesFormat":"jsonl","gcsSource":{"uris":["gs://b/in.jsonl"]}},
                "outputConfig":{"gcsDestination":{"outputUriPrefix":"gs://b/out"}},
                "outputInfo":{"gcsOutputDirectory":"gs://b/out/prediction-m-1"},
                "completionStats":{"successfulCount":"98","failedCount":2,"incompleteCount":"-1"},
                "startTime":"2026-01-01T00:00:00Z","labels":{"team":"x"},
                "partialFailures":[{"code":13,"message":"shard 3"}],"newField":[1]}"#,
        );
        let stats = job.stats().unwrap();
        assert_eq!((stats.total, stats.succeeded, stats.failed), (None, 98, 2));
        assert_eq!(
            (stats.pending, job.record.details().submitted),
            (None, None)
        );
        assert_eq!(
            job.source(),
            Some(&JobSource::CloudStorage(vec!["gs://b/in.jsonl".into()]))
        );
        assert_eq!(
            job.destination(),
            Some(&JobDestination::CloudStorage("gs://b/out".into()))
        );
        let output = JobDestination::CloudStorage("gs://b/out/prediction-m-1".into());
        assert_eq!(job.output(), Some(&output));
        assert_eq!(job.partial_failures()[0].message, "shard 3");
        assert_eq!(job.labels()["team"], "x");
        assert!(job.start_time().is_some() && job.state().has_results());
        assert_eq!(job.to_value()["newField"][0], 1);
    }

    #[test]
    fn a_table_is_named_in_full() {
        for info in [
            r#"{"bigqueryOutputTable":"bq://p.d.t"}"#,
            r#"{"bigqueryOutputDataset":"bq://p.d","bigqueryOutputTable":"t"}"#,
        ] {
            let info: OutputInfo = serde_json::from_str(info).unwrap();
            let output: Option<JobDestination> = info.into();
            assert_eq!(output, Some(JobDestination::BigQuery("bq://p.d.t".into())));
        }
    }

    #[test]
    fn an_operation_is_asked_after_where_operations_are() {
        for (name, id) in [
            ("projects/1/locations/l/operations/7", Some("7")),
            ("projects/1/locations/l/operations/..", None),
            ("projects/1/locations/l/operations/", None),
            ("operations/a?b", None),
        ] {
            assert_eq!(operation_id(name).ok().as_deref(), id, "{name}");
        }
    }

    #[test]
    fn deletes_end_or_fail_or_go_on() {
        let read = |json: &'static str| operation(&Bytes::from_static(json.as_bytes())).unwrap();
        assert_eq!(read(r#"{"name":"o","done":true}"#), Operation::Done);
        assert_eq!(read("{}"), Operation::Done);
        assert_eq!(read(r#"{"name":"o"}"#), Operation::Pending("o".into()));
        let failed = read(r#"{"name":"o","done":true,"error":{"code":9,"message":"running"}}"#);
        assert!(matches!(failed, Operation::Failed(status) if status.code == 9));
    }
}
